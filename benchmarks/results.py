"""Side by side: five models, three seeds each, one table. ``make results``.

    .venv/bin/python -m benchmarks.results [--jobs N] [--out runs/results] [--train-only]

Each run is trained in a process of its own, on one core, N of them at a time; then each is
evaluated on the test side, once; then docs/results.md is written from the figures. What is
interrupted goes on where it was; what is done is not done again. Hours on two cores.

Until the ramps of beta and of the term open, the five models of a seed are one: the term's weight
is 0. So that part is trained once for each seed, and all five go on from it.
"""

import argparse
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.compiler import has_compiler
from engine.card import CARD_FILE, CheckpointError, read_card
from engine.checkpoint import save_card
from engine.chorales import CorpusError, Melody
from engine.config import ConfigError, TrainConfig, load_config
from engine.corpus import Corpus, build_corpus
from engine.export import keep
from engine.files import write_atomically
from engine.source import chorales_source
from engine.train import LOG_FILE, STATE_FILE, TrainingError, new_run, resume_run, train
from instrument.training import chorales

ROOT = Path(__file__).parent.parent
CONFIGS = ROOT / "engine" / "configs" / "results"
MODELS = ("plain", "glsr-2-01", "glsr-2-001", "ar-vae", "glsr-5-1")
SEEDS = (0, 1, 2)
OPENED_FILE = "opened.pt"  # the state of a seed's shared part when its ramps opened
LOOK_EVERY_S = 1.0
# One core for each run. glibc gives large tensors back to the kernel unless told to keep them.
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "16000000000",
    "MALLOC_TOP_PAD_": "1000000000",
}


class ResultsError(Exception):
    """The runs cannot go on; the message is one sentence."""


@dataclass(frozen=True)
class Job:
    """One process: ``step`` (start, train, evaluate) of one run."""

    step: str
    model: str
    seed: int

    def folder(self, out: Path) -> Path:
        return out / f"{'start' if self.step == 'start' else self.model}-{self.seed}"

    def command(self, out: Path) -> list[str]:
        worker = ["--worker", self.step, self.model, str(self.seed), "--out", str(out)]
        return [sys.executable, "-m", "benchmarks.results", *worker]


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
    state = torch.load(start / OPENED_FILE, weights_only=True)
    state["config"] = config.model_dump_json()
    body = io.BytesIO()
    torch.save(state, body)
    shutil.copy(start / LOG_FILE, folder / LOG_FILE)
    write_atomically(folder / STATE_FILE, body.getvalue())


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


def work_off(jobs: Sequence[Job], at_once: int, out: Path) -> None:
    """Run every job, ``at_once`` processes at a time. Raises :class:`ResultsError` if one fails.

    On Ctrl-C all are told to stop and waited for, so that each is saved.
    """
    waiting, running = list(jobs), dict[Job, subprocess.Popen[bytes]]()
    environment = os.environ | WORKER_ENVIRONMENT
    with _bars() as bars:
        tasks = {
            job: bars.add_task(f"{job.model}, seed {job.seed}", start=False, total=None, state="")
            for job in jobs
        }
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job = waiting.pop(0)
                    bars.start_task(tasks[job])
                    running[job] = subprocess.Popen(  # noqa: S603  # our own module
                        job.command(out), env=environment, cwd=ROOT, start_new_session=True
                    )
                time.sleep(LOOK_EVERY_S)
                for job, process in list(running.items()):
                    bars.update(tasks[job], state=_state(job, out))
                    if process.poll() is None:
                        continue
                    if process.returncode:
                        raise ResultsError(f"{' '.join(job.command(out)[1:])} failed, see above")
                    bars.update(tasks[job], state=f"{job.step}: done", total=1, completed=1)
                    bars.stop_task(tasks[job])
                    del running[job]
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait()


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("{task.fields[state]}"), console=Console(stderr=True))


def _state(job: Job, out: Path) -> str:
    """How far a run is, by the last whole line of its log."""
    try:
        lines = (job.folder(out) / LOG_FILE).read_text(encoding="utf-8").splitlines()
        last = json.loads(lines[-1])
    except (OSError, IndexError, ValueError):
        return f"{job.step}: begins"
    return f"{job.step}: update {last['update']}, accuracy {last['accuracy']:.3f}"


def worker(job: Job, out: Path) -> int:
    """The process of one job. 1 when it was told to stop before it was done."""
    work = train_start if job.step == "start" else train_one
    return 0 if work(job, out) else 1


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
        runs = [Job("train", model, seed) for seed in SEEDS for model in MODELS]
        left = [
            job for job in runs if not is_trained(job.folder(out), config_of(job.model, job.seed))
        ]
        starts = [
            Job("start", MODELS[0], seed) for seed in SEEDS if any(j.seed == seed for j in left)
        ]
        work_off(
            [job for job in starts if not (job.folder(out) / OPENED_FILE).is_file()],
            asked.jobs,
            out,
        )
        work_off(left, asked.jobs, out)
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
