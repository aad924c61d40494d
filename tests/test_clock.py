"""Clocks wait for absolute moments, and a command never has to wait for the clock."""

from threading import Thread

from instrument.clock import SPIN_NS, Clock, InternalClock, ManualClock

HOUR_NS = 3_600 * 10**9


def test_the_internal_clock_never_returns_early() -> None:
    """A note is never sent before its moment."""
    clock = InternalClock()
    for wait_ns in (0, SPIN_NS // 2, 5 * SPIN_NS):
        deadline_ns = clock.now_ns() + wait_ns
        clock.wait_until(deadline_ns)
        assert clock.now_ns() >= deadline_ns


def test_a_command_from_another_thread_ends_the_wait() -> None:
    """Play is pressed while the loop sleeps: it wakes at once, not at its deadline."""
    clock = InternalClock()
    caller = Thread(target=clock.wake)
    caller.start()
    clock.wait_until(clock.now_ns() + HOUR_NS)
    caller.join()


def test_a_command_that_comes_before_the_wait_is_not_lost() -> None:
    """A wake between taking the messages and going to sleep ends the sleep that follows."""
    clock = InternalClock()
    clock.wake()
    clock.wait_until(clock.now_ns() + HOUR_NS)


def test_a_wake_ends_one_wait_only() -> None:
    """The wait after it lasts to its deadline again."""
    clock = InternalClock()
    clock.wake()
    clock.wait_until(clock.now_ns() + HOUR_NS)
    deadline_ns = clock.now_ns() + 2 * SPIN_NS
    clock.wait_until(deadline_ns)
    assert clock.now_ns() >= deadline_ns


def test_the_manual_clock_is_at_its_deadline_at_once() -> None:
    """Headless, an hour of music takes no hour; time never goes back."""
    clock: Clock = ManualClock(now_ns=5)
    clock.wait_until(HOUR_NS)
    assert clock.now_ns() == HOUR_NS
    clock.wait_until(3)
    assert clock.now_ns() == HOUR_NS


def test_a_woken_manual_clock_lets_no_time_pass() -> None:
    """As with the internal clock, a wake ends one wait before its deadline."""
    clock = ManualClock()
    clock.advance(10)
    clock.wake()
    clock.wait_until(HOUR_NS)
    assert clock.now_ns() == 10
    clock.wait_until(20)
    assert clock.now_ns() == 20
