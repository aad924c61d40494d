"""What the player does at a moment, under a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.wire import Message
from instrument.clock import ManualClock
from instrument.controls import ControlState
from instrument.leader import Follow
from instrument.mapping import Receive
from instrument.midi_clock import ClockFollower, PlayAt
from instrument.midi_out import Recorder
from instrument.outgoing import Outgoing
from instrument.panic import FLOOD_EVERY_NS, FLOOD_MESSAGES, MS
from instrument.pipes import END
from instrument.player_core import Player
from instrument.player_messages import Setup
from instrument.round_trips import FIRST_ROUND_TRIP_NS, SPARE_NS
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_BEAT, Timeline
from tests.clocks import PULSE, Cable, steady, true_pulses
from tests.parts import SETUP, TOKENS, answer, knob, transport

BEAT_NS = 500 * MS  # at 120 bpm
BAR_NS = 4 * BEAT_NS
NOTE_ON, NOTE_OFF = b"\x90\x3c\x60", b"\x80\x3c\x40"


@dataclass
class Stage:
    """A player under a clock that the test moves, with everything it sends and says."""

    setup: Setup = SETUP
    outputs: Sequence[Recorder] = field(default_factory=lambda: [Recorder()])
    said: list[Message] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(10**12))
    nudges_ns: Sequence[int] = ()
    clock_ports: Sequence[int] = ()
    ports: int | None = None

    def __post_init__(self) -> None:
        outgoing = Outgoing(self.outputs, self.nudges_ns)
        self.player = Player(
            self.setup,
            outgoing,
            lambda *messages: self.said.extend(messages),
            self.clock.now_ns(),
            self.clock_ports,
            self.ports,
        )
        self.start_ns = self.clock.now_ns()
        self.wake_ns = self.start_ns

    def tell(self, *messages: Message) -> None:
        """Messages arrive now."""
        self.wake_ns = self.player.turn(self.clock.now_ns(), messages)

    def run(self, to_ns: int) -> None:
        """Let time pass until ``to_ns`` after the start, the player waking when it asked to."""
        end_ns = self.start_ns + to_ns
        while self.wake_ns <= end_ns:
            self.clock.wait_until(self.wake_ns)
            self.tell()
        self.clock.wait_until(end_ns)

    def sleep(self, for_ns: int) -> None:
        """The machine is suspended: time passes and nobody wakes."""
        self.clock.advance(for_ns)

    def sent(self, port: int = 0) -> list[bytes]:
        return [message for _, message in self.outputs[port].sent]

    def timed(self, port: int = 0) -> list[tuple[int, bytes]]:
        """What one output was sent, with its due time in nanoseconds since the start."""
        return [(due_ns - self.start_ns, message) for due_ns, message in self.outputs[port].sent]

    def told(self, kind: str) -> list[Message]:
        return [message for message in self.said if message["type"] == kind]


def test_music_begins_with_the_setup_and_needs_nobody() -> None:
    """The card's phrase sounds at once; no answer ever comes and the beat goes on."""
    stage = Stage()
    stage.tell()
    assert stage.sent() == [NOTE_ON]
    stage.run(2 * BAR_NS)
    assert [bar["bar"] for bar in stage.told("bar")] == [1, 2, 3]
    assert len([message for message in stage.sent() if message == NOTE_ON]) == 9
    assert [bar["late"] for bar in stage.told("bar")] == [False, True, True]


def test_every_note_is_told_exactly_as_sent() -> None:
    """The take is written from these; each output has its own."""
    stage = Stage(outputs=[Recorder(), Recorder()])
    stage.run(BEAT_NS)
    on = {"type": "note", "tick": 0, "channel": 1, "pitch": 60, "velocity": 96}
    off = {**on, "tick": TICKS_PER_BEAT, "velocity": 0}
    again = {**on, "tick": TICKS_PER_BEAT}
    assert stage.told("note") == [
        {**note, "port": port} for note in (on, off, again) for port in (0, 1)
    ]
    assert stage.sent(0) == stage.sent(1) == [NOTE_ON, NOTE_OFF, NOTE_ON]


def test_a_knob_reaches_the_port_at_the_next_bar_line() -> None:
    """Turned in bar 1: asked for before bar 2 and heard on its first tick, told with its z."""
    stage = Stage()
    stage.tell(knob(1.0))
    stage.run(BAR_NS - 1)
    (request,) = stage.told("request")
    assert request["tick"] == TICKS_PER_BAR
    assert request["z"] == (3.0, *[0.0] * 11)
    stage.tell(answer(request, 72))
    stage.run(BAR_NS)
    assert stage.sent()[-1] == b"\x90\x48\x60"
    assert stage.told("take") == [
        {
            "type": "take",
            "request": {
                "tick": TICKS_PER_BAR,
                "id": request["id"],
                "z": request["z"],
                "temperature": 0.0,
                "seed": 0,
                "checkpoint": "stage",
                "tokens": TOKENS,
                "steps": (72, -1, -1, -1) * 8,
                "late": False,
            },
        }
    ]
    bar = stage.told("bar")[-1]
    assert (bar["bar"], bar["half"], bar["late"], bar["notes"]) == (2, 1, False, 8)
    assert (bar["z"], bar["tokens"]) == (request["z"], TOKENS)


