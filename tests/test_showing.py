"""A performance and its controllers, in simulated time: what is shown comes to rest.

The devices here are the worst there are: they send back whatever they are told, at once or later,
rounded or not.
"""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.actions import Action, Capture, Set, Transport
from instrument.controllers import messages_of, value_of
from instrument.controls import Controls
from instrument.mapping import (
    ButtonMapping,
    ControlKind,
    ControlMapping,
    Encoder,
    KnobMapping,
    Mapping,
    Shows,
    TakeoverKind,
)
from instrument.midi_in import Arrival, Hands, Standing
from instrument.parameters import positions
from instrument.showing import Showing
from instrument.surface import ECHO_NS

MS = 1_000_000
TICK_MS = 5
PORT = "Device"
REST_MS = 700  # after the last move of anybody all is quiet
PITCHES = {"freeze": 36, "play-stop": 37, "capture": 38}

Echo = Callable[[bytes], Sequence[bytes]]


def exactly(message: bytes) -> Sequence[bytes]:
    return [message]


def is_fine_half(message: bytes) -> bool:
    return message[0] == 0xB0 and message[1] in (38, 52)


def rounded(message: bytes) -> Sequence[bytes]:
    return [message[:2] + b"\0"] if is_fine_half(message) else [message]


def coarse_only(message: bytes) -> Sequence[bytes]:
    return [] if is_fine_half(message) else [message]


def ending_every_note(message: bytes) -> Sequence[bytes]:
    return [message[:2] + b"\0"] if message[0] == 0x91 else [message]


def nothing(_message: bytes) -> Sequence[bytes]:
    return []


