"""What a controller is told of how things stand: all at first, then what changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.controllers import Reader, Touch, messages_of, position_of, value_of
from instrument.mapping import ButtonMapping, ControlKind, ControlMapping, Encoder, Mapping, Shows
from instrument.surface import AT_ONCE, ECHO_NS, EVERY_NS, QUIET_NS, Surface, lit

MS = 1_000_000
START_NS = 5_000 * MS


def surface(*controls: ControlMapping, buttons: tuple[ButtonMapping, ...] = ()) -> Surface:
    return Surface(Mapping(controls=controls, buttons=buttons, shows=Shows(on=True)))


def knob(number: int = 20, **more: object) -> ControlMapping:
    return ControlMapping(number, 1, "knob/1", **more)  # type: ignore[arg-type]


def turned(value: int, number: int = 20, kind: ControlKind = "cc", channel: int = 1) -> Touch:
    return Touch(kind, channel, number, position_of(value), value)


def told(tester: Surface, ms: int, position: float) -> list[str]:
    """What knob 1 is told at ``ms`` when it stands at ``position``."""
    return [each.hex() for each in tester.due(START_NS + ms * MS, {"knob/1": position})]


@given(st.sampled_from([7, 14]), st.data())
def test_a_value_is_told_as_it_is_heard(bits: int, data: st.DataObject) -> None:
    """What a device is told is what would have set the knob there."""
    value = data.draw(st.integers(0, (1 << bits) - 1))
    assert value_of(position_of(value, bits), bits) == value


@given(
    st.sampled_from(["cc", "cc14", "nrpn", "note"]),
    st.integers(1, 16),
    st.integers(0, 31),
    st.floats(0, 1),
)
def test_what_is_told_is_what_a_controller_of_that_kind_sends(
    kind: ControlKind, channel: int, number: int, position: float
) -> None:
    """Our own reader of controllers takes it for a turn to the same place, but for the rounding."""
    bits = 14 if kind in ("cc14", "nrpn") else 7
    reader = Reader(frozenset({(channel, number)} if kind == "cc14" else ()))
    value = value_of(position, bits)
    touches = [reader.touch(each) for each in messages_of(kind, channel, number, value)]
    *halves, touch = touches
    assert not any(halves)
    assert touch is not None
    assert (touch.kind, touch.channel, touch.number) == (kind, channel, number)
    assert abs(touch.position - position) <= 0.5 / ((1 << bits) - 2) + 1e-9


def test_everything_is_told_at_first_and_then_what_has_changed() -> None:
    """A change that seven bits cannot tell is none."""
    tester = surface(knob())
    assert told(tester, 0, 0.5) == ["b01440"]
    assert told(tester, 100, 0.5) == []
    assert told(tester, 200, 0.503) == []
    assert told(tester, 300, 1.0) == ["b0147f"]


@pytest.mark.parametrize(
    ("control", "messages"),
    [
        (knob(), ["b01460"]),
        (ControlMapping(20, 3, "knob/1"), ["b21460"]),
        (knob(kind="cc14"), ["b01460", "b03400"]),
        (knob(300, kind="nrpn"), ["b06302", "b0622c", "b00660", "b02600"]),
        (knob(encoder="twos-complement"), ["b01460"]),
    ],
)
def test_each_kind_is_told_in_its_own_way(control: ControlMapping, messages: list[str]) -> None:
    """Coarse before fine, the parameter before its value; a ring is set by an absolute value."""
    position = 0.5 + (0x60 - 64) / 126
    fine = control.kind in ("cc14", "nrpn")
    assert told(surface(control), 0, position_of(0x3000, 14) if fine else position) == messages


def test_a_control_of_any_channel_is_shown_on_the_patchs() -> None:
    """Channel 1 unless the patch says otherwise, however many channels it is heard on."""
    shows = Shows(on=True, channel=5)
    tester = Surface(Mapping(controls=(ControlMapping(20, None, "knob/1"),), shows=shows))
    assert told(tester, 0, 0.0) == ["b41400"]
    assert tester.by_hand(turned(9, channel=7), START_NS + 200 * MS)
    assert told(tester, 200, 0.5) == []


def test_of_two_knobs_on_one_controller_the_first_is_shown() -> None:
    """Else they would take turns for ever."""
    tester = surface(knob(), ControlMapping(20, 1, "knob/2"))
    where = {"knob/1": 0.0, "knob/2": 1.0}
    assert [each.hex() for each in tester.due(START_NS, where)] == ["b01400"]
    assert tester.due(START_NS + 100 * MS, where) == []


def test_a_race_is_told_in_steps_and_its_end_always() -> None:
    """One value in 20 ms; the newest, and the last one a little later."""
    tester = surface(knob())
    for ms in range(101):
        told(tester, ms, ms / 200)
    sent = [told(tester, 101 + ms, 0.5) for ms in range(EVERY_NS // MS)]
    assert [each for each in sent if each] in ([["b01440"]], [])
    tester = surface(knob())
    messages = [message for ms in range(101) for message in told(tester, ms, ms / 100)]
    assert 5 <= len(messages) <= 6
    assert told(tester, 130, 1.0) + messages[-1:] >= ["b0147f"]
    assert told(tester, 160, 1.0) == []


def test_a_cable_is_never_asked_for_more_than_it_carries() -> None:
    """A hundred controls at once are told in turn, none twice before all were told once."""
    controls = [ControlMapping(n, 1, f"knob/{n}") for n in range(100)]
    tester = surface(*controls)
    where = {f"knob/{n}": 0.5 for n in range(100)}
    told_ms = list[int]()
    numbers = list[int]()
    for ms in range(200):
        for message in tester.due(START_NS + ms * MS, where):
            told_ms.append(ms)
            numbers.append(message[1])
    assert sorted(numbers) == list(range(100))
    window_ms = EVERY_NS // MS
    assert all(
        sum(first <= ms < first + window_ms for ms in told_ms) <= AT_ONCE for first in told_ms
    )


def test_a_hundred_controls_that_all_move_are_told_in_turn() -> None:
    """None waits for ever behind the others."""
    tester = surface(*(ControlMapping(n, 1, f"knob/{n}") for n in range(100)))
    numbers = set[int]()
    for ms in range(200):
        where = {f"knob/{n}": ms % 100 / 100 for n in range(100)}
        numbers |= {message[1] for message in tester.due(START_NS + ms * MS, where)}
    assert numbers == set(range(100))


def test_a_control_in_a_hand_is_left_alone() -> None:
    """A motor would fight it; what the hand has set is what it shows."""
    tester = surface(knob())
    told(tester, 0, 0.0)
    assert tester.by_hand(turned(64), START_NS + 200 * MS)
    assert told(tester, 200, 0.5) == []
    assert told(tester, 250, 1.0) == []  # somebody else moves it meanwhile
    assert told(tester, 200 + QUIET_NS // MS - 1, 1.0) == []
    assert told(tester, 200 + QUIET_NS // MS, 1.0) == ["b0147f"]


def test_a_knob_that_has_not_picked_up_its_value_is_told_it_when_let_go() -> None:
    """The hand turned and nothing moved."""
    tester = surface(knob(takeover="pick-up"))
    told(tester, 0, 0.75)
    assert tester.by_hand(turned(10), START_NS + 200 * MS)
    assert told(tester, 499, 0.75) == []
    assert told(tester, 500, 0.75) == ["b01460"]


def test_what_the_hand_has_set_is_not_told_again() -> None:
    """It stands there already."""
    tester = surface(knob())
    told(tester, 0, 0.0)
    tester.by_hand(turned(64), START_NS + 200 * MS)
    assert told(tester, 5_000, 0.5) == []


@pytest.mark.parametrize(
    ("encoder", "right", "left"),
    [
        ("twos-complement", 1, 127),
        ("binary-offset", 65, 63),
        ("signed-bit", 1, 65),
        ("signed-bit-2", 65, 1),
    ],
)
def test_a_ring_follows_its_encoder_at_once(encoder: Encoder, right: int, left: int) -> None:
    """No motor is in the way; and no detent, right or left, is lost for the echo of the ring."""
    tester = surface(knob(encoder=encoder))
    for value in range(128):
        ms = value * (EVERY_NS // MS)
        shown = told(tester, ms, position_of(value))
        assert shown == [] or abs(int(shown[0][4:], 16) - value) <= 1
        for detent in (right, left):
            assert tester.by_hand(turned(detent), START_NS + (ms + 1) * MS)


def test_what_comes_back_is_no_hand() -> None:
    """Once, and soon; then the same value is a hand's."""
    tester = surface(knob())
    told(tester, 0, 1.0)
    assert not tester.by_hand(turned(127), START_NS + 30 * MS)
    assert tester.by_hand(turned(127), START_NS + 40 * MS)
    told(tester, 1_000, 0.0)
    assert tester.by_hand(turned(5), START_NS + 1_010 * MS)
    assert tester.by_hand(turned(0), START_NS + 1_001 * MS + ECHO_NS)


