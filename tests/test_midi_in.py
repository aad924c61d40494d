"""MIDI in: bytes in, actions out; and finding a port by a part of its name."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wire import Message
from instrument.actions import Action, Set, Snapshot, Transport, set_freeze, set_knob
from instrument.following import Following
from instrument.mapping import ButtonMapping, ControlMapping, Mapping, Receive
from instrument.midi_api import (
    MidiError,
    available_api,
    is_our_output,
    match_port,
    plain_name,
)
from instrument.midi_in import Arrival, Hands, MidiInput, Standing
from instrument.settings import knob_key
from instrument.tempo import MAX_TEMPO_BPM, MIN_TEMPO_BPM

MAPPING = Mapping()


def standing() -> Standing:
    """Every knob in its middle, nothing plays."""
    return Standing({knob_key(n): 0.5 for n in range(1, 13)})


def asked(mapping: Mapping, *messages: bytes) -> list[Action]:
    """What these messages ask for, one a tenth of a second."""
    failed: list[ValueError] = []
    arrivals = [Arrival("DAW", n * 10**8, 0.1, message) for n, message in enumerate(messages)]
    actions = Hands(lambda: mapping, standing).actions(arrivals, failed.append)
    assert not failed
    return actions


def test_the_default_controllers() -> None:
    """CC 20 turns knob 1 and CC 31 knob 12, on every channel."""
    for channel in range(16):
        assert asked(MAPPING, bytes([0xB0 + channel, 20, 127])) == [set_knob(1, 1.0)]
        assert asked(MAPPING, bytes([0xB0 + channel, 31, 64])) == [set_knob(12, 0.5)]


def test_a_controller_bound_to_a_channel() -> None:
    """A knob bound to channel 3 hears nothing on channel 4."""
    mapping = Mapping(controls=(ControlMapping(7, 3, "knob/1"),))
    assert asked(mapping, bytes([0xB2, 7, 0])) == [set_knob(1, 0.0)]
    assert asked(mapping, bytes([0xB3, 7, 0])) == []


def test_one_controller_can_turn_two_knobs() -> None:
    """Two knobs on one CC move together."""
    mapping = Mapping(controls=tuple(ControlMapping(7, None, knob_key(n)) for n in (1, 2)))
    assert asked(mapping, bytes([0xB0, 7, 0])) == [set_knob(1, 0.0), set_knob(2, 0.0)]


@pytest.mark.parametrize("message", [b"\x90\x14\x40", b"\xb0\x13\x40", b"\xf8", b"\xc0\x05"])
def test_what_is_not_mapped_is_passed_over(message: bytes) -> None:
    """Notes, clock, programs and unmapped controllers are no fault and move nothing."""
    assert asked(MAPPING, message) == []


def test_an_encoder_turns_on_from_where_its_knob_stands() -> None:
    """Also within one batch, and never past an end."""
    mapping = Mapping(controls=(ControlMapping(7, None, "knob/1", "cc", "twos-complement"),))
    right, left = bytes([0xB0, 7, 1]), bytes([0xB0, 7, 127])
    assert asked(mapping, right, right, left) == [
        set_knob(1, 0.5 + 1 / 128),
        set_knob(1, 0.5 + 2 / 128),
        set_knob(1, 0.5 + 1 / 128),
    ]
    assert asked(mapping, *[bytes([0xB0, 7, 63])] * 3)[-1] == set_knob(1, 1.0)


def test_a_parameter_of_its_own_number_is_turned_and_incremented() -> None:
    """NRPN 1,2 = 130: a value of 14 bits, then one up."""
    mapping = Mapping(controls=(ControlMapping(130, None, "knob/3", "nrpn"),))
    select = (b"\xb0\x63\x01", b"\xb0\x62\x02")
    value = (b"\xb0\x06\x40", b"\xb0\x26\x00")
    assert asked(mapping, *select, *value) == [set_knob(3, 0.5)]
    assert asked(mapping, *select, *value, b"\xb0\x60\x00")[-1] == set_knob(3, 0.5 + 1 / 128)


def test_each_port_has_its_own_half_values() -> None:
    """Two controllers that send pairs at once do not make one value of each other's halves."""
    mapping = Mapping(controls=(ControlMapping(16, None, "knob/1", "cc14"),))
    halves = [("A", b"\xb0\x10\x7f"), ("B", b"\xb0\x10\x00"), ("A", b"\xb0\x30\x7f")]
    arrivals = [Arrival(port, 0, 0.0, message) for port, message in halves]
    failed: list[ValueError] = []
    assert Hands(lambda: mapping, standing).actions(arrivals, failed.append) == [set_knob(1, 1.0)]


