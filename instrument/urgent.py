"""What a process that keeps time asks of its interpreter and its system. stdlib only."""

import gc
import os
import signal
import sys
import threading

# Before everything ordinary, after JACK itself (70 or so) and its clients.
PRIORITY = 10


def ignore_signals() -> None:
    """Leave INT, TERM and HUP to main: Ctrl-C reaches every process of the terminal."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)


def be_brisk() -> None:
    """No long turn of another thread, and no collection that goes through all that was imported.

    What is made from now on is still collected.
    """
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()


def settle_down() -> None:
    """No collection pause at all and no long turn of another thread once music plays."""
    be_brisk()
    gc.disable()


def may_be_real_time() -> bool:
    """Whether :func:`ask_for_real_time` would be granted; the calling thread stays as it is."""
    try:
        policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        os.sched_setscheduler(0, policy, param)
    except (AttributeError, OSError):  # a system without it, or one that does not allow it
        return False
    return True


def ask_for_real_time() -> bool:
    """Go before ordinary processes, where the system allows it (as it does for JACK's users).

    All threads of this process do, those to come too: one that was left behind could be held up
    with the interpreter's lock in its hand. Children started from now on would as well.
    """
    setscheduler = getattr(os, "sched_setscheduler", None)
    if setscheduler is None:
        return False
    try:
        for thread in threading.enumerate():
            setscheduler(thread.native_id or 0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True
