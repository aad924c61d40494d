"""What is heard of a thousand gestures: by the judge, note by note, and over OSC, bar by bar.

The listener has a thread; all else is pure.
"""

import re
import socket
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Thread
from time import perf_counter_ns
from typing import Any

from pythonosc.osc_message import OscMessage

from benchmarks.judge import Heard
from engine.phrase import STEPS_PER_BAR

NEAR_BARS = 4  # on either side: the one of them that was told soonest says where the lines lie
EARLY_NS = 10_000_000  # a bar is told as its notes are handed over, a few ms before they sound
LOOK_S = 0.2
SLACK_NS = 400_000_000  # a stop is obeyed, and a bar told, within so long
EXPECTED = re.compile(r"^(the pad: )?there is no snapshot ")
STOOD_STILL = re.compile(r"stood still")

Key = tuple[int, int]  # channel 0..15, pitch


@dataclass
class Sounding:
    """Every note that the judge heard: ``ons``, ``offs`` that closed one, and ``open`` now.

    ``stray``: note-offs of what did not sound; a double panic sends many. ``onsets``: their frames.
    """

    ons: Counter[Key] = field(default_factory=Counter)
    offs: Counter[Key] = field(default_factory=Counter)
    open: set[Key] = field(default_factory=set)
    stray: int = 0
    onsets: list[int] = field(default_factory=list)

    def hear(self, heard: Sequence[Heard]) -> None:
        """The next messages, in order."""
        for event in heard:
            channel = event.message[0] & 0x0F
            if (struck := event.note_on) is not None:
                self.ons[channel, struck] += 1
                self.open.add((channel, struck))
                self.onsets.append(event.frame)
            elif (closed := event.note_off) is not None:
                key = channel, closed
                if key in self.open:
                    self.open.discard(key)
                    self.offs[key] += 1
                else:
                    self.stray += 1

    @property
    def unequal(self) -> list[Key]:
        """What was not struck as often as it was closed."""
        return sorted(key for key in self.ons if self.ons[key] != self.offs[key])


@dataclass(frozen=True, slots=True)
class BarTold:
    """A bar line as subscribers were told of it: ``number`` from 1, ``ns`` of the datagram's
    arrival, and the ``steps`` of the bar, 0..15, at which the phrase strikes a note.
    """

    number: int
    ns: int
    steps: tuple[int, ...]


def bar_told(number: int, ns: int, phrase: Sequence[int]) -> BarTold:
    """Of the phrase's 32 numbers, the half that this bar plays."""
    first = (number - 1) % 2 * STEPS_PER_BAR
    half = phrase[first : first + STEPS_PER_BAR]
    return BarTold(number, ns, tuple(n for n, pitch in enumerate(half) if pitch >= 0))


@dataclass(frozen=True, slots=True)
class BarHeard:
    """``began_ns`` is its line, ``wanted`` and ``onsets`` how many notes it should have and had."""

    number: int
    began_ns: float
    wanted: int
    onsets: int


def runs_of(bars: Sequence[BarTold]) -> list[list[BarTold]]:
    """One list for each play; a play begins with bar 1. What is told again counts once."""
    runs: list[list[BarTold]] = []
    for bar in bars:
        if bar.number == 1 or not runs:
            runs.append([bar])
        elif bar.number != runs[-1][-1].number:
            runs[-1].append(bar)
    return runs


def missed_bars(
    runs: Sequence[Sequence[BarTold]], stops: Sequence[int], end_ns: int, bar_ns: float
) -> int:
    """How many bar lines passed, while it played, of which nobody was told.

    ``stops``: when a play was ended; one that was not went on until ``end_ns``.
    """
    missed = 0
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        missed += sum(after.number - before.number - 1 for before, after in pairwise(run))
        last = run[-1]
        latest = end_ns if following is None else following[0].ns
        ended = next((stop for stop in stops if last.ns - SLACK_NS < stop <= latest), latest)
        missed += max(0, int((ended - last.ns - SLACK_NS) / bar_ns))
    return missed


def bars_heard(
    runs: Sequence[Sequence[BarTold]], onsets: Sequence[float], bar_ns: float
) -> Iterator[BarHeard]:
    """Every bar that was played to its end, and how many of its notes arrived (ns, in order)."""
    for run in runs:
        for place, bar in enumerate(run[:-1]):  # of the last one nobody knows how far it came
            near = run[max(0, place - NEAR_BARS) : place + NEAR_BARS + 1]
            began = min(each.ns + (bar.number - each.number) * bar_ns for each in near) - EARLY_NS
            first, last = (bisect_left(onsets, began + n * bar_ns) for n in (0, 1))
            yield BarHeard(bar.number, began, len(bar.steps), last - first)


def sorted_errors(lines: Sequence[str]) -> tuple[int, int, list[str]]:
    """How many refusals were to be expected, how many tell that the machine stood still; the rest.

    To be expected: a snapshot that nobody has saved yet is recalled, or the pad wants it.
    """
    expected = [line for line in lines if EXPECTED.search(line)]
    still = [line for line in lines if STOOD_STILL.search(line)]
    rest = [line for line in lines if line not in expected and line not in still]
    return len(expected), len(still), rest


@dataclass
class Listener:
    """A subscriber; what it was told so far. One thread writes, another reads.

    ``errors`` and ``statuses`` are lines; ``captured``: how many captures came to an end.
    """

    socket: socket.socket
    bars: list[BarTold] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    captured: int = 0
    _bar: tuple[int, int] | None = None

    closed: bool = False

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def listen(self) -> None:
        """Until ``closed``."""
        self.socket.settimeout(LOOK_S)
        while not self.closed:
            with suppress(TimeoutError):
                message = OscMessage(self.socket.recv(65536))
                self._hear(message.address, list(message.params), perf_counter_ns())

    def _hear(self, address: str, told: list[Any], now_ns: int) -> None:
        match address:
            case "/glisser/bar":
                self._bar = int(told[0]), now_ns
            case "/glisser/phrase" if self._bar is not None:
                self.bars.append(bar_told(*self._bar, told))
                self._bar = None
            case "/glisser/error":
                self.errors.append(str(told[0]))
                self.captured += "capture is lost" in str(told[0])
            case "/glisser/status":
                self.statuses.append(str(told[0]))
                self.captured += str(told[0]).startswith("captured: ")


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener with a port of its own; nobody has subscribed for it yet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        listener = Listener(ear)
        thread = Thread(target=listener.listen, name="listener", daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            listener.closed = True
            thread.join()
