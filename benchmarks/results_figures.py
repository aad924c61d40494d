"""What is measured of each run of ``make results``, and kept beside its checkpoint."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.appraisal import appraise, take_apart
from engine.card import read_card
from engine.chorales import Melody
from engine.corpus import Corpus, tune_clusters
from engine.evaluation import decode_tokens, read_posteriors
from engine.files import write_atomically
from engine.measures.paired import Drop, paired_drop

FIGURES_FILE = "figures.json"
DECODED_FILE = "decoded.npy"  # what argmax makes of each test window, for the paired drop


@dataclass(frozen=True)
class Measured:
    """One run: its figures by section and name, and how its training went."""

    figures: Mapping[str, Mapping[str, float]]
    training: Mapping[str, Any]


def is_evaluated(folder: Path) -> bool:
    """Whether the test side has been looked at: the figures are written last."""
    return (folder / FIGURES_FILE).is_file()


def evaluate_one(folder: Path, melodies: Sequence[Melody]) -> None:
    """Measure the checkpoint in ``folder`` on the test side, once."""
    it = take_apart(folder, melodies)
    figures, _ = appraise(it)
    windows = it.corpus.sides["test"].tokens
    decoded = decode_tokens(it.model.decoder, read_posteriors(it.model, windows).means)
    buffer = io.BytesIO()
    np.save(buffer, decoded)
    write_atomically(folder / DECODED_FILE, buffer.getvalue())
    write_atomically(folder / FIGURES_FILE, (json.dumps(figures, indent=1) + "\n").encode())


def read_measured(folder: Path) -> Measured:
    """The figures of a run that was evaluated, and what its card says of its training."""
    figures = json.loads((folder / FIGURES_FILE).read_text(encoding="utf-8"))
    return Measured(figures, read_card(folder).training)


def drop_between(
    without: Sequence[Path], with_it: Sequence[Path], melodies: Sequence[Melody], corpus: Corpus
) -> tuple[Drop, Drop]:
    """What is lost from ``without`` to ``with_it``, run by run: accuracy and note F1, in points.

    The runs stand in pairs, one for each seed.
    """
    pairs = [
        (np.load(a / DECODED_FILE), np.load(b / DECODED_FILE))
        for a, b in zip(without, with_it, strict=True)
    ]
    test = corpus.sides["test"]
    return paired_drop(test.tokens, tunes_of(melodies)[test.melody], pairs)


def tunes_of(melodies: Sequence[Melody]) -> npt.NDArray[np.int64]:
    """Which tune each melody is a setting of, [N]."""
    tunes = np.zeros(len(melodies), np.int64)
    for tune, members in enumerate(tune_clusters(melodies)):
        tunes[members] = tune
    return tunes
