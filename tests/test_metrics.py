"""The figures on hand-made sweeps and windows, where the right answer can be seen."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.measures.metrics import (
    accuracy,
    cross_talk,
    exact_windows,
    note_counts,
    note_f1,
    sweep_figures,
)

POSITIONS = np.linspace(-2.0, 2.0, 5)


def sweeps(*rows: list[int]) -> npt.NDArray[np.int64]:
    return np.asarray(rows, np.int64)


def test_a_straight_line_is_perfect() -> None:
    """One note more at every position: everything is 1, the slope is a note per unit."""
    figures = sweep_figures(sweeps([3, 4, 5, 6, 7]), POSITIONS)
    assert figures.monotone_pairs == figures.monotone_sweeps == 1.0
    assert figures.efficiency == figures.linearity == pytest.approx(1.0)
    assert figures.argmax_slope == pytest.approx(1.0)
    assert (figures.low, figures.high, figures.never_rising) == (3.0, 7.0, 0.0)


@pytest.mark.parametrize("dead", [[5, 5, 5, 5, 5], [9, 8, 8, 7, 1], [0, 0, 0, 0, 0]])
def test_a_sweep_that_never_rises_counts_nothing(dead: list[int]) -> None:
    """A dead or backward knob scores 0 everywhere, though a flat line never falls."""
    figures = sweep_figures(sweeps(dead), POSITIONS)
    assert figures.monotone_pairs == figures.monotone_sweeps == 0.0
    assert figures.efficiency == figures.linearity == figures.argmax_slope == 0.0
    assert figures.never_rising == 1.0


def test_one_fall_costs_its_pair_its_sweep_and_twice_its_way() -> None:
    """3 5 4 6 7: three of four pairs rise; net 4 of 6 notes moved."""
    figures = sweep_figures(sweeps([3, 5, 4, 6, 7]), POSITIONS)
    assert figures.monotone_pairs == 0.75
    assert figures.monotone_sweeps == 0.0
    assert figures.efficiency == pytest.approx(4 / 6)
    assert figures.argmax_slope == pytest.approx(0.9)
    assert 0.8 < figures.linearity < 1.0


def test_steps_are_monotone_but_not_straight() -> None:
    """3 3 3 7 7 never falls and wastes nothing, yet it is no line."""
    figures = sweep_figures(sweeps([3, 3, 3, 7, 7]), POSITIONS)
    assert figures.monotone_pairs == figures.monotone_sweeps == figures.efficiency == 1.0
    assert figures.linearity == pytest.approx(0.75)


def test_sweeps_are_averaged() -> None:
    """A perfect sweep and a dead one make one half; both count for the ends."""
    figures = sweep_figures(sweeps([3, 4, 5, 6, 7], [5, 5, 5, 5, 5]), POSITIONS)
    assert figures.monotone_pairs == figures.monotone_sweeps == figures.never_rising == 0.5
    assert figures.efficiency == figures.linearity == pytest.approx(0.5)
    assert (figures.low, figures.high) == (4.0, 6.0)


@given(arrays(np.int64, st.tuples(st.integers(1, 6), st.just(5)), elements=st.integers(0, 32)))
def test_figures_stay_in_their_ranges(counts: npt.NDArray[np.int64]) -> None:
    """Whatever is swept, shares lie in 0..1, efficiency in -1..1, and nothing is NaN."""
    figures = sweep_figures(counts, POSITIONS)
    for share in (figures.monotone_pairs, figures.monotone_sweeps, figures.never_rising):
        assert 0.0 <= share <= 1.0
    assert -1.0 <= figures.efficiency <= 1.0
    assert -1e-9 <= figures.linearity <= 1.0 + 1e-9
    assert np.isfinite(figures.argmax_slope)
    assert figures.monotone_sweeps <= figures.monotone_pairs


def test_bytes_do_not_wrap_round() -> None:
    """Counts that come as unsigned bytes fall below their neighbour without wrapping to 255."""
    figures = sweep_figures(np.asarray([[3, 5, 4, 6, 7]], np.uint8), POSITIONS)
    assert figures.monotone_pairs == 0.75


def test_rounding_is_no_fall() -> None:
    """A register of thirds and sevenths: equal values that differ in their last digit stay
    level.
    """
    figures = sweep_figures(np.asarray([[60.0, 60.0 - 1e-11, 61.5, 61.5 - 1e-11, 63.0]]), POSITIONS)
    assert figures.monotone_pairs == figures.monotone_sweeps == figures.efficiency == 1.0
    level = sweep_figures(np.asarray([[60.0, 60.0 + 1e-11, 60.0, 60.0, 60.0]]), POSITIONS)
    assert level.never_rising == 1.0


def test_a_sweep_that_only_orders_has_full_rank_correlation() -> None:
    """However uneven its steps; backwards it is as strong, and the change has no sign."""
    for row in ([1.0, 2.0, 9.0, 10.0, 30.0], [30.0, 10.0, 9.0, 2.0, 1.0]):
        found = cross_talk(np.asarray([row]))
        assert found.spearman == pytest.approx(1.0)
        assert (found.constant, found.change) == (0.0, 29.0)


def test_ups_and_downs_cancel_but_their_change_does_not() -> None:
    """A knob that raises an attribute here and lowers it there has no sign on average."""
    found = cross_talk(sweeps([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]))
    assert found.spearman == pytest.approx(0.0)
    assert found.change == 4.0


def test_a_constant_sweep_counts_nothing_and_is_told() -> None:
    """One sweep in order, one that stays: half the correlation, half of them constant."""
    found = cross_talk(sweeps([1, 2, 3, 4, 5], [7, 7, 7, 7, 7]))
    assert found.spearman == pytest.approx(0.5)
    assert (found.constant, found.change) == (0.5, 2.0)


def test_ties_share_their_rank() -> None:
    """0 0 1 1 2 against 1..5: ranks 1.5 1.5 3.5 3.5 5, by the formula for Pearson's r."""
    expected = np.corrcoef([1.5, 1.5, 3.5, 3.5, 5], [1, 2, 3, 4, 5])[0, 1]
    found = cross_talk(np.asarray([[0, 0, 1, 1 + 1e-12, 2]]))
    assert found.spearman == pytest.approx(expected)


