"""What the bench makes of a beat with a fault in it, and of the moments its judge tells."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.beats import beat
from benchmarks.judge import when_ns
from benchmarks.stretches import RATE

STEP = 62_500_000.0
MS = 1_000_000


def steps(places: Sequence[float]) -> list[float]:
    return [7.0 * STEP + place * STEP for place in places]


def test_an_even_beat_has_nothing_to_say() -> None:
    """Before and after the fault."""
    found = beat(steps(range(20)), steps([9.5])[0], STEP)
    assert found.missing == found.unheard == found.again == 0
    assert found.gap_ms == found.beside_ms == 0.0


def test_what_is_missing_is_told_apart_from_what_could_not_be_heard() -> None:
    """A place in a hole of JACK's is missing all the same; it counts among the unheard as well."""
    onsets = steps([place for place in range(20) if place not in (11, 15)])
    hole = (steps([14.9])[0], steps([15.1])[0])
    found = beat(onsets, steps([9.5])[0], STEP, [hole])
    assert (found.missing, found.unheard) == (2, 1)
    assert found.gap_ms == pytest.approx(STEP / MS)


def test_a_place_struck_twice_is_told() -> None:
    """However close the two are."""
    onsets = sorted([*steps(range(20)), steps([12])[0] + MS])
    found = beat(onsets, steps([9.5])[0], STEP)
    assert (found.missing, found.again) == (0, 1)


@pytest.mark.parametrize("off_ms", [-12.0, -1.0, 0.5, 20.0])
def test_a_beat_that_goes_on_elsewhere_is_beside(off_ms: float) -> None:
    """Early or late; whole steps do not count, and one odd onset before the fault moves nothing."""
    before, after = steps(range(10)), steps(range(13, 20))
    before[3] += 2 * MS
    found = beat([*before, *(onset + off_ms * MS for onset in after)], steps([9.5])[0], STEP)
    assert found.beside_ms == pytest.approx(abs(off_ms))
    assert found.missing == 3


def test_silence_after_the_fault_is_never_on_the_beat() -> None:
    """Nothing came back."""
    assert beat(steps(range(10)), steps([9.5])[0], STEP).beside_ms == float("inf")


@given(st.sets(st.integers(10, 40), min_size=1), st.floats(-0.2, 0.2))
def test_every_place_is_struck_or_missing(struck: set[int], off: float) -> None:
    """Whatever is left out, and wherever the whole lies."""
    before = list(range(10))
    found = beat(
        steps([place + off for place in [*before, *sorted(struck)]]), steps([9.5])[0], STEP
    )
    assert found.missing == max(struck) - 9 - len(struck)


def test_a_frame_after_a_hole_is_told_by_a_moment_after_it() -> None:
    """In a hole the frames stand still: 20 ms lie between two frames that follow each other."""
    second = 1_000_000_000
    moments = [(0, 0), (RATE, second), (RATE + 4800, second + 20 * MS + 100 * MS)]
    holes = [(RATE + 64, second + MS, second + 21 * MS)]
    assert when_ns(RATE // 2, moments, holes) == second / 2
    assert when_ns(RATE + 48, moments, holes) == pytest.approx(second + MS)
    assert when_ns(RATE + 96, moments, holes) == pytest.approx(second + 22 * MS)


def test_without_any_moment_no_time_is_told() -> None:
    """Rather than a wrong one."""
    with pytest.raises(ValueError, match="where the frames lie"):
        when_ns(0, [], [])
