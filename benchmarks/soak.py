"""An hour on the stage, and 100,000 bars on a clock that does not wait. ``make soak``.

    .venv/bin/python -m benchmarks.soak [--minutes N] [--bars N] [--only offline|live] [--dry]

Live: ``glisser play`` on a private JACK server at 120 bpm, a knob turned twice in every bar, judged
by what arrives at a JACK client; of each late phrase a watch says whether the machine stood still
just then. Offline: :mod:`benchmarks.soak_offline`. Each half is written to
benchmarks/results/soak.json as it ends, so that one can be made again without the other. Needs the
extras ``jack`` and ``bench``.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pythonosc.osc_message import OscMessage

from benchmarks.judge import Heard, matching, onsets_of
from benchmarks.live_judge import Stage, on_stage
from benchmarks.machine import machine
from benchmarks.processes import Memory, memory
from benchmarks.soak_offline import soak_offline
from benchmarks.soak_page import section
from benchmarks.standstill import watching
from benchmarks.stretches import RATE, clear_of, drift_ms, stretches
from benchmarks.timing_page import write_page
from benchmarks.torture_faults import asked, until

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results/soak.json"
TEMPO_BPM = 120.0
STEP_FRAMES = RATE * 15.0 / TEMPO_BPM
KNOB_EVERY_S = 1.0
WEIGH_EVERY_S = 10.0
CLOSING_S = 2.0
RECENT_NS = 4_000_000_000  # a late phrase is told at the bar line that it missed


def growth_mib(weighed: Sequence[dict[str, Memory]]) -> dict[str, float]:
    """Growth of each process' own memory, from a tenth of the time (all is loaded by then) on."""
    settled, last = weighed[len(weighed) // 10], weighed[-1]
    return {name: last[name].own - settled[name].own for name in last if name in settled}


def moments(stops: Sequence[int]) -> list[int]:
    """The stops, those within a second of the one before left out: one halt is told many times."""
    found: list[int] = []
    for stop in sorted(stops):
        if not found or stop - found[-1] > RATE:
            found.append(stop)
    return found


def soak_live(minutes: float) -> dict[str, Any]:
    """Play for so long; what arrived, what was missed, what grew."""
    weighed: list[dict[str, Memory]] = []
    heard: list[Heard] = []
    elsewhere = 0
    with watching() as watch, on_stage("--tempo", str(TEMPO_BPM), timed=False) as stage:
        heard.append(stage.judge.next_note_on())
        before = misses = await_engine(stage)
        began_s = time.monotonic()
        weigh_s = began_s
        while (now_s := time.monotonic()) - began_s < 60.0 * minutes:
            stage.osc("/glisser/knob/1", random.random())
            heard += stage.judge.hear()
            if now_s >= weigh_s:
                weighed.append(memory(stage.process.pid))
                weigh_s += WEIGH_EVERY_S
            if (now := stats(stage)["misses"]) > misses:
                now_ns = time.perf_counter_ns()
                if not watch.stood_still(now_ns - RECENT_NS, now_ns):
                    elsewhere += now - misses
                misses = now
            time.sleep(KNOB_EVERY_S)
        counters = stats(stage)
        stage.process.terminate()  # as a performer would end it: every note is closed
        stage.process.wait(20.0)
        time.sleep(CLOSING_S)
        heard += stage.judge.hear()
        stops = stage.judge.stops
        halts_ms = watch.lengths_ms()
    ons, offs, still_open = matching(heard)
    onsets = onsets_of(heard)
    clear = clear_of(onsets, stops)
    return {
        "minutes": minutes,
        "bars": counters["bar"],
        "misses": counters["misses"] - before,
        "misses_elsewhere": elsewhere,
        "engine_starts": counters["engine_starts"],
        "note_ons": ons,
        "note_offs": offs,
        "still_open": still_open,
        "drift_ms": drift_ms(stretches(onsets, STEP_FRAMES, stops)),
        "growth_mib": growth_mib(weighed),
        "stops": len(moments(stops)),
        "halts": len(halts_ms),
        "longest_halt_ms": max(halts_ms, default=0.0),
        "void_share": 1.0 - float(clear.mean()),
    }


def await_engine(stage: Stage) -> int:
    """Wait until the engine has answered; the phrases that were late so far.

    The music begins before the engine has loaded: until then a knob is heard late by design.
    """
    phrase = asked(stage, "phrase")
    stage.osc("/glisser/knob/1", 1.0)
    until(lambda: asked(stage, "phrase") != phrase)
    return stats(stage)["misses"]


def stats(stage: Stage) -> dict[str, int]:
    """The performance's own counters, by ``/glisser/get/stats``."""
    stage.osc("/glisser/get/stats")
    parts = list(OscMessage(stage.answer()).params)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, write, print the section; 2 where a package is missing."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--beside", default="", help="what else ran meanwhile, for the page")
    parser.add_argument("--only", choices=["offline", "live"])
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    told = parser.parse_args(arguments)
    results: dict[str, Any] = {}
    if RESULTS.exists() and not told.dry:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
    try:
        if told.only != "live":
            results["offline"] = soak_offline(told.bars)
            _keep(results, told.dry)
        if told.only != "offline":
            results["live"] = {**soak_live(told.minutes), "beside": told.beside}
            _keep(results, told.dry)
    except ImportError as error:
        print(f"{error.name} is not installed: pip install 'glisser[bench,jack]'.", file=sys.stderr)
        return 2
    print(section(results))
    return 0


def _keep(results: dict[str, Any], dry: bool) -> None:
    results["machine"] = machine("torch", "python-rtmidi", "JACK-Client")
    if not dry:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_page()


if __name__ == "__main__":
    sys.exit(main())
