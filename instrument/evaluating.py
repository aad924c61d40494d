"""``glisser evaluate``: every figure of one checkpoint and its report, with progress on the
terminal.

Imports torch, by way of the engine; only ``cli`` imports it, and only inside that command.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engine.appraisal import Appraised, appraise, load_model, take_apart, with_figures
from engine.card import CARD_FILE, Card, read_card, shipped_checkpoints
from engine.checkpoint import load_decoder, save_card
from engine.chorales import CorpusError, Melody
from engine.files import check_folder, write_atomically
from engine.knobs import Figures
from engine.model import VAE
from engine.report.build import PLAIN, TOO_STEEP, build_report
from instrument.training import chorales, own_melodies

METRICS_FILE, REPORT_FILE = "metrics.json", "report.html"
SHIPPED_REFERENCES = shipped_checkpoints() / "reference"
FIRST_SEED = "-0"  # `make results` names its runs MODEL-SEED


class EvaluationError(Exception):
    """The command cannot go on; the message is one sentence."""


@dataclass(frozen=True)
class Wanted:
    """What to leave behind beside the figures.

    ``out``: a folder for metrics.json and report.html. ``references``: a folder of checkpoints that
    the report draws beside this one, in place of the shipped ones. ``into_card``: figures and
    calibration go into the checkpoint's card. ``corpus``: the folder of melodies that a checkpoint
    learnt from whose corpus was the user's own.
    """

    out: Path | None = None
    references: Path | None = None
    into_card: bool = False
    corpus: Path | None = None


def run_evaluation(folder: Path, wanted: Wanted) -> Figures:
    """Every figure of the checkpoint in ``folder``.

    All that is written is written at the end. Raises :class:`EvaluationError`, ``CheckpointError``.
    """
    console = Console(stderr=True)
    card, _ = load_decoder(folder)  # a damaged checkpoint is refused before the corpus is read
    others = {} if wanted.out is None else _references(wanted.references, card)
    try:
        _check_places(folder, wanted)
        it = take_apart(folder, _melodies(folder, card, wanted.corpus, console))
        with _progress(it, console) as bar:
            figures, card = appraise(it, bar.more)
            report = None if wanted.out is None else _report(it, card, figures, others, bar)
        _write(folder, wanted, figures, card, report)
    except (CorpusError, ValueError) as error:
        raise EvaluationError(str(error)) from error
    except OSError as error:
        place = error.filename or wanted.out or folder
        raise EvaluationError(f"{place} cannot be written: {error.strerror or error}") from error
    return figures


def _melodies(folder: Path, card: Card, corpus: Path | None, console: Console) -> Sequence[Melody]:
    """What the checkpoint learnt from, as far as this machine has it."""
    own = card.corpus.get("folder")
    if corpus is not None:
        bar_aligned = card.corpus["recipe"]["bar_aligned"]
        return own_melodies(corpus, console, bar_aligned=bar_aligned).melodies
    if own:
        raise EvaluationError(
            f"{folder} learnt from melodies in a folder named {own}; say with --corpus where it is"
        )
    return chorales(console)


def _references(folder: Path | None, card: Card) -> dict[str, VAE]:
    """The models that the report compares with: those that ``folder`` holds or, if None, the
    shipped ones, as far as they have the words of the checkpoint of ``card``.
    """
    if folder is None:
        places = _places_of_references(SHIPPED_REFERENCES)
        alike = {n: p for n, p in places.items() if read_card(p).vocabulary == card.vocabulary}
        return {name: load_model(place)[1] for name, place in alike.items()}
    found = {name: load_model(p)[1] for name, p in _places_of_references(folder).items()}
    if not found:
        raise EvaluationError(
            f"{folder} holds no reference; a folder in it must be a checkpoint named "
            f"{PLAIN} or {TOO_STEEP}, with or without {FIRST_SEED}"
        )
    return found


def _places_of_references(folder: Path) -> dict[str, Path]:
    """Where ``folder`` has which reference."""
    found: dict[str, Path] = {}
    for name in (PLAIN, TOO_STEEP):
        for place in (folder / name, folder / f"{name}{FIRST_SEED}"):
            if name not in found and (place / CARD_FILE).is_file():
                found[name] = place
    return found


def _check_places(folder: Path, wanted: Wanted) -> None:
    """Refuse now what could not be written minutes later. Raises ``OSError``."""
    if wanted.out is not None:
        wanted.out.mkdir(parents=True, exist_ok=True)
        for name in (METRICS_FILE, REPORT_FILE):
            check_folder(wanted.out / name)
    if wanted.into_card:
        check_folder(folder / CARD_FILE)


class _Bar:
    """The bar: how many phrases of all, and what is being done."""

    def __init__(self, bar: Progress, phrases: int) -> None:
        self._bar = bar
        self._task = bar.add_task("figures", total=phrases)

    def more(self, phrases: int) -> None:
        self._bar.advance(self._task, phrases)

    def say(self, what: str) -> None:
        self._bar.update(self._task, description=what)


@contextmanager
def _progress(it: Appraised, console: Console) -> Iterator[_Bar]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        refresh_per_second=2,
    ) as bar:
        yield _Bar(bar, it.phrases)


def _report(it: Appraised, card: Card, figures: Figures, others: dict[str, VAE], bar: _Bar) -> str:
    return build_report(it.model, card, figures, it.corpus, others, bar.say)


def _write(folder: Path, wanted: Wanted, figures: Figures, card: Card, report: str | None) -> None:
    if wanted.out is not None:
        body = json.dumps(figures, indent=1) + "\n"
        write_atomically(wanted.out / METRICS_FILE, body.encode())
    if wanted.out is not None and report is not None:
        write_atomically(wanted.out / REPORT_FILE, report.encode())
    if wanted.into_card:
        save_card(folder, with_figures(card, figures))
