"""A child that ends with its parent, even while it is busy with something that hears nothing."""

import os
import time
from collections.abc import Callable
from threading import Thread

LOOK_S = 0.2


def outlive_nobody(
    parent: Callable[[], int] = os.getppid,
    pause: Callable[[float], None] = time.sleep,
    end: Callable[[int], None] = os._exit,
) -> None:
    """Call ``end(0)`` as soon as ``parent()`` is another process; looks every ``LOOK_S`` seconds.

    Where a lost parent keeps its number (Windows), never.
    """
    ours = parent()
    while parent() == ours:
        pause(LOOK_S)
    end(0)


def watch_parent() -> None:
    """:func:`outlive_nobody`, on a thread of its own."""
    Thread(target=outlive_nobody, name="parent", daemon=True).start()
