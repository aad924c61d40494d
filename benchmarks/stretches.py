"""What of a run can be judged by JACK's frames, and how far it drifts there. Pure.

Where JACK itself is late, a stop, its frames slip against time. The second around a stop is void,
and each stretch between two stops is held against an even grid of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATE = 48_000  # frames a second
MS_PER_FRAME = 1000 / RATE
VOID_FRAMES = RATE
LEAST_ONSETS = 32  # in a stretch that says something
TEN_MINUTES_MS = 600_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Onsets between two stops: the places of the grid and how far off they are, in frames."""

    places: NDArray[np.float64]
    offsets: NDArray[np.float64]


def clear_of(frames: ArrayLike, stops: Sequence[int]) -> NDArray[np.bool_]:
    """Which of ``frames`` lie more than a second from every stop."""
    asked = np.asarray(frames, dtype=np.float64)
    clear = np.ones(len(asked), dtype=np.bool_)
    for stop in stops:
        clear &= np.abs(asked - stop) > VOID_FRAMES
    return clear


def stretches(frames: Sequence[int], step_frames: float, stops: Sequence[int]) -> list[Stretch]:
    """The onsets at ``frames``, without what is void, on a grid of ``step_frames``.

    The grid begins at the first onset; an onset belongs to the place that it is nearest to.
    """
    if not frames:
        return []
    at = np.asarray(frames, dtype=np.float64)
    at = at[clear_of(at, stops)]
    places = np.round((at - frames[0]) / step_frames) * step_frames
    offsets = at - frames[0] - places
    number = np.searchsorted(np.sort(np.asarray(stops)), at)
    each = [number == n for n in np.unique(number)]
    return [Stretch(places[own], offsets[own]) for own in each if own.sum() >= LEAST_ONSETS]


def drift_ms(found: Sequence[Stretch]) -> float:
    """How far ten minutes of the beat lie from ten minutes of JACK's frames.

    One tempo fits all stretches best, each with an offset of its own.
    """
    along = np.concatenate([stretch.places - stretch.places.mean() for stretch in found])
    off = np.concatenate([stretch.offsets - stretch.offsets.mean() for stretch in found])
    return float(along @ off / (along @ along)) * TEN_MINUTES_MS
