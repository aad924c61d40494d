"""Ticks and nanoseconds: exact, and the same after a night of playing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.tempo import (
    TICKS_PER_BAR,
    TICKS_PER_BEAT,
    TICKS_PER_PHRASE,
    TICKS_PER_STEP,
    Timeline,
    bar_line_from,
    bar_of,
    checked_tempo,
    step_of,
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
