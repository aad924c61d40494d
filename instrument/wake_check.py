"""How late this machine wakes a player: ``python -m instrument.wake_check SECONDS``.

The player's own clock, in a process that asks of the system what the player asks. It tells one
frame: ``woken`` {real_time, late_ns}, every lateness in order.
"""

import os
import sys

from engine.wire import write_message
from instrument.clock import InternalClock
from instrument.urgent import ask_for_real_time, ignore_signals, settle_down

EVERY_NS = 10_000_000


def lateness_ns(clock: InternalClock, seconds: float) -> list[int]:
    """How many nanoseconds after each of the moments, 10 ms apart, the clock gave it."""
    late, begin_ns = [], clock.now_ns()
    for number in range(1, round(seconds * 1e9 / EVERY_NS) + 1):
        due_ns = begin_ns + number * EVERY_NS
        clock.wait_until(due_ns)
        late.append(clock.now_ns() - due_ns)
    return late


if __name__ == "__main__":
    ignore_signals()
    settle_down()
    granted = ask_for_real_time()
    found = lateness_ns(InternalClock(), float(sys.argv[1]))
    with os.fdopen(1, "wb") as frames:
        write_message(frames, {"type": "woken", "real_time": granted, "late_ns": found})
