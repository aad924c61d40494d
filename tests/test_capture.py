"""Two bars played on a keyboard, as notes in steps; time is given, so nothing here waits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fitting import LooseNote, fit_window
from engine.phrase import PHRASE_STEPS
from engine.vocabulary import Vocabulary
from instrument.capture import MAX_NOTES, Capture, Played, TickLine
from instrument.tempo import TICKS_PER_BAR, Timeline

WHITE = Vocabulary.of(["C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"])
STEP_NS = 125_000_000  # at 120 bpm
BEGAN_NS = 7_000_000_000  # bar 1 of the song
ORIGIN_TICK = 1000
STANDING = TickLine(Timeline(120.0))
PLAYING = TickLine(Timeline(120.0, ORIGIN_TICK, BEGAN_NS), ORIGIN_TICK)

Stroke = tuple[int, float, float]  # pitch, and the steps since BEGAN_NS of its two ends


def at(steps: float) -> int:
    """The moment so many steps after the song began."""
    return BEGAN_NS + round(steps * STEP_NS)


def play(capture: Capture, *strokes: Stroke) -> Capture:
    """Strike and let go, in the order of time."""
    events = [(at(on), pitch, 96) for pitch, on, _ in strokes]
    events += [(at(off), pitch, 0) for pitch, _, off in strokes]
    for ns, pitch, velocity in sorted(events, key=lambda e: (e[0], e[2])):
        capture.note(pitch, velocity, ns)
    return capture


def armed(line: TickLine = PLAYING, now_steps: float = 0.0) -> Capture:
    capture = Capture()
    capture.arm(line, at(now_steps) - STEP_NS)
    return capture


def popped(capture: Capture) -> Played:
    due_ns = capture.due_ns
    assert due_ns is not None
    assert capture.pop(due_ns - 1) is None
    played = capture.pop(due_ns)
    assert played is not None
    return played


def rounded(played: Played) -> list[tuple[int, float, float]]:
    """The notes, to a thousandth of a step."""
    return [(pitch, round(on, 3), round(length, 3)) for pitch, on, length in played.notes]


def test_the_window_begins_on_the_bar_line_while_the_song_plays() -> None:
    """A first note in the middle of bar 3 stands in the middle of the window's first bar."""
    capture = play(armed(), (60, 40.0, 43.0), (62, 44.25, 47.0), (64, 48.0, 50.5))
    assert capture.due_ns == at(32 + 32 + 0.5)
    assert rounded(popped(capture)) == [(60, 8.0, 3.0), (62, 12.25, 2.75), (64, 16.0, 2.5)]


def test_a_note_just_before_the_bar_line_belongs_to_it() -> None:
    """Up to half a step early is on it and is step 0; earlier is the bar before."""
    early = popped(play(armed(), (60, 31.6, 35.0), (62, 36.0, 40.0)))
    assert rounded(early) == [(60, 0.0, 3.0), (62, 4.0, 4.0)]
    assert early.moved_ms[0] == pytest.approx(0.4 * 125.0)
    earlier = popped(play(armed(), (60, 31.4, 35.0), (62, 36.0, 40.0)))
    assert rounded(earlier) == [(60, 15.4, 3.6), (62, 20.0, 4.0)]


def test_the_first_note_is_step_0_while_the_song_stands_still() -> None:
    """The tempo says how long a step is; where the timeline lies does not matter."""
    played = popped(play(armed(STANDING), (60, 5.3, 9.3), (62, 9.5, 10.3)))
    assert rounded(played) == [(60, 0.0, 4.0), (62, 4.2, 0.8)]
    assert played.step_ms == 125.0
    slow = popped(play(armed(TickLine(Timeline(60.0))), (60, 5.3, 9.3), (62, 9.5, 10.3)))
    assert rounded(slow) == [(60, 0.0, 2.0), (62, 2.1, 0.4)]


@pytest.mark.parametrize("tempo_bpm", [20.0, 119.99, 123.4, 400.0])
def test_a_place_between_two_ticks_is_kept(tempo_bpm: float) -> None:
    """A moment is told finer than a tick, to a microsecond: a tick is 31 ms at 20 bpm."""
    line = TickLine(Timeline(tempo_bpm, ORIGIN_TICK, BEGAN_NS), ORIGIN_TICK)
    capture = armed(line)
    for ms in (0.0, 3.3, 9.9):
        capture.note(60, 96, BEGAN_NS + round(ms * 1e6))
    played = popped(capture)
    assert [on * played.step_ms for _, on, _ in played.notes] == pytest.approx(
        [0, 3.3, 9.9], abs=1e-3
    )


