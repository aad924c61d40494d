"""Clocks: what time it is, and waiting for a moment. A clock owns its unit: nanoseconds."""

from threading import Condition
from time import perf_counter_ns
from typing import Protocol

# How long before a deadline the internal clock stops sleeping: the operating system wakes a
# sleeper some tens of microseconds late, now and then a few hundred.
SPIN_NS = 300_000


class Clock(Protocol):
    """What the player needs of time. Deadlines are absolute, so lateness never adds up."""

    def now_ns(self) -> int:
        """Nanoseconds since some fixed moment; never goes back."""
        ...

    def wait_until(self, deadline_ns: int) -> None:
        """Return at ``deadline_ns``, at once if it has passed, or earlier after a ``wake``."""
        ...

    def wake(self) -> None:
        """End the present wait, or the next one if nobody waits. Any thread may call it."""
        ...

    def of_perf_ns(self, perf_ns: int) -> int:
        """A recent moment of ``perf_counter_ns`` on this clock."""
        ...

    def perf_ns(self, ns: int) -> int:
        """A recent moment of this clock by ``perf_counter_ns``."""
        ...


class InternalClock:
    """The computer's own steady clock. One thread waits; any thread may wake it."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._woken = False

    def now_ns(self) -> int:
        """Nanoseconds of ``time.perf_counter_ns``."""
        return perf_counter_ns()

    def wait_until(self, deadline_ns: int) -> None:
        """Sleep to just short of ``deadline_ns``, then spin; a ``wake`` ends the sleep at once."""
        with self._condition:
            while not self._woken:
                sleep_ns = deadline_ns - SPIN_NS - perf_counter_ns()
                if sleep_ns <= 0:
                    break
                self._condition.wait(sleep_ns / 1e9)
            woken, self._woken = self._woken, False
        while not woken and perf_counter_ns() < deadline_ns:
            pass

    def wake(self) -> None:
        """End the present wait, or the next one if nobody waits."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    def of_perf_ns(self, perf_ns: int) -> int:
        """The same: this clock is that one."""
        return perf_ns

    def perf_ns(self, ns: int) -> int:
        """The same."""
        return ns


class ManualClock:
    """A clock that only moves when told to, or when somebody waits: then it is that moment.

    For tests and for anything that need not last as long as it sounds. One thread.
    """

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._woken = False

    def now_ns(self) -> int:
        """The nanoseconds it was last moved to."""
        return self._now_ns

    def advance(self, duration_ns: int) -> None:
        """Let ``duration_ns`` >= 0 pass."""
        self._now_ns += duration_ns

    def wait_until(self, deadline_ns: int) -> None:
        """Be at ``deadline_ns`` at once, unless woken; never goes back."""
        if not self._woken:
            self._now_ns = max(self._now_ns, deadline_ns)
        self._woken = False

    def wake(self) -> None:
        """Let the next wait return without time passing."""
        self._woken = True

    def of_perf_ns(self, perf_ns: int) -> int:
        """The same: only what this clock says is time here."""
        return perf_ns

    def perf_ns(self, ns: int) -> int:
        """The same."""
        return ns
