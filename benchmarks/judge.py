"""The bench's end of :mod:`benchmarks.judge_process`: what arrived, at which frame and when."""

import subprocess
import sys
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import BinaryIO, cast

from benchmarks.stretches import RATE
from engine.wire import Message, read_message, write_message

NAME, EAR, HAND = "glisser-judge", "in", "hand"
INPUT = f"{NAME}:{EAR}"
PATIENCE_S = 60.0
LOOK_S = 0.005


@dataclass(frozen=True, slots=True)
class Heard:
    """One MIDI message as it arrived: ``frame`` of JACK's clock."""

    frame: int
    message: bytes

    @property
    def note_on(self) -> int | None:
        """The pitch that it strikes, or None."""
        status, *rest = self.message
        return rest[0] if status & 0xF0 == 0x90 and rest[1] > 0 else None

    @property
    def note_off(self) -> int | None:
        """The pitch that it closes, or None."""
        status, *rest = self.message
        closes = status & 0xF0 == 0x80 or (status & 0xF0 == 0x90 and rest[1] == 0)
        return rest[0] if closes else None


def matching(sequence: Sequence[Heard]) -> tuple[int, int, int]:
    """Note-ons, note-offs that close one, and how many pitches are still open at the end."""
    ons = offs = 0
    still: set[int] = set()
    for event in sequence:
        if (pitch := event.note_on) is not None:
            ons += 1
            still.add(pitch)
        elif (pitch := event.note_off) is not None:
            offs += pitch in still  # at the end of all they are said twice
            still.discard(pitch)
    return ons, offs, len(still)


def onsets_of(heard: Sequence[Heard]) -> list[int]:
    """The frames of the note-ons."""
    return [event.frame for event in heard if event.note_on is not None]


def when_ns(
    frame: int, moments: Sequence[tuple[int, int]], holes: Sequence[tuple[int, int, int]]
) -> float:
    """The ``perf_counter_ns`` of ``frame``, by the nearest of ``moments`` on its side of ``holes``.

    In a hole JACK's frames stand still while time goes on. Raises ``ValueError`` without a moment.
    """
    ends = [first for first, _, _ in holes]
    side = bisect_right(ends, frame)
    here = [each for each in moments if bisect_right(ends, each[0]) == side] or moments
    if not here:
        raise ValueError("it is not known where the frames lie in time")
    known, ns = min(here, key=lambda each: abs(each[0] - frame))
    return ns + (frame - known) * 1e9 / RATE


@dataclass
class Judge:
    """What the judge has told so far.

    ``stops``: the frames near which JACK itself was late (:mod:`benchmarks.stretches`). ``holes``:
    the first frame after each time in which JACK called nobody, and that time in
    ``perf_counter_ns``. ``moments``: where the frames lie in that time.
    """

    process: subprocess.Popen[bytes]
    stops: list[int] = field(default_factory=list)
    holes: list[tuple[int, int, int]] = field(default_factory=list)
    moments: list[tuple[int, int]] = field(default_factory=list)
    _heard: deque[Heard] = field(default_factory=deque)

    def frame(self) -> int:
        """JACK's present frame, by what was heard of it last."""
        while not self.moments:
            time.sleep(LOOK_S)
            self._listen()
        frame, ns = self.moments[-1]
        return frame + round((time.perf_counter_ns() - ns) * RATE / 1e9)

    def hear(self) -> list[Heard]:
        """All that has arrived since the last time."""
        self._listen()
        heard = list(self._heard)
        self._heard.clear()
        return heard

    def next_note_on(self, patience_s: float = PATIENCE_S) -> Heard:
        """The next note-on, in order of arrival. Raises ``TimeoutError``."""
        limit_s = time.monotonic() + patience_s
        while time.monotonic() < limit_s:
            while self._heard:
                event = self._heard.popleft()
                if event.note_on is not None:
                    return event
            time.sleep(LOOK_S)
            self._listen()
        raise TimeoutError("no note arrived")

    def put_back(self, event: Heard) -> None:
        """It is heard again, before all others."""
        self._heard.appendleft(event)

    def when_ns(self, frame: int) -> float:
        """The moment of a frame that was heard; see :func:`when_ns`."""
        return when_ns(frame, self.moments, self.holes)

    def plug_in(self, port: str, name: str) -> None:
        """Have the port ``EAR`` or ``HAND`` (a controller's), called ``name``."""
        self._ask({"type": "plug_in", "port": port, "name": name})

    def unplug(self, port: str) -> None:
        """That port is gone."""
        self._ask({"type": "unplug", "port": port})

    def send(self, *messages: bytes) -> int:
        """Have the controller send these, in time; how many are still to be sent."""
        asked = {"type": "send", "messages": [message.hex() for message in messages]}
        return int(self._ask(asked)["unsent"])

    def _listen(self) -> None:
        more = True
        while more:
            told = self._ask({"type": "hear"})
            more = bool(told["messages"])
            self._heard += (Heard(frame, bytes.fromhex(text)) for frame, text in told["messages"])
            self.stops += told["stops"]
            self.holes += map(tuple, told["holes"])
            self.moments += map(tuple, told["moments"])

    def _ask(self, message: Message) -> Message:
        write_message(cast(BinaryIO, self.process.stdin), message)
        return answer_of(self.process)


def answer_of(process: subprocess.Popen[bytes]) -> Message:
    """Its next frame. Raises ``RuntimeError``."""
    message = read_message(cast(BinaryIO, process.stdout))
    if message is None or message["type"] == "refused":
        raise RuntimeError("the judge does not hear")
    return message


@contextmanager
def judging(environment: Mapping[str, str], *, hand: str | None = None) -> Iterator[Judge]:
    """A judge on the JACK server of ``environment``; gone at the end.

    ``hand``: the name of a controller's port that is there from the beginning. Raises
    ``ImportError`` without JACK-Client, ``RuntimeError`` when its server does not answer.
    """
    import_module("jack")  # a process that lacks it could only end
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.judge_process"],
        env=dict(environment),
        stdin=pipe,
        stdout=pipe,
    )
    try:
        answer_of(process)
        judge = Judge(process)
        if hand is not None:
            judge.plug_in(HAND, hand)
        yield judge
    finally:
        process.kill()
        process.wait()
