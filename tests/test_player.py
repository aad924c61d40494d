"""What the player does at a moment, under a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from engine.wire import Message
from instrument.clock import ManualClock
from instrument.controls import ControlState
from instrument.midi_out import Recorder
from instrument.pipes import END
from instrument.player import FLOOD_EVERY_NS, FLOOD_MESSAGES, MS, Player
from instrument.player_messages import Setup
from instrument.round_trips import FIRST_ROUND_TRIP_NS, SPARE_NS
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_BEAT, Timeline
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

    def __post_init__(self) -> None:
        self.player = Player(self.setup, self.outputs, self.said.append, self.clock.now_ns())
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
                "tokens": TOKENS,
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


def test_a_quick_engine_is_asked_later_and_the_knob_read_later() -> None:
    """The margin is what the last answers took and a little more, in whole ticks."""
    stage = Stage()
    first_ns = BAR_NS - FIRST_ROUND_TRIP_NS - SPARE_NS
    assert requests_by(stage, first_ns - TICK_NS) == 0
    assert requests_by(stage, first_ns) == 1
    stage.sleep(5 * MS)
    stage.tell(answer(stage.told("request")[0], 72))
    stage.tell(knob(1.0))
    second_ns = 2 * BAR_NS - 5 * MS - SPARE_NS
    assert requests_by(stage, second_ns - 2 * TICK_NS) == 1
    assert requests_by(stage, second_ns) == 2


def test_the_margin_is_the_same_time_at_any_tempo() -> None:
    """The engine is no quicker because the music is."""
    stage = Stage()
    stage.tell(knob(1.0, tempo_bpm=240.0))
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
    assert stage.outputs[0].sent[-1] == (stage.clock.now_ns(), NOTE_ON)
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
    stage = Stage(replace(SETUP, controls=ControlState(freeze=True)))
    stage.run(4 * BAR_NS)
    assert stage.told("request") == []
    assert stage.told("bar")[-1]["misses"] == 0


def test_a_tempo_change_takes_hold_at_the_next_tick() -> None:
    """What is due stays due; from there the beat is twice as fast, and the take knows the tick."""
    stage = Stage()
    stage.run(BEAT_NS // 2)
    line = Timeline(120.0, 0, stage.start_ns).at_tempo(240.0, TICKS_PER_BEAT // 2 + 1)
    stage.tell(knob(0.5, tempo_bpm=240.0))
    assert stage.told("state")[-1] == {
        "type": "state",
        "playing": True,
        "tempo_bpm": 240.0,
        "tick": TICKS_PER_BEAT // 2 + 1,
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
    beats = [due_ns for due_ns, message in stage.outputs[0].sent if message == NOTE_ON]
    assert beats == [stage.start_ns + n * BEAT_NS for n in range(len(beats))]


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
    assert stage.outputs[0].sent[2:] == [(stage.start_ns + 3 * BEAT_NS, NOTE_ON)]
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
    assert stage.outputs[0].sent[-1] == (stage.start_ns + 2 * BAR_NS, NOTE_OFF)
    assert stage.told("state")[-1]["playing"] is False
    stage.run(4 * BAR_NS)
    assert stage.outputs[0].sent[-1] == (stage.start_ns + 2 * BAR_NS, NOTE_OFF)


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
