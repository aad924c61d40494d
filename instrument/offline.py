"""The scheduler under no clock: as fast as the decoder answers. Pure."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from instrument.events import Event, Request
from instrument.scheduler import Scheduler

Answer: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]  # tokens, steps


def perform_offline(core: Scheduler, decode: Callable[[Request], Answer]) -> Iterator[Event]:
    """Every event of a performance that ``bars`` ends, with each phrase decoded on the spot.

    The z at the start is heard from bar 1 on. Without ``bars`` it never ends.
    """
    if (cued := core.cue()) is not None:
        core.answer(cued.id, *decode(cued))
        yield cued
    core.play()
    while (due := core.next_due_tick) is not None:
        for event in core.pop_due(due):
            if isinstance(event, Request):
                core.answer(event.id, *decode(event))
            yield event
