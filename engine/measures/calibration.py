"""What a knob's position promises: one curve per knob from position to attribute, and its inverse.

Arrays in, numbers out; no model, no torch. Definitions are in ``docs/evaluation.md``. The
instrument follows the same curve by ``instrument.curve``, without numpy.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.card import CALIBRATION_VALUES

Floats = npt.NDArray[np.float64]

LOWEST_Z, HIGHEST_Z = -3.0, 3.0  # where a curve begins and ends
JUDGED_POSITIONS = 33  # of the knob, evenly from end to end


def isotonic(values: npt.ArrayLike) -> Floats:
    """The non-decreasing row nearest to ``values`` [P] in least squares, by pooling violators."""
    means: list[float] = []
    counts: list[int] = []
    for value in np.asarray(values, np.float64):
        means.append(float(value))
        counts.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            mean, count = means.pop(), counts.pop()
            total = counts[-1] + count
            means[-1] += (mean - means[-1]) * count / total
            counts[-1] = total
    return np.repeat(means, counts)


def calibration_curve(played: npt.ArrayLike) -> tuple[float, ...]:
    """The curve of a knob from its sweeps: ``played`` [N, 61] over z_k = -3 to 3, in even steps.

    The mean over sweeps, made non-decreasing; in the attribute's unit, to four decimals.
    """
    mean = np.asarray(played, np.float64).mean(0)
    if len(mean) != CALIBRATION_VALUES:
        raise ValueError(f"a curve has {CALIBRATION_VALUES} values, these sweeps {len(mean)}")
    return tuple(float(v) for v in np.round(isotonic(mean), 4))


def promised(curve: tuple[float, ...], positions: npt.ArrayLike) -> Floats:
    """What each knob position 0..1 promises: half-way on the knob is half-way in the attribute."""
    return np.asarray(curve[0] + np.asarray(positions, np.float64) * (curve[-1] - curve[0]))


def positions_to_z(curve: tuple[float, ...], positions: npt.ArrayLike) -> Floats:
    """The coordinate at which the curve plays what each position 0..1 promises.

    In straight lines between the curve's values; the middle of a stretch that is flat. Both ends of
    the knob are both ends of the range. A curve that is flat throughout promises nothing, and the
    knob is then linear in z.
    """
    places = np.asarray(positions, np.float64)
    straight = LOWEST_Z + places * (HIGHEST_Z - LOWEST_Z)
    if curve[-1] <= curve[0]:
        return straight
    values = np.asarray(curve)
    z = np.linspace(LOWEST_Z, HIGHEST_Z, len(values))
    amounts = promised(curve, places)
    left = np.searchsorted(values, amounts, side="left")
    right = np.searchsorted(values, amounts, side="right")
    above = np.clip(left, 1, len(values) - 1)
    rise = np.maximum(values[above] - values[above - 1], np.finfo(np.float64).tiny)
    share = (amounts - values[above - 1]) / rise
    between = z[above - 1] + share * (z[above] - z[above - 1])
    flat = (z[np.minimum(left, len(z) - 1)] + z[np.maximum(right - 1, 0)]) / 2.0
    found = np.where(left < right, flat, between)
    return np.where((places <= 0.0) | (places >= 1.0), straight, found)


@dataclass(frozen=True)
class Honesty:
    """``mean`` and ``percentile_95`` of |promised - delivered| and the ``span`` promised."""

    mean: float
    percentile_95: float
    span: float


def honesty(curve: tuple[float, ...], delivered: npt.ArrayLike) -> Honesty:
    """How far from its promise a knob plays, in the attribute's unit.

    ``delivered`` [N, 33]: what N points play at 33 even positions of the knob, z_k set by
    :func:`positions_to_z`. Every point and position counts alike.
    """
    heard = np.asarray(delivered, np.float64)
    error = np.abs(heard - promised(curve, np.linspace(0.0, 1.0, heard.shape[1])))
    return Honesty(
        mean=float(error.mean()),
        percentile_95=float(np.percentile(error, 95.0)),
        span=float(curve[-1] - curve[0]),
    )
