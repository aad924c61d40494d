"""docs/results.md in words and numbers. Figures in, Markdown out; nothing is read or written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.results_figures import Measured
from engine.config import TrainConfig
from engine.measures.paired import Drop

TITLES = {
    "plain": "plain VAE",
    "glsr-2-01": "GLSR N(2, 0.1)",
    "glsr-2-001": "GLSR N(2, 0.01)",
    "ar-vae": "AR-VAE",
    "glsr-5-1": "GLSR N(5, 1)",
}
PAPER_DROP_POINTS = 1.0

INTRODUCTION = """\
# Five models side by side

Made by `make results`, not by hand. What each figure is stands in `docs/evaluation.md`. Each cell:
the median over {seeds} seeds, and their range in brackets. In bold: the best median of a row,
whichever model has it. A row where neither more nor less is better by itself has none. The plain
VAE was never told what z1 is, and is judged by z1 all the same.

"""

ABOUT_THE_DROP = """

## What GLSR costs

The plain VAE's figure minus that of GLSR N(2, 0.1), paired by seed: above 0 is lost, below 0 is
won. The interval is a bootstrap over the {tunes} tunes of the test side ({windows} windows),
because windows of one tune stand or fall together.

"""

ABOUT_THE_RUNS = """

## How it was made

All is the same for the five models but the last five lines. The test side was looked at once for
each run, at its end.

