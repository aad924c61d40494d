"""Side by side: five models, three seeds each, one table. ``make results``.

    .venv/bin/python -m benchmarks.results [--jobs N] [--out runs/results] [--train-only]

Each run is trained in a process of its own, on one core, N of them at a time; then each is
evaluated on the test side, once; then docs/results.md is written from the figures. What is
interrupted goes on where it was; what is done is not done again. Hours on two cores.

Until the ramps of beta and of the term open, the five models of a seed are one: the term's weight
is 0. So that part is trained once for each seed, and all five go on from it.
"""

import argparse
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from benchmarks.compiler import has_compiler
from benchmarks.results_figures import (
    drop_between,
    evaluate_one,
    is_evaluated,
    read_measured,
    tunes_of,
)
from benchmarks.results_jobs import ROOT, Job, ResultsError, work_off
from benchmarks.results_page import page
from engine.card import CARD_FILE, CheckpointError, read_card
from engine.checkpoint import save_card
from engine.chorales import CorpusError, Melody
from engine.config import ConfigError, TrainConfig, load_config
from engine.corpus import Corpus, build_corpus
from engine.export import keep
from engine.files import write_atomically
from engine.run_log import LOG_FILE
from engine.run_state import read_state, state_bytes
from engine.source import chorales_source
from engine.train import STATE_FILE, TrainingError, new_run, resume_run, train
from instrument.training import chorales

PAGE = ROOT / "docs" / "results.md"
CONFIGS = ROOT / "engine" / "configs" / "results"
MODELS = ("plain", "glsr-2-01", "glsr-2-001", "ar-vae", "glsr-5-1")
SEEDS = (0, 1, 2)
OPENED_FILE = "opened.safetensors"  # the state of a seed's shared part when its ramps opened


def config_of(model: str, seed: int) -> TrainConfig:
    """The config of one run: its model's file with its seed; compiled where there is a compiler."""
    config = load_config(CONFIGS / f"{model}.toml")
    compiled = config.compiled and has_compiler()
    return config.model_copy(update={"seed": seed, "compiled": compiled})


def is_trained(folder: Path, config: TrainConfig) -> bool:
    """Whether ``folder`` holds this run's checkpoint, written when its last update is done.

    Raises :class:`ResultsError` when it holds another's.
    """
    if not (folder / CARD_FILE).is_file():
        return False
    trained = TrainConfig.model_validate(read_card(folder).training["config"])
    if trained.model_copy(update={"compiled": config.compiled}) != config:
        raise ResultsError(f"{folder} holds a run of another config; choose another --out")
    return True


def read_corpus() -> tuple[list[Melody], Corpus]:
    """The chorales, and the corpus that all five models share."""
    melodies = chorales(Console(stderr=True))
    recipe = config_of(MODELS[0], SEEDS[0]).corpus
    return melodies, build_corpus(
        melodies, bar_aligned=recipe.bar_aligned, hop_steps=recipe.hop_steps
    )


def train_start(job: Job, out: Path) -> bool:
    """Train what the five models of a seed share (True), or until told to stop (False, saved)."""
    folder = job.folder(out)
    _, corpus = read_corpus()
    folder.mkdir(parents=True, exist_ok=True)
    config = config_of(job.model, job.seed)
    run = (resume_run if (folder / STATE_FILE).is_file() else new_run)(config, corpus, folder)
    with _told_to_stop() as stop:
        train(
            run,
            on_update=_nothing,
            on_better=_nothing,
            stop=lambda: stop.is_set() or run.progress.ramp_update is not None,
        )
    if run.progress.ramp_update is None:
        return False
    write_atomically(folder / OPENED_FILE, (folder / STATE_FILE).read_bytes())
    return True


