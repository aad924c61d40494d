"""The encoder-side measures of the literature, as Pati and Lerch (2020) report them.

Arrays in, numbers out; no model, no torch. ``codes`` [N, d]: one latent point per window;
``attributes`` [N, K], K >= 2: what the window has. Definitions are in ``docs/evaluation.md``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BINS = 20  # of a histogram, evenly between the smallest and the largest value


@dataclass(frozen=True)
class Disentanglement:
    """All five lie in 0..1, and more is better.

    interpretability: R2 of a straight line from an attribute's most informative dimension. scc: its
    largest absolute rank correlation with any dimension. mig: how much more information the best
    dimension has than the second, over the attribute's entropy. sap: how much more of its variance
    the best dimension explains than the second. modularity: how little each dimension tells of
    attributes beside its best. The first four are means over attributes, the last over dimensions.
    """

    interpretability: float
    scc: float
    mig: float
    sap: float
    modularity: float


def disentanglement(codes: npt.ArrayLike, attributes: npt.ArrayLike) -> Disentanglement:
    """All five figures; at least two windows, dimensions and attributes."""
    z, a = np.asarray(codes, np.float64), np.asarray(attributes, np.float64)
    information, entropy = mutual_information(z, a)  # [d, K], [K]
    explained = correlations(z, a) ** 2  # of a straight line: [d, K]
    ranks = np.abs(correlations(_column_ranks(z), _column_ranks(a)))
    best = information.argmax(0)
    gap = _two_best(information)
    return Disentanglement(
        interpretability=float(explained[best, np.arange(a.shape[1])].mean()),
        scc=float(ranks.max(0).mean()),
        mig=float(np.divide(gap, entropy, out=np.zeros_like(gap), where=entropy > 0).mean()),
        sap=float(_two_best(explained).mean()),
        modularity=_modularity(information),
    )


def correlations(one: Floats, other: Floats) -> Floats:
    """Pearson's r of every column with every column, [N, d], [N, K] -> [d, K]; 0 for a constant."""
    left, right = one - one.mean(0), other - other.mean(0)
    size = np.sqrt(np.outer((left**2).sum(0), (right**2).sum(0)))
    found: Floats = np.divide(left.T @ right, size, out=np.zeros_like(size), where=size > 1e-12)
    return found


def ranks(values: npt.ArrayLike) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs: [N] -> [N]."""
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[place], np.float64)


def _column_ranks(columns: Floats) -> Floats:
    return np.stack([ranks(column) for column in columns.T], axis=1)


def mutual_information(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Nats that every column of ``one`` tells of every column of ``other``, [d, K].

    Also the entropy of ``other``'s columns, [K]. Of their histograms with 20 bins.
    """
    left, right = _binned(one), _binned(other)
    information = [[_shared_nats(x, y) for y in right.T] for x in left.T]
    return np.array(information), np.array([_shared_nats(y, y) for y in right.T])


def _binned(columns: Floats) -> npt.NDArray[np.int64]:
    """The bin of each value, 0..19: [N, d] -> [N, d]."""
    low, high = columns.min(0), columns.max(0)
    width = np.where(high > low, high - low, 1.0)
    return np.asarray(np.minimum((columns - low) / width * BINS, BINS - 1), np.int64)


def _shared_nats(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """Mutual information of two rows of bins, [N] each; a row's with itself is its entropy."""
    joint = np.bincount(one * BINS + other, minlength=BINS * BINS).reshape(BINS, BINS) / len(one)
    both = np.outer(joint.sum(1), joint.sum(0))
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / both[seen])).sum())


def _two_best(scores: Floats) -> Floats:
    """The best dimension's score of each attribute less the second's: [d, K] -> [K]."""
    ordered = np.sort(scores, axis=0)
    return np.asarray(ordered[-1] - ordered[-2])


def _modularity(information: Floats) -> float:
    """1 - (the other attributes' squared information, averaged) / (the best one's squared).

    A dimension that tells nothing of any attribute counts 0.
    """
    squares = information**2
    best = squares.max(1)
    others = (squares.sum(1) - best) / (squares.shape[1] - 1)
    share = np.divide(others, best, out=np.ones_like(best), where=best > 0)
    return float((1.0 - share).mean())
