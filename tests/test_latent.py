"""From controls to a point in latent space."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from instrument.actions import Action, set_coordinate, set_knob
from instrument.controls import ControlState, after
from instrument.latent import knob_positions, z_at
from instrument.mapping import KnobMapping, Mapping

ORIGIN = (0.0,) * 12
MAPPING = Mapping()


def z_after(*actions: Action, mapping: Mapping = MAPPING) -> tuple[float, ...]:
    return z_at(after(ControlState(), actions), mapping)


def test_untouched_controls_leave_the_base_point() -> None:
    """Before anybody has turned anything the music is that of the base point."""
    base = tuple(float(n) for n in range(12))
    assert z_at(ControlState(base=base), MAPPING) == base


def test_knob_1_moves_z1_alone() -> None:
    """Knob 1 fully up is z1 = 3, and nothing else."""
    assert z_after(set_knob(1, 1.0)) == (3.0, *ORIGIN[1:])


def test_the_last_writer_of_a_coordinate_wins() -> None:
    """A raw coordinate overrides its knob until the knob is turned again."""
    assert z_after(set_knob(1, 1.0), set_coordinate(1, 2.0))[0] == 2.0
    assert z_after(set_coordinate(1, 2.0), set_knob(1, 1.0))[0] == 3.0


def test_a_raw_coordinate_is_clamped_to_the_patchs_range() -> None:
    """No message takes a coordinate to where the patch does not allow it."""
    narrow = Mapping(knobs=(KnobMapping(1, 1, -1.0, 1.0),), z_low=-2.0, z_high=2.0)
    z = z_after(set_coordinate(1, 9.0), set_coordinate(2, -9.0), mapping=narrow)
    assert z[:2] == (1.0, -2.0)


def test_a_knob_the_patch_does_not_map_moves_nothing() -> None:
    """A knob without a line in the patch is silent."""
    assert z_after(set_knob(13, 1.0)) == ORIGIN


def test_knobs_stand_where_the_coordinates_put_them() -> None:
    """A surface shows untouched knobs in the middle and a knob overridden by z where that is."""
    state = after(ControlState(), [set_knob(1, 0.3), set_knob(2, 0.1), set_coordinate(2, 3.0)])
    positions = knob_positions(state, MAPPING)
    assert (positions[1], positions[2], positions[3]) == (0.3, 1.0, 0.5)


def test_a_calibrated_knob_is_moved_by_its_curve_and_shown_where_z_puts_it() -> None:
    """From 0 to 8 notes, all of them above z1 = 0: the centre is 4 notes, z1 = 0 is position 0."""
    curve = (0.0, 0.0, 8.0)
    mapping = Mapping(knobs=(KnobMapping(1, 1, -3.0, 3.0, "calibrated", curve),))
    assert z_after(set_knob(1, 0.5), mapping=mapping)[0] == 1.5
    assert z_after(set_knob(1, 0.5), set_coordinate(1, 2.0), mapping=mapping)[0] == 2.0
    for z, position in ((0.0, 0.0), (1.5, 0.5), (2.25, 0.75)):
        state = after(ControlState(), [set_coordinate(1, z)])
        assert knob_positions(state, mapping)[1] == position


numbers = st.integers(1, 14)
wild = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(
        st.builds(set_knob, numbers, st.floats(0.0, 1.0)) | st.builds(set_coordinate, numbers, wild)
    )
)
def test_every_touched_coordinate_stays_in_range(actions: list[Action]) -> None:
    """Whatever is asked in whatever order, no coordinate leaves -3..3."""
    assert all(-3.0 <= value <= 3.0 for value in z_after(*actions))


def test_the_players_rooms_need_the_standard_library_only() -> None:
    """The player may import controls, mapping and latent without pydantic, numpy or OSC."""
    code = (
        "import sys, instrument.controls, instrument.mapping, instrument.latent;"
        "sys.exit(bool({'pydantic', 'numpy', 'pythonosc', 'torch', 'rtmidi'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