def branch(start: Path, folder: Path, config: TrainConfig) -> None:
    """Begin the run of ``config`` in ``folder`` where its seed's shared part in ``start`` ended."""
    state = read_state(start / OPENED_FILE, torch.device("cpu"))
    state.told["config"] = config.model_dump_json()
    shutil.copy(start / LOG_FILE, folder / LOG_FILE)
    write_atomically(folder / STATE_FILE, state_bytes(state))


def train_one(job: Job, out: Path) -> bool:
    """Train one run to its end (True), or until it is told to stop (False, and saved).

    The weights kept are those after the last update: all runs end after the same number of final
    updates, so nothing is chosen.
    """
    config, folder = config_of(job.model, job.seed), job.folder(out)
    melodies, corpus = read_corpus()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / STATE_FILE).is_file():
        branch(Job("start", job.model, job.seed).folder(out), folder, config)
    run = resume_run(config, corpus, folder)
    with _told_to_stop() as stop:
        done = train(run, on_update=_nothing, on_better=_nothing, stop=stop.is_set)
    if done:
        keep(run, chorales_source(melodies))
        card = read_card(folder)
        command = {"command": "python -m benchmarks.results"}
        save_card(folder, card.model_copy(update={"training": card.training | command}))
    return done


def _nothing(_: object) -> None:
    """Neither progress nor a checkpoint before the end."""


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    yield stop


def worker(job: Job, out: Path) -> int:
    """The process of one job. 1 when it was told to stop before it was done."""
    if job.step == "evaluate":
        evaluate_one(job.folder(out), chorales(Console(stderr=True)))
        return 0
    work = train_start if job.step == "start" else train_one
    return 0 if work(job, out) else 1


def write_page(out: Path) -> None:
    """docs/results.md, from the figures of all runs."""
    melodies, corpus = read_corpus()
    folders = {m: [Job("", m, seed).folder(out) for seed in SEEDS] for m in MODELS}
    runs = {model: [read_measured(f) for f in found] for model, found in folders.items()}
    configs = {model: config_of(model, SEEDS[0]) for model in MODELS}
    drop = drop_between(folders["plain"], folders["glsr-2-01"], melodies, corpus)
    test = corpus.sides["test"]
    tunes = len(np.unique(tunes_of(melodies)[test.melody]))
    write_atomically(PAGE, page(configs, runs, drop, len(test), tunes).encode())


def make(out: Path, at_once: int, *, train_only: bool) -> None:
    """Do what is left: what a seed's models share, each model, the test side, the page."""
    runs = [(model, seed) for seed in SEEDS for model in MODELS]
    training = [Job("train", *run) for run in runs]
    left = [j for j in training if not is_trained(j.folder(out), config_of(j.model, j.seed))]
    seeds = dict.fromkeys(job.seed for job in left)
    starts = [Job("start", MODELS[0], seed) for seed in seeds]
    work_off([j for j in starts if not (j.folder(out) / OPENED_FILE).is_file()], at_once, out)
    work_off(left, at_once, out)
    if train_only:
        return
    evaluating = [Job("evaluate", *run) for run in runs]
    work_off([j for j in evaluating if not is_evaluated(j.folder(out))], at_once, out)
    write_page(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is left to do. 2 and one sentence for bad input."""
    parser = argparse.ArgumentParser(prog="make results", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/results"), help="where runs are kept"
    )
    parser.add_argument("--train-only", action="store_true", help="evaluate nothing yet")
    parser.add_argument("--worker", nargs=3, metavar=("STEP", "MODEL", "SEED"), help="(internal)")
    asked = parser.parse_args(arguments)
    out = asked.out.resolve()
    if asked.jobs < 1:
        parser.error(f"--jobs is {asked.jobs}; it must be 1 or more")
    try:
        if asked.worker:
            step, model, seed = asked.worker
            return worker(Job(step, model, int(seed)), out)
        make(out, asked.jobs, train_only=asked.train_only)
    except (ResultsError, ConfigError, CheckpointError, CorpusError, TrainingError) as error:
        print(f"results: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("results: stopped; the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
