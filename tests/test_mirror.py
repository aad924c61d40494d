"""What main knows of a player that is lost, and how another goes on in its place."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.wire import Message
from instrument.events import Decoded
from instrument.midi_out import Recorder
from instrument.mirror import Mirror, Rejoin
from instrument.outgoing import Outgoing
from instrument.panic import MS
from instrument.player_core import Player
from instrument.player_messages import Setup
from instrument.tempo import TICKS_PER_BAR
from tests.parts import SETUP, TOKENS, answer, knob, transport

STEPS = (60, -1, 62, -2, 64, -1, -1, 65) * 4
PITCHES = {60, 62, 64, 65}
MELODY = replace(SETUP, first=Decoded((0.0,) * 12, TOKENS, STEPS), tempo_bpm=400.0, playing=False)
STEP_NS = 37_500_000
BAR_NS = 16 * STEP_NS


def through_a_pipe(message: Message) -> Message:
    told: Message = json.loads(json.dumps(message))
    return told


@dataclass
class Life:
    """One player, what it sends and what it tells, from ``now_ns`` on."""

    setup: Setup
    now_ns: int
    output: Recorder = field(default_factory=Recorder)
    told: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        outgoing = Outgoing([self.output])
        self.player = Player(self.setup, outgoing, self._tell, self.now_ns)
        self.wake_ns = self.now_ns

    def _tell(self, *messages: Message) -> None:
        self.told.extend(through_a_pipe(message) for message in messages)

    def turn(self, *messages: Message) -> None:
        self.wake_ns = self.player.turn(self.now_ns, [through_a_pipe(each) for each in messages])

    def run(self, to_ns: int) -> None:
        while self.wake_ns <= to_ns:
            self.now_ns = max(self.now_ns, self.wake_ns)
            self.turn()
        self.now_ns = max(self.now_ns, to_ns)


def mirrored(told: Sequence[Message], bars: int | None = None) -> Mirror:
    mirror = Mirror(MELODY.first, 1, 1, bars)
    for message in told:
        mirror.hear(message)
    return mirror


def onsets(output: Recorder, after_ns: int) -> list[tuple[int, int]]:
    return [
        (due_ns, message[1])
        for due_ns, message in output.sent
        if message[0] == 0x90 and due_ns > after_ns
    ]


def open_notes(*outputs: Recorder) -> set[int]:
    """What still sounds after all of it arrived in one synth."""
    still: set[int] = set()
    for output in outputs:
        for _, message in output.sent:
            if message[0] == 0x90:
                still.add(message[1])
            elif message[0] == 0x80:
                still.discard(message[1])
    return still


@settings(deadline=None)
@given(st.integers(1, 40 * STEP_NS), st.integers(1, 20 * STEP_NS))
def test_another_player_goes_on_on_the_beat(lost_after_ns: int, gone_ns: int) -> None:
    """Whenever the one is lost and however long: the same notes at the same moments as if not."""
    unbroken, first = Life(MELODY, 10**9), Life(MELODY, 10**9)
    for life in (unbroken, first):
        life.turn(transport("play"))
    first.run(10**9 + lost_after_ns)
    lines, rejoin = mirrored(first.told).lost()
    back_ns = 10**9 + lost_after_ns + gone_ns
    second = Life(MELODY, back_ns)
    second.turn(rejoin.to_message())
    for life in (unbroken, second):
        life.run(back_ns + 2 * BAR_NS)
    assert lines[0]["type"] == "end"
    assert onsets(second.output, back_ns) == onsets(unbroken.output, back_ns)
    second.turn({"type": "quit"})
    assert open_notes(first.output, second.output) == set()


def test_what_sounds_and_what_may_is_closed_first() -> None:
    """The key that was told, the phrase's others, and those of an answer that went in untold."""
    first = Life(MELODY, 10**9)
    first.turn(transport("play"))
    mirror = mirrored(first.told)
    mirror.answered(answer({"id": 1}, 80))
    _, rejoin = mirror.lost()
    assert rejoin.close[0] == (0, 1, 60)
    assert {pitch for _, _, pitch in rejoin.close} == PITCHES | {80}
    second = Life(MELODY, 10**9 + 50 * MS)
    second.turn(rejoin.to_message())
    kinds = [message[0] for _, message in second.output.sent]
    assert kinds[:8] == [0x80] * 5 + [0xB0] * 3


