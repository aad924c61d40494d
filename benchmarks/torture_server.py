"""The JACK server killed under a performance, and started again. What a listener hears of it.

One judge before and one after.
"""

import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.beats import beat
from benchmarks.judge import judging, matching, onsets_of
from benchmarks.live_judge import Played, played
from benchmarks.processes import pids
from benchmarks.torture_faults import (
    STEP_NS,
    Found,
    arguments,
    asked,
    until,
)
from tests.jack import running_jack
from tests.live import alive

AWAY_S = 1.0
PATIENCE_S = 15.0
AFTER_S = 3.0
SETTLE_S = 6.0  # the engine is loaded, and the processes are those that stay


def kill_server(environment: dict[str, str]) -> Found:
    """One performance, one killed server."""
    with (
        ExitStack() as earlier,
        tempfile.TemporaryDirectory() as kept,
        running_jack() as jack,
    ):
        here = {**environment, **jack.environment}
        told = arguments(Path(kept))
        before = earlier.enter_context(judging(here))
        with played(jack, *told) as play:
            time.sleep(SETTLE_S + random.random())
            family = set(pids(play.process.pid))
            sounded = before.hear()
            jack.kill()
            killed_ns = time.perf_counter_ns()
            # A client that outlives its server waits on a semaphore that the next client of its
            # name has too, and takes every second wake-up from it.
            earlier.close()
            time.sleep(AWAY_S)
            answers = _answers(play)
            jack.start_again()
            with judging(here) as after:
                started_ns = time.perf_counter_ns()
                time.sleep(AFTER_S)
                back = until(lambda: set(pids(play.process.pid)) == family, PATIENCE_S)
                everybody = pids(play.process.pid)
                heard = after.hear()
        left = [name for name, pid in everybody.items() if alive(pid)]
    onsets = [after.when_ns(frame) for frame in onsets_of(heard)]
    onsets_before = [before.when_ns(frame) for frame in onsets_of(sounded)]
    _, _, still_open = matching(heard)
    return {
        "back_s": (onsets[0] - started_ns) / 1e9 if onsets else PATIENCE_S,
        "beside_ms": beat([*onsets_before, *onsets], killed_ns, STEP_NS).beside_ms,
        "silent_first": bool(heard) and heard[0].note_on is None,
        "still_open": max(0, still_open - 1),
        "hung": int(not answers) + int(back >= PATIENCE_S),
        "orphans": left,
    }


def _answers(play: Played) -> bool:
    try:
        asked(play, "stats")
    except TimeoutError:
        return False
    return True