@pytest.mark.parametrize("returned", [0x2345, 0x2300, 0x2380])
def test_fourteen_bits_may_come_back_rounded_to_seven(returned: int) -> None:
    """A device that knows no more does not move the knob."""
    tester = surface(knob(kind="cc14"))
    told(tester, 0, position_of(0x2345, 14))
    touch = Touch("cc14", 1, 20, position_of(returned, 14), returned & 0x7F)
    assert not tester.by_hand(touch, START_NS + 30 * MS)
    assert told(tester, 1_000, position_of(0x2345, 14)) == []


BUTTONS = (
    ButtonMapping(36, 10, "freeze"),
    ButtonMapping(37, 10, "play-stop"),
    ButtonMapping(38, 10, "capture"),
    ButtonMapping(39, 10, "panic"),
    ButtonMapping(50, 2, "play", "cc"),
)


def test_buttons_with_a_state_are_lit() -> None:
    """Freeze, play and capture; panic is nothing that lasts."""
    tester = surface(buttons=BUTTONS)
    first = tester.due(START_NS, lit(playing=True, frozen=False, capturing=False))
    assert sorted(each.hex() for each in first) == ["992400", "99257f", "992600", "b1327f"]
    then = tester.due(START_NS + 50 * MS, lit(playing=False, frozen=True, capturing=True))
    assert sorted(each.hex() for each in then) == ["99247f", "992500", "99267f", "b13200"]


