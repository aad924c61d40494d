"""Pulses that arrive with jitter -> the steady or steadily changing beat behind them. Pure.

A Kalman filter: when a pulse falls, how long it lasts, and how much longer or shorter the next one
is. It believes that tempo hardly changes, until its surprises lean to one side: then the change of
tempo is anybody's guess again, and began a moment ago. How much the pulses jitter it hears from
their second differences, which no tempo moves. (Measured against a sliding quadratic fit, which is
steadier but misses the first bar line of a ramp by up to 9 ms, against filters of fixed gain, and
against a pair of filters that interact, which is no better and twice as long.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt
from statistics import median
from typing import TypeAlias

KNOWN_TO = 0.01  # of itself: before, a period is no tempo to tell of

_S = 1e9
_JITTER_NS = 0.6e6  # of a sender that is not known yet
_LEAST_JITTER_NS = 0.05e6
_JITTER_PULSES = (12, 48)  # so much weighs that first guess; over so many its estimate goes
_CALM, _NEW = 0.1, 4.0  # pulses / s^2 that a tempo may change by; 4 are 10 bpm a second
_CHANGES_FOR_S = 1.5
_LEANS_OVER_S = 0.2  # how long surprises add up, and how long ago a new tempo began
_LEANS = (2.0, 3.0)  # standard errors: nothing new, surely something new
_OUTLIER = 3.0  # standard errors: what lies further off counts as if it lay there
_SLOW_S = 2.5 / 60  # slower than 60 bpm it may change by less, as the square of the tempo
_PERIODS_NS = (6.25e6, 125e6)  # 400 and 20 bpm

Matrix: TypeAlias = list[list[float]]


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
    """The beat behind the pulses since the first, of which ``period_ns`` is a guess. One thread."""

    def __init__(self, pulse: int, time_ns: int, period_ns: float) -> None:
        self.pulses = 1
        self.known = False  # whether the tempo is more than a guess
        self._pulse, self._newest_ns, self._first_ns = pulse, time_ns, time_ns
        self._space_ns: int | None = None  # between the two newest, if neighbours
        self._jitter = _JITTER_NS**2
        self._lean = 0.0
        # Where the newest pulse fell since the first, in ns; its period; by how much that grows.
        self._state = [0.0, period_ns, 0.0]
        self._spread: Matrix = [
            [self._jitter, 0.0, 0.0],
            [0.0, _PERIODS_NS[1] ** 2, 0.0],
            [0.0] * 3,
        ]

    def add(self, pulse: int, time_ns: int) -> Beat:
        """Take a pulse, numbers growing; the beat at that pulse."""
        self._hear_jitter(pulse, time_ns)
        self._go_to(pulse)
        surprise = time_ns - self._first_ns - self._state[0]
        self._doubt(surprise)
        sure = self._spread[0][0] + self._jitter
        surprise = _within(surprise, _OUTLIER * sqrt(sure))
        gain = [row[0] / sure for row in self._spread]
        moved = self._spread[0]
        self._state = [x + g * surprise for x, g in zip(self._state, gain, strict=True)]
        self._spread = [
            [p - g * m for p, m in zip(row, moved, strict=True)]
            for row, g in zip(self._spread, gain, strict=True)
        ]
        self.pulses += 1
        ns, period_ns, growth_ns = self._state
        self.known |= sqrt(self._spread[1][1]) < KNOWN_TO * period_ns
        return Beat(pulse, self._first_ns + ns, max(1.0, period_ns + growth_ns / 2))

    def late_ns(self, pulse: int, times_ns: Sequence[int]) -> float:
        """By how much the pulses up to ``pulse`` are late, which fell at these times: the median.

        Of them the fit has not heard.
        """
        here, (ns, period_ns, growth_ns) = self._first_ns, self._state
        to = range(pulse - self._pulse - len(times_ns) + 1, pulse - self._pulse + 1)
        expected = (here + ns + n * period_ns + n * n / 2 * growth_ns for n in to)
        return median(t - e for t, e in zip(times_ns, expected, strict=True))

    def unsure_ns(self, pulses: int) -> float:
        """How far off ``late_ns`` of so many pulses may well be: four standard errors."""
        return 4 * sqrt(self._spread[0][0] + self._jitter / pulses)

    def move(self, late_ns: float, pulses: int) -> None:
        """The beat lies ``late_ns`` later, at its old pace, as ``pulses`` of them tell."""
        self._state[0] += late_ns
        for row in self._spread:
            row[0] = 0.0
        self._spread[0] = [self._jitter / pulses, 0.0, 0.0]
        self._lean, self._space_ns = 0.0, None

    @property
    def _period_ns(self) -> float:
        low, high = _PERIODS_NS
        return min(high, max(low, self._state[1]))

    def _hear_jitter(self, pulse: int, time_ns: int) -> None:
        space_ns = time_ns - self._newest_ns if pulse == self._pulse + 1 else None
        if space_ns is not None and self._space_ns is not None:
            heard = min((space_ns - self._space_ns) ** 2 / 6, _OUTLIER**2 * self._jitter)
            guessed, most = _JITTER_PULSES
            self._jitter += (heard - self._jitter) / min(self.pulses + guessed, most)
            self._jitter = max(_LEAST_JITTER_NS**2, self._jitter)
        self._newest_ns, self._space_ns = time_ns, space_ns

    def _go_to(self, pulse: int) -> None:
        """Where it would fall if nothing new happened."""
        pulses, self._pulse = pulse - self._pulse, pulse
        fades = exp(-pulses * self._period_ns / _S / _CHANGES_FOR_S)
        step = [[1.0, pulses, pulses**2 / 2], [0.0, 1.0, pulses], [0.0, 0.0, fades]]
        self._state = [sum(a * x for a, x in zip(row, self._state, strict=True)) for row in step]
        self._spread = _times(_times(step, self._spread), list(map(list, zip(*step, strict=True))))
        self._spread[2][2] += self._growth_ns(_CALM) ** 2 * (1 - fades**2)

    def _growth_ns(self, change: float) -> float:
        """What a change of tempo of so many pulses / s^2 is in ns of period a pulse."""
        period_s = self._period_ns / _S
        return change * min(1.0, _SLOW_S / period_s) ** 2 * period_s**3 * _S

    def _doubt(self, surprise: float) -> None:
        """Forget of the beat what a change of tempo a moment ago would have moved."""
        pulses = _LEANS_OVER_S * _S / self._period_ns
        share = min(0.5, 1 / pulses)
        told = _within(surprise / sqrt(self._spread[0][0] + self._jitter), _OUTLIER)
        self._lean += share * (told - self._lean)
        low, high = _LEANS
        lean = abs(self._lean) / sqrt(share / (2 - share))  # in standard errors of such a mean
        if lean <= low:
            return
        doubt = (lean - low) / (high - low)
        moved = [self._growth_ns(_NEW) * doubt * each for each in (pulses**2 / 2, pulses, 1.0)]
        for row, a in zip(self._spread, moved, strict=True):
            row[:] = [p + a * b for p, b in zip(row, moved, strict=True)]
        self._lean *= max(0.0, 1 - doubt)


def _within(value: float, most: float) -> float:
    return min(most, max(-most, value))


def _times(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [[sum(a * b for a, b in zip(row, col, strict=True)) for col in columns] for row in left]
