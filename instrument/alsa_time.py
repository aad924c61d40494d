"""When the kernel's queue comes to a moment of ours, and what has sounded by then. Pure.

The queue has a clock of its own, in nanoseconds since it was started. An anchor lays it beside
``perf_counter_ns``; two messages that are in the queue together went by one and the same anchor, so
they keep their order and their distance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE, _RELEASE_VELOCITY = 0x80, 0x90, 0xB0, 64


@dataclass(frozen=True, slots=True)
class Reading:
    """The queue was at ``queue_ns`` somewhere between two looks at ``perf_counter_ns``."""

    before_ns: int
    queue_ns: int
    after_ns: int

    @property
    def gap_ns(self) -> int:
        """The time between the looks; the reading is off by half of it at most."""
        return self.after_ns - self.before_ns


@dataclass(frozen=True, slots=True)
class Anchor:
    """One moment on both clocks; ``gap_ns``: twice what it may be off."""

    perf_ns: int
    queue_ns: int
    gap_ns: int

    def queue_ns_of(self, perf_ns: int) -> int:
        """``perf_ns`` on the queue's clock; 0 for what lies before its start."""
        return max(0, self.queue_ns + perf_ns - self.perf_ns)


def tightest(readings: Sequence[Reading]) -> Anchor:
    """The anchor of the reading with the smallest gap: who was interrupted between two looks knows
    less. At least one reading.
    """
    best = min(readings, key=lambda reading: reading.gap_ns)
    return Anchor((best.before_ns + best.after_ns) // 2, best.queue_ns, best.gap_ns)


def is_worth_keeping(message: bytes) -> bool:
    """Whether what the kernel refused shall be tried again: what ends a sound. A note or a pulse of
    a clock would only come late.
    """
    kind = message[0] & 0xF0
    return kind in (_NOTE_OFF, _CONTROL_CHANGE) or _is_off(message)


class Handed:
    """What the queue was given since it was last seen empty, and which notes sounded then."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, bytes]] = []
        self._serial = 0
        self._sounding: set[tuple[int, int]] = set()

    def add(self, message: bytes, at_ns: int) -> None:
        """``message`` plays when the queue is at ``at_ns``; of two the one given first."""
        self._serial += 1
        self._waiting.append((at_ns, self._serial, message))

    def settle(self) -> None:
        """The queue is empty: everything has been played, in order."""
        for _, _, message in sorted(self._waiting):
            if _is_on(message):
                self._sounding.add(_note(message))
            elif _is_off(message):
                self._sounding.discard(_note(message))
        self._waiting.clear()

    def owed(self) -> list[bytes]:
        """The note-offs for what sounds, or may: of what waits any part may have been played."""
        begun = {_note(message) for _, _, message in self._waiting if _is_on(message)}
        return [
            bytes((_NOTE_OFF | channel, pitch, _RELEASE_VELOCITY))
            for channel, pitch in sorted(self._sounding | begun)
        ]


def _is_on(message: bytes) -> bool:
    return message[0] & 0xF0 == _NOTE_ON and message[2] > 0


def _is_off(message: bytes) -> bool:
    return message[0] & 0xF0 == _NOTE_OFF or (message[0] & 0xF0 == _NOTE_ON and message[2] == 0)


def _note(message: bytes) -> tuple[int, int]:
    return message[0] & 0x0F, message[1]
