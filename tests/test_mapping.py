"""The loaded patch: positions to coordinates and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.curve import played_at
from instrument.mapping import ControlMapping, KnobMapping, Mapping
from tests.curves import curves, rising_curves

POSITIONS = st.floats(0.0, 1.0)
RANGES = st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)).filter(lambda r: r[0] + 0.1 < r[1])


def calibrated(curve: tuple[float, ...], low: float = -3.0, high: float = 3.0) -> KnobMapping:
    return KnobMapping(1, 1, low, high, "calibrated", curve)


def test_a_knob_meets_its_ends_and_its_middle_exactly() -> None:
    """Down, centre and up of the first knob are -3, 0 and 3, with no rounding between."""
    knob = KnobMapping(1, 1, -3.0, 3.0)
    assert [knob.position_to_z(position) for position in (0.0, 0.5, 1.0)] == [-3.0, 0.0, 3.0]


@given(st.floats(0.0, 1.0))
def test_a_position_comes_back_from_its_coordinate(position: float) -> None:
    """A surface that shows a knob shows it where it was put."""
    knob = KnobMapping(1, 1, -2.0, 3.0)
    assert abs(knob.z_to_position(knob.position_to_z(position)) - position) < 1e-12


def test_a_coordinate_beyond_the_range_shows_as_an_end() -> None:
    """A coordinate the knob cannot reach puts it at its nearest end."""
    knob = KnobMapping(1, 1, -1.0, 1.0)
    assert (knob.z_to_position(-7.0), knob.z_to_position(7.0)) == (0.0, 1.0)


def test_half_way_on_a_calibrated_knob_is_half_way_in_notes() -> None:
    """Steep below the middle, flat above: from 2 to 10 notes the centre is where 6 are played."""
    knob = calibrated(tuple(2.0 + min(i, 30) * 0.2 + max(i - 30, 0) / 15 for i in range(61)))
    assert knob.position_to_z(0.5) == pytest.approx(-1.0)  # 2 + 20 * 0.2 notes
    assert knob.position_to_z(0.25) == pytest.approx(-2.0)
    assert knob.position_to_z(0.875) == pytest.approx(1.5)  # 8 + 15 / 15 notes


def test_the_centre_of_a_curve_that_is_the_same_both_ways_is_the_origin() -> None:
    """A knob for up and down is at rest in its middle, also where the middle is flat."""
    for curve in (
        tuple((i - 30) ** 3 / 100.0 for i in range(61)),
        (*range(-20, 0), *([0.0] * 21), *range(1, 21)),
    ):
        assert calibrated(tuple(map(float, curve))).position_to_z(0.5) == pytest.approx(0.0)


@given(curves, RANGES, POSITIONS, POSITIONS)
def test_more_of_a_calibrated_knob_is_never_less_z(
    curve: tuple[float, ...], ends: tuple[float, float], one: float, other: float
) -> None:
    """Turned up, it never goes back and never leaves its range; its ends are exactly its range."""
    knob = calibrated(curve, *ends)
    lower, higher = sorted((one, other))
    assert ends[0] <= knob.position_to_z(lower) <= knob.position_to_z(higher) <= ends[1]
    assert (knob.position_to_z(0.0), knob.position_to_z(1.0)) == ends


@given(rising_curves, RANGES, POSITIONS)
def test_a_calibrated_knob_plays_what_it_promises(
    curve: tuple[float, ...], ends: tuple[float, float], position: float
) -> None:
    """The position's share of the way from the one end's amount to the other's is what z plays."""
    low, high = (played_at(curve, end) for end in ends)
    z = calibrated(curve, *ends).position_to_z(position)
    promised = (1.0 - position) * low + position * high
    assert played_at(curve, z) == pytest.approx(promised, abs=1e-9 * (high - low))


@given(rising_curves, RANGES, POSITIONS)
def test_a_calibrated_position_comes_back_from_its_coordinate(
    curve: tuple[float, ...], ends: tuple[float, float], position: float
) -> None:
    """A surface shows a calibrated knob where it was put."""
    knob = calibrated(curve, *ends)
    assert abs(knob.z_to_position(knob.position_to_z(position)) - position) < 1e-6


@given(rising_curves, POSITIONS)
def test_a_calibrated_knob_does_not_jump_where_its_curve_rises(
    curve: tuple[float, ...], position: float
) -> None:
    """A hair's breadth on the knob is no leap in z."""
    knob = calibrated(curve)
    beside = min(1.0, position + 1e-9)
    assert abs(knob.position_to_z(beside) - knob.position_to_z(position)) < 1e-3


@given(st.floats(-5.0, 5.0), POSITIONS)
def test_a_knob_without_a_rising_curve_is_linear(amount: float, position: float) -> None:
    """No calibration, or a flat one: half-way on the knob is half-way in z, as it was before."""
    line = KnobMapping(1, 1, -3.0, 3.0)
    for knob in (calibrated(()), calibrated((amount,) * 61)):
        assert not knob.calibrated
        z = knob.position_to_z(position)
        assert z == line.position_to_z(position)
        assert knob.z_to_position(z) == line.z_to_position(z)


def test_a_linear_knob_takes_no_notice_of_a_calibration() -> None:
    """The patch decides: where it says linear, z is linear."""
    mapping = Mapping(knobs=(KnobMapping(1, 1, -3.0, 3.0),)).calibrated_by({1: (0.0, 1.0, 9.0)})
    assert mapping == Mapping(knobs=(KnobMapping(1, 1, -3.0, 3.0),))


def test_a_checkpoints_curves_reach_the_knobs_that_ask_for_them() -> None:
    """By dimension, not by number; a dimension without a curve leaves its knob linear."""
    asking = tuple(KnobMapping(n, 3 - n, -3.0, 3.0, "calibrated") for n in (1, 2))
    first, second = Mapping(knobs=asking).calibrated_by({2: (0.0, 1.0, 9.0)}).knobs
    assert (first.calibration, first.calibrated) == ((0.0, 1.0, 9.0), True)
    assert (second.calibration, second.calibrated) == ((), False)


def test_a_dimension_takes_its_knobs_range_or_the_patchs() -> None:
    """The range of a coordinate is that of the knob that moves it, else the patch's own."""
    mapping = Mapping(knobs=(KnobMapping(1, 2, -1.0, 2.0),), z_low=-4.0, z_high=4.0)
    assert mapping.z_range(2) == (-1.0, 2.0)
    assert mapping.z_range(1) == (-4.0, 4.0)


def test_a_mapping_survives_the_trip_to_the_player() -> None:
    """What the player reads from the message is the patch that was loaded."""
    knobs = (KnobMapping(1, 2, -1.0, 2.0), KnobMapping(2, 1, -1.0, 2.0, "calibrated", (0.1, 4.0)))
    mapping = Mapping(knobs=knobs, controls=(ControlMapping(20, 3, "knob/1"),), refresh="step")
    assert Mapping.from_message(json.loads(json.dumps(mapping.to_message()))) == mapping


def test_a_mapping_of_an_older_take_is_linear() -> None:
    """Takes from before there were curves play as they did."""
    message = Mapping().to_message()
    for knob in message["knobs"]:
        del knob["curve"], knob["calibration"]
    assert not any(knob.calibrated for knob in Mapping.from_message(message).knobs)