def test_what_is_held_at_the_end_is_cut_there() -> None:
    """A note that is let go late, or never, ends with the window."""
    played = popped(play(armed(), (60, 0.0, 32.2), (62, 30.0, 99.0)))
    assert rounded(played) == [(60, 0.0, 32.0), (62, 30.0, 2.0)]


def test_the_next_bar_line_is_not_of_the_window() -> None:
    """A note half a step before the end is the downbeat after it."""
    played = popped(play(armed(), (60, 0.0, 4.0), (62, 31.45, 31.6), (64, 31.55, 32.0)))
    assert [pitch for pitch, _, _ in played.notes] == [60, 62]


def test_a_pitch_that_is_struck_while_it_is_held_begins_anew() -> None:
    """The first ends there; one note-off ends the second."""
    capture = armed()
    for steps, velocity in ((0.0, 90), (4.0, 90), (6.0, 0), (7.0, 0)):
        capture.note(60, velocity, at(steps))
    assert rounded(popped(capture)) == [(60, 0.0, 4.0), (60, 4.0, 2.0)]


def test_what_was_struck_before_it_was_armed_is_ignored() -> None:
    """Also its note-off, and all notes while it is not armed."""
    capture = play(Capture(), (60, 0.0, 1.0))
    assert not capture.armed
    assert capture.due_ns is None
    capture.arm(PLAYING, at(4.0))
    capture.note(59, 90, at(3.9))
    capture.note(59, 0, at(4.5))
    assert capture.due_ns is None
    assert rounded(popped(play(capture, (62, 5.0, 6.0)))) == [(62, 5.0, 1.0)]


def test_a_window_without_a_note_never_comes() -> None:
    """It stays armed for as long as nothing is played."""
    capture = armed()
    capture.note(60, 0, at(3.0))
    assert capture.pop(at(1e6)) is None
    assert capture.armed


def test_it_listens_once() -> None:
    """After a window, or a cancel, notes are nobody's until it is armed again."""
    capture = play(armed(), (60, 0.0, 4.0))
    popped(capture)
    capture.follow(PLAYING)
    assert not capture.armed
    capture.arm(PLAYING, at(0.0))
    play(capture, (59, 0.0, 4.0)).arm(PLAYING, at(0.0))
    assert capture.due_ns is None
    play(capture, (60, 0.0, 4.0)).disarm()
    assert capture.pop(at(99.0)) is None
    assert capture.due_ns is None
    play(capture, (60, 40.0, 44.0))
    assert capture.due_ns is None
    capture.arm(PLAYING, at(0.0))
    assert rounded(popped(play(capture, (62, 1.0, 2.0)))) == [(62, 1.0, 1.0)]


def test_a_tempo_change_moves_no_note_that_was_played() -> None:
    """What comes after it is read by the new tempo; the window then ends earlier."""
    capture = play(armed(), (60, 0.0, 4.0))
    tick = ORIGIN_TICK + TICKS_PER_BAR
    capture.follow(TickLine(PLAYING.timeline.at_tempo(240.0, tick), ORIGIN_TICK))
    assert capture.due_ns == at(16 + (16 + 0.5) / 2)
    played = popped(play(capture, (62, 20.0, 22.0)))
    assert rounded(played) == [(60, 0.0, 4.0), (62, 24.0, 4.0)]
    assert played.step_ms == 62.5


@pytest.mark.parametrize("after", [STANDING, TickLine(Timeline(300.0, 5, at(11.0)), 5)])
def test_a_window_outlives_a_stop_and_a_jump(after: TickLine) -> None:
    """It goes on by the time it began with; the next one begins by what is true then."""
    capture = play(armed(), (60, 0.0, 4.0))
    capture.follow(after)
    assert rounded(popped(play(capture, (62, 8.0, 12.0)))) == [(60, 0.0, 4.0), (62, 8.0, 4.0)]
    waiting = armed()
    waiting.follow(STANDING)
    assert rounded(popped(play(waiting, (60, 8.0, 12.0)))) == [(60, 0.0, 4.0)]