def test_a_button_that_darkens_itself_when_let_go_is_lit_again() -> None:
    """And one that lights nothing itself is lit at the press."""
    tester = surface(buttons=BUTTONS[:1])
    state = lit(playing=False, frozen=False, capturing=False)
    tester.due(START_NS, state)
    press, release = (Touch("note", 10, 36, v / 127, v) for v in (127, 0))
    assert tester.by_hand(press, START_NS + 500 * MS)
    state = lit(playing=False, frozen=True, capturing=False)
    assert [m.hex() for m in tester.due(START_NS + 501 * MS, state)] == ["99247f"]
    assert tester.by_hand(release, START_NS + 700 * MS)
    assert [m.hex() for m in tester.due(START_NS + 701 * MS, state)] == ["99247f"]


def test_a_patch_may_leave_its_buttons_dark() -> None:
    """For devices whose lights want other numbers than 127 and 0."""
    mapping = Mapping(controls=(), buttons=BUTTONS, shows=Shows(on=True, lights=False))
    assert Surface(mapping).due(START_NS, lit(playing=True, frozen=True, capturing=True)) == []


def test_a_hand_that_goes_back_to_what_was_told_is_shown_what_is_so() -> None:
    """It is taken for an echo; so the control is told once more when it is let go."""
    tester = surface(knob())
    told(tester, 0, 1.0)
    assert tester.by_hand(turned(90), START_NS + 50 * MS)
    assert not tester.by_hand(turned(127), START_NS + 100 * MS)
    assert told(tester, 349, position_of(90)) == []
    assert told(tester, 350, position_of(90)) == ["b0145a"]
    assert told(tester, 1_000, position_of(90)) == []
