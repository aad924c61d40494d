"""What GLSR costs, on windows small enough to count by hand."""

import numpy as np
import pytest

from engine.measures.metrics import accuracy, note_f1
from engine.measures.paired import accuracy_and_f1, hits_by_cluster, paired_drop

# HOLD is 0, REST is 1, notes are 2 and more. Two windows of tune 7, one of tune 3.
TRUTH = np.asarray([[2, 0, 3, 0], [1, 0, 4, 0], [5, 5, 5, 5]])
TUNES = np.asarray([7, 7, 3])
WITHOUT = TRUTH.copy()
WITH = np.asarray([[2, 0, 6, 0], [1, 0, 4, 0], [5, 5, 0, 5]])


def test_hits_are_counted_tune_by_tune() -> None:
    """Tune 3: 3 of 4 tokens, 3 notes in common, 4 + 3 struck; tune 7: 7 of 8, 2, 3 + 3."""
    assert hits_by_cluster(WITH, TRUTH, TUNES).tolist() == [[3, 4, 3, 7], [7, 8, 2, 6]]


def test_sums_give_the_figures_of_all_windows_together() -> None:
    """Added over tunes they are accuracy and note F1 as the other figures define them."""
    found = accuracy_and_f1(hits_by_cluster(WITH, TRUTH, TUNES).sum(0))
    assert found.tolist() == pytest.approx([accuracy(WITH, TRUTH), note_f1(WITH, TRUTH)])


def test_the_drop_is_what_is_lost_in_points() -> None:
    """All right without, ten of twelve tokens and ten of thirteen notes with."""
    acc, f1 = paired_drop(TRUTH, TUNES, [(WITHOUT, WITH)])
    assert acc.median == pytest.approx(100 * 2 / 12)
    assert f1.median == pytest.approx(100 * (1 - 10 / 13))
    assert acc.seeds == (acc.median,)
    # Of two tunes drawn anew, the dearest is twice tune 3, the cheapest twice tune 7.
    assert acc.low == pytest.approx(100 * 1 / 8)
    assert acc.high == pytest.approx(100 * 1 / 4)


def test_the_median_is_taken_over_seeds() -> None:
    """Three seeds: no loss, a loss, and a gain of the same size."""
    pairs = [(WITHOUT, WITHOUT), (WITHOUT, WITH), (WITH, WITHOUT)]
    acc, f1 = paired_drop(TRUTH, TUNES, pairs)
    assert acc.median == f1.median == 0.0
    assert sorted(acc.seeds) == pytest.approx([-100 * 2 / 12, 0.0, 100 * 2 / 12])
    assert acc.low == acc.high == 0.0


def test_windows_of_one_tune_stand_or_fall_together() -> None:
    """With a single tune there is nothing to draw: the interval is a point, however many
    windows.
    """
    acc, _ = paired_drop(TRUTH, np.zeros(3, int), [(WITHOUT, WITH)])
    assert acc.low == acc.median == acc.high


def test_more_tunes_make_a_narrower_interval() -> None:
    """The bootstrap knows how many tunes there are: it is as wide as theory says, within a
    tenth.
    """
    chance = np.random.default_rng(0)
    truth = np.full((4000, 8), 2)
    tunes = np.arange(400).repeat(10)
    share = chance.uniform(0.6, 1.0, 400)[tunes]
    decoded = np.where(chance.random((4000, 8)) < share[:, None], 2, 3)
    acc, _ = paired_drop(truth, tunes, [(truth, decoded)])
    of_tunes = (decoded == 3).reshape(400, 80).mean(1)
    expected = 2 * 1.96 * 100 * of_tunes.std() / np.sqrt(400)
    assert acc.high - acc.low == pytest.approx(expected, rel=0.1)


def test_the_interval_is_seeded() -> None:
    """The same windows give the same interval on every machine."""
    pairs = [(WITHOUT, WITH)]
    assert paired_drop(TRUTH, TUNES, pairs) == paired_drop(TRUTH, TUNES, pairs)


def test_nothing_to_compare_is_refused() -> None:
    """No pair, or no window: a ValueError, not a NaN."""
    with pytest.raises(ValueError, match="at least one pair"):
        paired_drop(TRUTH, TUNES, [])
    with pytest.raises(ValueError, match="at least one pair"):
        paired_drop(TRUTH[:0], TUNES[:0], [(TRUTH[:0], TRUTH[:0])])
