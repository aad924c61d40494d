"""When the machine itself stood still: ``python -m benchmarks.standstill`` and its other end.

On each core a thread of the highest real-time priority wakes every other millisecond and notes when
it was late. It knows nothing of JACK or of Glisser, and goes before both, so what holds it up is
the machine: a virtual one that is put aside by its host. Linux only; without real-time priority it
notes far more. Each line of stdin is answered by a line of JSON: the times since the last one.
"""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from time import perf_counter_ns, sleep

WAKE_S = 0.002
LATE_NS = 4_000_000  # a period of 512 frames lasts 10.7 ms, and half of it is for all who play
PRIORITY = 99

Span = tuple[int, int]  # perf_counter_ns, from and to


def watch(core: int, found: "deque[Span]") -> None:
    """Note when ``core`` did nothing for this thread, though it was due. Never returns."""
    os.sched_setaffinity(0, {core})
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    while True:
        due_ns = perf_counter_ns() + int(WAKE_S * 1e9)
        sleep(WAKE_S)
        now_ns = perf_counter_ns()
        if now_ns - due_ns > LATE_NS:
            found.append((due_ns, now_ns))


def overlap(spans: list[Span], begin_ns: float, end_ns: float) -> bool:
    """Whether one of ``spans`` lies in that time, or reaches into it."""
    return any(begin <= end_ns and end >= begin_ns for begin, end in spans)


@dataclass
class Watch:
    """The bench's end. ``spans``: all that was told so far."""

    process: subprocess.Popen[str]
    spans: list[Span] = field(default_factory=list)

    def stood_still(self, begin_ns: float, end_ns: float, least_ns: int = LATE_NS) -> bool:
        """Whether it did, for ``least_ns`` or longer, between two moments (``perf_counter_ns``)."""
        self._look()
        long = [span for span in self.spans if span[1] - span[0] >= least_ns]
        return overlap(long, begin_ns, end_ns)

    def lengths_ms(self) -> list[float]:
        """How long it stood still each time, on any core."""
        self._look()
        return [(end - begin) / 1e6 for begin, end in self.spans]

    def _look(self) -> None:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the watch has pipes")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.spans += [(begin, end) for begin, end in json.loads(self.process.stdout.readline())]


@contextmanager
def watching() -> Iterator[Watch]:
    """A watch in a process of its own; gone at the end."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.standstill"], stdin=pipe, stdout=pipe, text=True
    )
    try:
        yield Watch(process)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Watch until stdin ends."""
    found: deque[Span] = deque()
    for core in os.sched_getaffinity(0):
        Thread(target=watch, args=(core, found), daemon=True).start()
    for _ in sys.stdin:
        print(json.dumps([found.popleft() for _ in range(len(found))]), flush=True)


if __name__ == "__main__":
    main()
