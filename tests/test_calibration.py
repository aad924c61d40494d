"""A knob's curve: rising whatever was measured, followed the same way here and on stage."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.measures.calibration import (
    calibration_curve,
    honesty,
    isotonic,
    positions_to_z,
    promised,
)
from instrument.mapping import KnobMapping
from tests.curves import curves, rising_curves

values = st.lists(st.floats(-50, 50), min_size=1, max_size=6)
positions = st.lists(st.floats(0, 1), min_size=1, max_size=9)


def test_what_falls_is_pooled() -> None:
    """3 and 1 become 2 and 2; 5 and 4 become 4.5; what rises stays."""
    assert isotonic([1.0, 3.0, 1.0, 5.0, 4.0, 6.0]).tolist() == [1.0, 2.0, 2.0, 4.5, 4.5, 6.0]
    assert isotonic([4.0, 3.0, 2.0]).tolist() == [3.0, 3.0, 3.0]


def best_blocks(row: list[float]) -> float:
    """The least squared distance from ``row`` to any rising row, by trying every cut into
    blocks.
    """
    best = np.inf
    for cuts in itertools.product([False, True], repeat=len(row) - 1):
        blocks = np.split(np.array(row), [k + 1 for k, cut in enumerate(cuts) if cut])
        means = [block.mean() for block in blocks]
        if all(a <= b + 1e-12 for a, b in itertools.pairwise(means)):
            best = min(best, sum(((block - block.mean()) ** 2).sum() for block in blocks))
    return float(best)


@given(values)
def test_no_rising_row_is_nearer(row: list[float]) -> None:
    """Among all ways to cut a row into pooled blocks, the one found is as near as the nearest."""
    found = isotonic(row)
    assert (np.diff(found) >= 0).all()
    distance = ((found - np.array(row)) ** 2).sum()
    assert distance == pytest.approx(best_blocks(row), abs=1e-6)


def test_the_curve_is_the_mean_of_the_sweeps() -> None:
    """Two sweeps whose mean falls once: the fall is levelled."""
    one, other = np.arange(61.0), np.arange(61.0)
    one[10], other[10] = 10.0, 16.0  # the mean at 10 is 13: more than at 11 and 12
    curve = calibration_curve([one, other])
    assert curve == (*range(10), 12.0, 12.0, 12.0, *range(13, 61))
    with pytest.raises(ValueError, match="a curve has 61 values, these sweeps 3"):
        calibration_curve([[1.0, 2.0, 3.0]])


def test_half_way_on_the_knob_is_half_way_in_notes() -> None:
    """A knob that is slow, then fast: the middle position stands where half the notes are."""
    curve = tuple(float(max(0, k - 40)) for k in range(61))  # 0 until z = 1, then to 20 at z = 3
    assert promised(curve, [0.0, 0.5, 1.0]).tolist() == [0.0, 10.0, 20.0]
    assert positions_to_z(curve, [0.0, 0.25, 0.5, 1.0]) == pytest.approx([-3.0, 1.5, 2.0, 3.0])


def test_a_flat_stretch_is_met_in_its_middle() -> None:
    """Half the notes are played all the way from z = -1 to z = 1: the knob stands at 0."""
    curve = tuple([0.0] * 20 + [1.0] * 21 + [2.0] * 20)
    assert positions_to_z(curve, [0.5]) == pytest.approx([0.0])


def test_a_dead_knob_promises_nothing() -> None:
    """A curve that never rises is followed in a straight line, with a span of 0."""
    curve = (5.0,) * 61
    assert positions_to_z(curve, [0.0, 0.25, 1.0]) == pytest.approx([-3.0, -1.5, 3.0])
    assert honesty(curve, [[5.0] * 33]).span == 0.0


@given(curves, positions)
def test_the_stage_follows_the_same_curve(curve: tuple[float, ...], places: list[float]) -> None:
    """What is judged here is what play does: the instrument's knob finds the same z."""
    knob = KnobMapping(1, 1, -3.0, 3.0, "calibrated", curve)
    expected = [knob.position_to_z(place) for place in places]
    assert positions_to_z(curve, places) == pytest.approx(expected, abs=1e-6)


@given(rising_curves)
def test_a_knob_that_plays_its_curve_is_honest(curve: tuple[float, ...]) -> None:
    """Delivered exactly by the curve: no error at any position, the whole span promised."""
    z = positions_to_z(curve, np.linspace(0, 1, 33))
    delivered = np.interp(z, np.linspace(-3, 3, 61), curve)
    found = honesty(curve, delivered[None])
    assert found.mean == pytest.approx(0.0, abs=1e-6)
    assert found.span == pytest.approx(curve[-1] - curve[0])


def test_every_point_and_position_counts() -> None:
    """One point exact, one half a note high, and one position of the latter 33 notes off."""
    curve = tuple(float(k) / 6 for k in range(61))
    exact = promised(curve, np.linspace(0, 1, 33))
    high = exact + 0.5
    high[7] = exact[7] - 33.0
    found = honesty(curve, [exact, high])
    assert found.mean == pytest.approx((32 * 0.5 + 33.0) / 66)
    assert found.percentile_95 == pytest.approx(0.5)
    assert found.span == pytest.approx(10.0)
