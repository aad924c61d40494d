"""The latest value of every control, and who wrote last. Stdlib only: the player imports it.

The main process holds one :class:`Controls`; what travels to the player is always a whole
:class:`ControlState`, so a bundle is never torn and a message lost to a newer one is no loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any

from instrument.actions import Action, SetCoordinate, SetFreeze, SetKnob, SetSwing, SetTempo
from instrument.tempo import STRAIGHT

DEFAULT_TEMPO_BPM = 120.0


@dataclass(frozen=True, slots=True)
class ControlState:
    """Every control at one moment.

    ``knobs`` (position 0..1) and ``coordinates`` (a raw z, not yet clamped) hold ``(value,
    serial)`` by number from 1, only for those ever touched; the greater serial wrote later.
    ``serial`` is that of the newest write of all, ``tempo_bpm`` lies in 20..400, ``swing`` in
    50..75 per cent.
    """

    knobs: dict[int, tuple[float, int]] = field(default_factory=dict)
    coordinates: dict[int, tuple[float, int]] = field(default_factory=dict)
    freeze: bool = False
    tempo_bpm: float = DEFAULT_TEMPO_BPM
    swing: float = STRAIGHT
    serial: int = 0

    def to_message(self) -> dict[str, Any]:
        """Plain data for a frame to the player (JSON has no integer keys, hence the rows)."""
        return {
            "knobs": [[n, value, serial] for n, (value, serial) in self.knobs.items()],
            "coordinates": [[n, value, serial] for n, (value, serial) in self.coordinates.items()],
            "freeze": self.freeze,
            "tempo_bpm": self.tempo_bpm,
            "swing": self.swing,
            "serial": self.serial,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "ControlState":
        """What :meth:`to_message` wrote; other keys, such as ``"type"``, are ignored."""
        return cls(
            knobs={n: (value, serial) for n, value, serial in message["knobs"]},
            coordinates={n: (value, serial) for n, value, serial in message["coordinates"]},
            freeze=message["freeze"],
            tempo_bpm=message["tempo_bpm"],
            swing=message["swing"],
            serial=message["serial"],
        )


def after(state: ControlState, actions: Sequence[Action]) -> ControlState:
    """``state`` once ``actions`` were done in order; what is not a control is passed over. Pure."""
    knobs, coordinates = dict(state.knobs), dict(state.coordinates)
    freeze, serial = state.freeze, state.serial
    tempo_bpm, swing = state.tempo_bpm, state.swing
    for action in actions:
        serial += 1
        match action:
            case SetKnob(knob, value):
                knobs[knob] = (value, serial)
            case SetCoordinate(dimension, value):
                coordinates[dimension] = (value, serial)
            case SetTempo(bpm):
                tempo_bpm = bpm
            case SetSwing(percent):
                swing = percent
            case SetFreeze(on):
                freeze = on
            case _:
                serial -= 1
    return replace(
        state,
        knobs=knobs,
        coordinates=coordinates,
        freeze=freeze,
        tempo_bpm=tempo_bpm,
        swing=swing,
        serial=serial,
    )


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
        with self._writing:
            before = self._state
            self._state = after(before, actions)
            written = self._state.serial != before.serial
        if written:
            self.changed.set()

    def state(self) -> ControlState:
        """The newest state; it never changes under the caller."""
        return self._state
