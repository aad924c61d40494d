"""What GLSR costs: the same windows through two models, one without it and one with it.

Arrays in, numbers out; no model, no corpus, no torch. Definitions are in ``docs/evaluation.md``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.vocabulary import REST_ID

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
COVERAGE = 0.95


@dataclass(frozen=True)
class Drop:
    """One figure without GLSR minus the same with it, in points (hundredths).

    ``seeds``: one value for each paired seed; ``median``: theirs. ``low``, ``high``: the 95 %
    interval of that median when the test tunes are drawn anew.
    """

    seeds: tuple[float, ...]
    median: float
    low: float
    high: float


def hits_by_cluster(decoded: Ints, truth: Ints, clusters: Ints) -> Floats:
    """What accuracy and note F1 are made of, summed over each cluster's windows: [C, 4].

    ``decoded``, ``truth`` [N, T]; ``clusters`` [N], any labels; rows in the order of the sorted
    labels. Columns: tokens recovered, tokens, notes that both sides strike at one place with one
    name, notes of both sides together.
    """
    same = decoded == truth
    columns = [
        same.sum(1),
        np.full(len(truth), truth.shape[1]),
        (same & (truth > REST_ID)).sum(1),
        (decoded > REST_ID).sum(1) + (truth > REST_ID).sum(1),
    ]
    labels, place = np.unique(clusters, return_inverse=True)
    found = np.zeros((len(labels), len(columns)))
    np.add.at(found, place, np.stack(columns, axis=1).astype(np.float64))
    return found


def accuracy_and_f1(hits: Floats) -> Floats:
    """Sums as :func:`hits_by_cluster` makes them, [..., 4] -> accuracy and note F1, [..., 2]."""
    accuracy = hits[..., 0] / hits[..., 1]
    return np.stack([accuracy, 2.0 * hits[..., 2] / np.maximum(hits[..., 3], 1.0)], axis=-1)


def paired_drop(
    truth: Ints,
    clusters: Ints,
    pairs: Sequence[tuple[Ints, Ints]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Drop, Drop]:
    """How much accuracy and note F1 fall with GLSR, over paired seeds: (accuracy, F1), in points.

    ``truth`` [N, T]: the test windows. ``clusters`` [N]: the tune of each. ``pairs``: for each seed
    what is decoded (without, with), both [N, T]. The interval is a percentile bootstrap over tunes:
    windows of one tune stand or fall together, so tunes are drawn, with replacement and the same
    ones for all seeds and both models. Raises ``ValueError`` without a pair or a window.
    """
    if not pairs or not len(truth):
        raise ValueError("a drop needs at least one pair of decoded windows")
    hits = np.stack(
        [[hits_by_cluster(d, truth, clusters) for d in pair] for pair in pairs]
    )  # [seeds, 2, C, 4]
    drops = _drops(hits.sum(2))  # [seeds, 2]
    count = hits.shape[2]
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(count, np.full(count, 1.0 / count), size=resamples)  # [R, C]
    medians = np.median(_drops(np.einsum("rc,smcf->rsmf", drawn, hits)), axis=1)  # [R, 2]
    tail = 50.0 * (1.0 - COVERAGE)
    low, high = np.percentile(medians, [tail, 100.0 - tail], axis=0)
    accuracy, f1 = (
        Drop(
            tuple(float(v) for v in drops[:, k]),
            float(np.median(drops[:, k])),
            float(low[k]),
            float(high[k]),
        )
        for k in range(2)
    )
    return accuracy, f1


def _drops(hits: Floats) -> Floats:
    """[..., seeds, 2 models, 4] -> [..., seeds, 2 figures], in points."""
    figures = accuracy_and_f1(hits)
    return np.asarray(100.0 * (figures[..., 0, :] - figures[..., 1, :]))