def test_buttons_do_what_they_say_when_pressed() -> None:
    """Not when let go. Freeze and play-stop change sides at each press, within a batch too."""
    mapping = Mapping(
        buttons=(
            ButtonMapping(36, None, "panic"),
            ButtonMapping(37, 10, "freeze"),
            ButtonMapping(50, None, "play-stop", "cc"),
        )
    )
    assert asked(mapping, b"\x90\x24\x40", b"\x80\x24\x00", b"\x90\x24\x00") == [Transport("panic")]
    pad = b"\x99\x25\x7f"
    assert asked(mapping, pad, pad, b"\x90\x25\x7f") == [set_freeze(True), set_freeze(False)]
    press, release = b"\xb0\x32\x7f", b"\xb0\x32\x00"
    assert asked(mapping, press, release, press) == [Transport("play"), Transport("stop")]


def test_a_knob_that_was_moved_elsewhere_is_picked_up_first() -> None:
    """It stands at 0.5; from 0 upwards the hardware moves nothing before it comes past."""
    mapping = Mapping(controls=(ControlMapping(7, None, "knob/1", takeover="pick-up"),))
    turned = [bytes([0xB0, 7, value]) for value in (0, 30, 62, 70)]
    assert [action.value for action in asked(mapping, *turned) if isinstance(action, Set)] == [
        pytest.approx(0.5 + 6 / 126)
    ]


@given(st.binary(max_size=6))
def test_any_bytes_give_positions_or_a_value_error(message: bytes) -> None:
    """Whatever a port delivers, a knob's position stays within 0..1."""
    failed: list[ValueError] = []
    actions = Hands(lambda: MAPPING, standing).actions(
        [Arrival("DAW", 0, 0.0, message)], failed.append
    )
    assert all(isinstance(each, Set) and 0.0 <= each.value <= 1.0 for each in actions)


def arrival(message: bytes) -> Arrival:
    return Arrival("DAW", 10**9, 0.25, message)


def test_a_fault_behind_the_controls_does_not_deafen_the_input() -> None:
    """It is counted and told; what arrives next is heard."""
    lines: list[str] = []

    def hear(_actions: Sequence[Action]) -> None:
        raise RuntimeError("our fault")

    midi = MidiInput(lambda: MAPPING, hear, lines.append, standing)
    midi.take([arrival(b"\xb0\x14\x7f")])
    midi.take([arrival(b"\xb0\x14\x7f")])
    assert midi.errors == 2
    assert "our fault" in lines[0]


def test_broken_messages_are_counted_and_the_next_is_heard() -> None:
    """A control change cut short is one error and one line; the knob after it still turns."""
    lines: list[str] = []
    heard: list[Action] = []
    midi = MidiInput(lambda: MAPPING, heard.extend, lines.append, standing)
    midi.take([arrival(b"\xb0\x14"), arrival(b"\xb0\x14\xc8"), arrival(b"\xb0\x14\x7f")])
    assert heard == [set_knob(1, 1.0)]
    assert midi.errors == 2
    assert len(lines) == 2


ALSA = ["Midi Through:Midi Through Port-0 14:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0"]
TWINS = ["KeyStep:KeyStep MIDI 1 20:0", "KeyStep:KeyStep MIDI 1 24:0"]
PAIR = ["LCXL:LCXL MIDI 1 20:0", "LCXL:LCXL MIDI 2 20:1"]


