"""Silence at any price, on every output. Pure but for what it hands over; time is an argument."""

from collections.abc import Collection, Iterator, Sequence
from itertools import product

from instrument.ledger import NoteEvent
from instrument.midi_out import every_note, note_message, quiet_channel
from instrument.outgoing import Outgoing

MS = 1_000_000  # nanoseconds
SECOND_PANIC_NS = 1000 * MS
# A DIN cable carries a message in 0.96 ms: at that pace nothing overflows or holds up the beat. (Of
# 600 messages sent at once through RtMidi and JACK, periods of 64 frames, 465 were lost.)
FLOOD_EVERY_NS = 8 * MS
FLOOD_MESSAGES = 8


class Panic:
    """First: pedal up, notes and sound off on our channels. Again within a second: every note."""

    def __init__(self, outgoing: Outgoing, ports: Sequence[int]) -> None:
        self._outgoing, self._ports = outgoing, ports
        self._last_ns: int | None = None
        self._flood: Iterator[tuple[int, int]] | None = None
        self._flood_ns = 0

    @property
    def next_ns(self) -> int | None:
        """When :meth:`flood` next has something to send; ``None`` when it has not."""
        return None if self._flood is None else self._flood_ns

    def press(self, now_ns: int, channels: Sequence[int]) -> None:
        """The button, while ``channels``, at least one, are played on."""
        for port, channel in product(self._ports, channels):
            for message in quiet_channel(channel):
                self._outgoing.hurry(port, message, now_ns)
        last_ns, self._last_ns = self._last_ns, now_ns
        if last_ns is not None and now_ns - last_ns <= SECOND_PANIC_NS and self._flood is None:
            self._flood, self._flood_ns = every_note(channels[0]), now_ns

    def end(self) -> None:
        """No more of it."""
        self._flood = None

    def flood(self, now_ns: int, sounding: Collection[tuple[int, int, int]]) -> None:
        """Some of the note-offs of a second panic, but none for a note begun since."""
        if self._flood is None or now_ns < self._flood_ns:
            return
        self._flood_ns = now_ns + FLOOD_EVERY_NS
        begun = {(channel, pitch) for _, channel, pitch in sounding}
        for _ in range(FLOOD_MESSAGES):
            note = next(self._flood, None)
            if note is None:
                self._flood = None
                break
            if note not in begun:
                for port in self._ports:
                    self._outgoing.hurry(port, note_message(NoteEvent(0, port, *note, 0)), now_ns)
        self._outgoing.send_due(now_ns)
