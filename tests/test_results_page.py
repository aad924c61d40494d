"""The page of the five models: every figure in its place, the best one marked whoever has it."""

from pathlib import Path

import pytest

from benchmarks import results_page
from benchmarks.results import MODELS, config_of
from benchmarks.results_figures import (
    Measured,
    drop_between,
    evaluate_one,
    is_evaluated,
    read_measured,
)
from benchmarks.results_page import GROUPS, page, table
from engine import appraisal
from engine.chorales import Melody
from engine.config import GlsrSection
from engine.export import keep
from engine.measures.paired import Drop
from engine.source import chorales_source
from engine.train import new_run
from tests.tiny import tiny_config, tiny_corpus, tiny_melody

LINES = [line for _, group in GROUPS for line in group]
TRAINING = {
    "seed": 0,
    "minutes": 5.4,
    "updates": 6000,
    "machine": "x86_64, 1 threads, cpu",
    "versions": {"torch": "2.13.0"},
}
DROP = (Drop((0.5, -0.2, 0.1), 0.1, -0.3, 0.6), Drop((1.0, 2.0, 3.0), 2.0, 0.5, 4.0))


def measured(value: float) -> Measured:
    """A run in which every figure is ``value``."""
    figures: dict[str, dict[str, float]] = {}
    for line in LINES:
        figures.setdefault(line.section, {})[line.key] = value
    figures["notes at z1"]["-3"] = 0.0
    return Measured(figures, TRAINING)


def cells(lines: list[str], label: str) -> list[str]:
    (row,) = [line for line in lines if line.startswith(f"| {label} |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_the_median_and_range_of_each_model_stand_in_its_column() -> None:
    """Three seeds: the middle one, the smallest and the largest."""
    runs = {"plain": [measured(v) for v in (0.1, 0.9, 0.3)], "ar-vae": [measured(0.2)] * 3}
    lines = table(runs)
    assert cells(lines, "accuracy")[2:] == [
        "**0.3000** (0.1000 to 0.9000)",
        "0.2000 (0.2000 to 0.2000)",
    ]


def test_the_best_is_marked_whoever_has_it() -> None:
    """More or less, as the figure asks; equal ones both; nothing where neither is better."""
    runs = {"plain": [measured(0.2)], "glsr-2-01": [measured(0.5)], "ar-vae": [measured(0.5)]}
    lines = table(runs)
    assert ["**" in cell for cell in cells(lines, "note F1")[2:]] == [False, True, True]
    assert ["**" in cell for cell in cells(lines, "never rising, [-2, 2]")[2:]] == [
        True,
        False,
        False,
    ]
    assert not any("**" in cell for cell in cells(lines, "argmax slope, [-2, 2]"))


def test_the_page_says_how_it_was_made() -> None:
    """Sizes, budget, beta, seeds, minutes and each model's term, all from configs and cards."""
    configs = {model: config_of(model, 0) for model in MODELS}
    runs = {model: [measured(0.5)] for model in MODELS}
    said = page(configs, runs, DROP, windows=1234, tunes=24)
    schedule = configs["plain"].schedule
    for fact in (
        f"two layers of {configs['plain'].model.units} units",
        f"**Final beta**: {schedule.final_beta}",
        f"then {schedule.final_updates} updates at the final weights",
        "6000 updates and 5 minutes a run",
        "N(2, 0.1), variance 0.1, sigma 0.316",
        "N(2, 0.01), variance 0.01, sigma 0.1",
        "N(5, 1)",
        "weight 32 per window",
        "24 tunes of the test side (1234 windows)",
        "| accuracy | +0.10 | -0.30 to +0.60 | +0.50, -0.20, +0.10 |",
        "| note F1 | +2.00 | +0.50 to +4.00 | +1.00, +2.00, +3.00 |",
    ):
        assert fact in said, fact
    assert set(results_page.TITLES) == set(MODELS)


@pytest.fixture
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four prior points and a short bootstrap: what they say is not what is tested here."""
    monkeypatch.setattr(appraisal, "POINTS", 4)


@pytest.mark.usefixtures("few_points")
def test_a_run_is_measured_and_its_figures_fill_the_table(tmp_path: Path) -> None:
    """A model with a knob and one without: each line of the table finds its figure in both."""
    melodies: list[Melody] = [tiny_melody(seed) for seed in range(10)]
    corpus, runs = tiny_corpus(), dict[str, list[Measured]]()
    folders = {name: tmp_path / name for name in ("plain", "glsr-2-01")}
    for name, folder in folders.items():
        changed = {"glsr": GlsrSection(rows=4)} if name == "plain" else {}
        run = new_run(tiny_config().model_copy(update=changed), corpus, folder)
        keep(run, chorales_source(melodies))
        assert not is_evaluated(folder)
        evaluate_one(folder, melodies)
        assert is_evaluated(folder)
        runs[name] = [read_measured(folder)]
    assert len(table(runs)) == 2 + len(GROUPS) + len(LINES)
    (accuracy, f1) = drop_between([folders["plain"]], [folders["glsr-2-01"]], melodies, corpus)
    section = "reconstruction (test)"
    lost = [runs[name][0].figures[section]["accuracy"] for name in ("plain", "glsr-2-01")]
    assert accuracy.median == pytest.approx(100 * (lost[0] - lost[1]))
    assert len(f1.seeds) == 1
