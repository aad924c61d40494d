"""What a controller's bytes say of its knobs, by the charts of MIDI 1.0 and of the makers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.controllers import Reader, Touch, detents_of, position_of, turn
from instrument.mapping import Encoder

PAIR = frozenset({(1, 16)})


def control(number: int, value: int, channel: int = 1) -> bytes:
    return bytes([0xAF + channel, number, value])


@pytest.mark.parametrize(("bits", "last"), [(7, 127), (14, 16_383)])
def test_a_controllers_centre_is_the_middle(bits: int, last: int) -> None:
    """0, the centre and the last value are exactly 0, 0.5 and 1: a centre detent means z = 0."""
    centre = (last + 1) // 2
    assert [position_of(value, bits) for value in (0, centre, last)] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("bits", [7, 14])
def test_a_controller_only_ever_rises(bits: int) -> None:
    """Each value is a different position, in order."""
    positions = [position_of(value, bits) for value in range(1 << bits)]
    assert positions == sorted(set(positions))


@pytest.mark.parametrize(
    ("encoder", "right", "left", "three_left"),
    [
        ("twos-complement", 1, 127, 125),
        ("binary-offset", 65, 63, 61),
        ("signed-bit", 1, 65, 67),
        ("signed-bit-2", 65, 1, 3),
    ],
)
def test_the_four_ways_to_tell_of_detents(
    encoder: Encoder, right: int, left: int, three_left: int
) -> None:
    """One to the right, one to the left, three to the left."""
    assert [detents_of(value, encoder) for value in (right, left, three_left)] == [1, -1, -3]


def test_an_absolute_control_has_no_detents() -> None:
    """Asking for them is a slip of ours."""
    with pytest.raises(ValueError, match="no detents"):
        detents_of(1, "absolute")


def test_a_quick_turn_goes_further() -> None:
    """Slowly 128 detents are all of a knob; quickly a quarter; no further, however quick."""
    assert turn(1, 1.0) == turn(1, 0.06) == 1 / 128
    assert turn(-1, 0.03) == -2 / 128
    assert turn(1, 0.001) == turn(1, 0.0) == 4 / 128
    assert turn(5, 0.001) == 5 / 128  # it was quick by itself


def test_two_controllers_make_one_value() -> None:
    """The coarse one waits for the fine one: no value in between is ever told."""
    reader = Reader(PAIR)
    assert reader.touch(control(16, 64)) is None
    assert reader.touch(control(48, 0)) == Touch("cc14", 1, 16, 0.5, 0)
    assert reader.touch(control(48, 1)) == Touch("cc14", 1, 16, position_of(8193, 14), 1)
    assert reader.touch(control(16, 63)) is None
    assert reader.touch(control(48, 127)) == Touch("cc14", 1, 16, position_of(8191, 14), 127)


def test_a_controller_that_sends_no_fine_half_is_found_out() -> None:
    """From its second coarse value on, and its last value is all of the knob."""
    reader = Reader(PAIR)
    assert reader.touch(control(16, 1)) is None
    assert reader.touch(control(16, 127)) == Touch("cc14", 1, 16, 1.0, 127)


def test_controllers_that_are_no_pair_are_two() -> None:
    """On another channel, or another number, 48 is a controller like any other."""
    reader = Reader(PAIR)
    assert reader.touch(control(48, 127, channel=2)) == Touch("cc", 2, 48, 1.0, 127)
    assert reader.touch(control(49, 0)) == Touch("cc", 1, 49, 0.0, 0)


def test_a_parameter_is_selected_and_set() -> None:
    """By 99 and 98, then 6 and 38; 96 and 97 step it; a registered one, or none, is not ours."""
    reader = Reader()
    assert [reader.touch(control(99, 2)), reader.touch(control(98, 5))] == [None, None]
    assert reader.touch(control(6, 127)) is None
    assert reader.touch(control(38, 127)) == Touch("nrpn", 1, 261, 1.0, 127)
    assert reader.touch(control(97, 0)) == Touch("nrpn", 1, 261, 0.0, 0, -1)
    assert reader.touch(control(6, 9, channel=3)) == Touch("cc", 3, 6, position_of(9), 9)
    for number in (101, 100):
        reader.touch(control(number, 0))
    assert reader.touch(control(6, 9)) == Touch("cc", 1, 6, position_of(9), 9)
    for number in (99, 98):
        reader.touch(control(number, 127))
    assert reader.touch(control(96, 0)) == Touch("cc", 1, 96, 0.0, 0)


def test_notes_and_programs_are_touches_too() -> None:
    """A note-off, and a note-on of velocity 0, is a note that was let go."""
    reader = Reader()
    assert reader.touch(b"\x99\x24\x7f") == Touch("note", 10, 36, 1.0, 127)
    assert reader.touch(b"\x99\x24\x00") == Touch("note", 10, 36, 0.0, 0)
    assert reader.touch(b"\x89\x24\x40") == Touch("note", 10, 36, 0.0, 0)
    assert reader.touch(b"\xc1\x07") == Touch("program", 2, 7, 1.0, 127)


@pytest.mark.parametrize("message", [b"\xb0\x14", b"\xb0\x14\x80", b"\xc0", b"\x90\x24\x40\x00"])
def test_a_message_that_is_none_is_refused(message: bytes) -> None:
    """Too short, too long, a data byte that is none."""
    with pytest.raises(ValueError, match="is not a whole message"):
        Reader().touch(message)


@given(st.lists(st.tuples(st.sampled_from([6, 16, 38, 48, 96, 98, 99, 100]), st.integers(0, 127))))
def test_whatever_the_order_a_position_is_one(turned: list[tuple[int, int]]) -> None:
    """Halves that never meet, parameters that are half selected."""
    reader = Reader(PAIR)
    for number, value in turned:
        touch = reader.touch(control(number, value))
        assert touch is None or 0.0 <= touch.position <= 1.0
