"""The figures on the report's page: the few that matter first, cross-talk as a table, then all."""

from collections.abc import Mapping
from typing import Any

from engine.card import Card
from engine.report.page import Section, heat_table, table
from engine.report.readings import signed

Figures = Mapping[str, Mapping[str, float]]

# Section, key, what a musician calls it, what it means; what a checkpoint lacks is left out.
HEADLINES = (
    ("sweep [-3, 3]", "monotone_pairs", "never a note less",
     "share of small steps to the right at which no note is lost; 1 is all of them"),
    ("sweep [-3, 3]", "monotone_sweeps", "whole turns without a loss",
     "share of turns from end to end on which no note is ever lost"),
    ("sweep [-3, 3]", "efficiency", "efficiency",
     "how much of all coming and going of notes is coming; 1 is all"),
    ("sweep [-3, 3]", "linearity", "straightness",
     "how close the note count keeps to a straight line; 1 is on it"),
    ("sweep [-3, 3]", "low", "notes at the left end", "mean notes in two bars at the far left"),
    ("sweep [-3, 3]", "high", "notes at the right end", "mean notes in two bars at the far right"),
    ("exact slope z1", "mu", "slope asked for", "notes per unit of z1 that training aimed at"),
    ("exact slope z1", "mean", "slope found", "notes per unit of z1 that the network expects"),
    ("honesty z1", "mean", "broken promises", "by how many notes a phrase misses its promise"),
    ("honesty z1", "span", "promised span", "notes between the ends of what knob 1 promises"),
    ("cross-talk", "largest spearman", "worst stirring, in order",
     "how steadily the worst pair of knobs follow each other; 0 is not at all"),
    ("cross-talk", "largest relative change", "worst stirring, in size",
     "the worst knob's effect on another's quantity, as a share of that one's own"),
    ("aggregate posterior (test)", "largest KS of knobs", "fit to the prior",
     "how far the melodies' places on a knob are from N(0, 1) at most; 0 is exact"),
    ("reconstruction (test)", "note_f1", "notes given back",
     "of a melody that goes in and comes out, notes with place and name both right; 1 is all"),
    ("reconstruction (test)", "accuracy", "sixteenths given back",
     "the same by sixteenths; holds count too, so 0.77 is reached with every pitch wrong"),
    ("reconstruction (test)", "exact", "melodies given back whole",
     "share of test melodies that come out without any error"),
    ("reconstruction (test)", "active_dimensions", "coordinates in use",
     "how many coordinates of the space carry anything"),
)  # fmt: skip

ARROW = " -> "  # between the knob that is turned and what is heard, in a key
MATRICES = {
    "cross-talk: spearman": "In order: how steadily what is heard follows the knob",
    "cross-talk: relative change": "In size: what the knob changes, as a share of what the "
    "quantity's own knob does",
    "restraint: spearman": "What belongs to no knob, in order: how steadily it follows the knob",
    "restraint: change in sd": "What belongs to no knob, in size: in standard deviations of the "
    "melodies",
}
CROSS_TALK_READING = (
    "A row is a knob that is turned, a column is what is heard meanwhile. White is nothing, dark "
    "is much: good knobs are dark only where a knob meets its own quantity."
)


def summary_section(card: Card, figures: Figures) -> Section:
    """The few figures that matter, and where the checkpoint comes from."""
    rows = [
        (name, _short(figures[section][key]), meaning)
        for section, key, name, meaning in HEADLINES
        if key in figures.get(section, {})
    ]
    training: Mapping[str, Any] = card.training
    provenance = [
        ("checkpoint", card.name),
        ("knobs", ", ".join(f"z{a.dimension} {a.name.replace('_', ' ')}" for a in card.attributes)),
        ("trained by", str(training.get("command", ""))),
        ("seed", str(training.get("seed", ""))),
        ("updates", f"{training['updates']:,}" if "updates" in training else ""),
        ("melodies", str(card.corpus.get("source", ""))),
        ("this page", f"glisser evaluate {card.name} --out DIR"),
    ]
    reading = (
        "The few that matter most, each with what it means. All figures are at the foot of the "
        "page; docs/evaluation.md in the repository defines them."
    )
    tables = [table("Where it comes from", ("", ""), [row for row in provenance if row[1]])]
    if rows:
        tables.insert(0, table("The figures", ("figure", "value", "meaning"), rows, [1]))
    return Section("In short", reading, tables=tuple(tables))


def all_figures_section(figures: Figures) -> Section:
    """Every figure by its key, as ``metrics.json`` has it."""
    tables = tuple(
        table(
            name,
            ("key", "value"),
            [(key, _number(value)) for key, value in found.items()],
            right=[1],
        )
        for name, found in figures.items()
    )
    reading = "As metrics.json holds them, by section and key."
    return Section("All figures", reading, tables=tables, packed=True)


def _short(value: float) -> str:
    """A figure of the summary: counts to a tenth, shares to four places."""
    return (
        signed(value, 1) if abs(value) > 1.0 and not float(value).is_integer() else _number(value)
    )


def _number(value: float) -> str:
    """Whole numbers whole, others to four places or, when small, to three figures."""
    if float(value).is_integer() and abs(value) < 1e15:
        return signed(value, 0)
    return signed(value, 4) if abs(value) >= 0.001 else f"{value:.3g}"


def cross_talk_section(figures: Figures) -> list[Section]:
    """How much each knob stirs what is not its own; nothing where it was not measured."""
    tables = tuple(
        _matrix(caption, figures[name]) for name, caption in MATRICES.items() if figures.get(name)
    )
    return [Section("What a knob stirs besides its own", CROSS_TALK_READING, tables=tables)] * bool(
        tables
    )


def _matrix(caption: str, values: Mapping[str, float]) -> str:
    """Keys "turned -> heard" as a square of numbers."""
    pairs = {tuple(key.replace("_", " ").split(ARROW)): value for key, value in values.items()}
    rows = list(dict.fromkeys(turned for turned, _ in pairs))
    columns = list(dict.fromkeys(heard for _, heard in pairs))
    cells = [[pairs.get((turned, heard)) for heard in columns] for turned in rows]
    return heat_table(caption, rows, columns, cells)
