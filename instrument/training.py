"""``glisser train``: the engine's long work, with progress on the terminal.

Imports torch, by way of the engine; only ``cli`` imports it, and only inside that command.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.chorales import CorpusError, Melody, load_melodies
from engine.config import ConfigError, load_config
from engine.corpus import build_corpus
from engine.export import keep
from engine.source import chorales_source
from engine.train import STATE_FILE, Run, Tick, TrainingError, new_run, resume_run, train


class TrainCommandError(Exception):
    """The command cannot go on; the message is one sentence."""


def melody_cache() -> Path:
    """Where the parsed chorales are kept on this machine."""
    return Path(platformdirs.user_cache_dir("glisser")) / "chorales.json.gz"


def chorales(console: Console) -> list[Melody]:
    """The melodies, with a progress bar if they have to be parsed."""
    with Progress(
        TextColumn("reading the chorales"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, visible=False)
        return load_melodies(
            melody_cache(),
            lambda done, total: bar.update(task, completed=done, total=total, visible=True),
        )


def run_training(config_file: Path, out: Path, *, resume: bool) -> int:
    """Train until done (0) or until SIGINT or SIGTERM (0, and saved).

    Raises :class:`TrainCommandError`.
    """
    console = Console(stderr=True)
    try:
        config = load_config(config_file)
        _check_folder(out, resume)
        melodies = chorales(console)
        corpus = build_corpus(
            melodies,
            bar_aligned=config.corpus.bar_aligned,
            hop_steps=config.corpus.hop_steps,
        )
        run = (resume_run if resume else new_run)(config, corpus, out)
        source = chorales_source(melodies)
        with _interrupted() as stop, _progress(run, console) as on_update:
            done = train(
                run,
                on_update=on_update,
                on_better=lambda better: keep(better, source),
                stop=stop.is_set,
            )
    except (ConfigError, CorpusError, TrainingError) as error:
        raise TrainCommandError(str(error)) from error
    except OSError as error:
        raise TrainCommandError(f"{out} cannot be written: {error.strerror or error}") from error
    word = "finished" if done else "stopped; go on with --resume"
    console.print(f"update {run.update}: {word}", highlight=False)
    return 0


def _check_folder(out: Path, resume: bool) -> None:
    saved = (out / STATE_FILE).is_file()
    if resume and not saved:
        raise TrainCommandError(f"{out} holds no {STATE_FILE} to resume")
    if not resume and saved:
        raise TrainCommandError(f"{out} holds a run already; add --resume, or choose another --out")
    out.mkdir(parents=True, exist_ok=True)


@contextmanager
def _interrupted() -> Iterator[Event]:
    """An event that SIGINT and SIGTERM set, so that training stops between two updates and
    saves.
    """
    stop = Event()
    handled = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in handled}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Bar:
    """The training progress bar: how far, and the figures that matter."""

    def __init__(self, bar: Progress, run: Run) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, completed=run.update)

    def __call__(self, tick: Tick) -> None:
        held_out = tick.validation
        shown = (
            f"{tick.length:2d} steps  nll {tick.nll:5.1f}  KL {tick.kl:4.1f}  "
            f"beta {tick.beta:.2f}  slope {tick.slope:5.2f}  accuracy {tick.accuracy:.3f}"
        )
        if held_out:
            shown += (
                f"  | held out: {held_out['accuracy']:.3f}  F1 {held_out['note_f1']:.2f}  "
                f"pairs {held_out['monotone_pairs']:.3f}"
            )
        self._bar.update(self._task, completed=tick.update, description=shown)


@contextmanager
def _progress(run: Run, console: Console) -> Iterator[_Bar]:
    with Progress(
        TextColumn("update {task.completed}"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        refresh_per_second=2,
    ) as bar:
        yield _Bar(bar, run)
