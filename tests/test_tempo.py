"""Ticks and nanoseconds: exact, and the same after a night of playing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.tempo import (
    MAX_TEMPO_BPM,
    MIN_TEMPO_BPM,
    TICKS_PER_BAR,
    TICKS_PER_BEAT,
    TICKS_PER_EIGHTH,
    TICKS_PER_PHRASE,
    TICKS_PER_STEP,
    Timeline,
    bar_line_from,
    bar_of,
    checked_tempo,
    step_of,
    swung,
)

ticks = st.integers(0, 10**9)
tempos = st.floats(20, 400)
lines = st.builds(Timeline, tempos, ticks, st.integers(0, 10**18))


def test_a_step_a_beat_and_a_bar_are_whole_numbers_of_midi_clock_pulses() -> None:
    """Sync to a MIDI clock, 24 pulses to a beat, needs no fractions of a tick."""
    assert TICKS_PER_BEAT % 24 == 0
    assert (TICKS_PER_STEP, TICKS_PER_BAR, TICKS_PER_PHRASE) == (24, 384, 768)


@pytest.mark.parametrize(
    ("tick", "bar", "step"), [(0, 1, 0), (23, 1, 0), (24, 1, 1), (383, 1, 15), (384, 2, 16)]
)
def test_bars_count_from_one_and_steps_from_zero(tick: int, bar: int, step: int) -> None:
    """A person counts bars from 1; the phrase's row counts steps from 0."""
    assert (bar_of(tick), step_of(tick)) == (bar, step)


def test_the_step_starts_again_every_two_bars() -> None:
    """The two-bar cycle is what keeps its place when phrases are swapped."""
    assert [step_of(bar * TICKS_PER_BAR) for bar in range(4)] == [0, 16, 0, 16]


@given(ticks)
def test_the_next_bar_line_is_never_behind(tick: int) -> None:
    """A restart waits for no bar line more than it must."""
    line = bar_line_from(tick)
    assert line % TICKS_PER_BAR == 0
    assert 0 <= line - tick < TICKS_PER_BAR


@given(lines, ticks)
def test_a_tick_is_due_at_its_own_nanosecond_and_not_one_before(line: Timeline, tick: int) -> None:
    """Sleeping until a tick's time and asking which tick it is gives that tick, always."""
    due_ns = line.ns_of(tick)
    assert line.tick_at(due_ns) == tick
    assert line.tick_at(due_ns - 1) == tick - 1


@given(tempos, ticks)
def test_no_beat_drifts(tempo_bpm: float, tick: int) -> None:
    """After any number of ticks the time is the exact one, rounded up once to a nanosecond."""
    exact = Fraction(tick * 60 * 10**9, TICKS_PER_BEAT) / Fraction(tempo_bpm)
    assert 0 <= Timeline(tempo_bpm).ns_of(tick) - exact < 1


def test_a_day_at_120_ends_on_the_nanosecond() -> None:
    """A day is 172,800 beats of half a second."""
    assert Timeline(120.0).ns_of(172_800 * TICKS_PER_BEAT) == 86_400 * 10**9


@given(lines, tempos, ticks, st.integers(0, 10**6))
def test_a_tempo_change_leaves_its_own_tick_in_place(
    line: Timeline, tempo_bpm: float, tick: int, later: int
) -> None:
    """The note at the tick of the change stays; what follows goes at the new tempo from there."""
    changed = line.at_tempo(tempo_bpm, tick)
    assert changed.ns_of(tick) == line.ns_of(tick)
    assert changed.ns_of(tick + later) - changed.ns_of(tick) == Timeline(tempo_bpm).ns_of(later)


@given(lines, st.integers(0, 10**10))
def test_the_ticks_for_a_time_last_it_and_not_one_tick_longer(line: Timeline, ns: int) -> None:
    """A margin given in ticks is never shorter than the milliseconds that were measured."""
    needed = line.ticks_for(ns)
    begin = Timeline(line.tempo_bpm)
    assert begin.ns_of(needed) >= ns
    assert needed == 0 or begin.ns_of(needed - 1) < ns


@pytest.mark.parametrize("tempo_bpm", [0.0, -120.0, 19.9, 400.1, float("nan"), float("inf")])
def test_a_tempo_outside_20_to_400_is_refused_in_one_sentence(tempo_bpm: float) -> None:
    """Not a number is refused too."""
    with pytest.raises(ValueError, match=r"outside 20\.\.400"):
        checked_tempo(tempo_bpm)
    with pytest.raises(ValueError, match=r"outside 20\.\.400"):
        Timeline(tempo_bpm)


swings = st.floats(50, 75)


@given(ticks, swings)
def test_swing_never_turns_time_back_and_leaves_the_eighths_alone(tick: int, swing: float) -> None:
    """Later ticks are heard later or together; every eighth, and so every bar line, stays put."""
    assert swung(tick, swing) <= swung(tick + 1, swing)
    eighth = tick // TICKS_PER_EIGHTH * TICKS_PER_EIGHTH
    assert swung(eighth, swing) == eighth
    assert tick <= swung(tick, swing) < eighth + TICKS_PER_EIGHTH


@given(ticks)
def test_fifty_per_cent_is_straight(tick: int) -> None:
    """Nothing moves."""
    assert swung(tick, 50.0) == tick


@pytest.mark.parametrize(("swing", "off_beat"), [(50, 24), (62.5, 30), (66.7, 32), (75, 36)])
def test_the_off_beat_comes_after_its_share_of_the_eighth(swing: float, off_beat: int) -> None:
    """66.7 per cent is the triplet, exactly."""
    assert swung(TICKS_PER_STEP, swing) == off_beat


@given(lines, ticks, st.integers(-5_000_000, 5_000_000), st.integers(24, 96))
def test_a_line_that_leans_towards_another_moves_nothing_and_meets_it(
    line: Timeline, tick: int, shift_ns: int, within: int
) -> None:
    """Five milliseconds are caught up over a sixteenth or more: the tick stays, then both agree."""
    other = Timeline(line.tempo_bpm, line.anchor_tick, line.anchor_ns + shift_ns)
    leaning = line.towards(other, tick, within)
    assert leaning.ns_of(tick) == line.ns_of(tick)
    if MIN_TEMPO_BPM < leaning.tempo_bpm < MAX_TEMPO_BPM:
        assert abs(leaning.ns_of(tick + within) - other.ns_of(tick + within)) <= 1_000