def test_a_clock_is_heard_with_its_port_and_time_and_programs_when_wanted() -> None:
    """Every message goes to the clock's room first; program 6, as devices count, is snapshot 6."""
    heard: list[Arrival] = []
    actions: list[Action] = []
    mapping = Mapping(receive=Receive(program=True))
    midi = MidiInput(lambda: mapping, actions.extend, lambda _: None, standing, [heard.append])
    midi.take([arrival(b"\xf8"), arrival(b"\xc0\x05"), arrival(b"\xb0\x14\x7f")])
    assert actions == [Snapshot("recall", "6"), set_knob(1, 1.0)]
    assert [(each.port, each.delta_s, each.message[0]) for each in heard] == [
        ("DAW", 0.25, status) for status in (0xF8, 0xC0, 0xB0)
    ]


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        (ALSA, "nanokontrol", ALSA[1]),
        (ALSA, "THROUGH", ALSA[0]),
        (ALSA, "nanoKONTROL2:nanoKONTROL2 MIDI 1 99:7", ALSA[1]),
        (TWINS, "keystep", TWINS[0]),
        (PAIR, "midi 2", PAIR[1]),
        (["a:in", "a:in 2"], "A:IN", "a:in"),
    ],
)
def test_a_port_is_found_by_a_part_of_its_name(names: list[str], wanted: str, found: str) -> None:
    """Case and client numbers do not count, a whole name beats a part, of twins it is the first."""
    assert match_port(names, wanted) == found


@pytest.mark.parametrize(
    ("names", "wanted", "said"),
    [
        (ALSA, "moog", "no MIDI port matches 'moog'; there are 'Midi Through:Midi Through Port-0'"),
        ([], "moog", "no MIDI port matches 'moog'; there is none at all"),
        (PAIR, "lcxl", "could be any of 'LCXL:LCXL MIDI 1', 'LCXL:LCXL MIDI 2'"),
        (ALSA, "", "no MIDI port matches ''"),
    ],
)
def test_a_port_that_is_not_there_is_told(names: list[str], wanted: str, said: str) -> None:
    """The sentence lists what could have been meant."""
    with pytest.raises(MidiError) as caught:
        match_port(names, wanted)
    assert said in str(caught.value)


def test_client_numbers_are_no_part_of_a_name() -> None:
    """ALSA's numbers change with every plugging in; a digit of the name itself stays."""
    assert plain_name("nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0") == "nanoKONTROL2:nanoKONTROL2 MIDI 1"


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Glisser:out", True),
        ("Glisser-01:out", True),
        ("Glisser:out 128:0", True),
        ("Glisser:Glisser out 128:0", True),
        ("Glisser:in", False),
        ("Other:out", False),
        ("Glisserando:out", False),
    ],
)
def test_it_knows_its_own_output(name: str, ours: bool) -> None:
    """Under whatever name a MIDI system gives it, the instrument never listens to itself."""
    assert is_our_output(name) is ours


def test_an_unknown_midi_system_is_told() -> None:
    """The sentence lists the systems there are."""
    with pytest.raises(MidiError, match="choose one of auto, alsa, coremidi, winmm, jack, none"):
        available_api("oss")


real_time = st.sampled_from([bytes([status]) for status in range(0xF8, 0x100)])
broken = st.one_of(
    st.binary(min_size=1, max_size=12),
    real_time,
    st.binary(max_size=40).map(lambda data: b"\xf0" + data),  # sysex, perhaps without its end
    st.binary(max_size=3).map(lambda data: b"\xb0" + data),
    st.binary(max_size=3).map(lambda data: b"\xf2" + data),  # song position, perhaps cut off
)


@given(st.lists(st.tuples(broken, st.floats(0, 2)), max_size=60))
def test_no_bytes_can_break_what_hears_them(stream: list[tuple[bytes, float]]) -> None:
    """Sysex, active sensing, what is cut off: no exception, no position out of range, no end.

    A clock that is followed hears all of it too, and the player is told nothing but finite numbers.
    """
    actions, told, ns = list[Action](), list[Message](), 0
    following = Following(Receive(), 120.0, told.append, lambda _: None)
    ears = MidiInput(lambda: MAPPING, actions.extend, lambda _: None, standing, [following.hear])
    for message, delta_s in stream:
        ns += round(delta_s * 1e9)
        ears.take([Arrival("port", ns, delta_s, message)])
    assert all(isinstance(a, Set) and 0.0 <= a.value <= 1.0 for a in actions)
    tempi = [message["tempo_bpm"] for message in told if "tempo_bpm" in message]
    assert all(MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM for tempo_bpm in tempi)
