"""A phrase played by hand becomes the point that the knobs vary."""

from typing import Any

from engine.wire import Message
from instrument.actions import Capture, Set, set_coordinate, set_knob
from instrument.capturing import Capturing
from instrument.controls import Controls, after
from instrument.latent import knob_positions, steady_z
from instrument.mapping import ButtonMapping, Mapping
from instrument.midi_in import Arrival
from instrument.tempo import TICKS_PER_BAR, Timeline

MS = 1_000_000
STEP_NS = 125 * MS  # at 120 bpm
BASE = tuple(0.25 * n for n in range(-6, 6))
BAR = TICKS_PER_BAR


class Stage:
    """A capture with everything around it written down."""

    def __init__(self, mapping: Mapping | None = None) -> None:
        self.mapping = mapping or Mapping()
        self.controls = Controls()
        self.asked: list[Message] = []
        self.said: list[str] = []
        self.faults: list[str] = []
        self.capturing = Capturing(
            self.controls,
            lambda: self.mapping,
            self.asked.append,
            self.said.append,
            self.faults.append,
        )

    def play(self, *notes: tuple[int, int, int], channel: int = 1) -> None:
        """``(pitch, onset_ns, release_ns)``."""
        for pitch, on_ns, off_ns in notes:
            for status, velocity, ns in ((0x90, 80, on_ns), (0x80, 0, off_ns)):
                message = bytes([status + channel - 1, pitch, velocity])
                self.capturing.hear(Arrival("keys", ns, 0.0, message))

    def answered(self, **others: Any) -> None:
        answer = {
            "type": "encoded",
            "z": list(BASE),
            "tokens": [1] * 32,
            "heard": [1] * 30 + [2] * 2,
        }
        self.capturing.encoded({"id": self.asked[-1]["id"], "changes": [], **answer, **others})


def test_two_bars_by_hand_become_the_base_point() -> None:
    """Armed, played, encoded: z is what the engine says, and the middle of every knob."""
    stage = Stage()
    stage.controls.apply([set_knob(1, 1.0), set_coordinate(2, 2.0), Set("gate", 50.0)])
    stage.capturing.act([Capture()], 0)
    stage.play((60, 5 * MS, 900 * MS), (62, 1000 * MS, 1990 * MS))
    stage.capturing.look(4000 * MS)
    assert not stage.asked
    stage.capturing.look(5000 * MS)
    ((pitch, onset, duration), second) = stage.asked[0]["notes"]
    assert (pitch, onset, round(duration, 2), second[0]) == (60, 0.0, 7.16, 62)
    stage.answered()
    state = stage.controls.state()
    assert steady_z(state, stage.mapping) == BASE
    assert knob_positions(state, stage.mapping)[5] == 0.5
    assert state.value("gate") == 50.0
    assert "2 notes captured" in stage.said[1]
    assert stage.said[-1] == "captured: 30 of 32 steps come back; the knobs go on from here"
    assert not stage.faults


def test_after_a_capture_a_knob_moves_the_melody_from_there() -> None:
    """From its middle on, by as much as it would have from z = 0."""
    stage = Stage()
    stage.capturing.act([Capture()], 0)
    stage.play((60, 0, 100 * MS))
    stage.capturing.look(9000 * MS)
    stage.answered()
    moved = after(stage.controls.state(), [set_knob(6, 0.75)])
    assert steady_z(moved, stage.mapping)[5] == BASE[5] + 1.5
    back = after(moved, [set_knob(6, 0.5)])
    assert steady_z(back, stage.mapping) == BASE


def test_while_the_song_plays_the_window_begins_on_its_bar_line() -> None:
    """The song's bar 1 lies at 1 s; a note in the middle of bar 2 is step 8 of the window."""
    stage = Stage()
    line = Timeline(120.0, 5 * BAR, 1_000 * MS)
    told = (line.anchor_tick, line.anchor_ns, line.tempo_bpm)
    stage.capturing.hear_player({"type": "begin", "tick": 5 * BAR, "song_tick": 0})
    stage.capturing.hear_player({"type": "alive", "line": told})
    stage.capturing.act([Capture()], 1_100 * MS)
    stage.play((60, 4_000 * MS, 4_400 * MS))
    stage.capturing.look(7_100 * MS)
    (note,) = stage.asked[0]["notes"]
    assert note[0] == 60
    assert abs(note[1] - 8.0) < 0.01


def test_nothing_is_heard_that_nobody_asked_for() -> None:
    """Not armed, cancelled, on another channel, or a note that presses a button."""
    mapping = Mapping(buttons=(ButtonMapping(36, None, "capture"),), capture_channel=3)
    stage = Stage(mapping)
    stage.play((60, 0, MS), channel=3)
    stage.capturing.act([Capture()], MS)
    stage.play((36, 2 * MS, 3 * MS), channel=3)
    stage.play((60, 2 * MS, 3 * MS), channel=1)
    stage.capturing.look(9_000 * MS)
    assert stage.capturing.armed
    stage.play((62, 9_000 * MS, 9_001 * MS), channel=3)
    stage.capturing.act([Capture(False)], 9_002 * MS)
    stage.capturing.look(30_000 * MS)
    assert not stage.asked
    assert stage.said == ["capture: play two bars", "capture: off"]


def test_what_the_engine_refuses_leaves_the_controls_alone() -> None:
    """One sentence, and the old phrase plays on."""
    stage = Stage()
    stage.capturing.act([Capture()], 0)
    stage.play((60, 0, MS))
    stage.capturing.look(9_000 * MS)
    before = stage.controls.state()
    stage.answered(type="refused", text="the engine is still loading")
    assert stage.controls.state() == before
    assert stage.faults == ["the capture is lost: the engine is still loading"]


def test_an_answer_to_an_older_capture_is_thrown_away() -> None:
    """Only the last two bars count."""
    stage = Stage()
    for begin in (0, 10_000 * MS):
        stage.capturing.act([Capture()], begin)
        stage.play((60, begin, begin + MS))
        stage.capturing.look(begin + 9_000 * MS)
    stage.capturing.encoded({"type": "encoded", "id": stage.asked[0]["id"], "z": [9.0] * 12})
    assert stage.controls.state().base == ()
    stage.answered()
    assert stage.controls.state().base == BASE
