"""Frames, JACK's unit of time: where a nanosecond lies among them, and who sounds when. Pure.

A frame is one sample of the sound card. The player hands records over; the callback of the JACK
process plays them. Both count frames in whole numbers from one origin, so nothing drifts.
"""

import heapq
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

SECOND_NS = 1_000_000_000
# Ticks are rounded to the nanosecond, and so is the moment they are reckoned from: what is that
# close to the middle of two frames is in the middle.
_ROUNDED_NS = 2

# What the player writes: frame, output, length of the message, the message. Pages of the pipe hold
# whole records, and a pipe takes each of them whole or not at all.
RECORD = struct.Struct("<qBB6s")
PAGE_BYTES = 4096
MAX_MESSAGE_BYTES = 6
# A record for this output forgets what waits and closes what sounds: the server stood still.
EVERY_OUTPUT = 255
CLOSE_ALL = RECORD.pack(0, EVERY_OUTPUT, 0, b"")
# A record for this output moves what waits by so many frames: JACK's frames have leapt, and what
# comes after it lies on the new ones. Else a note-off could overtake its note-on.
SHIFT_ALL = 254
# What the callback writes about 20 times a second: a frame, the ``perf_counter_ns`` of that moment,
# and how many messages came late, were left out, and cycles were skipped since the start.
STATUS = struct.Struct("<qqIII4x")

LATE_PARTS = 20  # a twentieth of a second late: the machine stood still, so no note begins
QUIET_CYCLES = 2  # after the last message before the client may go
# A server that is late just then may lose the last note-offs on their way, so they are said again.
AGAIN_PARTS = 20  # a twentieth of a second later
RECENT_OFFS = 64

