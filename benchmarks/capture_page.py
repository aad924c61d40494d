"""docs/capture.md from benchmarks/results/capture.json. Figures in, Markdown out."""

from typing import Any

from benchmarks.machine import machine_lines, verdict

INTRODUCTION = """\
# How much of two played bars comes back

Made by `make bench-capture`, not by hand. {windows} held-out windows (two bars of 4/4 from bar line
to bar line, of melodies that the checkpoint never saw) are played into `instrument/capture.py` at
{tempo_bpm:g} bpm, where half a step is {half_step_ms:g} ms. An error of {error_ms:g} ms means:
every onset and every release lies up to that much early or late, uniformly, each for itself. A key
is let go before it is struck again. While the song plays, the window begins on its bar line; while
it stands still, the first note is step 0, and its error goes into all others. The engine
(`{checkpoint}`) puts the notes on the grid, encodes them and decodes the point.

A share is that of a window's 32 tokens. Three tokens in four are HOLD, so note F1 stands beside it
(`docs/evaluation.md`). Tokens are spelled, keys are not: by name F sharp for G flat is wrong, by
sound it is right.
"""

PULL = """\
## What the checkpoint does to what was captured

The tables above ask for the window that was written. A checkpoint has habits of its own: a note
that was captured one sixteenth beside its place it may put back, and then more comes back than was
captured. It cannot know which note was meant there. So here what comes back is compared with what
was captured, and notes on weak sixteenths (the second and fourth of a beat) are counted.

| song | error | of what was captured, by name | by sound | weak: written | captured | come back |
|---|---|---|---|---|---|---|"""

HEAD = (
    "| song | error | by | mean | median | worst | windows of {floor:.0%} | whole | note F1 |",
    "|---|---|---|---|---|---|---|---|---|",
)


def page(results: dict[str, Any]) -> str:
    """The whole document."""
    head = "\n".join(HEAD).format(**results)
    half_step_ms = 7_500.0 / results["tempo_bpm"]
    lines = [INTRODUCTION.format(**results, half_step_ms=half_step_ms)]
    lines += ["## What quantising alone gives back", "", head]
    lines += [row for found in results["played"] for row in _rows(found, "tokens", results)]
    lines += ["", *[_moved(found) for found in results["played"]], ""]
    lines += ["## What comes back from decode(encode(...))", "", head]
    lines += [row for found in results["played"] for row in _rows(found, "heard", results)]
    lines += ["", *floors(results), "", PULL, *_pulled(results)]
    lines += ["", "## Nonsense", "", *nonsense(results["nonsense"])]
    lines += ["", "## Made on", "", *machine_lines(results["machine"]), ""]
    return "\n".join(lines)


def floors(results: dict[str, Any]) -> list[str]:
    """What was asked, what was measured, met or not; a line each."""
    lines = []
    for found in results["played"]:
        if found["error_ms"] == results["error_ms"]:
            mean, reaching = found["heard"]["name"]["mean"], found["heard"]["name"]["reaching"]
            lines.append(
                f"- {_song(found)}, {found['error_ms']:g} ms: {mean:.1%} of the tokens come back "
                f"(at least {results['floor']:.0%}: {verdict(mean >= results['floor'])}); of "
                f"{results['windows']} windows {reaching} reach it each for itself."
            )
    if results["begin_without_a_note"]:
        lines.append(
            f"- {results['begin_without_a_note']} of the windows do not begin with a note. While "
            "the song stands still, such a window is captured from its first note on."
        )
    return lines


def nonsense(found: dict[str, dict[str, int]]) -> list[str]:
    """What became of each kind of nonsense, and whether anything crashed."""
    lines = ["| stream | streams | windows | encoded | refused |", "|---|---|---|---|---|"]
    for kind, told in found.items():
        lines.append(
            f"| {kind} | {told['streams']} | {told['windows']} | {told['encoded']} "
            f"| {told['refused']} |"
        )
    streams = sum(told["streams"] for told in found.values())
    unanswered = sum(told["windows"] - told["encoded"] - told["refused"] for told in found.values())
    return [
        *lines,
        "",
        f"{streams:,} streams into one capture room each and one engine process: no exception, and "
        f"{unanswered} windows without an answer ({verdict(unanswered == 0)}). A crash would have "
        "ended the measurement without a page.",
    ]


def _rows(found: dict[str, Any], what: str, results: dict[str, Any]) -> list[str]:
    song = f"| {_song(found)} | {found['error_ms']:g} ms "
    rows = []
    for by, f1 in (("name", f"{found[what]['note_f1']:.3f}"), ("sound", "")):
        told = found[what][by]
        rows.append(
            f"{song}| {by} | {told['mean']:.1%} | {told['median']:.1%} | {told['worst']:.1%} "
            f"| {told['reaching']} of {results['windows']} | {told['whole']} | {f1} |"
        )
    return rows


def _pulled(results: dict[str, Any]) -> list[str]:
    rows = []
    for found in results["played"]:
        name, sound = (found["heard_of_captured"][by]["mean"] for by in ("name", "sound"))
        weak = " | ".join(map(str, found["weak_onsets"]))
        song = f"| {_song(found)} | {found['error_ms']:g} ms "
        rows.append(f"{song}| {name:.1%} | {sound:.1%} | {weak} |")
    return rows


def _moved(found: dict[str, Any]) -> str:
    return (
        f"- {_song(found)}, {found['error_ms']:g} ms: onsets are moved by "
        f"{found['mean_moved_ms']:.1f} ms on average, {found['max_moved_ms']:.1f} ms at most."
    )


def _song(found: dict[str, Any]) -> str:
    return "plays" if found["playing"] else "stands still"
