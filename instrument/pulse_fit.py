"""Pulses that arrive with jitter -> the steady or steadily changing beat behind them. Pure.

A sliding fit: pulse number as a quadratic of arrival time, which a linear change of tempo is
exactly, over at most a bar of pulses. When its newest residuals lean to one side the tempo does
something new: the older half is forgotten. (Measured against an alpha-beta-gamma filter with
fading memory and against fixed windows: the first lags in a ramp wherever it is smooth enough
for jitter of 1 ms, the second need a length for each tempo.)
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

MOST_PULSES = 96  # a bar
FEWEST_PULSES = 24  # a beat: fewer say little about a change of tempo
FEWEST_S = 0.6  # nor does less time, whatever the tempo: then nothing is forgotten
FITTED_FROM = 3
NEWEST = (6, 12)  # of so many residuals the mean is judged
LEANS = 2.0  # standard errors from nought

Arrival: TypeAlias = tuple[int, int]  # the pulse's number, its time in ns
Moments: TypeAlias = list[float]


@dataclass(frozen=True, slots=True)
class Beat:
    """Pulse ``pulse`` falls on ``ns``; ``period_ns`` from there to the next."""

    pulse: int
    ns: float
    period_ns: float

    def pulse_at(self, time_ns: int) -> float:
        """Which pulse, and which part of one, ``time_ns`` is."""
        return self.pulse + (time_ns - self.ns) / self.period_ns


class PulseFit:
    """The beat behind the newest pulses. One thread."""

    def __init__(self) -> None:
        self._arrivals: deque[Arrival] = deque(maxlen=MOST_PULSES)

    def __len__(self) -> int:
        return len(self._arrivals)

    def add(self, pulse: int, time_ns: int) -> Beat | None:
        """Take a pulse, numbers growing; the beat at that pulse, ``None`` from too few of them."""
        self._arrivals.append((pulse, time_ns))
        if len(self._arrivals) < FITTED_FROM:
            return None
        curve, residuals = self._fitted()
        fewest = max(FEWEST_PULSES, round(FEWEST_S * curve[1]))
        while len(self._arrivals) > fewest and _leans(residuals):
            for _ in range((len(self._arrivals) - fewest + 1) // 2):
                self._arrivals.popleft()
            curve, residuals = self._fitted()
        return _beat(curve, pulse, time_ns)

    def forget(self) -> None:
        """Begin anew."""
        self._arrivals.clear()

    def _fitted(self) -> tuple[Sequence[float], list[float]]:
        """``c0 + c1 x + c2 x^2``: pulses since the newest, x in s since it; and the residuals."""
        last_pulse, last_ns = self._arrivals[-1]
        points = [((ns - last_ns) / 1e9, float(n - last_pulse)) for n, ns in self._arrivals]
        curve = _least_squares(points, 3 if len(points) >= FEWEST_PULSES else 2)
        residuals = [n - (curve[0] + x * (curve[1] + x * curve[2])) for x, n in points]
        return curve, residuals


def _leans(residuals: Sequence[float]) -> bool:
    error = sqrt(sum(r * r for r in residuals) / (len(residuals) - 3))
    return any(abs(sum(residuals[-n:])) > LEANS * error * sqrt(n) for n in NEWEST)


def _beat(curve: Sequence[float], pulse: int, time_ns: int) -> Beat | None:
    """Where the curve passes through ``pulse``; ``None`` when it does not go forward there."""
    c0, c1, c2 = curve
    x = 0.0
    for _ in range(3):  # Newton: the pulse is within a few ms of its arrival
        slope = c1 + 2 * c2 * x
        if slope <= 0:
            return None
        x -= (c0 + x * (c1 + x * c2)) / slope
    slope = c1 + 2 * c2 * x
    return Beat(pulse, time_ns + x * 1e9, 1e9 / slope) if slope > 0 else None


def _least_squares(points: Sequence[tuple[float, float]], unknowns: int) -> Sequence[float]:
    """The coefficients of the best polynomial, lowest first, always three of them."""
    scale = max(-points[0][0], 1e-9)  # so that the sums are of one size
    powers, sums = [0.0] * (2 * unknowns - 1), [0.0] * unknowns
    for x, y in points:
        power = 1.0
        for k in range(2 * unknowns - 1):
            powers[k] += power
            if k < unknowns:
                sums[k] += power * y
            power *= x / scale
    rows = [[*(powers[i + j] for j in range(unknowns)), sums[i]] for i in range(unknowns)]
    for i in range(unknowns):  # Gauss: the matrix is positive definite, so no pivot is nought
        for j in range(i + 1, unknowns):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    solved = [0.0] * 3
    for i in reversed(range(unknowns)):
        known = sum(rows[i][j] * solved[j] for j in range(i + 1, unknowns))
        solved[i] = (rows[i][unknowns] - known) / rows[i][i]
    return [value / scale**k for k, value in enumerate(solved)]