def test_a_note_that_was_sent_and_not_told_is_closed_too() -> None:
    """The player died between the one and the other."""
    first = Life(MELODY, 10**9)
    first.turn(transport("play"))
    first.run(10**9 + 2 * STEP_NS)
    untold = [m for m in first.told if m["type"] != "note" or m["pitch"] != 62]
    _, rejoin = mirrored(untold).lost()
    second = Life(MELODY, first.now_ns + MS)
    second.turn(rejoin.to_message())
    assert open_notes(first.output) == {62}
    assert 62 not in open_notes(first.output, second.output)


def test_a_player_lost_while_it_stood_still_is_followed_by_one_that_does() -> None:
    """It begins when it is told to, on a bar line after every tick that was told."""
    first = Life(MELODY, 10**9)
    first.turn(transport("play"))
    first.run(10**9 + 20 * STEP_NS)
    first.turn(transport("stop"))
    lines, rejoin = mirrored(first.told).lost()
    assert (lines, rejoin.song) == ([], None)
    second = Life(MELODY, first.now_ns)
    second.turn(rejoin.to_message())
    second.run(first.now_ns + BAR_NS)
    assert onsets(second.output, 0) == []
    second.turn(transport("play"))
    begun = next(m for m in second.told if m["type"] == "begin")
    assert begun["tick"] % TICKS_PER_BAR == 0
    assert begun["tick"] >= max(m.get("tick", 0) for m in first.told)


def test_ids_bars_and_misses_go_on() -> None:
    """An answer to the lost player's question is none to this one's; the end stays where it was."""
    setup = replace(MELODY, bars=4)
    first = Life(setup, 10**9)
    first.turn(transport("play"))
    first.turn(knob(0.9, tempo=400.0))
    first.run(10**9 + 3 * BAR_NS // 2)
    mirror = mirrored(first.told, bars=4)
    _, rejoin = mirror.lost()
    asked = [m["id"] for m in first.told if m["type"] == "request"]
    assert (rejoin.last_id, rejoin.misses) == (max(asked), 1)
    second = Life(setup, first.now_ns + 2 * STEP_NS)
    second.turn(rejoin.to_message())
    second.run(10**9 + 6 * BAR_NS)
    assert [m["bar"] for m in second.told if m["type"] == "bar"] == [2, 3, 4]
    assert [m["type"] for m in second.told].count("done") == 1
    assert min(m["id"] for m in second.told if m["type"] == "request") > max(asked)


def test_a_song_that_would_have_ended_meanwhile_is_over() -> None:
    """Nothing is struck after its last bar."""
    setup = replace(MELODY, bars=1)
    first = Life(setup, 10**9)
    first.turn(transport("play"))
    _, rejoin = mirrored(first.told, bars=1).lost()
    second = Life(setup, 10**9 + 2 * BAR_NS)
    second.turn(rejoin.to_message())
    second.run(10**9 + 3 * BAR_NS)
    assert onsets(second.output, 0) == []
    assert [m["type"] for m in second.told].count("done") == 1


def test_the_tempo_of_the_moment_counts() -> None:
    """A line is told with every change of it, and ten times a second."""
    first = Life(MELODY, 10**9)
    first.turn(transport("play"))
    first.run(10**9 + BAR_NS)
    first.turn(knob(0.5, tempo=200.0))
    _, rejoin = mirrored(first.told).lost()
    assert rejoin.song is not None
    assert rejoin.song.tempo_bpm == 200.0


@pytest.mark.parametrize(
    "spoil",
    [{"phrase": [1]}, {"ns": 0, "tempo_bpm": 1e9}, {"close": [1]}, {"last_id": None, "close": 3}],
)
def test_a_rejoin_that_is_none_is_refused(spoil: Message) -> None:
    """The player's own fault line follows, never half of it."""
    _, rejoin = mirrored([]).lost()
    with pytest.raises((ValueError, KeyError, TypeError)):
        Rejoin.from_message({**rejoin.to_message(), **spoil})


def test_a_rejoin_is_the_same_on_the_other_side_of_the_pipe() -> None:
    """Both with a song and without."""
    first = Life(MELODY, 10**9)
    first.turn(transport("play"))
    for told in ([], first.told):
        _, rejoin = mirrored(told).lost()
        assert Rejoin.from_message(through_a_pipe(rejoin.to_message())) == rejoin
