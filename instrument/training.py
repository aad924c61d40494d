"""``glisser train``: the engine's long work, with progress on the terminal.

Imports torch, by way of the engine; only ``cli`` imports it, and only inside that command.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.chorales import CorpusError, Melody, load_melodies
from engine.config import ConfigError, CorpusSection, load_config
from engine.corpus import Corpus, build_corpus
from engine.distributed import Team, joined
from engine.export import keep
from engine.files import write_atomically
from engine.own_corpus import Gathered, gather, three_sides
from engine.source import CorpusSource, chorales_source
from engine.train import STATE_FILE, Run, Tick, TrainingError, new_run, resume_run, train

CORPUS_FILE = "corpus.txt"  # in a run's folder: what became of each file of the user's corpus


class TrainCommandError(Exception):
    """The command cannot go on; the message is one sentence."""


def cache_folder() -> Path:
    """Where parsed melodies are kept on this machine."""
    return Path(platformdirs.user_cache_dir("glisser"))


def melody_cache() -> Path:
    """Where the parsed chorales are kept on this machine."""
    return cache_folder() / "chorales.json.gz"


@contextmanager
def _reading(what: str, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that appears when files have to be parsed."""
    with Progress(
        TextColumn(f"reading {what}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def chorales(console: Console) -> list[Melody]:
    """The melodies, with a progress bar if they have to be parsed."""
    with _reading("the chorales", console) as progress:
        return load_melodies(melody_cache(), progress)


def own_melodies(folder: Path, console: Console, *, bar_aligned: bool) -> Gathered:
    """The melodies in the user's ``folder``, with a progress bar if they have to be parsed."""
    with _reading("the corpus", console) as progress:
        return gather(folder, cache_folder(), bar_aligned=bar_aligned, progress=progress)


def _chorale_corpus(recipe: CorpusSection, console: Console) -> tuple[Corpus, CorpusSource]:
    melodies = chorales(console)
    return build_corpus(melodies, **recipe.model_dump()), chorales_source(melodies)


def _own_corpus(
    folder: Path, recipe: CorpusSection, out: Path, console: Console, resume: bool
) -> tuple[Corpus, CorpusSource]:
    """The user's corpus; what was not used is told, and stands in ``out`` with the rest."""
    found = own_melodies(folder, console, bar_aligned=recipe.bar_aligned)
    corpus = three_sides(folder, found.melodies, **recipe.model_dump())
    for line in found.refused:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"corpus: {found.source.description}", highlight=False, markup=False)
    head = f"{found.source.description}; sha256 {found.source.sha256}"
    account = out / CORPUS_FILE
    if resume and account.read_text(encoding="utf-8").splitlines()[:1] != [head]:
        raise TrainCommandError(
            f"{folder} no longer holds the melodies that {account} tells of; use a new --out"
        )
    write_atomically(account, ("\n".join((head, *found.account)) + "\n").encode())
    return corpus, found.source


def run_training(
    config_file: Path, out: Path, *, resume: bool, corpus_folder: Path | None = None
) -> int:
    """Train until done (0) or until SIGINT or SIGTERM (0, and saved).

    ``corpus_folder``: melodies of the user's own, instead of the chorales. Under torchrun all its
    processes train one run, and the first one alone shows and writes. Raises
    :class:`TrainCommandError`.
    """
    try:
        with joined() as team:
            return _train(team, config_file, out, resume, corpus_folder)
    except (ConfigError, CorpusError, TrainingError) as error:
        raise TrainCommandError(str(error)) from error
    except OSError as error:
        where = error.filename or out  # a full disk names no file
        raise TrainCommandError(f"{where} cannot be written: {error.strerror or error}") from error


def _train(
    team: Team, config_file: Path, out: Path, resume: bool, corpus_folder: Path | None
) -> int:
    console = Console(stderr=True, quiet=not team.leads)
    config = load_config(config_file)
    _check_folder(out, resume, corpus_folder)
    with team.leader_first():
        if corpus_folder is None:
            out.mkdir(parents=True, exist_ok=True)
            (out / CORPUS_FILE).unlink(missing_ok=True)  # of a run that never came to a save
            corpus, source = _chorale_corpus(config.corpus, console)
        else:
            corpus, source = _own_corpus(corpus_folder, config.corpus, out, console, resume)
    run = (resume_run if resume else new_run)(config, corpus, out, team)
    with _interrupted() as stop, _progress(run, console) as on_update:
        done = train(
            run,
            on_update=on_update,
            on_better=lambda better: keep(better, source),
            stop=stop.is_set,
        )
    word = "finished" if done else "stopped; go on with --resume"
    console.print(f"update {run.update}: {word}", highlight=False)
    return 0


def _check_folder(out: Path, resume: bool, corpus_folder: Path | None) -> None:
    saved = (out / STATE_FILE).is_file()
    if resume and not saved:
        raise TrainCommandError(f"{out} holds no {STATE_FILE} to resume")
    if not resume and saved:
        raise TrainCommandError(f"{out} holds a run already; add --resume, or choose another --out")
    own = (out / CORPUS_FILE).is_file()
    if resume and own and corpus_folder is None:
        raise TrainCommandError(f"{out} was begun on a corpus of its own; add its --corpus again")
    if resume and not own and corpus_folder is not None:
        raise TrainCommandError(f"{out} was begun on the chorales; leave out --corpus")


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
