"""The latest value of every control, and who wrote last. Stdlib only: the player imports it.

The main process holds one :class:`Controls`; what travels to the player is always a whole
:class:`ControlState`, so a bundle is never torn and a message lost to a newer one is no loss.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any, TypeAlias

from instrument.actions import Action, Set
from instrument.settings import setting_of
from instrument.tempo import TICKS_PER_BAR

NEVER = -1  # the serial of a control that nobody has touched

Written: TypeAlias = tuple[float, int]  # a value, and the serial of who wrote it


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


@dataclass(frozen=True, slots=True)
class ControlState:
    """Every control at one moment.

    ``values``: ``(value, serial)`` by key, only for what was ever touched; the greater serial wrote
    later, and ``serial`` is that of the newest write of all. ``base``: the point that the knobs
    vary; empty where nobody has captured one, and then the origin. ``change``: how many times the
    song was changed before it, so that nobody takes one song's controls for another's.
    """

    values: dict[str, Written] = field(default_factory=dict)
    base: tuple[float, ...] = ()
    morph: Morph | None = None
    serial: int = 0
    change: int = 0

    @classmethod
    def standing(cls, settings: Mapping[str, float]) -> "ControlState":
        """Nothing touched, and the settings of a patch, by key."""
        return cls({key: (value, 0) for key, value in settings.items()})

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
        )


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
    base: tuple[float, ...],
) -> ControlState:
    """``state`` on its way to ``target``, by key, over ``bars`` bars from ``start_tick`` on. Pure.

    ``before``: where those keys stand when it begins.
    """
    serial = state.serial + 1
    values = {**state.values, **{key: (value, serial) for key, value in target.items()}}
    morph = Morph(serial, start_tick, bars, dict(before))
    return ControlState(values, base, morph, serial, state.change)


def based_on(state: ControlState, base: tuple[float, ...]) -> ControlState:
    """``state`` with every knob and coordinate untouched, at the point ``base``. Pure."""
    moved = ("knob/", "z/")
    values = {key: value for key, value in state.values.items() if not key.startswith(moved)}
    return ControlState(values, base, None, state.serial + 1, state.change)


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
