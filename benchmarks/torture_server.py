"""The JACK server killed under a performance, and started again. What a listener hears of it.

The judges are processes of their own, one before and one after: no client outlives its server.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from benchmarks.live_judge import INPUT, Heard, Played, matching, played
from benchmarks.processes import pids
from benchmarks.stretches import RATE
from benchmarks.torture_faults import (
    TEMPO_BPM,
    Found,
    arguments,
    asked,
    beside,
    jack_was_late,
    until,
)
from engine.wire import Message, read_message
from tests.jack import running_jack
from tests.live import alive

AWAY_S = 1.0
PATIENCE_S = 15.0
AFTER_S = 3.0
SETTLE_S = 6.0  # the engine is loaded, and the processes are those that stay
STEP_NS = 15e9 / TEMPO_BPM


@dataclass(frozen=True)
class Ear:
    """A judge in a process of its own."""

    process: subprocess.Popen[bytes]

    def hear(self) -> Message:
        """Its next frame. Raises ``RuntimeError``."""
        message = read_message(cast(BinaryIO, self.process.stdout))
        if message is None or message["type"] == "refused":
            raise RuntimeError("the judge does not hear")
        return message

    def told(self) -> tuple[list[Heard], list[float], bool]:
        """What it heard; the moments of the onsets (``perf_counter_ns``); whether JACK was late.

        Only between the first and the last onset: a server that starts is late, and that is part of
        it. A frame that JACK lost there has moved the onsets after it.
        """
        cast(BinaryIO, self.process.stdin).close()
        message = self.hear()
        heard = [Heard(frame, bytes.fromhex(text)) for frame, text in message["messages"]]
        frame, ns = message["moment"]
        onsets = [event.frame for event in heard if event.note_on is not None]
        late = bool(onsets) and jack_was_late(message["stops"], onsets)
        return heard, [ns + (onset - frame) * 1e9 / RATE for onset in onsets], late


@contextmanager
def listening(environment: dict[str, str]) -> Iterator[Ear]:
    """An ear at the port that the performance plays to; gone at the end."""
    name = INPUT.partition(":")[0]
    pipe = subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "instrument.jack_listener", name],
        env=environment,
        stdin=pipe,
        stdout=pipe,
    )
    try:
        ear = Ear(process)
        ear.hear()
        yield ear
    finally:
        process.kill()
        process.wait()


def kill_server(environment: dict[str, str]) -> Found:
    """One performance, one killed server."""
    with tempfile.TemporaryDirectory() as kept, running_jack() as jack:
        here = {**environment, **jack.environment}
        told = arguments(Path(kept))
        with listening(here) as before, played(jack, *told) as play:
            time.sleep(SETTLE_S + random.random())
            family = set(pids(play.process.pid))
            _, onsets_before, late_before = before.told()
            jack.kill()
            time.sleep(AWAY_S)
            answers = _answers(play)
            jack.start_again()
            with listening(here) as after:
                started_ns = time.perf_counter_ns()
                time.sleep(AFTER_S)
                back = until(lambda: set(pids(play.process.pid)) == family, PATIENCE_S)
                everybody = pids(play.process.pid)
                heard, onsets, late_after = after.told()
        left = [name for name, pid in everybody.items() if alive(pid)]
    _, _, still_open = matching(heard)
    return {
        "back_s": (onsets[0] - started_ns) / 1e9 if onsets else PATIENCE_S,
        "beside_ms": beside(onsets, onsets_before[0], STEP_NS) / 1e6,
        "silent_first": bool(heard) and heard[0].note_on is None,
        "still_open": max(0, still_open - 1),
        "hung": int(not answers) + int(back >= PATIENCE_S),
        "orphans": left,
        "jack_late": late_before or late_after,
    }


def _answers(play: Played) -> bool:
    try:
        asked(play, "stats")
    except TimeoutError:
        return False
    return True
