"""The latest value of every control, and who wrote last. Stdlib only: the player imports it.

The main process holds one :class:`Controls`; what travels to the player is always a whole
:class:`ControlState`, so a bundle is never torn and a message lost to a newer one is no loss.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Event, Lock
from typing import Any, TypeAlias, TypeVar

from instrument.actions import Action, Set
from instrument.settings import setting_of, voice_of
from instrument.tempo import TICKS_PER_BAR

NEVER = -1  # the serial of a control that nobody has touched

Written: TypeAlias = tuple[float, int]  # a value, and the serial of who wrote it
Point: TypeAlias = tuple[float, ...]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Morph:
    """The way from ``before``, by key, to what was written with ``serial``.

    It begins at ``start_tick``, a bar line, and takes ``bars`` bars; with 0 it is a leap there.
    Whatever is written later, or not named in ``before``, has no part in it.
    """

    serial: int
    start_tick: int
    bars: float
    before: dict[str, float]

    def of_voice(self, voice: int) -> "Morph":
        """The part of ``voice`` in it, as :meth:`ControlState.of_voice`."""
        return replace(self, before=_of_voice(self.before, voice))

    def share(self, tick: int) -> float:
        """How much of the way is behind at ``tick``, 0..1."""
        if tick < self.start_tick:
            return 0.0
        gone, whole = tick - self.start_tick, self.bars * TICKS_PER_BAR
        return 1.0 if gone >= whole else gone / whole

    def between(self, key: str, target: float, tick: int) -> float:
        """Where ``key`` stands at ``tick``; a whole number leaps when the morph begins."""
        before = self.before.get(key, target)
        setting = setting_of(key)
        if setting is not None and setting.whole:
            return before if tick < self.start_tick else target
        share = self.share(tick)
        return before * (1.0 - share) + target * share


@dataclass(frozen=True)
class ControlState:
    """Every control at one moment.

    ``values``: ``(value, serial)`` by key, only for what was ever touched; the greater serial wrote
    later, and ``serial`` is that of the newest write of all. ``base``: the point that the knobs
    vary; empty where nobody has captured one, and then the origin. ``change``: how many times the
    song was changed before it, so that nobody takes one song's controls for another's. ``bases``
    by voice, from 2 on: the points of those that have one.
    """

    values: dict[str, Written] = field(default_factory=dict)
    base: Point = ()
    morph: Morph | None = None
    serial: int = 0
    change: int = 0
    bases: dict[int, Point] = field(default_factory=dict)

    @classmethod
    def standing(cls, settings: Mapping[str, float]) -> "ControlState":
        """Nothing touched, and the settings of a patch, by key."""
        return cls({key: (value, 0) for key, value in settings.items()})

    def of_voice(self, voice: int) -> "ControlState":
        """What ``voice`` sees of it: its own controls under the keys of voice 1, and all shared."""
        if voice == 1:
            return self
        found = self._of_voices.get(voice)
        if found is None:
            found = self._of_voices[voice] = replace(
                self,
                values=_of_voice(self.values, voice),
                base=self.base_of(voice),
                morph=None if self.morph is None else self.morph.of_voice(voice),
            )
        return found

    @cached_property
    def _of_voices(self) -> dict[int, "ControlState"]:
        return {}

    def base_of(self, voice: int) -> Point:
        """The point that the knobs of ``voice`` vary, as ``base``."""
        return self.base if voice == 1 else self.bases.get(voice, ())

    def value(self, key: str) -> float:
        """Where it stands, or is on its way to; a setting that nobody touched at its default.

        Raises ``KeyError`` for a knob or a coordinate that nobody touched.
        """
        written = self.values.get(key)
        if written is not None:
            return written[0]
        setting = setting_of(key)
        if setting is None:
            raise KeyError(key)
        return setting.default

    def value_at(self, key: str, tick: int | None) -> float:
        """Where it stands at ``tick``, which a morph may decide; ``None``: where it will stand."""
        morph, written = self.morph, self.values.get(key)
        if morph is None or tick is None or written is None or written[1] != morph.serial:
            return self.value(key)
        return morph.between(key, written[0], tick)

    def serial_of(self, key: str) -> int:
        """Who wrote it last; ``NEVER`` where nobody has."""
        written = self.values.get(key)
        return NEVER if written is None else written[1]

    @property
    def tempo_bpm(self) -> float:
        return self.value("tempo")

    @property
    def freeze(self) -> bool:
        return self.value("freeze") > 0.0

    def to_message(self) -> dict[str, Any]:
        """Plain data for a frame to the player."""
        morph = self.morph
        return {
            "values": [[key, value, serial] for key, (value, serial) in self.values.items()],
            "base": list(self.base),
            "morph": None
            if morph is None
            else [morph.serial, morph.start_tick, morph.bars, morph.before],
            "serial": self.serial,
            "change": self.change,
            "bases": [[voice, list(base)] for voice, base in self.bases.items()],
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "ControlState":
        """What :meth:`to_message` wrote; other keys, such as ``"type"``, are ignored."""
        return cls(
            values={key: (value, serial) for key, value, serial in message["values"]},
            base=tuple(message["base"]),
            morph=None if message["morph"] is None else Morph(*message["morph"]),
            serial=message["serial"],
            change=message.get("change", 0),
            bases={voice: tuple(base) for voice, base in message.get("bases", ())},
        )


def _of_voice(values: Mapping[str, V], voice: int) -> dict[str, V]:
    """Those of ``voice`` under the keys of voice 1, and what all voices share."""
    found = dict[str, V]()
    for key, value in values.items():
        its, of_one = voice_of(key)
        setting = setting_of(key)
        everyones = its == 1 and (
            key.startswith("knob/") or (setting is not None and setting.shared)
        )
        if its == voice or everyones:
            found[of_one] = value
    return found


def after(state: ControlState, actions: Sequence[Action]) -> ControlState:
    """``state`` once ``actions`` were done in order; what is not a control is passed over. Pure."""
    values, serial = dict(state.values), state.serial
    for action in actions:
        if isinstance(action, Set):
            serial += 1
            values[action.key] = (action.value, serial)
    return replace(state, values=values, serial=serial)


def morphing(
    state: ControlState,
    target: Mapping[str, float],
    before: Mapping[str, float],
    *,
    start_tick: int,
    bars: float,
    base: Point,
    bases: Mapping[int, Point] | None = None,
) -> ControlState:
    """``state`` on its way to ``target``, by key, over ``bars`` bars from ``start_tick`` on. Pure.

    ``before``: where those keys stand when it begins; ``bases`` are those of voices from 2 on.
    """
    serial = state.serial + 1
    values = {**state.values, **{key: (value, serial) for key, value in target.items()}}
    morph = Morph(serial, start_tick, bars, dict(before))
    return ControlState(values, base, morph, serial, state.change, {**state.bases, **(bases or {})})


def based_on(
    state: ControlState, base: Point, moved: Collection[str], voice: int = 1
) -> ControlState:
    """``state`` with the point ``base`` of ``voice``, whose knobs and coordinates, the keys
    ``moved``, are untouched. Pure.
    """
    values = {key: value for key, value in state.values.items() if key not in moved}
    own = base if voice == 1 else state.base
    bases = state.bases if voice == 1 else {**state.bases, voice: base}
    return ControlState(values, own, None, state.serial + 1, state.change, bases)


class Controls:
    """The main process's holder of the newest :class:`ControlState`; any thread may call it.

    ``changed`` is set whenever the state has changed; whoever sends the state on clears it
    *before* reading, so that no write is missed.
    """

    def __init__(self, start: ControlState | None = None) -> None:
        self.changed = Event()
        self._state = start or ControlState()
        self._writing = Lock()  # one writer at a time; a reader sees the state before or after

    def apply(self, actions: Sequence[Action]) -> None:
        """Do all of ``actions`` as one change; nobody ever sees half of them."""
        self.change(lambda state: after(state, actions))

    def change(self, changed: Callable[[ControlState], ControlState]) -> None:
        """Put ``changed(state)`` in its place as one change; it must be quick and pure."""
        with self._writing:
            before = self._state
            self._state = changed(before)
            written = self._state.serial != before.serial
        if written:
            self.changed.set()

    def state(self) -> ControlState:
        """The newest state; it never changes under the caller."""
        return self._state
