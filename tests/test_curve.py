"""The curve of a true knob, read both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.card import CALIBRATION_VALUES
from instrument.curve import HIGHEST_Z, LOWEST_Z, Curve, played_at, where_it_plays
from tests.curves import curves

STAIRS = (0.0, 0.0, 2.0, 2.0, 2.0, 5.0, 6.0)  # one value for each whole z from -3 to 3


@pytest.mark.parametrize(
    ("z", "amount"),
    [(-3, 0), (-2, 0), (-1.5, 1), (-1, 2), (0.5, 2), (1.5, 3.5), (3, 6), (-9, 0), (9, 6)],
)
def test_a_curve_is_read_in_straight_lines_between_its_values(z: float, amount: float) -> None:
    """By hand, on a curve of seven values; beyond its ends it stays where it was."""
    assert played_at(STAIRS, z) == pytest.approx(amount)


@pytest.mark.parametrize(
    ("amount", "first", "last"),
    [(-1, -3, -2), (0, -3, -2), (1, -1.5, -1.5), (2, -1, 1), (3.5, 1.5, 1.5), (6, 3, 3), (7, 3, 3)],
)
def test_an_amount_is_played_over_a_stretch(amount: float, first: float, last: float) -> None:
    """By hand: a flat stretch from end to end, a single place where it rises, the nearest end."""
    assert where_it_plays(STAIRS, amount) == pytest.approx((first, last))


@given(curves, st.floats(-3.0, 3.0))
def test_a_place_lies_where_its_amount_is_played(curve: Curve, z: float) -> None:
    """What is played at z is played somewhere that plays as much."""
    amount = played_at(curve, z)
    assert curve[0] <= amount <= curve[-1]
    for place in where_it_plays(curve, amount):
        assert played_at(curve, place) == pytest.approx(amount, abs=1e-9)


def test_a_cards_curve_has_a_value_at_the_origin() -> None:
    """61 values from -3 to 3: the 31st is that of z = 0, with no rounding."""
    steps = CALIBRATION_VALUES - 1
    curve = tuple(float(i) for i in range(CALIBRATION_VALUES))
    assert (played_at(curve, LOWEST_Z), played_at(curve, HIGHEST_Z)) == (0.0, steps)
    assert played_at(curve, 0.0) == steps / 2
