"""Another song at a bar line, under a clock that the test moves."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded
from instrument.midi_out import Recorder
from instrument.mirror import Mirror
from instrument.panic import MS
from instrument.repertoire import Part
from instrument.swaps import Refresh
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP
from tests.parts import SETUP, TOKENS, answer, knob, transport
from tests.test_player import BAR_NS, BEAT_NS, Stage

OLD_ON, OLD_OFF = b"\x90\x3c\x60", b"\x80\x3c\x40"


def song(
    change: int = 1, channel: int = 2, refresh: Refresh = "bar", pitch: int = 50, **settings: float
) -> Part:
    """A song on a channel of its own, of another checkpoint."""
    mapping = replace(SETUP.mapping, channel=channel, refresh=refresh)
    controls = replace(ControlState.standing({"tempo": 120.0, **settings}), change=change)
    first = Decoded((0.5,) * 12, TOKENS, (pitch, -1, -1, -1) * 8)
    return Part(mapping, controls, "other", first, change + 1, f"song {change}")


def told_at(stage: Stage, ns: int, *messages: Message) -> None:
    stage.run(ns)
    stage.tell(*messages)


def test_it_begins_exactly_on_the_bar_line() -> None:
    """The old song's notes go on to it; there they are closed on their channel."""
    stage = Stage()
    told_at(stage, BEAT_NS // 2, song().to_message())
    (request,) = stage.told("request")
    assert (request["tick"], request["checkpoint"]) == (TICKS_PER_BAR, "other")
    stage.tell(answer(request, 72))
    stage.run(BAR_NS)
    assert stage.timed()[-3:] == [
        (3 * BEAT_NS, OLD_ON),
        (BAR_NS, OLD_OFF),
        (BAR_NS, b"\x91\x48\x60"),
    ]
    (line,) = stage.told("song")
    said = [message["type"] for message in stage.said]
    assert (line["tick"], line["channel"], line["phrase"]) == (TICKS_PER_BAR, 2, None)
    assert (line["song"], line["name"], line["checkpoint"]) == (2, "song 1", "other")
    assert said.index("song") < said.index("take")
    assert stage.told("bar")[-1]["late"] is False


def test_a_late_phrase_repeats_the_old_one_on_the_new_channel() -> None:
    """Never silence, and the miss is counted."""
    stage = Stage()
    stage.tell(song(transpose=5.0).to_message())
    stage.run(BAR_NS)
    assert stage.timed()[-2:] == [(BAR_NS, OLD_OFF), (BAR_NS, b"\x91\x41\x60")]
    bar = stage.told("bar")[-1]
    assert (bar["late"], bar["misses"]) == (True, 1)


@pytest.mark.parametrize("channel", [1, 2])
def test_a_tie_over_the_bar_line_is_of_one_channel(channel: int) -> None:
    """A HOLD carries the old song's note on; where the channel is another, it is closed there."""
    stage = Stage()
    stage.tell(song(channel=channel).to_message())
    tied = {**answer(stage.told("request")[0], 72), "steps": [-1, -1, -1, -1, 72, -1, -1, -1] * 4}
    stage.tell(tied)
    stage.run(BAR_NS + BEAT_NS // 2)
    assert stage.timed()[-1] == ((BAR_NS, OLD_OFF) if channel == 2 else (3 * BEAT_NS, OLD_ON))
    stage.run(BAR_NS + BEAT_NS)
    if channel == 1:
        assert stage.timed()[-2] == (BAR_NS + BEAT_NS, OLD_OFF)
    assert stage.timed()[-1] == (BAR_NS + BEAT_NS, bytes([0x8F + channel, 72, 96]))


def test_the_newest_of_two_wins() -> None:
    """The other one is never heard."""
    stage = Stage()
    told_at(stage, BEAT_NS, song(1, 2).to_message())
    told_at(stage, 2 * BEAT_NS, song(2, 3).to_message())
    stage.tell(answer(stage.told("request")[0], 70), answer(stage.told("request")[-1], 72))
    stage.run(3 * BAR_NS)
    assert [line["channel"] for line in stage.told("song")] == [3]
    assert {message[0] for message in stage.sent()} == {0x90, 0x80, 0x92, 0x82}
    assert {m[1] for m in stage.sent() if m[0] == 0x92} == {72}


def test_one_that_comes_too_late_to_be_asked_for_takes_the_next_bar_line() -> None:
    """Before it the old song's own phrase is adopted as ever."""
    stage = Stage()
    stage.tell(knob(1.0))
    stage.run(BAR_NS - 20 * MS)
    (request,) = stage.told("request")
    stage.tell(song().to_message(), answer(request, 64))
    stage.run(2 * BAR_NS - 1)
    assert [take["request"]["late"] for take in stage.told("take")] == [False]
    stage.tell(answer(stage.told("request")[-1], 72))
    stage.run(2 * BAR_NS)
    assert [line["tick"] for line in stage.told("song")] == [2 * TICKS_PER_BAR]
    assert stage.sent()[-2:] == [b"\x80\x40\x40", b"\x91\x48\x60"]


def test_while_the_song_stands_it_takes_effect_at_once() -> None:
    """With its own first phrase and tempo; the next play begins with them."""
    stage = Stage(replace(SETUP, playing=False))
    stage.tell(song(tempo=60.0).to_message())
    (line,) = stage.told("song")
    assert line["phrase"][2] == (50, -1, -1, -1) * 8
    assert stage.told("state")[-1]["tempo_bpm"] == 60.0
    stage.tell(transport("play"))
    stage.run(2 * BEAT_NS)
    assert stage.timed()[0] == (0, b"\x91\x32\x60")
    assert stage.timed()[-1] == (2 * BEAT_NS, b"\x91\x32\x60")


def test_what_was_decoded_for_one_song_is_asked_for_again_by_the_next() -> None:
    """It begins with its own first phrase, so the same point is no phrase that is here."""
    stage = Stage(replace(SETUP, playing=False))
    stage.tell(knob(1.0))
    stage.tell(answer(stage.told("request")[0], 72), transport("play"))
    stage.tell(transport("stop"))
    asked = len(stage.told("request"))
    again = replace(song(), checkpoint=SETUP.checkpoint)
    turned = replace(again.controls, values={**again.controls.values, "knob/1": (1.0, 1)})
    stage.tell(replace(again, controls=turned).to_message())
    assert [each["z"] for each in stage.told("request")[asked:]] == [stage.told("request")[0]["z"]]


def test_a_stop_before_the_bar_line_leaves_the_new_song_standing() -> None:
    """The old song's note is closed on its channel."""
    stage = Stage()
    told_at(stage, BEAT_NS // 2, song().to_message(), transport("stop"))
    assert stage.sent() == [OLD_ON, OLD_OFF]
    assert [line["channel"] for line in stage.told("song")] == [2]
    stage.tell(transport("play"))
    assert stage.sent()[-1] == b"\x91\x32\x60"


def test_the_tempo_of_a_song_that_a_stop_leaves_standing_is_its_own() -> None:
    """Though its bar line never came."""
    stage = Stage()
    told_at(stage, BEAT_NS // 2, song(tempo=60.0).to_message(), transport("stop"))
    assert stage.told("state")[-1]["tempo_bpm"] == 60.0
    stage.tell(transport("play"))
    stage.run(BEAT_NS // 2 + 2 * BEAT_NS)
    assert [ns for ns, message in stage.timed() if message[0] == 0x91] == [
        BEAT_NS // 2,
        BEAT_NS // 2 + 2 * BEAT_NS,
    ]


def test_the_tempo_turns_on_the_bar_line() -> None:
    """To the nanosecond, even where the player wakes late; the state is told with that tick."""
    stage = Stage()
    stage.tell(song(tempo=60.0).to_message())
    stage.run(BAR_NS - 1)
    stage.sleep(30 * MS)
    stage.tell()
    stage.run(BAR_NS + 4 * BEAT_NS)
    onsets = [ns for ns, message in stage.timed() if message[0] == 0x91]
    assert onsets == [BAR_NS, BAR_NS + 2 * BEAT_NS, BAR_NS + 4 * BEAT_NS]
    assert (120.0, TICKS_PER_BAR) not in [(s["tempo_bpm"], s["tick"]) for s in stage.told("state")]
    assert (60.0, TICKS_PER_BAR) in [(s["tempo_bpm"], s["tick"]) for s in stage.told("state")]


def test_its_controls_may_be_turned_before_it_begins() -> None:
    """What is turned after the change was asked for is the new song's; the old one's is late."""
    stage = Stage()
    part = song()
    stage.tell(part.to_message())
    turned = replace(part.controls, values={**part.controls.values, "knob/1": (1.0, 1)}, serial=1)
    told_at(stage, BEAT_NS, {"type": "controls", **turned.to_message()}, knob(0.0))
    stage.tell(answer(stage.told("request")[0], 70))
    request = stage.told("request")[-1]
    assert (request["z"][0], request["tick"], request["checkpoint"]) == (
        3.0,
        TICKS_PER_BAR,
        "other",
    )
    stage.run(BAR_NS)
    assert stage.told("bar")[-1]["late"] is False


def test_a_frozen_phrase_does_not_hold_the_next_song_back() -> None:
    """Freeze is of the song that plays; the new one begins without."""
    stage = Stage()
    stage.tell(knob(0.5, freeze=1.0))
    stage.tell(song().to_message())
    stage.tell(answer(stage.told("request")[-1], 72))
    stage.run(BAR_NS)
    assert stage.sent()[-1] == b"\x91\x48\x60"


@pytest.mark.parametrize("old", ["bar", "phrase", "step"])
@pytest.mark.parametrize(
    ("new", "next_tick"),
    [
        ("bar", 2 * TICKS_PER_BAR),
        ("phrase", 2 * TICKS_PER_BAR),
        ("step", TICKS_PER_BAR + TICKS_PER_STEP),
    ],
)
@pytest.mark.parametrize("bars", [1, 2])
def test_the_refresh_is_the_songs_own(
    old: Refresh, new: Refresh, next_tick: int, bars: int
) -> None:
    """The song begins on any bar line, and from there on its own rule holds."""
    stage = Stage(replace(SETUP, mapping=replace(SETUP.mapping, refresh=old)))
    part = song(refresh=new)
    told_at(stage, (bars - 1) * BAR_NS + BEAT_NS, part.to_message())
    stage.run(bars * BAR_NS - 50 * MS)
    stage.tell(answer(stage.told("request")[-1], 72))
    stage.run(bars * BAR_NS)
    assert (stage.sent()[-1], stage.told("bar")[-1]["refresh"]) == (b"\x91\x48\x60", new)
    turned = replace(part.controls, values={**part.controls.values, "knob/1": (1.0, 1)}, serial=1)
    asked = len(stage.told("request"))
    stage.tell({"type": "controls", **turned.to_message()})
    stage.run(5 * BAR_NS)
    if new == "phrase" and bars == 2:
        next_tick += TICKS_PER_BAR
    assert stage.told("request")[asked]["tick"] == next_tick + (bars - 1) * TICKS_PER_BAR


def test_a_panic_is_for_the_channel_that_plays() -> None:
    """After the change that is the new one."""
    stage = Stage()
    stage.tell(song().to_message())
    told_at(stage, BAR_NS, transport("panic"))
    assert [message[0] for message in stage.sent()[-3:]] == [0xB1] * 3


def test_a_player_that_takes_over_quietens_both_channels() -> None:
    """The lost one may have begun the song and died before it told."""
    mirror = Mirror(SETUP.first, 1, 1, None)
    first = Stage()
    part = song()
    first.tell(part.to_message())
    mirror.changing(part.to_message())
    for message in first.said:
        mirror.hear(message)
    _, rejoin = mirror.lost()
    assert {channel for _, channel, _ in rejoin.close} == {1, 2}
    second = Stage(
        replace(SETUP, mapping=part.mapping, controls=part.controls, playing=False), [Recorder()]
    )
    second.tell(rejoin.to_message())
    statuses = [message[0] for message in second.sent()]
    assert {0x80, 0x81, 0xB0, 0xB1} <= set(statuses)
    assert [line["channel"] for line in second.told("song")] == [2]
    for message in second.said:
        mirror.hear(message)
    _, again = mirror.lost()
    assert {channel for _, channel, _ in again.close} == {2}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2 * BAR_NS),
            st.integers(1, 4),
            st.sampled_from(["bar", "phrase", "step"]),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_no_beat_is_missed_and_no_note_left_open(
    changes: list[tuple[int, int, Refresh, bool]],
) -> None:
    """However the songs follow each other, answered or not: a note on every beat, all closed."""
    stage = Stage()
    ns = 0
    for number, (wait_ns, channel, refresh, answered) in enumerate(changes, start=1):
        ns += wait_ns
        told_at(stage, ns, song(number, channel, refresh).to_message())
        if answered and stage.told("request"):
            stage.tell(answer(stage.told("request")[-1], 60 + number))
    stage.run(ns + 2 * BAR_NS)
    onsets = [due for due, message in stage.timed() if message[0] & 0xF0 == 0x90]
    assert onsets == [BEAT_NS * beat for beat in range(len(onsets))]
    assert len(onsets) == (ns + 2 * BAR_NS) // BEAT_NS + 1
    stage.tell({"type": "quit"})
    still: set[tuple[int, int]] = set()
    for _, message in stage.timed():
        key = message[0] & 0x0F, message[1]
        if message[0] & 0xF0 == 0x90:
            assert not still
            still.add(key)
        elif message[0] & 0xF0 == 0x80:
            still.remove(key)
    assert not still
