"""The player with several voices, under a clock that the test moves."""

import json
from dataclasses import replace

from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded
from instrument.mapping import VoiceMapping
from instrument.midi_out import quiet_channel
from instrument.mirror import Mirror, Rejoin
from instrument.panic import MS
from instrument.repertoire import Part, Sung
from instrument.tempo import TICKS_PER_BAR
from tests.parts import DUET, SETUP, TOKENS, answer, knob, transport
from tests.test_player import BAR_NS, BEAT_NS, Stage

FIRST = Decoded((0.5,) * 12, TOKENS, (50, -1, -1, -1) * 8)


def duet() -> Stage:
    return Stage(DUET)


def song(change: int, channels: tuple[int, ...], pitch: int = 50) -> Part:
    """A song with a voice on each of ``channels``."""
    own, *others = channels
    mapping = replace(
        SETUP.mapping, channel=own, voices=tuple(VoiceMapping(channel) for channel in others)
    )
    controls = replace(ControlState.standing({"tempo": 120.0}), change=change)
    sung = [
        Sung("other", replace(FIRST, steps=(pitch + n, -1, -1, -1) * 8))
        for n in range(1, len(channels))
    ]
    return Part(mapping, controls, "other", FIRST, change + 1, f"song {change}", tuple(sung))


def on(stage: Stage, channel: int) -> list[int]:
    """The pitches that were struck there."""
    return [m[1] for m in stage.sent() if m[0] == 0x90 + channel - 1 and len(m) == 3]