def test_an_answer_that_came_while_the_machine_hiccuped_is_in_time() -> None:
    """It lay in the pipe before the bar line, though the player woke a moment after."""
    stage = Stage()
    stage.run(BAR_NS - 1)
    (request,) = stage.told("request")
    stage.sleep(20 * MS)
    stage.tell(answer(request, 72))
    assert [bar["late"] for bar in stage.told("bar")] == [False, False]
    assert stage.sent()[-1] == b"\x90\x48\x60"


TICK_NS = BEAT_NS // TICKS_PER_BEAT + 1


def requests_by(stage: Stage, to_ns: int) -> int:
    stage.run(to_ns)
    return len(stage.told("request"))


def test_a_quick_engine_is_asked_later() -> None:
    """The margin is what the last answers took and some more, in whole ticks."""
    stage = Stage()
    first_ns = BAR_NS - FIRST_ROUND_TRIP_NS - SPARE_NS
    assert requests_by(stage, first_ns - TICK_NS) == 0
    assert requests_by(stage, first_ns) == 1
    stage.sleep(5 * MS)
    stage.tell(answer(stage.told("request")[0], 72))
    stage.run(BAR_NS)
    stage.tell(knob(1.0))
    second_ns = 2 * BAR_NS - 5 * MS - SPARE_NS
    assert requests_by(stage, second_ns - 2 * TICK_NS) == 1
    assert requests_by(stage, second_ns) == 2


def test_a_knob_that_moves_after_the_asking_is_still_heard_at_the_bar_line() -> None:
    """It is asked for at once, and the bar tells how late that may be: what an answer takes."""
    stage = Stage()
    stage.run(BAR_NS - 20 * MS)
    stage.tell(answer(stage.told("request")[0], 72))
    stage.tell(knob(1.0))
    again = stage.told("request")[1]
    assert (again["tick"], again["z"][0]) == (TICKS_PER_BAR, 3.0)
    stage.sleep(4 * MS)
    stage.tell(answer(again, 74))
    stage.run(BAR_NS)
    assert stage.sent()[-1] == b"\x90\x4a\x60"
    # Asked for 52.1 ms before the bar line, answered 20 ms before it.
    assert stage.told("bar")[-1]["cutoff_ms"] == 32.1


def with_an_engine(stage: Stage, to_ns: int, takes_ns: int) -> None:
    """Let time pass; whatever is asked for is answered after ``takes_ns``."""
    half_ms = MS // 2
    seen = len(stage.told("request"))
    while stage.clock.now_ns() - stage.start_ns < to_ns:
        stage.run(stage.clock.now_ns() - stage.start_ns + half_ms)
        for request in stage.told("request")[seen:]:
            stage.sleep(takes_ns)
            stage.tell(answer(request, 72))
            seen += 1