class Stage:
    """The rooms that a turn passes through, wired as a performance wires them, and one device."""

    def __init__(self, control: ControlMapping, echo: Echo, delay_ms: int) -> None:
        self.mapping = Mapping(
            knobs=(KnobMapping(1, 1, -3.0, 3.0),),
            controls=(control,),
            buttons=tuple(ButtonMapping(pitch, 2, does) for does, pitch in PITCHES.items()),
            shows=Shows(on=True),
        )
        self.ms = 10_000
        self.controls = Controls()
        self.playing = self.capturing = False
        self.sent: list[tuple[int, bytes]] = []
        self.device: dict[bytes, int] = {}  # what it shows: status and number -> value
        self._echo, self._delay_ms = echo, delay_ms
        self._in_flight: list[tuple[int, bytes]] = []
        self._showing = Showing(lambda: self.mapping, self.standing, self._send)
        self._hands = Hands(lambda: self.mapping, self.standing, self._showing.by_hand)
        self._showing.opened(PORT, True)

    def standing(self) -> Standing:
        state = self.controls.state()
        where = positions(state, self.mapping)
        return Standing(where, self.playing, state.freeze, self.capturing)

    def account(self) -> tuple[object, ...]:
        """All that a message could have moved."""
        state = self.controls.state()
        return state.values, self.playing, self.capturing

    def by_hand(self, *messages: bytes) -> None:
        for message in messages:
            self.device[message[:2]] = message[2]
            self._hear(message)

    def act(self, actions: Sequence[Action]) -> None:
        self.controls.apply(actions)
        for action in actions:
            if isinstance(action, Transport):
                self.playing = action.do == "play"
            elif isinstance(action, Capture):
                self.capturing = action.on

    def run(self, ms: int) -> None:
        """Look as often as a performance does while something moves."""
        for _ in range(ms // TICK_MS):
            self.ms += TICK_MS
            due = [message for at_ms, message in self._in_flight if at_ms <= self.ms]
            self._in_flight = [each for each in self._in_flight if each[0] > self.ms]
            for message in due:
                self._hear(message)
            self._showing.look(self.ms * MS)

    def _send(self, port: str, messages: Sequence[bytes]) -> bool:
        assert port == PORT
        for message in messages:
            self.sent.append((self.ms, message))
            self.device[message[:2]] = message[2]
            back_ms = self.ms + self._delay_ms
            self._in_flight += [(back_ms, each) for each in self._echo(message)]
        return True

    def _hear(self, message: bytes) -> None:
        failed: list[ValueError] = []
        arrival = Arrival(PORT, self.ms * MS, 0.0, message)
        self.act(self._hands.actions([arrival], failed.append))
        assert not failed


ENCODERS: list[Encoder] = ["twos-complement", "binary-offset", "signed-bit", "signed-bit-2"]
TAKEOVERS: list[TakeoverKind] = ["none", "pick-up", "scaling"]
KINDS: list[ControlKind] = ["cc", "cc14", "nrpn"]

keys = st.sampled_from(["knob/1", "gate", "transpose", "freeze"])
absolute = st.builds(
    lambda kind, key, takeover: ControlMapping(20, 1, key, kind, "absolute", takeover),
    st.sampled_from(KINDS),
    keys,
    st.sampled_from(TAKEOVERS),
)
relative = st.builds(
    lambda key, encoder: ControlMapping(20, 1, key, "cc", encoder), keys, st.sampled_from(ENCODERS)
)
controls = absolute | relative
echoes = st.sampled_from([exactly, rounded, coarse_only, ending_every_note])
delays = st.integers(0, ECHO_NS // MS - 3 * TICK_MS)
pauses = st.sampled_from([0, 5, 20, 50, 150, 400])


def moved(stage: Stage, position: float) -> Set:
    """What OSC would ask for, to bring the control there."""
    key = stage.mapping.controls[0].key
    low, high = {"gate": (5.0, 100.0), "transpose": (-24.0, 24.0)}.get(key, (0.0, 1.0))
    value = low + position * (high - low)
    return Set(key, float(round(value)) if key in ("transpose", "freeze") else value)


@given(
    controls,
    echoes,
    delays,
    st.lists(st.tuples(pauses, st.floats(0, 1), st.booleans()), max_size=12),
)
def test_a_device_that_sends_everything_back_moves_nothing(
    control: ControlMapping,
    echo: Echo,
    delay_ms: int,
    moves: list[tuple[int, float, bool]],
) -> None:
    """Whatever OSC moves stays exactly there; each change is told once, and then all is quiet."""
    stage = Stage(control, echo, delay_ms)
    stage.run(REST_MS)
    for pause_ms, position, playing in moves:
        stage.act([moved(stage, position), Transport("play" if playing else "stop")])
        before = stage.account()
        stage.run(pause_ms)
        assert stage.account() == before
    before = stage.account()
    stage.run(REST_MS)
    assert stage.account() == before
    told = len(stage.sent)
    stage.run(REST_MS)
    assert len(stage.sent) == told
    assert stage.account() == before
    of_the_control = 4 if control.kind == "nrpn" else 2 if control.kind == "cc14" else 1
    assert told <= (1 + len(moves)) * (of_the_control + len(PITCHES))


turns = st.tuples(pauses, st.sampled_from(["hand", "osc", "button"]), st.integers(0, 15))


@given(controls, echoes | st.just(nothing), delays, st.lists(turns, max_size=20))
def test_hands_and_echoes_together_come_to_rest(
    control: ControlMapping, echo: Echo, delay_ms: int, moves: list[tuple[int, str, int]]
) -> None:
    """After the last move of a hand or of OSC nothing goes on by itself, and what a control with a
    place of its own shows is what is so.
    """
    stage = Stage(control, echo, delay_ms)
    bits = 7 if control.kind == "cc" else 14
    for pause_ms, who, which in moves:
        if who == "osc":
            stage.act([moved(stage, which / 16)])
        elif who == "button":
            pitch = list(PITCHES.values())[which % 3]
            stage.by_hand(bytes((0x91, pitch, 100)), bytes((0x91, pitch, 0)))
        elif control.encoder == "absolute":
            value = value_of((which + 0.5) / 16, bits)
            stage.by_hand(*messages_of(control.kind, 1, control.number, value))
        else:
            stage.by_hand(bytes((0xB0, 20, (1, 63, 65, 127)[which % 4])))
        stage.run(pause_ms)
    stage.run(REST_MS)
    before, told = stage.account(), len(stage.sent)
    stage.run(REST_MS)
    assert (stage.account(), len(stage.sent)) == (before, told)
    assert told <= (2 + 2 * len(moves)) * (4 + len(PITCHES))
    if control.encoder == "absolute":
        wanted = value_of(stage.standing().positions[control.key], bits)
        messages = messages_of(control.kind, 1, control.number, wanted)
        assert {m[:2]: m[2] for m in messages}.items() <= stage.device.items()


def test_a_device_that_comes_back_is_told_everything() -> None:
    """It was off, so it shows nothing."""
    stage = Stage(ControlMapping(20, 1, "knob/1"), nothing, 0)
    stage.run(REST_MS)
    told = [message for _, message in stage.sent]
    stage._showing.opened(PORT, False)
    stage.act([Set("knob/1", 1.0)])
    stage.run(REST_MS)
    assert [message for _, message in stage.sent] == told
    stage._showing.opened(PORT, True)
    stage.run(REST_MS)
    again = [message for _, message in stage.sent[len(told) :]]
    assert b"\xb0\x14\x7f" in again
    assert len(again) == len(told)


def test_what_could_not_be_sent_is_told_again() -> None:
    """While there is no listener; the next one gets it all."""
    sent: list[bytes] = []
    there = [False]

    def send(_port: str, messages: Sequence[bytes]) -> bool:
        if there[0]:
            sent.extend(messages)
        return there[0]

    where = {"knob/1": 1.0}
    mapping = Mapping(controls=(ControlMapping(20, 1, "knob/1"),), shows=Shows(on=True))
    showing = Showing(lambda: mapping, lambda: Standing(where), send)
    showing.opened(PORT, True)
    showing.look(0)
    there[0] = True
    showing.look(100 * MS)
    assert sent == [b"\xb0\x14\x7f"]


@pytest.mark.parametrize("other", ["Other", PORT])
def test_a_turn_on_one_controller_is_shown_on_the_others(other: str) -> None:
    """And the one in the hand is left alone."""
    sent: list[tuple[str, bytes]] = []
    where = {"knob/1": 0.0}
    mapping = Mapping(controls=(ControlMapping(20, None, "knob/1"),), shows=Shows(on=True))

    def send(port: str, messages: Sequence[bytes]) -> bool:
        sent.extend((port, message) for message in messages)
        return True

    showing = Showing(lambda: mapping, lambda: Standing(dict(where)), send)
    showing.opened(PORT, True)
    showing.opened("Other", True)
    showing.look(0)
    sent.clear()
    hands = Hands(lambda: mapping, lambda: Standing(dict(where)), showing.by_hand)
    turned = Arrival(other, 200 * MS, 0.1, b"\xb0\x14\x7f")
    (action,) = hands.actions([turned], lambda _: None)
    assert isinstance(action, Set)
    where["knob/1"] = action.value
    showing.look(201 * MS)
    assert sent == [({"Other": PORT, PORT: "Other"}[other], b"\xb0\x14\x7f")]


def test_another_song_is_shown_by_its_own_patch_and_one_that_shows_nothing_is_dark() -> None:
    """As the song changes: the other's controls, all of them anew; then none."""
    sent: list[bytes] = []
    songs = [
        Mapping(controls=(ControlMapping(number, 1, "knob/1"),), shows=Shows(on=on))
        for number, on in ((20, True), (30, True), (40, False))
    ]
    present = [songs[0]]

    def send(_port: str, messages: Sequence[bytes]) -> bool:
        sent.extend(messages)
        return True

    showing = Showing(lambda: present[0], lambda: Standing({"knob/1": 1.0}), send)
    showing.opened(PORT, True)
    for place, song in enumerate([*songs, songs[1]]):
        present[0] = song
        showing.look(place * 100 * MS)
    assert sent == [b"\xb0\x14\x7f", b"\xb0\x1e\x7f", b"\xb0\x1e\x7f"]
