"""From one place to another: snapshots recalled, morphs between them, the pad. Main process only.

A recall is one change of the controls. It takes effect at the next bar line, or from there on over
some bars; what a hand moves meanwhile has no part in it.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import cast

from engine.wire import Message
from instrument.actions import Action, Set, Snapshot, set_coordinate
from instrument.controls import Controls, ControlState, morphing
from instrument.latent import steady_z
from instrument.mapping import Mapping
from instrument.parameters import settings_under
from instrument.settings import setting_of, voice_of, z_key
from instrument.snapshots import Kept, SnapshotError, Snapshots, Spot
from instrument.tempo import bar_line_from

PAD = ("pad-x", "pad-y")


class Scenes:
    """Does what actions ask of the controls, of snapshots and of the pad. Any thread."""

    def __init__(
        self,
        controls: Controls,
        mapping: Callable[[], Mapping],
        folder: Path,
        say: Callable[[str], None],
        fault: Callable[[str], None],
    ) -> None:
        """``mapping()`` is the present patch; snapshots are those of ``folder``; ``say`` and
        ``fault`` get lines for a person.
        """
        self._controls, self._mapping = controls, mapping
        self._snapshots = Snapshots(folder)
        self._say, self._fault = say, fault
        self._bar_line = 0  # the next one, as far as the player has told

    def names(self) -> list[str]:
        """The snapshots that there are."""
        return self._snapshots.names()

    def hear(self, message: Message) -> None:
        """Take note of a message of the player: where in the song it is."""
        if message["type"] == "bar":
            self._bar_line = bar_line_from(message["tick"] + 1)
        elif message["type"] == "end":
            self._bar_line = bar_line_from(message["tick"])

    def act(self, actions: Sequence[Action]) -> None:
        """Apply controls, as one change between two snapshots; save, recall, move on the pad."""
        for is_snapshot, some in groupby(actions, lambda action: isinstance(action, Snapshot)):
            if not is_snapshot:
                self._set(list(some))
                continue
            for action in some:
                try:
                    self._do(cast(Snapshot, action))
                except SnapshotError as error:
                    self._fault(str(error))

    def _set(self, actions: Sequence[Action]) -> None:
        self._controls.apply(actions)
        if any(isinstance(action, Set) and action.key in PAD for action in actions):
            self._move()

    def _do(self, asked: Snapshot) -> None:
        """Raises :class:`SnapshotError`."""
        if asked.do == "save":
            self._save(asked.name)
        else:
            self._recall(asked.name, asked.bars)

    def _save(self, name: str) -> None:
        state = self._controls.state()
        settings = {key: state.value(key) for key in self._kept_keys()}
        (z, base), *others = (
            Spot(steady_z(state.of_voice(voice), its), state.base_of(voice))
            for voice, its in self._voices()
        )
        self._snapshots.save(name, Kept(z, base, settings, tuple(others)))
        self._say(f"snapshot {name} saved")

    def _recall(self, name: str, bars: float | None) -> None:
        kept = self._load(name)
        spots = dict(enumerate(kept.spots, start=1))  # a voice that it has not stays as it is
        target = {
            z_key(n, voice): z
            for voice, spot in spots.items()
            for n, z in enumerate(spot.z, start=1)
        }
        keys = [key for key in self._kept_keys() if voice_of(key)[0] in spots]
        for key in keys:
            setting = setting_of(key)
            if setting is not None:
                value = kept.settings.get(key, self._mapping().settings.get(key, setting.default))
                target[key] = min(setting.high, max(setting.low, value))
        start_tick = self._bar_line

        def recalled(state: ControlState) -> ControlState:
            wanted = state.value("morph-bars") if bars is None else bars
            before = {key: state.value_at(key, start_tick) for key in keys}
            for voice, its in self._voices():
                z = steady_z(state.of_voice(voice), its, start_tick)
                before |= {z_key(n, voice): value for n, value in enumerate(z, start=1)}
            bases = {voice: spots[voice].base for voice in spots if voice > 1}
            return morphing(
                state,
                target,
                before,
                start_tick=start_tick,
                bars=wanted,
                base=kept.base,
                bases=bases,
            )

        self._controls.change(recalled)
        self._say(f"snapshot {name}")

    def _move(self) -> None:
        """Go to where the pad stands between its four snapshots."""
        state = self._controls.state()
        x, y = (state.value(key) for key in PAD)
        try:
            corners = [self._load(name).spots for name in self._mapping().pad]
        except SnapshotError as error:
            self._fault(f"the pad: {error}")
            return
        weights = ((1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y)
        moved = [
            set_coordinate(n, sum(weight * z for weight, z in zip(weights, along, strict=True)), v)
            for v, spots in enumerate(zip(*corners, strict=False), start=1)  # voices of all four
            for n, along in enumerate(zip(*(spot.z for spot in spots), strict=True), start=1)
        ]
        self._controls.apply(moved)

    def _load(self, name: str) -> Kept:
        """Raises :class:`SnapshotError`."""
        return self._snapshots.load(name, *(its.dimensions for _, its in self._voices()))

    def _voices(self) -> list[tuple[int, Mapping]]:
        """Each voice of the present patch, with what the patch is for it."""
        return list(enumerate(self._mapping().each_voice, start=1))

    def _kept_keys(self) -> list[str]:
        return [
            each.key
            for each in settings_under(self._mapping())
            if (setting := setting_of(each.key)) is not None and setting.kept
        ]