def test_a_knob_that_would_keep_the_engine_past_the_last_call_waits_for_it() -> None:
    """Turned twice just before the last call: asked for once, as it stood there."""
    stage = Stage()
    for bar in range(1, 20):
        stage.tell(knob(bar / 20))
        with_an_engine(stage, bar * BAR_NS - 5 * MS, 2 * MS)
        stage.run(bar * BAR_NS)
    bar_ns = 20 * BAR_NS
    stage.run(bar_ns - 4 * MS)
    before = len(stage.told("request"))
    for early_ns, position in ((3 * MS, 0.1), (5 * MS // 2, 0.2)):
        stage.run(bar_ns - early_ns)
        stage.tell(knob(position))
    assert len(stage.told("request")) == before
    stage.run(bar_ns - 3 * MS // 2)
    (asked,) = stage.told("request")[before:]
    assert asked["z"][0] == pytest.approx(6 * 0.2 - 3)
    stage.tell(knob(0.9), answer(asked, 74))
    assert stage.told("request")[-1]["z"][0] == pytest.approx(6 * 0.9 - 3)  # worth a try
    stage.run(bar_ns)
    assert stage.sent()[-1] == b"\x90\x4a\x60"
    assert stage.told("bar")[-1]["late"] is False


def test_the_margin_is_the_same_time_at_any_tempo() -> None:
    """The engine is no quicker because the music is."""
    stage = Stage()
    stage.tell(knob(1.0, tempo=240.0))
    bar_ns = BAR_NS // 2 + TICK_NS // 2  # the change came with the first tick
    ask_ns = bar_ns - FIRST_ROUND_TRIP_NS - SPARE_NS
    assert requests_by(stage, ask_ns - TICK_NS) == 0
    assert requests_by(stage, ask_ns) == 1


def test_an_answer_that_is_no_phrase_is_told_and_the_music_goes_on() -> None:
    """One line for the terminal; the bar repeats."""
    stage = Stage()
    stage.run(BAR_NS - 1)
    (request,) = stage.told("request")
    stage.tell({"type": "phrase", "id": request["id"], "tokens": [0], "steps": [60]})
    assert "unusable" in stage.told("error")[0]["text"]
    stage.run(BAR_NS)
    assert stage.told("bar")[-1]["late"] is True


def test_stop_and_play() -> None:
    """Stop is silence; play is bar 1 at once, on the take's next bar line."""
    stage = Stage()
    stage.run(BEAT_NS + 1)
    stage.tell(transport("stop"))
    assert stage.sent()[-1] == NOTE_OFF
    quiet = len(stage.sent())
    stage.run(5 * BAR_NS)
    assert len(stage.sent()) == quiet
    stage.tell(transport("stop"))
    stage.tell(transport("play"))
    assert stage.timed()[-1] == (5 * BAR_NS, NOTE_ON)
    assert stage.told("note")[-1]["tick"] == TICKS_PER_BAR
    states = [(state["playing"], state["tick"]) for state in stage.told("state")]
    assert states == [
        (True, 0),
        (False, TICKS_PER_BEAT),
        (False, TICKS_PER_BAR),  # while stopped no tick passes
        (True, TICKS_PER_BAR),
    ]


def test_a_knob_set_before_play_is_heard_in_bar_one() -> None:
    """Standing still there is time to decode."""
    stage = Stage(replace(SETUP, playing=False))
    stage.tell(knob(0.0))
    (request,) = stage.told("request")
    stage.tell(answer(request, 48))
    stage.tell(transport("play"))
    assert stage.sent() == [b"\x90\x30\x60"]


def test_frozen_from_the_start() -> None:
    """A frozen performance asks for nothing."""
    stage = Stage(replace(SETUP, controls=ControlState.standing({"freeze": 1.0})))
    stage.run(4 * BAR_NS)
    assert stage.told("request") == []
    assert stage.told("bar")[-1]["misses"] == 0


def test_a_tempo_change_takes_hold_at_the_next_tick() -> None:
    """What is due stays due; from there the beat is twice as fast, and the take knows the tick."""
    stage = Stage()
    stage.run(BEAT_NS // 2)
    line = Timeline(120.0, 0, stage.start_ns).at_tempo(240.0, TICKS_PER_BEAT // 2 + 1)
    stage.tell(knob(0.5, tempo=240.0))
    assert stage.told("state")[-1] == {
        "type": "state",
        "playing": True,
        "tempo_bpm": 240.0,
        "tick": TICKS_PER_BEAT // 2 + 1,
        "line": (line.anchor_tick, line.anchor_ns, 240.0),
    }
    beat_ns = line.ns_of(TICKS_PER_BEAT) - stage.start_ns
    assert BEAT_NS * 3 // 4 < beat_ns < BEAT_NS * 4 // 5
    stage.run(beat_ns - 1)
    assert stage.sent() == [NOTE_ON]
    stage.run(beat_ns)
    assert stage.sent() == [NOTE_ON, NOTE_OFF, NOTE_ON]


def test_the_first_panic_is_silence_and_the_beat_goes_on() -> None:
    """Note-offs from the ledger, then pedal, notes and sound off on the channel in use."""
    stage = Stage()
    stage.run(MS)
    stage.tell(transport("panic"))
    assert stage.sent() == [NOTE_ON, NOTE_OFF, b"\xb0\x40\x00", b"\xb0\x7b\x00", b"\xb0\x78\x00"]
    stage.run(BEAT_NS)
    assert stage.sent()[5:] == [NOTE_ON]


def test_a_second_panic_within_a_second_closes_every_note_there_is() -> None:
    """2,048 note-offs, some at a time, and none for a note that has begun since."""
    stage = Stage()
    stage.run(MS)
    stage.tell(transport("panic"))
    stage.run(BEAT_NS - MS)
    begun = len(stage.sent())
    stage.tell(transport("panic"))
    flood_ns = 16 * 128 // FLOOD_MESSAGES * FLOOD_EVERY_NS
    before_ns = stage.clock.now_ns() - stage.start_ns
    for batch in range(1, 5):
        stage.run(before_ns + batch * FLOOD_EVERY_NS - 1)
        offs = [message for message in stage.sent() if message[0] & 0xF0 == 0x80]
        assert len(offs) <= 1 + batch * FLOOD_MESSAGES
    stage.run(BEAT_NS + flood_ns + BEAT_NS // 2)
    flooded = stage.sent()[begun:]
    closed = {(message[0] & 0x0F, message[1]) for message in flooded if message[0] & 0xF0 == 0x80}
    assert closed == {(channel, pitch) for channel in range(16) for pitch in range(128)}
    assert flooded.count(NOTE_OFF) == flooded.count(NOTE_ON) - 1  # the last one still sounds
    beats = [due_ns for due_ns, message in stage.timed() if message == NOTE_ON]
    assert beats == [n * BEAT_NS for n in range(len(beats))]


def test_two_panics_far_apart_are_two_first_panics() -> None:
    """Only a second press within a second means: everything."""
    stage = Stage()
    stage.tell(transport("panic"))
    stage.run(1001 * MS)
    stage.tell(transport("panic"))
    stage.run(1400 * MS)
    assert len([message for message in stage.sent() if message[0] == 0x81]) == 0


def test_after_a_suspension_there_is_no_burst() -> None:
    """The note that sounded is closed, what was missed stays silent, the beat keeps its place."""
    stage = Stage()
    stage.tell()
    stage.sleep(BAR_NS // 2 + 60 * MS)
    stage.tell()
    assert stage.sent() == [NOTE_ON, NOTE_OFF]
    assert stage.told("error")[-1]["text"].endswith("notes left out: 2")
    stage.run(3 * BEAT_NS)
    assert stage.timed()[2:] == [(3 * BEAT_NS, NOTE_ON)]
    assert len(stage.told("error")) == 1


def test_fifty_milliseconds_late_is_still_played() -> None:
    """A hiccup that short is better heard late than not at all."""
    stage = Stage()
    stage.tell()
    stage.sleep(BEAT_NS + 50 * MS)
    stage.tell()
    assert stage.sent() == [NOTE_ON, NOTE_OFF, NOTE_ON]
    assert stage.told("error") == []


def test_after_the_last_bar_all_is_closed_and_done_is_told() -> None:
    """Two bars at 120 are four seconds, to the nanosecond."""
    stage = Stage(replace(SETUP, bars=2))
    stage.run(2 * BAR_NS - 1)
    assert stage.told("done") == []
    stage.run(2 * BAR_NS)
    assert stage.told("done") == [{"type": "done"}]
    assert stage.timed()[-1] == (2 * BAR_NS, NOTE_OFF)
    assert stage.told("state")[-1]["playing"] is False
    stage.run(4 * BAR_NS)
    assert stage.timed()[-1] == (2 * BAR_NS, NOTE_OFF)


@pytest.mark.parametrize("last", [{"type": "quit"}, END])
def test_the_end_closes_every_note(last: Message) -> None:
    """Whether main says quit or is simply gone."""
    stage = Stage()
    stage.tell()
    stage.tell(last)
    assert stage.sent() == [NOTE_ON, NOTE_OFF]
    assert stage.player.exit_status == 0


def test_an_alive_every_hundred_milliseconds_also_after_a_pause() -> None:
    """Main counts on it; after a suspension one is enough."""
    stage = Stage(replace(SETUP, playing=False))
    stage.run(1000 * MS)
    assert len(stage.told("alive")) == 11
    stage.sleep(10_050 * MS)
    stage.tell()
    stage.tell()
    assert len(stage.told("alive")) == 12


def test_a_port_that_fails_keeps_no_other_from_falling_silent() -> None:
    """After a fault every port that still works gets its note-offs."""

    class Broken(Recorder):
        def send(self, message: bytes, due_ns: int, /) -> None:
            if self.sent:
                raise OSError("the cable is out")
            self.sent.append((due_ns, message))

    stage = Stage(outputs=[Broken(), Recorder()])
    stage.tell()
    stage.clock.advance(BEAT_NS)
    with pytest.raises(OSError, match="cable"):
        stage.tell()
    stage.player.abandon(stage.clock.now_ns())
    assert b"\xb0\x7b\x00" in stage.sent(1)


def test_a_message_nobody_knows_is_told_and_passed_over() -> None:
    """A newer main with an older player still plays."""
    stage = Stage()
    stage.tell({"type": "sing"})
    assert "sing" in stage.told("error")[0]["text"]


# --- Moments: leads and nudges --------------------------------------------------------------------


def with_lead(lead_ns: int) -> Recorder:
    return Recorder(lead_ns=lead_ns)


def test_an_output_with_a_queue_is_handed_its_notes_early_with_their_moments() -> None:
    """20 ms before each beat, and due exactly on it; bar 1 waits for the lead and no more."""
    stage = Stage(outputs=[with_lead(20 * MS)])
    stage.tell()
    assert stage.timed() == [(20 * MS, NOTE_ON)]
    stage.run(BEAT_NS - 1)
    assert len(stage.sent()) == 1
    stage.run(BEAT_NS)
    assert stage.timed()[1:] == [(BEAT_NS + 20 * MS, NOTE_OFF), (BEAT_NS + 20 * MS, NOTE_ON)]


def test_a_tempo_change_moves_nothing_that_is_handed_over() -> None:
    """The beat in the queue keeps its moment; the new tempo begins at the tick after."""
    stage = Stage(outputs=[with_lead(20 * MS)])
    stage.run(BEAT_NS)
    handed_over = stage.timed()
    stage.tell(knob(0.5, tempo=240.0))
    stage.run(BEAT_NS + BEAT_NS // 2 + 10 * MS)
    assert stage.timed()[: len(handed_over)] == handed_over
    line = Timeline(120.0, 0, 20 * MS).at_tempo(240.0, TICKS_PER_BEAT + 1)
    assert stage.timed()[len(handed_over)][0] == line.ns_of(2 * TICKS_PER_BEAT)


def test_a_stop_comes_after_what_is_handed_over() -> None:
    """The note in the queue is struck and closed, in this order, at one moment."""
    stage = Stage(outputs=[with_lead(20 * MS)])
    stage.run(BEAT_NS)
    stage.tell(transport("stop"))
    beat = BEAT_NS + 20 * MS
    assert stage.timed()[1:] == [(beat, NOTE_OFF), (beat, NOTE_ON), (beat, NOTE_OFF)]


@pytest.mark.parametrize("nudge_ns", [-7 * MS, 0, 35 * MS // 10, 50 * MS])
def test_a_nudge_moves_one_output_and_no_other(nudge_ns: int) -> None:
    """Every message of the second output so much later or earlier; bar 1 too."""
    stage = Stage(outputs=[Recorder(), Recorder()], nudges_ns=[0, nudge_ns])
    stage.run(4 * BEAT_NS)
    straight, nudged = stage.timed(0), stage.timed(1)
    assert min(len(straight), len(nudged)) > 6
    for (here, message), (there, same) in zip(straight, nudged, strict=False):
        assert (there - here, same) == (nudge_ns, message)


def test_a_nudged_output_is_called_at_its_own_moment() -> None:
    """An output without a queue sends when called: 50 ms after the other, not one before."""
    stage = Stage(outputs=[Recorder(), Recorder()], nudges_ns=[0, 50 * MS])
    stage.run(BEAT_NS + 50 * MS - 1)
    assert (len(stage.sent(0)), len(stage.sent(1))) == (3, 1)
    stage.run(BEAT_NS + 50 * MS)
    assert len(stage.sent(1)) == 3


def test_the_end_waits_for_what_is_on_its_way() -> None:
    """Quit closes the nudged note after it was struck, and only then is over."""
    stage = Stage(outputs=[Recorder()], nudges_ns=[50 * MS])
    stage.tell()
    stage.tell({"type": "quit"})
    assert stage.player.exit_status is None
    stage.clock.wait_until(stage.wake_ns)
    stage.tell()
    assert stage.sent() == [NOTE_ON, NOTE_OFF]
    assert stage.player.exit_status == 0


@given(
    st.lists(st.sampled_from([0, 3 * MS, 20 * MS]), min_size=1, max_size=3),
    st.lists(st.integers(-50 * MS, 50 * MS), min_size=3, max_size=3),
    st.lists(
        st.tuples(
            st.integers(0, BEAT_NS),
            st.sampled_from(["", "play", "stop", "panic", "tempo", "late", "follow", "jump"]),
        ),
        max_size=8,
    ),
)
@settings(deadline=None, max_examples=20)
def test_whatever_happens_every_output_gets_its_messages_in_order(
    leads: list[int], nudges: list[int], story: list[tuple[int, str]]
) -> None:
    """Moments never go back, every note-on has its note-off, none is handed over twice."""
    outputs = [with_lead(lead) for lead in leads]
    stage = Stage(outputs=outputs, nudges_ns=nudges[: len(leads)])
    for after_ns, what in story:
        stage.run(stage.clock.now_ns() - stage.start_ns + after_ns)
        match what:
            case "tempo":
                stage.tell(knob(0.5, tempo=100.0 + after_ns % 200))
            case "late":
                stage.sleep(after_ns)
                stage.tell()
            case "follow" | "jump":
                ns = stage.clock.now_ns() - after_ns // (100 if what == "follow" else 1)
                stage.tell(Follow(119.0, stage_tick(stage), ns).to_message())
            case "":
                stage.tell()
            case _:
                stage.tell(transport(what))
    stage.tell({"type": "quit"})
    while stage.player.exit_status is None:
        stage.clock.wait_until(stage.wake_ns)
        stage.tell()
    for port in range(len(leads)):
        moments = [due_ns for due_ns, _ in stage.timed(port)]
        assert moments == sorted(moments)
        sounding = False
        for message in stage.sent(port):
            if message == NOTE_ON:
                assert not sounding
            sounding = message == NOTE_ON or (sounding and message != NOTE_OFF)
        assert not sounding


def stage_tick(stage: Stage) -> int:
    """About where the music is."""
    return (stage.clock.now_ns() - stage.start_ns) * TICKS_PER_BEAT // BEAT_NS


# --- Following ------------------------------------------------------------------------------------


def beats_of(stage: Stage) -> list[int]:
    return [due_ns for due_ns, message in stage.timed() if message == NOTE_ON]


def play_at(song_tick: int, ns: int, tempo_bpm: float = 120.0) -> Message:
    follow = Follow(tempo_bpm, song_tick, ns).to_message()
    return {**follow, "type": "transport", "do": "play"}


def test_a_song_begins_where_and_when_the_leader_says() -> None:
    """Bar 4 at its place in the cycle; the first beat lies where the leader put it."""
    stage = Stage(replace(SETUP, playing=False))
    stage.tell(play_at(3 * TICKS_PER_BAR, stage.start_ns - MS))
    assert beats_of(stage) == [-MS]
    assert [(bar["bar"], bar["half"]) for bar in stage.told("bar")] == [(4, 1)]


def test_a_small_error_is_made_up_for_within_a_sixteenth_and_nothing_is_played_twice() -> None:
    """Three ms late: the next beat is where the leader's is, and there is one of each."""
    stage = Stage()
    stage.run(BEAT_NS // 2)
    stage.tell(
        Follow(120.0, TICKS_PER_BEAT // 2, stage.start_ns + BEAT_NS // 2 - 3 * MS).to_message()
    )
    stage.run(4 * BEAT_NS)
    for beat, due_ns in enumerate(beats_of(stage)[1:], start=1):
        assert abs(due_ns - (beat * BEAT_NS - 3 * MS)) < 2_000
    assert len(beats_of(stage)) == 5


@pytest.mark.parametrize("shift_ns", [-40 * MS, 40 * MS])
def test_a_larger_error_is_one_step_to_the_right_place(shift_ns: int) -> None:
    """The next step comes sooner or later; the sounding note is closed by it, once."""
    stage = Stage()
    stage.run(BEAT_NS // 2)
    now_ns = stage.clock.now_ns()
    stage.tell(Follow(120.0, TICKS_PER_BEAT // 2, now_ns + shift_ns).to_message())
    stage.run(3 * BEAT_NS)
    expected = [0, *(beat * BEAT_NS + shift_ns for beat in (1, 2, 3))]
    assert beats_of(stage)[:3] == expected[:3]
    notes = [m for m in stage.sent() if m in (NOTE_ON, NOTE_OFF)]
    assert notes[:5] == [NOTE_ON, NOTE_OFF, NOTE_ON, NOTE_OFF, NOTE_ON]


def test_another_place_in_the_song_closes_what_sounds_and_goes_on_there() -> None:
    """A jump of two beats: off at once, then the leader's next beat; told as a new start."""
    stage = Stage()
    stage.run(BEAT_NS // 4)
    now_ns = stage.clock.now_ns()
    stage.tell(Follow(120.0, 2 * TICKS_PER_BEAT + TICKS_PER_BEAT // 4, now_ns).to_message())
    assert stage.sent() == [NOTE_ON, NOTE_OFF]
    stage.run(BEAT_NS)
    assert beats_of(stage) == [0, BEAT_NS]
    assert [state["playing"] for state in stage.told("state")][-2:] == [False, True]


def test_play_joins_a_song_that_is_under_way() -> None:
    """The space bar in the middle of the leader's bar 2: from its next sixteenth, in its place."""
    stage = Stage(replace(SETUP, playing=False))
    stage.tell(Follow(120.0, TICKS_PER_BAR + 30, stage.start_ns).to_message())
    stage.tell(transport("play"))
    stage.run(BAR_NS)
    assert stage.told("bar")[0]["bar"] == 2
    line = Timeline(120.0, TICKS_PER_BAR + 30, 0)
    assert beats_of(stage)[0] == line.ns_of(TICKS_PER_BAR + TICKS_PER_BEAT)


def test_a_leader_without_a_place_gives_its_pace_and_keeps_our_phase() -> None:
    """Clock without transport: bar 1 stays bar 1, beats go on at the leader's tempo, no drift."""
    stage = Stage()
    for pulse in range(1, 97):
        stage.run(pulse * 20 * MS)  # 125 bpm
        stage.tell(Follow(125.0, 1000 + 4 * pulse, stage.clock.now_ns(), placed=False).to_message())
    stage.run(97 * 20 * MS)
    assert [bar["bar"] for bar in stage.told("bar")] == [1, 2]
    for beat, due_ns in enumerate(beats_of(stage)):
        assert abs(due_ns - beat * 480 * MS) < 5 * MS
    assert stage.told("state")[-1]["tempo_bpm"] == 125.0


def test_without_its_leader_the_music_goes_on_at_the_last_tempo() -> None:
    """Also when the last word was a correction; and a second later the performer decides again."""
    stage = Stage()
    stage.tell(Follow(100.0, 0, stage.start_ns - 2 * MS).to_message())
    stage.tell(knob(0.5, tempo=200.0))  # while it leads, nobody else does
    stage.run(4 * BEAT_NS)
    assert [round((due + 2 * MS) / (600 * MS), 4) for due in beats_of(stage)[1:]] == [1, 2, 3]
    stage.tell(knob(0.5, tempo=300.0))
    assert stage.told("state")[-1]["tempo_bpm"] == 300.0


def test_a_real_clock_over_a_bad_cable_is_followed_to_two_milliseconds() -> None:
    """Sender, cable, follower and player together: every bar line from the second on."""
    true = true_pulses(steady(133.0), 8 * 96)
    follower = ClockFollower(Receive(), 120.0)
    stage = Stage(replace(SETUP, playing=False), clock=ManualClock(true[0] - MS))
    follower.feed(true[0] - MS, b"\xfa")
    for time_ns in Cable().arrivals(true):
        if time_ns > stage.clock.now_ns():
            stage.run(time_ns - stage.start_ns)
        for heard in follower.feed(time_ns, PULSE):
            if isinstance(heard, PlayAt):
                stage.tell({**heard.follow.to_message(), "type": "transport", "do": "play"})
            elif isinstance(heard, Follow):
                stage.tell(heard.to_message())
    beats = [due_ns + stage.start_ns for due_ns in beats_of(stage)]
    assert len(beats) == 32
    for bar in range(1, 8):
        assert abs(beats[4 * bar] - true[96 * bar]) <= 2 * MS


# --- Clock out ------------------------------------------------------------------------------------


def clock_stage(setup: Setup = SETUP, lead_ns: int = 0) -> Stage:
    outputs = [Recorder(), with_lead(lead_ns)]
    return Stage(setup, outputs=outputs, clock_ports=[1], ports=1)


def test_the_clock_is_start_and_24_pulses_a_beat_that_never_drift() -> None:
    """Start a millisecond before the first pulse; each pulse at its tick; Stop where bar 3 is."""
    stage = clock_stage(replace(SETUP, bars=2))
    stage.run(3 * BAR_NS)
    (start_ns, start), *sent = stage.timed(1)
    assert start == b"\xfa"
    line = Timeline(120.0, 0, start_ns + MS)
    pulses = [each for each in sent if each[1] == PULSE]
    assert pulses == [(line.ns_of(4 * n), PULSE) for n in range(len(pulses))]
    assert sent[2 * 96] == (line.ns_of(2 * TICKS_PER_BAR), b"\xfc")
    assert stage.timed(0)[0][0] == pulses[0][0]


def test_a_stop_in_mid_bar_and_a_play_are_stop_and_start() -> None:
    """The clock goes on in between, and the song begins again on one of its pulses."""
    stage = clock_stage()
    stage.run(BEAT_NS)
    stage.tell(transport("stop"))
    assert stage.sent(1)[-1] == b"\xfc"
    before = len(stage.sent(1))
    stage.run(3 * BEAT_NS + 7 * MS)
    assert set(stage.sent(1)[before:]) == {PULSE}
    before = len(stage.sent(1))
    stage.tell(transport("play"))
    stage.run(4 * BEAT_NS)
    assert stage.sent(1)[before : before + 2] == [b"\xfa", PULSE]
    pulses = [ns for ns, message in stage.timed(1) if message == PULSE]
    even = [Timeline(120.0, 0, MS).ns_of(4 * n) for n in range(len(pulses))]
    assert max(abs(a - b) for a, b in zip(pulses, even, strict=True)) <= 2  # ns
    assert stage.timed(0)[-1][0] in pulses


@pytest.mark.parametrize("lead_ns", [0, 20 * MS])
def test_the_clock_runs_before_the_song_and_ends_with_the_player(lead_ns: int) -> None:
    """A follower has the tempo, also a new one, and is there from the first note on."""
    stage = clock_stage(replace(SETUP, playing=False), lead_ns)
    stage.run(BEAT_NS)
    stage.tell(knob(0.5, tempo=133.0))
    stage.run(3 * BAR_NS)
    stage.tell(transport("play"))
    stage.run(5 * BAR_NS)
    stage.tell({"type": "quit"})
    while stage.player.exit_status is None:
        stage.clock.wait_until(stage.wake_ns)
        stage.tell()
    sent = stage.timed(1)
    assert sent[-1][1] == b"\xfc"
    assert [message for _, message in sent if message != PULSE] == [b"\xfa", b"\xfc"]
    follower, begun = ClockFollower(Receive(), 90.0), []
    for ns, message in sent:
        begun += [h.follow for h in follower.feed(ns, message) if isinstance(h, PlayAt)]
    (first,) = begun
    assert first.tempo_bpm == pytest.approx(133.0, abs=0.01)
    assert abs(first.ns - beats_of(stage)[0]) < MS // 20


def test_no_pulse_follows_the_last_stop() -> None:
    """The player waits for a clock that is nudged by 200 ms, and beats no further meanwhile."""
    stage = Stage(
        SETUP,
        outputs=[Recorder(), Recorder()],
        clock_ports=[1],
        ports=1,
        nudges_ns=[0, 200 * MS],
    )
    stage.run(BEAT_NS)
    stage.tell({"type": "quit"})
    while stage.player.exit_status is None:
        stage.clock.wait_until(stage.wake_ns)
        stage.tell()
    assert stage.sent(1)[-1] == b"\xfc"


def test_after_a_sleep_a_standing_song_s_clock_sends_no_burst() -> None:
    """It goes on where it would be, and says nothing else."""
    stage = clock_stage(replace(SETUP, playing=False))
    stage.run(BEAT_NS)
    before = len(stage.sent(1))
    stage.sleep(BAR_NS)
    stage.run(6 * BEAT_NS)
    woken = stage.timed(1)[before:]
    assert {message for _, message in woken} == {PULSE}
    assert [ns for ns, _ in woken] == [Timeline(120.0).ns_of(4 * n) for n in range(118, 145)]


def test_a_play_inside_the_song_is_told_with_its_position() -> None:
    """Bar 3 is sixteenth 32; then Continue, then the pulse that lies there."""
    stage = clock_stage(replace(SETUP, playing=False))
    stage.tell(play_at(2 * TICKS_PER_BAR, stage.start_ns))
    assert [each for each in stage.sent(1) if each != PULSE] == [b"\xf2\x20\x00", b"\xfb"]
    assert stage.sent(1)[-1] == PULSE


def test_after_a_sleep_the_clock_tells_its_place_and_sends_no_burst() -> None:
    """Stop, position, Continue: whoever counts pulses is right again."""
    stage = clock_stage()
    stage.run(BEAT_NS)
    before = len(stage.sent(1))
    stage.sleep(BAR_NS)
    stage.tell()
    assert stage.sent(1)[before:] == [b"\xfc"]
    stage.run(stage.clock.now_ns() - stage.start_ns + BEAT_NS)
    woken = stage.sent(1)[before:]
    assert woken[1][0] == 0xF2
    assert woken[2:4] == [b"\xfb", PULSE]
    sixteenth = woken[1][1]
    first_ns = next(ns for ns, m in stage.timed(1)[before + 3 :] if m == b"\xf8")
    line = Timeline(120.0, 0, MS)
    assert first_ns == line.ns_of(sixteenth * 24)


@pytest.mark.parametrize("lead_ns", [0, 20 * MS])
def test_a_follower_of_our_clock_locks_to_our_bar_lines(lead_ns: int) -> None:
    """Fed with what we send, it is within a tenth of a millisecond, over a tempo change too."""
    stage = clock_stage(lead_ns=lead_ns)
    stage.run(3 * BAR_NS)
    stage.tell(knob(0.5, tempo=131.0))
    stage.run(9 * BAR_NS)
    follower = ClockFollower(Receive(), 100.0)
    newest: Follow | None = None
    errors = {}
    beats = beats_of(stage)
    for ns, message in stage.timed(1):
        if newest is not None and message == PULSE and (newest.song_tick + 4) % TICKS_PER_BAR == 0:
            bar = (newest.song_tick + 4) // TICKS_PER_BAR
            line = Timeline(newest.tempo_bpm, newest.song_tick, newest.ns)
            if 4 * bar < len(beats):
                errors[bar] = abs(line.ns_of(bar * TICKS_PER_BAR) - beats[4 * bar])
        for heard in follower.feed(ns, message):
            newest = heard if isinstance(heard, Follow) else getattr(heard, "follow", newest)
    assert len(errors) >= 8
    assert all(error < MS // 10 for bar, error in errors.items() if bar != 4)


def test_a_player_that_makes_way_closes_its_notes_and_ends_nothing_else() -> None:
    """Another one goes on with the song: no end is told, and no bar 1 comes."""
    stage = Stage()
    stage.run(BEAT_NS // 2)
    assert stage.sent()[-1] == NOTE_ON
    stage.tell({"type": "make way"})
    stage.tell()
    assert stage.sent()[-1] == NOTE_OFF
    assert stage.player.exit_status == 0
    assert stage.told("silence")
    assert not stage.told("end")
