"""The loaded patch: positions to coordinates and back."""

import json

from hypothesis import given
from hypothesis import strategies as st

from instrument.mapping import CcMapping, KnobMapping, Mapping


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


def test_a_dimension_takes_its_knobs_range_or_the_patchs() -> None:
    """The range of a coordinate is that of the knob that moves it, else the patch's own."""
    mapping = Mapping(knobs=(KnobMapping(1, 2, -1.0, 2.0),), z_low=-4.0, z_high=4.0)
    assert mapping.z_range(2) == (-1.0, 2.0)
    assert mapping.z_range(1) == (-4.0, 4.0)


def test_a_mapping_survives_the_trip_to_the_player() -> None:
    """What the player reads from the message is the patch that was loaded."""
    mapping = Mapping(
        knobs=(KnobMapping(1, 2, -1.0, 2.0),), ccs=(CcMapping(20, 3, 1),), refresh="step"
    )
    assert Mapping.from_message(json.loads(json.dumps(mapping.to_message()))) == mapping
