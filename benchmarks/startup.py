"""From ``glisser play`` to the first note, and what the player weighs. ``make bench-startup``.

    .venv/bin/python -m benchmarks.startup [--rounds N]

The real command on a private JACK server, seen from outside: the time from just before the process
is started to the first note's arrival at a JACK client. Warm, and cold: before a cold start the
kernel is asked to forget the installed files (as far as nobody else holds them). Then resident
memory, five seconds after the first note. Needs the extras ``jack`` and ``bench``. Writes
benchmarks/results/startup.json.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.live_judge import on_stage
from benchmarks.machine import machine
from benchmarks.processes import Memory, memory
from benchmarks.startup_page import section
from benchmarks.timing_page import write_page

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results/startup.json"
SETTLE_S = 5.0


def forget_files(folders: Sequence[Path]) -> None:
    """Ask the kernel to drop what it has cached of these folders' files (Linux)."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in {".py", ".pyc", ".so", ".json", ".toml"}:
                handle = os.open(path, os.O_RDONLY)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(handle)


def one_start() -> tuple[float, dict[str, Memory]]:
    """Seconds to the first note, and memory by process."""
    with on_stage("--tempo", "120") as stage:
        heard = stage.judge.next_note_on()
        time.sleep(SETTLE_S)
        stage.judge.put_back(stage.judge.next_note_on())  # by now it knows when the first one was
        first_s = (stage.judge.when_ns(heard.frame) - stage.began_ns) / 1e9
        return first_s, memory(stage.process.pid)


def summary(starts: dict[str, list[float]], weighed: list[dict[str, Memory]]) -> dict[str, Any]:
    """Median and slowest first note of each kind of start; the most memory of each process."""
    names = sorted({name for found in weighed for name in found})
    return {
        "first_note_s": {
            kind: {"median": median(times), "slowest": max(times)} for kind, times in starts.items()
        },
        "memory_mib": {
            name: {
                "own": max(found[name].own for found in weighed if name in found),
                "shared": max(found[name].shared for found in weighed if name in found),
            }
            for name in names
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, print; 2 where a package is missing."""
    parser = argparse.ArgumentParser(prog="make bench-startup", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    asked = parser.parse_args(arguments)
    starts: dict[str, list[float]] = {"warm": [], "cold": []}
    weighed = []
    try:
        one_start()  # writes the byte code, if it is not there
        for kind in ("warm", "cold"):
            for _ in range(asked.rounds):
                if kind == "cold":
                    forget_files([Path(sys.prefix) / "lib", ROOT / "engine", ROOT / "instrument"])
                first_s, found = one_start()
                starts[kind].append(first_s)
                weighed.append(found)
    except ImportError as error:
        print(f"{error.name} is not installed: pip install 'glisser[bench,jack]'.", file=sys.stderr)
        return 2
    results = {
        **summary(starts, weighed),
        "rounds": asked.rounds,
        "machine": machine("torch", "python-rtmidi", "JACK-Client", "psutil"),
    }
    if not asked.dry:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_page()
    print(section(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
