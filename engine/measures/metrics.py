"""The arithmetic of the figures: arrays in, numbers out. No model, no corpus, no torch.

Definitions are in ``docs/evaluation.md``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.vocabulary import REST_ID

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.floating]

NO_CHANGE = 1e-9


def note_counts(tokens: Ints) -> npt.NDArray[np.int64]:
    """Onsets per row: every token that is neither HOLD nor REST. [..., T] -> [...]."""
    return np.asarray((tokens > REST_ID).sum(-1), np.int64)


def accuracy(decoded: Ints, truth: Ints) -> float:
    """Share of steps whose token is recovered."""
    return float((decoded == truth).mean())


def note_f1(decoded: Ints, truth: Ints) -> float:
    """F1 of onsets with both place and token right, over all windows together."""
    right = int(((decoded == truth) & (truth > REST_ID)).sum())
    played, written = int(note_counts(decoded).sum()), int(note_counts(truth).sum())
    return 2.0 * right / max(played + written, 1)


def exact_windows(decoded: Ints, truth: Ints) -> float:
    """Share of windows recovered whole."""
    return float((decoded == truth).all(-1).mean())


@dataclass(frozen=True)
class SweepFigures:
    """What turning a knob from end to end does to its attribute. A sweep that never rises counts
    0.
    """

    monotone_pairs: float
    monotone_sweeps: float
    efficiency: float
    linearity: float
    argmax_slope: float
    never_rising: float
    low: float
    high: float


def sweep_figures(played: npt.NDArray[Any], positions: Floats) -> SweepFigures:
    """``played`` [N, P]: the attribute at each of P ``positions`` of z_k (even, rising), N sweeps.

    monotone pairs: share of neighbours that do not fall. monotone sweeps: share of sweeps without
    any fall. efficiency: net rise over total movement. linearity: R2 of a line per sweep, mean.
    argmax slope: least-squares slope, attribute per unit of z_k. low, high: means at both ends.
    A difference within ``NO_CHANGE`` is none: an attribute with fractions is rounded.
    """
    g = played.astype(np.float64)
    steps = np.diff(g, axis=1)
    steps[np.abs(steps) <= NO_CHANGE] = 0.0
    rises = np.asarray((steps > 0).any(1))
    movement = np.abs(steps).sum(1)
    net = steps.sum(1)
    x = positions - positions.mean()
    centred = g - g.mean(1, keepdims=True)
    slope = centred @ x / (x @ x)
    spread = (centred**2).sum(1)
    residual = ((centred - slope[:, None] * x) ** 2).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        efficiency = np.where(rises, net / movement, 0.0)
        linearity = np.where(rises, 1.0 - residual / spread, 0.0)
    return SweepFigures(
        monotone_pairs=float(np.where(rises[:, None], steps >= 0, False).mean()),
        monotone_sweeps=float((rises & (steps >= 0).all(1)).mean()),
        efficiency=float(efficiency.mean()),
        linearity=float(linearity.mean()),
        argmax_slope=float(np.where(rises, slope, 0.0).mean()),
        never_rising=float(1.0 - rises.mean()),
        low=float(g[:, 0].mean()),
        high=float(g[:, -1].mean()),
    )


@dataclass(frozen=True)
class CrossTalk:
    """What turning one knob does to one attribute, of whichever knob.

    ``spearman``: |mean over sweeps of the signed rank correlation|; a constant sweep counts 0.
    ``constant``: the share of such sweeps. ``change``: mean |last - first|, in the attribute's
    unit.
    """

    spearman: float
    constant: float
    change: float


def cross_talk(played: npt.NDArray[Any]) -> CrossTalk:
    """``played`` [N, P]: the attribute along N sweeps of the knob, at P rising positions."""
    places = np.round(played.astype(np.float64) / NO_CHANGE)  # equal but for rounding is equal
    # A value's rank: how many are smaller, and half of those that equal it.
    smaller = (places[:, None, :] < places[:, :, None]).sum(2)
    equal = (places[:, None, :] == places[:, :, None]).sum(2)
    ranked = smaller + equal / 2.0
    ranked = ranked - ranked.mean(1, keepdims=True)
    knob = np.arange(played.shape[1]) - (played.shape[1] - 1) / 2.0
    size = np.sqrt((ranked**2).sum(1) * (knob @ knob))
    moves = size > 0.0
    rho = np.divide(ranked @ knob, size, out=np.zeros(len(played)), where=moves)
    return CrossTalk(
        spearman=abs(float(rho.mean())),
        constant=float(1.0 - moves.mean()),
        change=float(np.abs(played[:, -1] * 1.0 - played[:, 0]).mean()),
    )
