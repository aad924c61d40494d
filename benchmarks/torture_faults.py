"""Faults of a performance that plays, each at a random moment, and what is heard of them."""

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pythonosc.osc_message import OscMessage

from benchmarks.beats import beat
from benchmarks.judge import EAR, HAND, Heard, matching, onsets_of
from benchmarks.live_judge import Played, Stage, on_stage
from benchmarks.processes import pids
from benchmarks.stretches import RATE
from benchmarks.timing_checkpoint import write_checkpoint, write_patch
from tests.live import alive

TEMPO_BPM = 240.0
STEP_FRAMES = RATE * 15.0 / TEMPO_BPM
STEP_NS = 15e9 / TEMPO_BPM
LOADED_S = 8.0
AFTER_S = 1.5
AWAY_S = 1.0  # how long a port is unplugged
GONE_S = 2.0  # by then nothing of a performance may be left
PATIENCE_S = 30.0
ENGINE, PLAYER = "engine.service", "instrument.player"
KNOBS, CC = "knobs", 21  # knob 2 of the bench's patch

Found = dict[str, Any]


def arguments(folder: Path) -> list[str]:
    """Of a performance that strikes a note at every sixteenth: what is missing can be counted."""
    write_checkpoint("stage", folder / "onsets")
    patch = str(write_patch(folder / "patch.toml"))
    checkpoint = ["--checkpoint", str(folder / "onsets"), "--patch", patch]
    return [*checkpoint, "--tempo", f"{TEMPO_BPM:g}"]


@contextmanager
def performing(*, loaded: bool = True) -> Iterator[Stage]:
    """Such a performance, playing, its engine ``loaded``; it listens to the judge's controller."""
    with tempfile.TemporaryDirectory() as kept:
        told = [*arguments(Path(kept)), "--in", KNOBS]
        with on_stage(*told, hand=KNOBS, timed=False) as stage:
            stage.judge.next_note_on()
            if loaded:
                heard_for(stage, LOADED_S)
            yield stage


def heard_for(stage: Stage, seconds: float) -> list[Heard]:
    """What arrives in that time."""
    time.sleep(seconds)
    return stage.judge.hear()


def asked(play: Played, what: str) -> list[Any]:
    """What ``/glisser/get/<what>`` answers. Raises ``TimeoutError``."""
    play.osc(f"/glisser/get/{what}")
    return list(OscMessage(play.answer()).params)


def listened(stage: Stage, fault: Callable[[], None]) -> Found:
    """What is heard of a fault: how long nothing began, how far off the beat, what stays open."""
    judge = stage.judge
    before = heard_for(stage, 0.7 + random.random())
    fault_ns = time.perf_counter_ns()
    fault()
    heard = before + heard_for(stage, AFTER_S)
    onsets = [judge.when_ns(frame) for frame in onsets_of(heard)]
    holes = [(begin, end) for _, begin, end in judge.holes]
    _, _, still_open = matching(heard)
    return {
        **beat(onsets, fault_ns, STEP_NS, holes).as_dict(),
        "still_open": max(0, still_open - 1),  # the last one struck goes on
    }


def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
    """Seconds until ``true()``, at most ``patience_s``."""
    began_s = time.monotonic()
    while not true() and time.monotonic() - began_s < patience_s:
        time.sleep(0.02)
    return time.monotonic() - began_s


def do_nothing(stage: Stage) -> Found:
    """What is heard without a fault: the machine's own share of what is heard of the rest."""
    return listened(stage, lambda: None)


def kill_engine(stage: Stage) -> Found:
    """No onset may be missing, and the next engine takes the knobs as they are then."""
    phrase, z, back_s = asked(stage, "phrase"), asked(stage, "z"), [0.0]

    def fault() -> None:
        os.kill(pids(stage.process.pid)[ENGINE], signal.SIGKILL)
        # To the other end, so that it is another phrase for certain.
        stage.osc("/glisser/knob/1", 0.0 if z[0] > 0.0 else 1.0)
        back_s[0] = until(lambda: asked(stage, "phrase") != phrase)

    return {**listened(stage, fault), "back_s": back_s[0]}


def kill_player(stage: Stage) -> Found:
    """Another one goes on, on the beat."""
    return listened(stage, lambda: os.kill(pids(stage.process.pid)[PLAYER], signal.SIGKILL))


def stop_player(stage: Stage) -> Found:
    """It says nothing any more: main ends it, and another one goes on."""
    return listened(stage, lambda: os.kill(pids(stage.process.pid)[PLAYER], signal.SIGSTOP))


def kill_main(stage: Stage) -> Found:
    """The player closes every note and ends; nothing is left of the performance."""
    before = heard_for(stage, 0.7 + random.random())
    family = pids(stage.process.pid)
    stage.process.kill()
    stage.process.wait()
    gone_s = until(lambda: not alive(family[PLAYER]), GONE_S)
    after = heard_for(stage, GONE_S - gone_s)
    _, _, still_open = matching(before + after)
    orphans = [name for name, pid in family.items() if alive(pid)]
    return {"gone_s": gone_s, "still_open": still_open, "orphans": orphans}


def pull_output(stage: Stage) -> Found:
    """The port that it plays to goes, and comes back under another name: notes, on the beat."""
    before = heard_for(stage, 0.7 + random.random())
    judge = stage.judge
    judge.unplug(EAR)
    time.sleep(AWAY_S)
    back_ns = time.perf_counter_ns()
    judge.plug_in(EAR, f"{EAR}-{random.randrange(10**6)}")
    after = heard_for(stage, AFTER_S)
    onsets = [judge.when_ns(frame) for frame in onsets_of([*before, *after])]
    back = next(onset for onset in onsets if onset > back_ns)
    _, _, still_open = matching(after)
    return {
        "back_s": (back - back_ns) / 1e9,
        "beside_ms": beat(onsets, back_ns, STEP_NS).beside_ms,
        "still_open": max(0, still_open - 1),
        "silent_first": after[0].note_on is None,
    }


def pull_input(stage: Stage) -> Found:
    """The controller goes and comes back under another number; its knob is heard again."""
    stage.judge.unplug(HAND)
    time.sleep(AWAY_S)
    value, z = random.choice([(0, -3.0), (127, 3.0)])
    stage.osc("/glisser/knob/2", 0.5)
    stage.judge.plug_in(HAND, f"{KNOBS}-{random.randrange(10**6)}")

    def heard() -> bool:
        stage.judge.send(bytes((0xB0, CC, value)))
        time.sleep(0.02)
        return bool(asked(stage, "z")[1] == z)

    return {"back_s": until(heard)}


FAULTS: dict[str, Callable[[Stage], Found]] = {
    "nothing": do_nothing,
    "engine": kill_engine,
    "player": kill_player,
    "stopped player": stop_player,
    "main": kill_main,
    "output port": pull_output,
    "input port": pull_input,
}
