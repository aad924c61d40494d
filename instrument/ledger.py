"""The note ledger: what sounds, and the note-offs that it owes. Pure."""

from dataclasses import dataclass, field
from typing import TypeAlias

Key: TypeAlias = tuple[int, int, int]  # port index, channel 1..16, pitch 0..127


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """One note-on or, with ``velocity`` 0, one note-off.

    ``tick`` is when it was due; ``port`` an index into the open outputs; ``channel`` 1..16;
    ``pitch`` and ``velocity`` 0..127.
    """

    tick: int
    port: int
    channel: int
    pitch: int
    velocity: int


@dataclass(slots=True)
class Ledger:
    """Every sounding note. All note events come from here, so none sounds without being known."""

    _sounding: dict[Key, None] = field(default_factory=dict)  # a dict keeps the order of onsets

    def note_on(self, tick: int, key: Key, velocity: int) -> list[NoteEvent]:
        """The events that make ``key`` sound; a key that sounds already is closed first."""
        events = self.note_off(tick, key)
        self._sounding[key] = None
        events.append(NoteEvent(tick, *key, velocity))
        return events

    def note_off(self, tick: int, key: Key) -> list[NoteEvent]:
        """The event that closes ``key``; none when it does not sound."""
        if key not in self._sounding:
            return []
        del self._sounding[key]
        return [NoteEvent(tick, *key, 0)]

    def close_all(self, tick: int) -> list[NoteEvent]:
        """The note-offs of everything that sounds, oldest first; the ledger is empty after."""
        return [off for key in self.sounding for off in self.note_off(tick, key)]

    @property
    def sounding(self) -> tuple[Key, ...]:
        """What sounds now, oldest first."""
        return tuple(self._sounding)
