"""How far two heaps of numbers lie apart: Kolmogorov-Smirnov, MMD, overlap of histograms.

Arrays in, numbers out; no model, no corpus, no torch. Definitions are in ``docs/evaluation.md``.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.phrase import HOLD_STEP

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

PERMUTATIONS = 500
NULL_SHARE = 95.0  # percent of the permutations lie below


def normal_distance(values: npt.ArrayLike) -> float:
    """Kolmogorov-Smirnov: the largest distance between the values' distribution and N(0, 1)'s.

    ``values`` [N], N >= 1. 0 is N(0, 1) itself; 1 is the farthest.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    count = len(ordered)
    normal = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in ordered])
    # The empirical distribution jumps at each value: it is judged on both sides of the jump.
    before, after = np.arange(count) / count, np.arange(1, count + 1) / count
    return float(max((normal - before).max(), (after - normal).max()))


@dataclass(frozen=True)
class Discrepancy:
    """``mmd`` between two samples, and the value that 95 % of random relabellings stay below."""

    mmd: float
    null_95: float


def mmd(one: Floats, other: Floats, *, seed: int = 0) -> Discrepancy:
    """Maximum mean discrepancy of samples [N, d] and [M, d] under exp(-|x - y|^2 / (2 w^2)).

    w^2 is the median squared distance between two points of both samples together. The square
    root of the biased estimate, which is never negative. The null relabels the pooled points 500
    times.
    """
    pooled = np.concatenate([one, other]).astype(np.float64)
    square = (pooled**2).sum(1)
    distances = np.maximum(square[:, None] + square - 2.0 * pooled @ pooled.T, 0.0)
    middle = float(np.median(distances[np.triu_indices(len(pooled), 1)]))
    kernel = np.exp(-distances / (2.0 * middle)) if middle > 0.0 else np.ones_like(distances)
    label = np.concatenate(
        [np.full(len(one), 1.0 / len(one)), -np.full(len(other), 1 / len(other))]
    )
    chance = np.random.default_rng(seed)
    labels = np.stack([label, *(chance.permutation(label) for _ in range(PERMUTATIONS))], axis=1)
    found = np.sqrt(np.maximum((labels * (kernel @ labels)).sum(0), 0.0))
    return Discrepancy(float(found[0]), float(np.percentile(found[1:], NULL_SHARE)))


def overlap(one: Ints, other: Ints) -> float:
    """The area that the histograms of two heaps of whole numbers have in common, 0..1.

    One bin for each whole number; each histogram has area 1. An empty heap shares nothing.
    """
    if not one.size or not other.size:
        return 0.0
    low = min(int(one.min()), int(other.min()))
    high = max(int(one.max()), int(other.max()))
    edges = np.arange(low, high + 2) - 0.5
    shares = [np.histogram(heap, edges)[0] / heap.size for heap in (one, other)]
    return float(np.minimum(*shares).sum())


@dataclass(frozen=True)
class NoteHeaps:
    """Every note of many phrases, as heaps of whole numbers.

    ``note_count``: notes struck, of each phrase. Of each note: ``pitch`` (MIDI), ``duration`` and
    ``onset`` (steps). ``interval``: semitones from each note to the next of its phrase, with or
    without a rest between.
    """

    note_count: Ints
    pitch: Ints
    interval: Ints
    duration: Ints
    onset: Ints

    def __iter__(self) -> Iterator[tuple[str, Ints]]:
        return iter(vars(self).items())


def note_heaps(steps: Ints) -> NoteHeaps:
    """``steps`` [N, T]: pitch at an onset, -1 HOLD, -2 REST.

    A note ends at the next onset, at a REST or with its phrase. A HOLD that continues no note is
    silent.
    """
    length = steps.shape[1]
    struck = steps >= 0
    row, onset = np.nonzero(struck)
    pitch = steps[row, onset].astype(np.int64)
    # The place of the next step that is no HOLD, or the end of the phrase: going backwards.
    place = np.where(steps != HOLD_STEP, np.arange(length), length)
    ahead = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    ends = np.concatenate([ahead[:, 1:], np.full((len(steps), 1), length)], axis=1)
    return NoteHeaps(
        note_count=struck.sum(1),
        pitch=pitch,
        interval=np.diff(pitch)[np.diff(row) == 0],
        duration=ends[row, onset] - onset,
        onset=onset,
    )


def resemblance(one: Ints, other: Ints) -> dict[str, float]:
    """The :func:`overlap` of each of the :class:`NoteHeaps` of two sets of step rows."""
    pairs = zip(note_heaps(one), note_heaps(other), strict=True)
    return {name: overlap(first, second) for (name, first), (_, second) in pairs}
