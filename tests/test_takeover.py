"""A knob that takes over one that was moved elsewhere: it never leaps, and it always gets there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.mapping import TakeoverKind
from instrument.takeover import GREATEST_GAIN, NEAR, Takeover

places = st.integers(0, 127).map(lambda value: value / 127)


def test_without_takeover_the_value_leaps() -> None:
    """As a plain MIDI knob does."""
    assert Takeover("none").turned(0.9, 0.1) == 0.9


def test_pick_up_waits_until_the_knob_comes_past() -> None:
    """From below, and then it follows; moved elsewhere again, it waits again."""
    takeover = Takeover("pick-up")
    assert [takeover.turned(knob, 0.5) for knob in (0.1, 0.3, 0.45)] == [None] * 3
    assert takeover.turned(0.6, 0.5) == 0.6
    assert takeover.turned(0.2, 0.6) == 0.2
    assert takeover.turned(0.3, 0.9) is None


def test_pick_up_does_not_need_a_second_turn_where_both_agree() -> None:
    """The first turn of a knob that stands right is heard."""
    assert Takeover("pick-up").turned(0.5, 0.5 + NEAR / 2) == 0.5


def test_scaling_moves_at_once_and_arrives_together() -> None:
    """The knob is at 0.5, the value at 0.8: half of the knob's room is half of the value's."""
    takeover = Takeover("scaling")
    assert takeover.turned(0.5, 0.8) is None  # nobody knows yet which way it goes
    assert takeover.turned(0.75, 0.8) == pytest.approx(0.9)
    assert takeover.turned(1.0, 0.9) == pytest.approx(1.0)


@given(st.sampled_from(["pick-up", "scaling"]), places, st.lists(places, min_size=1))
def test_the_value_never_goes_much_faster_than_the_hand(
    kind: TakeoverKind, value: float, turns: list[float]
) -> None:
    """No step is greater than the hand's own (scaled: three times), but for what 7 bits can't tell.

    And whoever goes to both ends has it in hand, wherever it was.
    """
    takeover, before = Takeover(kind), None
    for knob in turns:
        turned = takeover.turned(knob, value)
        if turned is not None:
            hand = 0.0 if before is None else abs(knob - before)
            assert abs(turned - value) <= GREATEST_GAIN * hand + NEAR + 1e-9
            assert 0.0 <= turned <= 1.0
            value = turned
        before = knob
    for knob in (0.0, 1.0, 0.0, 0.25):
        turned = takeover.turned(knob, value)
        value = value if turned is None else turned
    assert value == 0.25
