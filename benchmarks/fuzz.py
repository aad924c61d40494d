"""Broken OSC and MIDI without end at a performance that plays, and a storm of knobs. ``make fuzz``.

    .venv/bin/python -m benchmarks.fuzz [--only STORM] [--datagrams N] [--messages N] [--dry]

The performance strikes a note at every sixteenth; a JACK client hears whether one is missing or
beside its place. docs/reliability.md is made from it. It needs the extras ``jack`` and ``bench``.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from typing import Any

from benchmarks.broken_midi import broken as broken_midi
from benchmarks.judge import onsets_of
from benchmarks.live_judge import Stage
from benchmarks.machine import machine
from benchmarks.processes import memory
from benchmarks.reliability_page import RESULTS, write_page
from benchmarks.soak import stats
from benchmarks.stretches import RATE, clear_of
from benchmarks.torture_faults import (
    CC,
    STEP_FRAMES,
    asked,
    heard_for,
    performing,
    until,
)

DATAGRAMS, MESSAGES = 1_000_000, 200_000
BROKEN_A_SECOND = 5_000
MOVES_A_SECOND = 50_000
BATCH = 100
END_OF_EXCLUSIVE = b"\xf7"
EXACT = 1e-4  # of z; OSC sends 32-bit floats


def rain(stage: Stage, kind: str, count: int, rate: int) -> str:
    """Let another process send that many; what it says at the end."""
    command = [sys.executable, "-m", "benchmarks.osc_rain", kind]
    command += [str(number) for number in (stage.osc_port, count, rate)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own module


def noise(stage: Stage, count: int) -> None:
    """Let the controller send that many broken messages, as fast as the port takes them."""
    messages, judge = broken_midi(seed=0), stage.judge
    for _ in range(count // BATCH):
        judge.send(*islice(messages, BATCH))
        while judge.send():
            time.sleep(0.01)
    # RtMidi on JACK takes all that follows an open system exclusive message for a part of it, a
    # status byte too, until one says that it ends.
    judge.send(END_OF_EXCLUSIVE)


def turned(stage: Stage) -> bool:
    """Whether the controller's knob is heard after all that."""
    stage.osc("/glisser/knob/2", 0.5)
    stage.judge.send(bytes((0xB0, CC, 127)))
    return until(lambda: bool(asked(stage, "z")[1] == 3.0), 5.0) < 5.0


def played_through(stage: Stage, storm: Callable[[], object]) -> dict[str, Any]:
    """What is heard meanwhile, without what lies near a stop of JACK itself."""
    heard_for(stage, 1.0)
    before = memory(stage.process.pid)
    storm()
    onsets = onsets_of(heard_for(stage, 1.0))
    after = memory(stage.process.pid)
    gaps = [(b - a) / STEP_FRAMES for a, b in pairwise(onsets)]
    clear = clear_of(onsets[1:], stage.judge.stops)
    kept = [gap for gap, good in zip(gaps, clear, strict=True) if good]
    return {
        "onsets": len(kept),
        "missing": sum(round(gap) - 1 for gap in kept),
        "beside_ms": max(abs(gap - round(gap)) for gap in kept) * STEP_FRAMES * 1e3 / RATE,
        "waits": True,  # the server does, for its clients; earlier results had another one
        "growth_mib": {name: after[name].own - before[name].own for name in after},
    }


def broken(stage: Stage, told: argparse.Namespace) -> dict[str, Any]:
    """Datagrams that are almost right."""
    found = played_through(stage, lambda: rain(stage, "broken", told.datagrams, BROKEN_A_SECOND))
    return {**found, "sent": told.datagrams, "refused": stats(stage)["osc_refused"]}


def knobs(stage: Stage, told: argparse.Namespace) -> dict[str, Any]:
    """Knob moves that are right, and far too many; the last one has to win."""
    moves, said = round(told.seconds * MOVES_A_SECOND), [""]

    def storm() -> None:
        said[0] = rain(stage, "knobs", moves, MOVES_A_SECOND)

    found = played_through(stage, storm)
    left = abs(asked(stage, "z")[1] - (6.0 * float(said[0]) - 3.0)) < EXACT
    return {**found, "sent": moves, "moves_a_second": MOVES_A_SECOND, "left": left}


def midi(stage: Stage, told: argparse.Namespace) -> dict[str, Any]:
    """MIDI that is almost right, at an input port."""
    found = played_through(stage, lambda: noise(stage, told.messages))
    return {**found, "sent": told.messages, "left": turned(stage)}


STORMS: dict[str, Callable[[Stage, argparse.Namespace], dict[str, Any]]] = {
    "broken": broken,
    "knobs": knobs,
    "midi": midi,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, write, print."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--datagrams", type=int, default=DATAGRAMS)
    parser.add_argument("--messages", type=int, default=MESSAGES, help="of MIDI")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the storm of knobs")
    parser.add_argument("--only", choices=STORMS, help="of the three storms; the others stay")
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    told = parser.parse_args(arguments)
    file, results = RESULTS / "fuzz.json", dict[str, Any]()
    if told.only and file.exists():
        results = json.loads(file.read_text(encoding="utf-8"))
    for name in [told.only] if told.only else STORMS:
        with performing() as stage:
            results[name] = STORMS[name](stage, told)
    results["machine"] = machine("python-osc", "JACK-Client")
    if not told.dry:
        file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_page()
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