"""

Runs = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True)
class Line:
    """One figure of the table. ``better``: +1 more, -1 less, 0 neither is better by itself."""

    label: str
    section: str
    key: str
    better: int
    digits: int = 3

    def of(self, run: Measured) -> float:
        return run.figures[self.section][self.key]


@dataclass(frozen=True)
class Span(Line):
    """A figure that is a difference: ``key`` minus ``less``."""

    less: str = ""

    def of(self, run: Measured) -> float:
        section = run.figures[self.section]
        return section[self.key] - section[self.less]


def _swept(label: str, key: str, better: int) -> list[Line]:
    return [Line(f"{label}, {r}", f"sweep {r}", key, better) for r in ("[-2, 2]", "[-3, 3]")]


DECODER_SIDE = [
    *_swept("monotone pairs", "monotone_pairs", 1),
    *_swept("monotone sweeps", "monotone_sweeps", 1),
    *_swept("efficiency", "efficiency", 1),
    *_swept("linearity", "linearity", 1),
    *_swept("never rising", "never_rising", -1),
    *_swept("argmax slope", "argmax_slope", 0),
    Line("exact slope", "exact slope z1", "mean", 0),
    Line("exact slope, sd over points", "exact slope z1", "sd", 0),
    Span("range: notes at 3 less notes at -3", "notes at z1", "+3", 1, 1, less="-3"),
]
RECONSTRUCTION = [
    Line("accuracy", "reconstruction (test)", "accuracy", 1, 4),
    Line("note F1", "reconstruction (test)", "note_f1", 1, 4),
    Line("nll, nats", "reconstruction (test)", "nll", -1, 2),
    Line("KL, nats", "reconstruction (test)", "kl", 0, 2),
    Line("bound, nats", "reconstruction (test)", "bound", -1, 2),
    Line("active dimensions", "reconstruction (test)", "active_dimensions", 0, 0),
    Line("largest KS of active", "aggregate posterior (test)", "largest KS of active", -1),
    Line("KS of z1", "aggregate posterior (test)", "largest KS of knobs", -1),
]
ENCODER_SIDE = [
    Line("Interpretability", "encoder (test)", "interpretability", 1),
    Line("SCC", "encoder (test)", "scc", 1),
    Line("MIG", "encoder (test)", "mig", 1),
    Line("SAP", "encoder (test)", "sap", 1),
    Line("Modularity", "encoder (test)", "modularity", 1),
]
GROUPS = (
    ("Decoder side: what comes out when z1 is turned", DECODER_SIDE),
    ("Test windows: how well they come back, and where they lie", RECONSTRUCTION),
    ("Encoder side: the literature's measures", ENCODER_SIDE),
)


def table(runs: Runs) -> list[str]:
    """A row for each figure, a column for each model; the best median of a row in bold."""
    head = " | ".join(TITLES[model] for model in runs)
    lines = [f"| figure | better | {head} |", "|---|---|" + "---|" * len(runs)]
    for title, group in GROUPS:
        lines.append(f"| **{title}** | |" + " |" * len(runs))
        lines += [_row(line, runs) for line in group]
    return lines


def _row(line: Line, runs: Runs) -> str:
    values = {model: [line.of(run) for run in found] for model, found in runs.items()}
    medians = {model: round(median(found), line.digits) for model, found in values.items()}
    best = max(line.better * m for m in medians.values()) if line.better else None
    cells = []
    for model, found in values.items():
        shown = f"{medians[model]:.{line.digits}f}"
        if best is not None and line.better * medians[model] == best:
            shown = f"**{shown}**"
        cells.append(f"{shown} ({min(found):.{line.digits}f} to {max(found):.{line.digits}f})")
    better = {1: "more", -1: "less", 0: ""}[line.better]
    return f"| {line.label} | {better} | {' | '.join(cells)} |"


def drop_lines(drop: tuple[Drop, Drop]) -> list[str]:
    """What GLSR costs, beside what the paper reports."""
    lines = ["| figure | median, points | 95 % interval | by seed |", "|---|---|---|---|"]
    for name, found in zip(("accuracy", "note F1"), drop, strict=True):
        seeds = ", ".join(f"{value:+.2f}" for value in found.seeds)
        interval = f"{found.low:+.2f} to {found.high:+.2f}"
        lines.append(f"| {name} | {found.median:+.2f} | {interval} | {seeds} |")
    lines.append(f"| the paper's accuracy | {PAPER_DROP_POINTS:+.0f} | | |")
    return lines


def how_lines(configs: Mapping[str, TrainConfig], runs: Runs) -> list[str]:
    """How the runs were made, in words, from their configs and cards."""
    config = next(iter(configs.values()))
    schedule, model = config.schedule, config.model
    cards = [run.training for found in runs.values() for run in found]
    minutes, updates = [c["minutes"] for c in cards], [c["updates"] for c in cards]
    ways = "bidirectional" if model.bidirectional_encoder else "one-way"
    lengths = ", ".join(
        f"{stage.steps} (until {stage.accuracy:.0%} or {stage.limit_updates} updates)"
        for stage in schedule.curriculum
    )
    seeds = ", ".join(str(c["seed"]) for c in [run.training for run in next(iter(runs.values()))])
    where = "bar-aligned windows" if config.corpus.bar_aligned else "windows"
    return [
        f"- **Architecture**: two layers of {model.units} units (the paper has 512), embedding "
        f"{model.embedding}, {model.latent_dimensions} latent dimensions, {ways} encoder.",
        f"- **Data**: {where} of two bars, {config.augment.splice_share:.0%} of them spliced; "
        f"batches of {schedule.batch}.",
        f"- **Budget and stopping rule**: windows of {lengths} steps, then of 32; at a validation "
        f"accuracy of {schedule.gate_accuracy:.0%} or after {schedule.gate_limit_updates} updates "
        f"the ramps begin, {schedule.ramp_updates} updates long; then {schedule.final_updates} "
        f"updates at the final weights, the learning rate falling from {schedule.learning_rate} to "
        f"{schedule.final_learning_rate}. The last weights are judged; none are chosen. Up to the "
        "ramps, the runs of one seed are one run.",
        f"- **Final beta**: {schedule.final_beta}. The regularising term ramps with it, to its "
        "full weight.",
        f"- **Seeds**: {seeds}. **Time**: {_range(updates)} updates and {_range(minutes)} minutes "
        f"a run, on one core; {config.precision} in training's matrix products; "
        f"torch {cards[0]['versions']['torch']}, {cards[0]['machine']}.",
        *(f"- **{TITLES[name]}**: {_term(found)}." for name, found in configs.items()),
    ]


def _range(values: Sequence[float]) -> str:
    low, high = round(min(values)), round(max(values))
    return f"{low}" if low == high else f"{low} to {high}"


def _term(config: TrainConfig) -> str:
    """A model's one difference."""
    if config.ar_vae:
        section = config.ar_vae
        return (
            f"attribute regularisation of z{section.dimension} by the note count, weight "
            f"{section.weight:g} per window (gamma 1 of a loss that is a mean over 32 tokens), "
            f"delta {section.delta:g}; values as Pati and Lerch (2020) train on music"
        )
    if not config.glsr.attributes:
        return "no regularisation; z1 means what it happens to mean"
    knob = config.glsr.attributes[0]
    return (
        f"dG/dz{knob.dimension} of the {knob.name.replace('_', ' ')} drawn to N({knob.mu:g}, "
        f"{knob.variance:g}), variance {knob.variance:g}, sigma {knob.variance**0.5:.3g}; taken on "
        f"{config.glsr.rows} of {config.schedule.batch} rows"
    )


def page(
    configs: Mapping[str, TrainConfig],
    runs: Runs,
    drop: tuple[Drop, Drop],
    windows: int,
    tunes: int,
) -> str:
    """The whole of docs/results.md. ``windows`` and ``tunes``: those of the test side."""
    seeds = len(next(iter(runs.values())))
    parts = [
        *INTRODUCTION.format(seeds=seeds).splitlines(),
        *table(runs),
        *ABOUT_THE_DROP.format(windows=windows, tunes=tunes).splitlines(),
        *drop_lines(drop),
        *ABOUT_THE_RUNS.splitlines(),
        *how_lines(configs, runs),
    ]
    return "\n".join(parts) + "\n"
