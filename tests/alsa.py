"""The kernel's sequencer on paper: a queue whose clock the test moves. No test in here."""

import errno
from dataclasses import dataclass, field
from heapq import heappop, heappush

from instrument.alsa_out import Look

MILLION = 1_000_000
ORIGIN_NS = 7_000_000_000_000  # what perf_counter_ns said when the queue was started


@dataclass
class FakeSequencer:
    """A queue that plays to ``heard``: ``(perf_ns, message)`` as it left, by the true time.

    ``ppm``: how much faster its clock goes than ours. ``look_ns``: how long each look takes, in
    turn; the queue's time is read ``early`` of the way through it.
    """

    name: str = "Synth:in"
    ppm: int = 0
    look_ns: tuple[int, ...] = (2000,)
    early: float = 0.5
    now_ns: int = ORIGIN_NS
    room: int = 2000
    refusals: int = 0  # how many messages to refuse from now on
    stands: bool = False
    connected: bool = True
    fails: bool = False  # to answer a look
    closed: bool = False
    heard: list[tuple[int, bytes]] = field(default_factory=list)
    waiting: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    looks: int = 0
    placed: int = 0

    def perf_ns(self) -> int:
        """Stands in for ``perf_counter_ns``."""
        return self.now_ns

    def pause(self, seconds: float) -> None:
        """Stands in for ``sleep``."""
        self.advance(round(seconds * 1e9))

    def advance(self, duration_ns: int) -> None:
        """Let time pass; what becomes due is sent at its very moment."""
        self.now_ns += duration_ns
        self._play()

    def queue_ns(self) -> int:
        """The queue's clock."""
        return (self.now_ns - ORIGIN_NS) * (MILLION + self.ppm) // MILLION

    def messages(self) -> list[bytes]:
        return [message for _, message in self.heard]

    def look(self) -> Look:
        if self.fails:
            raise OSError(errno.ENODEV, "No such device")
        took_ns = self.look_ns[self.looks % len(self.look_ns)]
        self.looks += 1
        before_ns = round(took_ns * self.early)
        self.advance(before_ns)
        look = Look(self.queue_ns(), len(self.waiting))
        self.advance(took_ns - before_ns)
        return look

    def place(self, message: bytes, at_ns: int, /) -> None:
        assert not self.closed
        if self.refusals > 0 or len(self.waiting) >= self.room:
            self.refusals -= 1
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        self.placed += 1
        heappush(self.waiting, (at_ns, self.placed, self.now_ns, message))
        self._play()

    def send_now(self, message: bytes, /) -> None:
        assert not self.closed
        self.heard.append((self.now_ns, message))

    def remove_queued(self) -> None:
        self.waiting.clear()

    def is_heard(self) -> bool:
        return self.connected

    def close(self) -> None:
        self.closed = True

    def _play(self) -> None:
        if self.stands:
            return
        while self.waiting and self.waiting[0][0] <= self.queue_ns():
            at_ns, _, placed_ns, message = heappop(self.waiting)
            left_ns = ORIGIN_NS + at_ns * MILLION // (MILLION + self.ppm)
            self.heard.append((max(left_ns, placed_ns), message))