# HOLD is 0, REST is 1, notes are 2 and more.
TRUTH = np.asarray([[2, 0, 3, 0], [1, 0, 4, 0]])


def test_notes_are_neither_hold_nor_rest() -> None:
    """Rows [.., T] become counts [..]."""
    assert note_counts(TRUTH).tolist() == [2, 1]
    assert note_counts(np.stack([TRUTH, TRUTH])).shape == (2, 2)


def test_a_perfect_reconstruction() -> None:
    """All tokens, all notes, all windows."""
    assert accuracy(TRUTH, TRUTH) == note_f1(TRUTH, TRUTH) == exact_windows(TRUTH, TRUTH) == 1.0


def test_right_rhythm_and_wrong_pitches() -> None:
    """Every HOLD and REST right and every pitch wrong: accuracy looks well, note F1 is 0."""
    wrong = np.where(TRUTH > 1, TRUTH + 1, TRUTH)
    assert accuracy(wrong, TRUTH) == 5 / 8
    assert note_f1(wrong, TRUTH) == 0.0
    assert exact_windows(wrong, TRUTH) == 0.0


def test_note_f1_counts_misses_and_inventions() -> None:
    """Of three notes two found, one missed, one invented: F1 is 2/3; only one window is whole."""
    decoded = np.asarray([[2, 0, 3, 0], [1, 5, 0, 0]])
    assert note_f1(decoded, TRUTH) == pytest.approx(2 / 3)
    assert exact_windows(decoded, TRUTH) == 0.5


def test_silence_has_no_notes_to_find() -> None:
    """No note written and none played is 0, not a division by zero."""
    silence = np.ones((1, 4), np.int64)
    assert note_f1(silence, silence) == 0.0
