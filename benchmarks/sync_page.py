"""docs/sync.md from benchmarks/results/sync.json. Figures in, Markdown out."""

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import machine_lines, verdict
from benchmarks.sync_cases import CASES
from benchmarks.sync_figures import WITHIN_MS

LOCKED_WITHIN_BARS = 1
SENT_P99_MS = 1.0  # above the bare loop's, as the notes

INTRODUCTION = """\
# Sync, measured from outside

Made by `make bench-sync`, not by hand. A sender, a JACK client of its own, puts Start and 24 pulses
a beat on exact frames; `glisser play --clock midi` follows and strikes a note at every sixteenth;
a third client notes the frame at which each note arrives. The error of a note is how far it lies
from the sender's own sixteenth, before any jitter was put on its pulses, latency and all. p50 has
its sign (late is +), p99 and the largest have none; milliseconds.

RtMidi stamps what it hears with the start of JACK's period, so a pulse is known to {period_ms:.2f}
ms at best.
"""


def page(results: Mapping[str, Any]) -> str:
    """The whole document; what was not run is left out, and said so."""
    found = results["found"]
    lines = [INTRODUCTION.format(period_ms=results["period"] / 48)]
    cases = [(case, found[case.name]) for case in CASES if case.name in found]
    lines += _following(cases) if cases else ["Following: not run.", ""]
    lines += _sending(found)
    lines += ["## Made on", "", *machine_lines(results["machine"]), ""]
    return "\n".join(lines)


def _following(cases: list[tuple[Any, dict[str, Any]]]) -> list[str]:
    lines = [
        "## Following",
        "",
        "Once locked (after the first bar, or the first beat after a Continue). Void: notes not",
        "judged, since the machine stood still within a bar of them.",
        "",
        "| case | bar lines, p50 / largest | all notes, p50 / p99 / largest | notes | missing "
        "| at the wrong step | void |",
        "|---|---|---|---|---|---|---|",
    ]
    for case, told in cases:
        notes = told["notes"]
        number = sum(told[key]["notes"] for key in ("notes", "ramp", "back") if told[key])
        cells = [
            _errors(told["bar_lines"], "p50", "max"),
            _errors(notes, "p50", "p99", "max"),
            *(str(n) for n in (number, told["missing"], told["misplaced"], told["voided"])),
        ]
        lines.append(f"| {case.title} | {' | '.join(cells)} |")
    return [*lines, "", *_verdicts(cases), ""]


def _verdicts(cases: list[tuple[Any, dict[str, Any]]]) -> list[str]:
    lines = []
    for case, told in cases:
        judged = [told[key]["max"] for key in ("bar_lines", "ramp_bar_lines") if told[key]]
        met = verdict(bool(judged) and max(judged) <= WITHIN_MS)
        said = [f"every bar line within {WITHIN_MS:g} ms: {met}"]
        if case.name.startswith("steady"):
            said.append(_locked(told["locked_after_bars"], told["first_bar"]))
        if told["ramp"]:
            inside = _errors(told["ramp"], "p50", "p99", "max")
            lines_there = _errors(told["ramp_bar_lines"], "p50", "max")
            said.append(f"in ramps and the 2 s after: notes {inside} ms, bar lines {lines_there}")
        if told["back"]:
            inside = _errors(told["back"], "p50", "p99", "max")
            said.append(f"in the bar after the gap: notes {inside} ms")
        if case.name in ("continue", "song-position"):
            met = verdict(told["while_stopped"] == 0)
            said.append(f"notes while stopped: {told['while_stopped']} ({met})")
        lines.append(f"- {case.title}: {'; '.join(said)}.")
    return lines


def _locked(after: int | None, first: int | None) -> str:
    """From which bar line on it held; what lies before the first one judged is not known."""
    if after is not None and after == first and first > LOCKED_WITHIN_BARS:
        return f"locked at the first bar line judged, that of bar {first + 1}"
    words = "never" if after is None else f"after {after} bar{'s' * (after != 1)}"
    met = verdict(after is not None and after <= LOCKED_WITHIN_BARS)
    return f"locked {words} (within one: {met})"


def _sending(found: Mapping[str, Any]) -> list[str]:
    if "clock-out" not in found:
        return ["`--clock-out`: not run.", ""]
    told, bare = found["clock-out"], found.get("bare")
    rows = [
        ("pulses, from an even grid", told["pulses"]),
        ("notes, from an even grid", told["notes"]),
        ("notes, from their pulses", told["apart"]),
        *([("a bare loop's notes, from an even grid", bare["notes"])] if bare else []),
    ]
    lines = [
        "## Sending",
        "",
        f"`--clock-out` at {told['bpm']:g} bpm, a pulse for every 24th of a beat, and a note at "
        "every sixteenth, over the longest stretch in which JACK left out no cycle. The bare loop "
        "is the floor through RtMidi: absolute deadlines, nothing else to do.",
        "",
        "| ms | p50 | p99 | largest | messages |",
        "|---|---|---|---|---|",
    ]
    for name, errors in rows:
        cells = [f"{errors[key]:.3f}" for key in ("p50", "p99", "max")]
        lines.append(f"| {name} | {' | '.join(cells)} | {errors['notes']} |")
    if bare:
        most = bare["notes"]["p99"] + SENT_P99_MS
        met = verdict(told["pulses"]["p99"] <= most)
        lines += ["", f"- p99 of the pulses <= the bare loop's + {SENT_P99_MS:g} ms: {met}."]
    lines.append(f"- one Start before them and one Stop after: {verdict(told['start_and_stop'])}.")
    return [*lines, ""]


def _errors(told: Mapping[str, float] | None, *keys: str) -> str:
    if told is None:
        return "-"
    return " / ".join(f"{told[key]:+.2f}" if key == "p50" else f"{told[key]:.2f}" for key in keys)
