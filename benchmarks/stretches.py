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

    def holes(self, step_frames: float) -> int:
        """How many places between the first onset and the last have none."""
        return int((np.diff(np.unique(self.places)) / step_frames - 1).sum())


def clear_of(frames: ArrayLike, stops: Sequence[int]) -> NDArray[np.bool_]:
    """Which of ``frames`` lie more than a second from every stop."""
    asked = np.asarray(frames, dtype=np.float64)
    clear = np.ones(len(asked), dtype=np.bool_)
    for stop in stops:
        clear &= np.abs(asked - stop) > VOID_FRAMES
    return clear


def stretches(frames: Sequence[int], step_frames: float, stops: Sequence[int]) -> list[Stretch]:
    """The onsets at ``frames``, without what is void, on a grid of ``step_frames``.

    An onset belongs to the place that it is nearest to. Each stretch has a grid of its own, laid
    through the middle of its onsets: after a stop they may lie half a step off any earlier one.
    """
    if not frames:
        return []
    at = np.asarray(frames, dtype=np.float64)
    at = at[clear_of(at, stops)]
    number = np.searchsorted(np.sort(np.asarray(stops)), at)
    each = [at[number == n] - frames[0] for n in np.unique(number)]
    return [_stretch(own, step_frames) for own in each if len(own) >= LEAST_ONSETS]


def _stretch(at: NDArray[np.float64], step_frames: float) -> Stretch:
    # The mean on the circle of a step: it knows no seam at which early becomes late.
    middle = np.angle(np.exp(2j * np.pi * at / step_frames).mean()) / (2 * np.pi) * step_frames
    places = np.round((at - middle) / step_frames) * step_frames
    return Stretch(places, at - places)


def drift_ms(found: Sequence[Stretch]) -> float:
    """How far ten minutes of the beat lie from ten minutes of JACK's frames.

    One tempo fits all stretches best, each with an offset of its own.
    """
    along = np.concatenate([stretch.places - stretch.places.mean() for stretch in found])
    off = np.concatenate([stretch.offsets - stretch.offsets.mean() for stretch in found])
    return float(along @ off / (along @ along)) * TEN_MINUTES_MS
