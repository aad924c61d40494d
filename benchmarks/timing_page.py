"""docs/timing.md and its picture: the beat, the start, the soak, from what their benches wrote.

.venv/bin/python -m benchmarks.timing_page
"""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_lines
from benchmarks.soak_page import section as soak_section
from benchmarks.startup_page import section as startup_section
from benchmarks.timing_figures import LOADS, SYSTEMS, Cells, Floor, floors, of_rounds
from engine.files import write_atomically

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results/timing.json"
PICTURE = "timing.png"
KEYS = {"p50": "p50", "p99": "p99", "p999": "p99.9", "max": "max"}

INTRODUCTION = """\
# How even the beat is

Made by `make bench-timing`, `make bench-startup` and `make soak`, not by hand. Sixteenths at
400 bpm (one in 37.5 ms) go out over JACK; a JACK client in a process of its own notes the very
frame at which each arrives. Judged is what arrived, never what the sender believes.

**How to read it.** The error of an onset is how far it lies from an even grid, early or late, in
milliseconds; a frame is 0.021 ms. p99: of a hundred onsets one is further off. Each figure is the
median of the rounds' own. Drift: how far the system's ten minutes lie from ten minutes of the sound
card. Ears notice some milliseconds of unevenness; a cable of five-pin MIDI takes one for a note.

**The systems.** Glisser twice: notes placed at their frame by the JACK output (extra `jack`), and
sent through RtMidi, which puts them at the start of a period. The bare loop is the floor that this
machine allows through RtMidi: absolute deadlines, the same real-time priority that Glisser asks
for, nothing else to do. isobar's Timeline and mido's `MidiFile.play` are used as their manuals
show, through RtMidi, and ask for no priority.

**The loads.** Idle; a new phrase decoded at every sixteenth; 5,000 OSC messages a second; all of
them, and a second core kept busy. Glisser decodes and hears OSC itself; beside the others,
processes of Glisser's do.

**What is void.** Where JACK itself missed a deadline, its frames slip against time, and it judges
nobody. A virtual machine that is put aside for some milliseconds does this to it even when idle. So
the second before and after each such moment is left out, for all systems alike, and what lies
between two of them is held against a grid of its own. The table says how much was left out.

![The error of onsets by percentile, for each load](timing.png)

"""


def page(results: Mapping[str, Any], startup: str, soak: str) -> str:
    """The page: a table for each load, the floors, the start, the soak, what it was taken on."""
    cells: Cells = results["cells"]
    parts = [INTRODUCTION]
    for load, title in LOADS.items():
        parts += [f"## {title[0].upper()}{title[1:]}\n\n", table(cells, load), "\n\n"]
    parts += [
        "## Floors\n\nSet before anything was measured.\n\n",
        floor_table(floors(cells)),
        f"\n\n{startup}\n{soak}\n## Made on\n\n",
        f"- server: jackd with the dummy driver, {results['period']} frames of 48,000 a second\n",
        "\n".join(machine_lines(results["machine"])),
        "\n",
    ]
    return "".join(parts)


def table(cells: Cells, load: str) -> str:
    """One load: a row for each system."""
    head = [
        *KEYS.values(),
        "drift in 10 min",
        "late phrases",
        "onsets",
        "missing",
        "void s",
        "rounds",
    ]
    lines = [f"| ms | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for system, name in SYSTEMS.items():
        rounds = cells.get(f"{system}/{load}", ())
        figures = [_ms(of_rounds(cells, system, load, key)) for key in [*KEYS, "drift_ms"]]
        late = [f"{r['late']} of {r['asked']}" for r in rounds if r.get("asked")]
        onsets = sum(r["onsets"] for r in rounds)
        missing, void_s = (sum(r[key] for r in rounds) for key in ("missing", "void_s"))
        counts = [f"{onsets:,}", str(missing), f"{void_s:.0f}", str(len(rounds))]
        row = [*figures, ", ".join(late) or "-", *counts]
        lines.append(f"| {name} | {' | '.join(row)} |")
    return "\n".join(lines)


def floor_table(found: list[Floor]) -> str:
    """Each floor, what was found, and the verdict."""
    words = {True: "met", False: "**not met**", None: "-"}
    lines = ["| floor | found | |", "|---|---|---|"]
    lines += [f"| {floor.asked} | {floor.found} | {words[floor.met]} |" for floor in found]
    return "\n".join(lines)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def picture(cells: Cells) -> bytes:
    """A PNG: one panel for each load, a line for each system, both axes as ears hear: by ratio."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(LOADS), figsize=(13, 3.8), sharey=True)
    for panel, (load, title) in zip(panels, LOADS.items(), strict=True):
        for system, name in SYSTEMS.items():
            errors = [of_rounds(cells, system, load, key) for key in KEYS]
            known = [max(error, 0.005) for error in errors if error is not None]
            if known:
                own = system.startswith("glisser")
                style = {"linewidth": 2.2 if own else 1.2, "linestyle": "-" if own else "--"}
                panel.plot(list(KEYS.values()), known, marker="o", label=name, **style)
        panel.set_yscale("log")
        panel.set_title(title, fontsize=9)
        panel.grid(visible=True, alpha=0.3)
    panels[0].set_ylabel("error of an onset, ms (0 drawn as 0.005)")
    panels[0].legend(fontsize=8, loc="center", bbox_to_anchor=(0.5, 0.3))
    figure.tight_layout()
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=110, metadata={"Software": None})
    plt.close(figure)
    return drawn.getvalue()


def write_page(folder: Path = ROOT / "docs") -> None:
    """``timing.md`` and its picture in ``folder``; nothing before the timing bench has run."""
    if not RESULTS.exists():
        return
    results, startup, soak = (
        json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        for file in (RESULTS, RESULTS.with_name("startup.json"), RESULTS.with_name("soak.json"))
    )
    told = page(results, startup_section(startup), soak_section(soak))
    write_atomically(folder / PICTURE, picture(results["cells"]))
    write_atomically(folder / "timing.md", told.encode())


if __name__ == "__main__":
    write_page()