_NOTE_OFF, _NOTE_ON, _RELEASE_VELOCITY = 0x80, 0x90, 64
_NOTES = 16 * 128


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Frames as nanoseconds and back: ``origin_frame``, an even one, falls on ``origin_ns``.

    ``rate`` frames a second, by the sound card's own quartz: these nanoseconds are its, not the
    computer's.
    """

    rate: int
    origin_frame: int
    origin_ns: int

    def ns_of(self, frame: int) -> int:
        """The first whole nanosecond of ``frame``."""
        return self.origin_ns - ((self.origin_frame - frame) * SECOND_NS // self.rate)

    def frame_of(self, ns: int) -> int:
        """The frame nearest to ``ns``; of two as near, the even one, as Python's ``round``.

        So a tick that lies n ticks after one on an even frame is round(n x frames per tick) frames
        after it.
        """
        whole, part = divmod((ns - self.origin_ns) * self.rate, SECOND_NS)
        frame = self.origin_frame + whole
        if abs(2 * part - SECOND_NS) <= 2 * _ROUNDED_NS * self.rate:
            return frame + (frame & 1)
        return frame + (2 * part > SECOND_NS)

    def through(self, frame: int, ns: int) -> "FrameGrid":
        """Another grid, on which ``frame`` falls on ``ns``: JACK's frames have leapt."""
        even = frame & ~1
        return FrameGrid(self.rate, even, ns - (frame - even) * SECOND_NS // self.rate)

    def even_ns_before(self, ns: int) -> int:
        """The moment of the last even frame up to ``ns``: one to reckon ticks from."""
        frame = self.origin_frame + (ns - self.origin_ns) * self.rate // SECOND_NS
        return self.ns_of(frame - (frame & 1))


class LeastLate:
    """Where frames lie in time: of the periods since the last look, the one called least late.

    A callback is never early. JACK's own estimate of the present frame swings for seconds after the
    server has stood still.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._best: tuple[int, int, int] | None = None  # (how late, frame, perf_counter_ns)

    def note(self, start: int, now_ns: int) -> None:
        """The period that begins with frame ``start`` is called at ``now_ns``."""
        late = now_ns * self._rate - start * SECOND_NS
        if self._best is None or late < self._best[0]:
            self._best = late, start, now_ns

    def look(self) -> tuple[int, int] | None:
        """A frame and its moment; then it begins anew. ``None`` before any period."""
        best, self._best = self._best, None
        return None if best is None else best[1:]


class FrameCount:
    """JACK's frame numbers, which begin again at 2**32 (a day at 48,000), as ever growing ones."""

    def __init__(self) -> None:
        self._last = 0

    def whole(self, counted: int) -> int:
        """The frame that JACK counts as ``counted``, less than half a day from the last one."""
        last = self._last
        whole = last + (counted - last + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
        self._last = whole
        return whole


def shift(frames: int) -> bytes:
    """The record that moves all that waits by ``frames``; less than 0: they come earlier."""
    return RECORD.pack(frames, SHIFT_ALL, 0, b"")


Write = Callable[[int, int, bytes], bool]  # (output, frame within the period, message) -> it fitted


class FrameQueue:
    """What is to be played at which frame, on ``outputs`` ports; knows what sounds on each.

    One thread, the callback. Nothing here waits, and nothing is lost but note-ons that are later
    than a twentieth of a second.
    """

    def __init__(self, outputs: int, rate: int) -> None:
        self.late = 0  # messages played after their frame
        self.left_out = 0  # of these, note-ons too late to be heard
        self.ending = False
        self._waiting: list[tuple[int, int, int, bytes]] = []
        self._serial = 0  # keeps messages of one frame in the order they were handed over
        self._too_late = rate // LATE_PARTS
        self._soon = rate // 2
        self._sounding = [bytearray(_NOTES) for _ in range(outputs)]
        self._rate = rate
        self._offs: deque[tuple[int, int, bytes]] = deque(maxlen=RECENT_OFFS)
        self._again: int | None = None  # when the last note-offs are said again
        self._said_again = False
        self._quiet = 0

    @property
    def finished(self) -> bool:
        """All was played, every note is closed, and the server has had time to pass it on."""
        return self._quiet >= QUIET_CYCLES

    def take_in(self, data: bytes) -> None:
        """Queue whole records as they came from the pipe."""
        for frame, output, length, message in RECORD.iter_unpack(data):
            if output == EVERY_OUTPUT:
                self._waiting.clear()
                self._close(frame)
            elif output == SHIFT_ALL:  # by as much for all, so the heap stays one
                self._waiting = [(at + frame, *entry) for at, *entry in self._waiting]
            else:
                self._put(frame, output, message[:length])

    def end(self, start: int) -> None:
        """Nothing more will come: play what is due within half a second, then close what sounds."""
        if not self.ending:
            self.ending = True
            soon = start + self._soon
            self._waiting = sorted(entry for entry in self._waiting if entry[0] < soon)

    def play(self, start: int, frames: int, write: Write) -> None:
        """Write everything due before ``start + frames``; what does not fit waits for the next.

        What is late goes to the period's first frame.
        """
        waiting, end = self._waiting, start + frames
        if self.ending and not waiting:
            self._close(start)
            if not waiting:
                self._say_again(start)
        while waiting and waiting[0][0] < end:
            frame, _, output, message = waiting[0]
            if frame < start - self._too_late and message[0] & 0xF0 == _NOTE_ON and message[2]:
                self.left_out += 1
            elif write(output, max(0, frame - start), message):
                self.late += frame < start
                self._remember(start, output, message)
            else:
                return
            heapq.heappop(waiting)

    def _put(self, frame: int, output: int, message: bytes) -> None:
        self._serial += 1
        heapq.heappush(self._waiting, (frame, self._serial, output, message))

    def _say_again(self, start: int) -> None:
        """The note-offs of the last second, once more, before it is quiet for good."""
        if self._said_again:
            self._quiet += 1
        elif self._again is None:
            self._again = start + self._rate // AGAIN_PARTS
        elif start >= self._again:
            self._said_again = True
            for frame, output, message in list(self._offs):
                if frame >= start - self._rate:
                    self._put(start, output, message)

    def _remember(self, start: int, output: int, message: bytes) -> None:
        kind = message[0] & 0xF0
        if kind == _NOTE_OFF and not self._said_again:
            self._offs.append((start, output, message))
        if kind in (_NOTE_ON, _NOTE_OFF):
            note = (message[0] & 0x0F) << 7 | message[1]
            self._sounding[output][note] = kind == _NOTE_ON and message[2] > 0

    def _close(self, frame: int) -> None:
        for output, notes in enumerate(self._sounding):
            while (note := notes.find(1)) >= 0:
                notes[note] = 0
                off = bytes((_NOTE_OFF | note >> 7, note & 0x7F, _RELEASE_VELOCITY))
                self._put(frame, output, off)
