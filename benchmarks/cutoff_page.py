"""docs/cutoff.md from benchmarks/results/cutoff.json. Figures in, Markdown out."""

from typing import Any

from benchmarks.machine import machine_lines, verdict

SPARE_MS = 5.0  # what the cut-off may be longer than a decode

INTRODUCTION = """\
# How late a knob may still be moved

Made by `make bench-cutoff`, not by hand. The cut-off of a bar line is how long before it a knob may
still be moved and be heard on it: from the OSC message's departure to the note's arrival at the far
end of JACK, every process of ours between. The knob moves every {rung_ms} ms, and each bar measures
its own cut-off to that. Left out is what lies within a second of a stop of JACK itself.

Of the cut-off, a period and a millisecond (2.3 ms) is the time by which notes are handed over to
JACK. The rest is the way of the message to the player, the end of the decode before it, its own
decode, and the way back.
"""


def page(results: dict[str, Any]) -> str:
    """The whole document."""
    lines = [
        INTRODUCTION.format(rung_ms=1.5),
        "| refresh | bar lines | left out | p50 | p99 | p99.9 | largest |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in results["refresh"].items():
        cells = [_told(found[key]) for key in ("p50_ms", "p99_ms", "p999_ms", "max_ms")]
        counts = f"{found['bars']} | {found['void']}"
        lines.append(f"| {name} | {counts} | {' | '.join(cells)} |")
    allowed_ms = results["decode_p99_ms"] + SPARE_MS
    lines += [
        "",
        f"A decode takes {results['decode_p99_ms']:.1f} ms (p99, pipes included), so the cut-off "
        f"may be {allowed_ms:.1f} ms:",
        "",
    ]
    for name, found in results["refresh"].items():
        for key, label in (("p50_ms", "p50"), ("p999_ms", "p99.9")):
            met = verdict(found[key] is not None and found[key] <= allowed_ms)
            lines.append(f"- {name}, {label}: {_told(found[key])}, {met}.")
    step_ms = 15_000.0 / results["tempo_bpm"]
    lines += [
        "",
        f"A step lasts {step_ms:.1f} ms at {results['tempo_bpm']:g} bpm: with refresh = step the "
        "changed step begins at most that and the cut-off after the knob.",
        "",
        "## Made on",
        "",
        *machine_lines(results["machine"]),
        "",
    ]
    return "\n".join(lines)


def _told(found_ms: float | None) -> str:
    return "beyond the ladder" if found_ms is None else f"{found_ms:.1f} ms"
