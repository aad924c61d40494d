"""The latest value of every control, and who wrote last."""

import json
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from instrument.actions import Action, Transport, set_coordinate, set_freeze, set_knob, set_tempo
from instrument.controls import Controls, ControlState, after

positions = st.floats(0.0, 1.0)
actions = st.one_of(
    st.builds(set_knob, st.integers(1, 12), positions),
    st.builds(set_coordinate, st.integers(1, 12), st.floats(-3.0, 3.0)),
    st.builds(set_tempo, st.floats(20.0, 400.0)),
    st.builds(set_freeze, st.booleans()),
    st.just(Transport("play")),
)


def test_the_last_value_of_a_control_stays() -> None:
    """A knob turned twice stands where it was turned to last; other controls keep their place."""
    state = after(ControlState(), [set_knob(1, 0.2), set_freeze(True), set_knob(1, 0.7)])
    assert state.value("knob/1") == 0.7
    assert state.freeze
    assert state.tempo_bpm == 120.0


def test_a_later_writer_has_the_greater_serial() -> None:
    """Between a knob and a raw coordinate it can be told who wrote later."""
    state = after(ControlState(), [set_knob(1, 0.2), set_coordinate(1, 2.0)])
    assert state.serial_of("z/1") > state.serial_of("knob/1")


def test_transport_is_no_control() -> None:
    """Play changes no control and wakes nobody who waits for one to change."""
    controls = Controls()
    controls.apply([Transport("play")])
    assert controls.state() == ControlState()
    assert not controls.changed.is_set()


def test_a_change_is_announced() -> None:
    """Whoever waits for a change is woken by it."""
    controls = Controls()
    controls.apply([set_knob(1, 0.5)])
    assert controls.changed.is_set()


def test_a_bundle_is_never_torn() -> None:
    """A reader sees both knobs of a bundle moved, or neither, however fast two threads write."""
    controls = Controls(after(ControlState(), [set_knob(1, 0.0), set_knob(2, 0.0)]))

    def write(offset: int) -> None:
        for number in range(500):
            value = (2 * number + offset) / 1_000
            controls.apply([set_knob(1, value), set_knob(2, value)])

    writers = [Thread(target=write, args=(offset,)) for offset in (0, 1)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        state = controls.state()
        assert state.value("knob/1") == state.value("knob/2")
    assert controls.state().serial == 2 + 2 * 1_000


@given(st.lists(actions))
def test_a_state_survives_the_trip_to_the_player(asked: list[Action]) -> None:
    """What the player reads from the message is what the main process held."""
    state = after(ControlState(), asked)
    message = json.loads(json.dumps({"type": "controls", **state.to_message()}))
    assert ControlState.from_message(message) == state


@given(st.lists(actions), st.lists(actions))
def test_applying_in_two_halves_is_applying_at_once(
    first: list[Action], second: list[Action]
) -> None:
    """Only the order of what was asked matters, not how it was cut into messages."""
    assert after(after(ControlState(), first), second) == after(ControlState(), first + second)
