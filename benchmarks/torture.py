"""Kill what can be killed while it plays, pull what can be pulled, and listen. ``make torture``.

    .venv/bin/python -m benchmarks.torture [--kills N] [--pulls N] [--only FAULT] [--dry]

A performance on a private JACK server strikes a note at every sixteenth, so that what is missing
can be counted. The engine, the player and main are killed, and the player is stopped, at random
moments; the JACK server is killed and started again; ports go and come back. To compare, it is also
left alone. A watch that knows nothing of it notes when the machine itself stood still. What is done
is kept, so an interrupted run goes on where it was; docs/reliability.md is made from it. It needs
the extras ``jack`` and ``bench``.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter_ns

from benchmarks.machine import machine
from benchmarks.reliability_page import RESULTS, write_page
from benchmarks.standstill import watching
from benchmarks.torture_faults import FAULTS, Found, performing
from benchmarks.torture_server import kill_server

KILLS, PULLS = 200, 30
AT_ONCE = 25  # faults of one performance
ENDING = {"main"}  # ... unless a fault ends it
PULLED = {"output port", "input port", "server"}
NAMES = (*FAULTS, "server")
PACKAGES = ("torch", "JACK-Client", "python-rtmidi")


def torture(name: str, times: int, found: list[Found], keep: Callable[[], None]) -> None:
    """Do the fault ``name`` until it was done ``times``; ``keep()`` after each."""

    def add(fault: Callable[[], Found]) -> None:
        began_ns = perf_counter_ns()
        each = fault()
        each["stood_still"] = watch.stood_still(began_ns, perf_counter_ns())
        found.append(each)
        keep()
        print(f"{name} {len(found)}: {each}", flush=True)

    with watching() as watch:
        while (done := len(found)) < times:
            if name == "server":
                add(lambda: kill_server(dict(os.environ)))
                continue
            with performing(loaded=name not in ENDING) as stage:
                for _ in range(1 if name in ENDING else min(AT_ONCE, times - done)):
                    add(partial(FAULTS[name], stage))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is missing, write, and make the page."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=KILLS, help="of each process")
    parser.add_argument("--pulls", type=int, default=PULLS, help="of the server, of each port")
    parser.add_argument("--only", choices=NAMES)
    parser.add_argument("--dry", action="store_true", help="print, keep nothing")
    told = parser.parse_args(arguments)
    results: Found = {"faults": {}}
    file = RESULTS / "torture.json"
    if file.exists() and not told.dry:
        results = json.loads(file.read_text(encoding="utf-8"))
    results["machine"] = machine(*PACKAGES)

    def keep() -> None:
        if not told.dry:
            file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    for name in NAMES:
        if told.only in (None, name):
            times = told.pulls if name in PULLED else told.kills
            torture(name, times, results["faults"].setdefault(name, []), keep)
    if not told.dry:
        write_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