def test_both_voices_begin_at_once_each_on_its_channel() -> None:
    """By their own first phrases; what is told of voice 2 says so, of voice 1 nothing is new."""
    stage = duet()
    stage.run(BEAT_NS // 2)
    assert stage.timed() == [(0, b"\x90\x3c\x60"), (0, b"\x94\x28\x60")]
    assert [m.get("voice", 1) for m in stage.told("note")] == [1, 2]
    assert [m.get("voice", 1) for m in stage.told("bar")] == [1, 2]
    alone = Stage()
    alone.run(4 * BAR_NS)
    assert not any("voice" in message for message in alone.said)


def test_each_answer_goes_to_the_voice_that_asked() -> None:
    """By its own checkpoint; the ids grow over both, and the other voice asks nobody."""
    stage = duet()
    stage.run(BAR_NS // 2)
    stage.tell(knob(0.9, **{"knob/5": 0.1}))
    stage.run(BAR_NS - 1)
    first, second = stage.told("request")[-2:]
    assert (first.get("voice", 1), second["voice"]) == (1, 2)
    assert (first["checkpoint"], second["checkpoint"]) == ("stage", "other")
    assert first["id"] < second["id"]
    stage.tell(answer(second, 45), answer(first, 72))
    stage.run(BAR_NS)
    assert (on(stage, 1)[-1], on(stage, 5)[-1]) == (72, 45)
    asked = len(stage.told("request"))
    stage.tell(knob(0.9, **{"knob/5": 0.2}))
    stage.run(2 * BAR_NS - 1)
    (third,) = stage.told("request")[asked:]
    assert third["voice"] == 2


def test_a_late_answer_repeats_its_voice_only() -> None:
    """The other one has what it asked for."""
    stage = duet()
    stage.tell(knob(0.9, **{"knob/5": 0.1}))
    stage.run(BAR_NS - 1)
    first, _ = stage.told("request")[-2:]
    stage.tell(answer(first, 72))
    stage.run(BAR_NS)
    bars = {m.get("voice", 1): m for m in stage.told("bar")[-2:]}
    assert [(bars[n]["late"], bars[n]["misses"]) for n in (1, 2)] == [(False, 0), (True, 1)]


def test_the_margin_is_that_of_two_answers() -> None:
    """One answer took 10 ms, so both together are given 20, and 10 to spare."""
    stage = duet()
    stage.tell(knob(0.9))
    stage.run(BAR_NS - 90 * MS)
    (request,) = stage.told("request")[-1:]
    stage.run(BAR_NS - 80 * MS)
    stage.tell(answer(request, 72))
    stage.run(BAR_NS)
    assert stage.told("bar")[0]["cutoff_ms"] == 80.0
    assert stage.told("bar")[-1]["cutoff_ms"] < 80.0


def test_mute_strikes_nothing_and_the_phrase_goes_on() -> None:
    """From the next sixteenth; what sounds is closed, and the other voice is left alone."""
    stage = duet()
    stage.run(BEAT_NS // 2)
    stage.tell(knob(0.5, **{"voice/2/mute": 1.0}))
    stage.run(2 * BEAT_NS + 1)
    assert on(stage, 5) == [40]
    assert b"\x84\x28\x40" in stage.sent()
    assert on(stage, 1) == [60, 60, 60]
    stage.tell(knob(0.5))
    stage.run(3 * BEAT_NS)
    assert on(stage, 5) == [40, 60]


def test_a_panic_quietens_both_channels() -> None:
    """And the music goes on."""
    stage = duet()
    stage.run(BEAT_NS // 2)
    stage.tell(transport("panic"))
    for channel in (1, 5):
        assert set(quiet_channel(channel)) <= set(stage.sent())
    assert {b"\x80\x3c\x40", b"\x84\x28\x40"} <= set(stage.sent())
    stage.run(BEAT_NS)
    assert (len(on(stage, 1)), len(on(stage, 5))) == (2, 2)


def test_a_fault_leaves_neither_channel_open() -> None:
    """The player closes what sounds on both, and quietens them."""
    stage = duet()
    stage.run(BEAT_NS // 2)
    stage.player.abandon(stage.clock.now_ns())
    assert {b"\x80\x3c\x40", b"\x84\x28\x40"} <= set(stage.sent())
    assert set(quiet_channel(5)) <= set(stage.sent())


def test_a_song_of_one_voice_closes_the_other() -> None:
    """It is silent and asks nobody until a song has it again; then it begins with its own."""
    stage = duet()
    stage.run(BEAT_NS // 2)
    stage.tell(song(1, (3,)).to_message())
    for request in stage.told("request"):
        stage.tell(answer(request, 72))
    stage.run(2 * BAR_NS)
    assert b"\x84\x3c\x40" in stage.sent()
    struck = len(on(stage, 5))
    asked = [m for m in stage.told("request") if "voice" in m]
    bars = [m for m in stage.told("bar") if "voice" in m]
    stage.run(4 * BAR_NS)
    assert len(on(stage, 5)) == struck == 4
    assert [m for m in stage.told("request") if "voice" in m] == asked
    assert [m for m in stage.told("bar") if "voice" in m] == bars
    stage.tell(song(2, (3, 6), 80).to_message())
    stage.run(6 * BAR_NS)
    assert on(stage, 6)[0] == 81
    assert len(stage.told("song")) == 4  # two songs, each told of both voices
    assert [m["song"] for m in stage.told("song") if "voice" not in m] == [2, 3]


def test_another_player_goes_on_with_both() -> None:
    """What may sound is closed on both channels; each voice keeps its phrase and its misses."""
    stage = duet()
    mirror = Mirror(DUET.first, 1, 1, None, [(DUET.others[0].first, 5)])
    stage.tell(knob(0.9, **{"knob/5": 0.1}))
    stage.run(BAR_NS - 1)
    first, _ = stage.told("request")[-2:]
    stage.tell(answer(first, 72))
    stage.run(BAR_NS + BEAT_NS // 2)
    for message in stage.said:
        mirror.hear(message)
    mirror.answered({"type": "phrase", "id": 9, "steps": [33] * 32, "voice": 2})
    lines, found = mirror.lost()
    assert [m.get("voice", 1) for m in lines if m["type"] == "end"] == [1, 2]
    assert {(m["channel"], m.get("voice", 1)) for m in lines if m["type"] == "note"} == {
        (1, 1),
        (5, 2),
    }
    assert {(0, 1, 72), (0, 5, 60), (0, 5, 33)} <= set(found.close)
    rejoin = Rejoin.from_message(_plain(found.to_message()))
    assert rejoin == found
    another = Stage(replace(DUET, playing=False))
    another.tell(found.to_message() | {"ns": another.clock.now_ns()})
    another.run(2 * BAR_NS)
    assert {b"\x84\x21\x40", b"\x80\x48\x40"} <= set(another.sent())
    assert (on(another, 1)[0], on(another, 5)[0]) == (72, 60)
    told = [(m.get("voice", 1), m["phrase"]) for m in another.told("song")]
    assert [voice for voice, _ in told] == [1, 2]
    assert (told[0][1], told[1][1][2]) == (None, DUET.others[0].first.steps)
    bars = {m.get("voice", 1): m for m in another.told("bar")[:2]}
    assert [bars[n]["misses"] for n in (1, 2)] == [0, 1]
    assert min(m["id"] for m in another.told("request")) > found.last_id


def _plain(message: Message) -> Message:
    """As it comes out of a pipe."""
    plain: Message = json.loads(json.dumps(message))
    return plain


def test_the_bars_end_once_with_nothing_open() -> None:
    """However many voices there are."""
    stage = Stage(replace(DUET, bars=2))
    stage.run(2 * BAR_NS)
    assert len(stage.told("done")) == 1
    assert [m["tick"] for m in stage.told("end")] == [2 * TICKS_PER_BAR] * 2
    sounding = set[tuple[int, int]]()
    for message in stage.told("note"):
        sounding ^= {(message["channel"], message["pitch"])}
    assert not sounding


def test_a_song_of_more_voices_is_given_time_for_all_their_answers() -> None:
    """70 ms are enough for one answer that nobody has measured, and too few for two."""
    for channels, bars in (((3,), 1), ((3, 6), 2)):
        stage = Stage(replace(SETUP, voices=2))
        stage.run(BAR_NS - 70 * MS)
        stage.tell(song(1, channels).to_message())
        asked = {m["tick"] for m in stage.told("request") if m["checkpoint"] == "other"}
        assert asked <= {bars * TICKS_PER_BAR}
        stage.run(3 * BAR_NS)
        assert {m["tick"] for m in stage.told("song")} == {bars * TICKS_PER_BAR}
