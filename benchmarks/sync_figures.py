"""What arrived, against the sender's own beat. Pure: frames in, figures out."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.machine import quantile
from benchmarks.sync_cases import RATE, SIXTEENTHS_PER_BAR, Expected, Score

WITHIN_MS = 2.0  # of the sender's bar lines, once locked
FEWEST = 100  # messages
STOPPED_MS = 30.0  # after a Stop: the pulse before it was jittered, too

Onset = tuple[int, int]  # frame, pitch


@dataclass(frozen=True, slots=True)
class Errors:
    """How far notes lay from the sender's beat, in ms: ``p50`` with its sign, the rest without."""

    notes: int
    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Judged:
    """One case. ``locked_after_bars``: from that bar line on every one was within 2 ms.

    ``first_bar``: the first bar line that is judged.
    ``ramp``: where the tempo changes and the 2 s after; ``back``: the bar after a gap. ``missing``
    and ``misplaced``: notes that never came, or with the pitch of another step, once locked.
    ``voided``: notes not judged since the machine stood still in or near their bar.
    """

    locked_after_bars: int | None
    first_bar: int | None
    bar_lines: Errors | None
    notes: Errors | None
    ramp: Errors | None
    ramp_bar_lines: Errors | None
    back: Errors | None
    missing: int
    misplaced: int
    while_stopped: int
    voided: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Found:
    expected: Expected
    error_ms: float | None  # no note there
    placed: bool

    @property
    def bar_line(self) -> bool:
        return self.expected.sixteenth % SIXTEENTHS_PER_BAR == 0


def judged(
    score: Score, base: int, onsets: Sequence[Onset], pitches: Sequence[int], stops: Sequence[int]
) -> Judged:
    """``onsets`` rise in frames; the score's frame 0 was frame ``base``; ``pitches`` of the steps.

    ``stops``: frames at which JACK went on after leaving out cycles. Such a frame voids the bar it
    is in and its neighbours.
    """
    void = _void_bars(score, base, stops)
    expected = [e for n, e in enumerate(score.expected) if n // SIXTEENTHS_PER_BAR not in void]
    found = [_find(e, base, onsets, pitches, _reach(score, e)) for e in expected]
    locked = [f for f in found if f.expected.part != "locking"]
    steady = [f for f in locked if f.expected.part == "steady"]
    ramp = [f for f in locked if f.expected.part == "ramp"]
    return Judged(
        locked_after_bars=_locked_after(found),
        first_bar=next((_bar(f) for f in found if f.bar_line), None),
        bar_lines=errors([f for f in steady if f.bar_line]),
        notes=errors(steady),
        ramp=errors(ramp),
        ramp_bar_lines=errors([f for f in ramp if f.bar_line]),
        back=errors([f for f in locked if f.expected.part == "return"]),
        missing=sum(f.error_ms is None for f in locked),
        misplaced=sum(not f.placed for f in locked),
        while_stopped=sum(_within(score, base, frame) for frame, _ in onsets),
        voided=len(score.expected) - len(expected),
    )


def errors(found: Sequence[_Found]) -> Errors | None:
    """``None`` of no note."""
    values = [f.error_ms for f in found if f.error_ms is not None]
    return errors_of(values) if values else None


def errors_of(values: Sequence[float]) -> Errors:
    """The figures of errors in ms."""
    off = [abs(value) for value in values]
    shares = (quantile(values, 0.5), quantile(off, 0.99), max(off))
    return Errors(len(values), *(round(share, 4) for share in shares))


def undisturbed(frames: Sequence[int], stops: Sequence[int], margin: int) -> list[int]:
    """The longest stretch of ``frames`` that lies ``margin`` frames off every stop.

    Raises ``ValueError`` where fewer than a hundred are left.
    """
    edges = [-margin, *sorted(stops), frames[-1] + 2 * margin] if frames else []
    stretches = [[f for f in frames if a + margin < f < b - margin] for a, b in pairwise(edges)]
    longest = max(stretches, key=len, default=[])
    if len(longest) < FEWEST:
        raise ValueError(f"{len(longest)} messages in a stretch without a stop say nothing")
    return longest


def even(frames: Sequence[int]) -> Errors:
    """Against the even grid that lies nearest to them: what a follower would call jitter."""
    places = np.arange(len(frames))
    slope, first = np.polyfit(places, np.asarray(frames, dtype=np.float64), 1)
    return errors_of(((frames - (first + slope * places)) * 1e3 / RATE).tolist())


def apart(pulses: Sequence[int], notes: Sequence[int]) -> Errors | None:
    """Each note from the pulse nearest to it: notes on sixteenths lie on every sixth."""
    if not pulses or not notes:
        return None
    nearest = [min(pulses, key=lambda p, n=note: abs(p - n)) for note in notes]  # type: ignore[misc]
    return errors_of([(n - p) * 1e3 / RATE for n, p in zip(notes, nearest, strict=True)])


def _reach(score: Score, at: Expected) -> float:
    """Half a sixteenth, as it is there."""
    place = bisect_left([e.frame for e in score.expected], at.frame)
    near = score.expected[max(0, place - 1) : place + 2]
    spaces = [b.frame - a.frame for a, b in pairwise(near)]
    return min(spaces) / 2


def _find(
    at: Expected, base: int, onsets: Sequence[Onset], pitches: Sequence[int], reach: float
) -> _Found:
    frame = base + at.frame
    low = bisect_left(onsets, (round(frame - reach), -1))
    high = bisect_right(onsets, (round(frame + reach), 128))
    near = onsets[low:high]
    if not near:
        return _Found(at, None, placed=True)
    onset, pitch = min(near, key=lambda o: abs(o[0] - frame))
    placed = pitch == pitches[at.sixteenth % len(pitches)]
    return _Found(at, (onset - frame) * 1e3 / RATE, placed)


def _void_bars(score: Score, base: int, stops: Sequence[int]) -> set[int]:
    """The bars, counted as they come, in which the machine stood still, and their neighbours."""
    frames = [e.frame + base for e in score.expected]
    since = [stop for stop in stops if stop > base - RATE]
    hit = {max(0, bisect_right(frames, stop) - 1) // SIXTEENTHS_PER_BAR for stop in since}
    return {bar + by for bar in hit for by in (-1, 0, 1)}


def _locked_after(found: Sequence[_Found]) -> int | None:
    """The first bar line, counted from 0, from which on all are within 2 ms; ``None``: never."""
    after = None
    for line in (f for f in found if f.bar_line):
        if line.error_ms is None or abs(line.error_ms) > WITHIN_MS:
            after = None
        elif after is None:
            after = _bar(line)
    return after


def _bar(found: _Found) -> int:
    return found.expected.sixteenth // SIXTEENTHS_PER_BAR


def _within(score: Score, base: int, frame: int) -> bool:
    late = STOPPED_MS * RATE / 1e3
    return any(base + a + late < frame < base + b - late for a, b in score.silent)