def test_a_note_that_arrives_out_of_order_does_no_harm() -> None:
    """Of two ports one may be late: a chord's other note is step 0, an older note is ignored."""
    capture = armed(STANDING)
    for pitch, steps in ((60, 8.0), (64, 7.9), (67, 7.0)):
        capture.note(pitch, 90, at(steps))
        capture.note(pitch, 0, at(7.5))
    assert rounded(popped(capture)) == [(60, 0.0, 0.0), (64, 0.0, 0.0)]


def test_a_storm_of_notes_is_bounded() -> None:
    """At most 512 are kept, the first ones."""
    capture = armed()
    for number in range(5 * MAX_NOTES):
        capture.note(number % 100, 90, at(number / 200))
    assert len(popped(capture).notes) == MAX_NOTES


def test_a_person_is_told_how_far_notes_were_moved() -> None:
    """Early and late count alike; the mean and the farthest, in milliseconds."""
    capture = play(armed(), (60, 0.0, 4.0), (62, 4.2, 8.0), (64, 7.92, 12.0))
    played = popped(capture)
    assert played.moved_ms == pytest.approx((0.0, -25.0, 10.0))
    assert played.sentence == (
        "3 notes captured; moved to the nearest sixteenth by 12 ms on average, 25 ms at most"
    )
    one = popped(play(armed(STANDING), (60, 3.3, 4.0)))
    assert one.sentence.startswith("1 note captured; moved to the nearest sixteenth by 0 ms")


LINES = st.builds(
    lambda bpm, tick, ns, origin: TickLine(Timeline(bpm, tick, ns), origin),
    st.floats(20.0, 400.0),
    st.integers(-(10**6), 10**6),
    st.integers(-(10**10), 10**10),
    st.none() | st.integers(-(10**6), 10**6),
)
MOMENTS = st.integers(0, 5 * 10**9)  # two bars at 96 bpm, and in any order
NOTES = st.one_of(
    st.tuples(st.just("note"), st.integers(0, 127), st.integers(0, 127), MOMENTS),
    st.tuples(st.just("note"), st.integers(59, 61), st.integers(0, 1), MOMENTS),
    st.tuples(st.just("note"), st.integers(-300, 300), st.integers(-9, 300), MOMENTS),
)
ANYTHING = st.one_of(
    NOTES,
    NOTES,
    st.tuples(st.just("note"), st.integers(), st.integers(), st.integers(-(2**63), 2**63)),
    st.tuples(st.just("follow"), LINES),
    st.tuples(st.just("arm"), LINES, MOMENTS),
    st.tuples(st.just("disarm")),
    st.tuples(st.just("pop"), MOMENTS),
)


def check(played: Played) -> None:
    """It lies in its two bars, and the engine can read it."""
    assert 0 < len(played.notes) <= MAX_NOTES
    assert len(played.moved_ms) == len(played.notes)
    assert played.max_moved_ms <= played.step_ms / 2 + 1e-9
    for pitch, onset, duration in played.notes:
        assert 0 <= pitch <= 127
        assert 0.0 <= onset < PHRASE_STEPS - 0.5
        assert duration >= 0.0
        assert onset + duration <= PHRASE_STEPS + 1e-9
    phrase, changes = fit_window([LooseNote(*note) for note in played.notes], WHITE)
    assert len(phrase.tokens) == PHRASE_STEPS
    assert phrase.notes
    assert not any("after the two bars" in change for change in changes)
    assert played.sentence


@given(LINES, st.lists(NOTES, max_size=40))
def test_whatever_is_played_makes_a_phrase_or_nothing(
    line: TickLine, events: list[tuple[Any, ...]]
) -> None:
    """Keys held, struck twice, let go before they were struck, all at once: a window, if any key
    was struck, and the engine can read it.
    """
    capture = Capture()
    capture.arm(line, 0)
    for _, *event in events:
        capture.note(*event)
    struck = any(0 <= pitch <= 127 and velocity > 0 for _, pitch, velocity, _ in events)
    assert (capture.due_ns is not None) == struck
    if struck:
        check(popped(capture))


@given(LINES, st.lists(ANYTHING, max_size=40))
def test_nothing_that_is_asked_of_it_raises(line: TickLine, events: list[tuple[Any, ...]]) -> None:
    """Tempo, transport, arming and cancelling at any moment, and times that are none."""
    capture = Capture()
    capture.arm(line, 0)
    for name, *arguments in events:
        if (played := getattr(capture, name)(*arguments)) is not None:
            check(played)
    if capture.due_ns is not None:
        check(popped(capture))
