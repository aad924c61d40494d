"""Distances between distributions, against cases that can be worked out on paper."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.measures.distributions import mmd, normal_distance, note_heaps, overlap, resemblance
from engine.phrase import HOLD_STEP, REST_STEP, notes_from_steps

NORMAL = NormalDist()
H, R = HOLD_STEP, REST_STEP


def test_one_value_stands_half_way_off() -> None:
    """A single 0 jumps from 0 to 1 where N(0, 1) is 0.5; a single 1 jumps there from 0.84."""
    assert normal_distance([0.0]) == pytest.approx(0.5)
    assert normal_distance([1.0]) == pytest.approx(NORMAL.cdf(1.0))


def test_the_normal_itself_is_close_and_a_shifted_one_is_not() -> None:
    """Quantiles of N(0, 1) lie half a step off; moved by 1 they lie off by 2 Phi(1/2) - 1."""
    quantiles = np.array([NORMAL.inv_cdf((k + 0.5) / 1000) for k in range(1000)])
    assert normal_distance(quantiles) == pytest.approx(0.0005, abs=1e-9)
    assert normal_distance(quantiles + 1) == pytest.approx(2 * NORMAL.cdf(0.5) - 1, abs=1e-3)


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=12))
def test_the_distance_is_the_largest_anywhere(values: list[float]) -> None:
    """No point of the line lies farther off than is said, looked at just before and at each
    value.
    """
    found = normal_distance(values)
    count = len(values)
    seen = [abs(sum(w <= v for w in values) / count - NORMAL.cdf(v)) for v in values] + [
        abs(sum(w < v for w in values) / count - NORMAL.cdf(v)) for v in values
    ]
    assert found == pytest.approx(max(seen), abs=1e-12)


def brute_mmd(one: np.ndarray, other: np.ndarray) -> float:
    """Three double sums, as the definition has them."""
    pooled = [*one, *other]
    distances = [math.dist(a, b) for i, a in enumerate(pooled) for b in pooled[i + 1 :]]
    width = float(np.median(np.square(distances)))

    def mean(left: np.ndarray, right: np.ndarray) -> float:
        kernel = [math.exp(-(math.dist(a, b) ** 2) / (2 * width)) for a in left for b in right]
        return sum(kernel) / len(kernel)

    return math.sqrt(mean(one, one) + mean(other, other) - 2 * mean(one, other))


def test_mmd_is_its_three_double_sums() -> None:
    """Seven points against five in three dimensions, by loops."""
    chance = np.random.default_rng(3)
    one, other = chance.normal(size=(7, 3)), chance.normal(size=(5, 3)) + 0.5
    assert mmd(one, other).mmd == pytest.approx(brute_mmd(one, other))


def test_mmd_knows_equal_from_shifted() -> None:
    """Two samples of one law stay near their null; half a deviation off is far beyond it."""
    chance = np.random.default_rng(0)
    one, other = chance.normal(size=(200, 4)), chance.normal(size=(200, 4))
    same, moved = mmd(one, other), mmd(one, other + 0.5)
    assert same.mmd < 1.3 * same.null_95
    assert moved.mmd > 2 * moved.null_95


def test_the_null_is_passed_once_in_twenty() -> None:
    """Of 200 pairs of samples of one law, about ten lie beyond their own null."""
    chance = np.random.default_rng(1)
    draws = [mmd(*chance.normal(size=(2, 20, 2)), seed=k) for k in range(200)]
    assert 3 <= sum(found.mmd > found.null_95 for found in draws) <= 20


def test_points_that_are_all_one_lie_nowhere_apart() -> None:
    """A collapsed sample against itself is 0, not a division by zero."""
    assert mmd(np.zeros((4, 2)), np.zeros((4, 2))).mmd == 0.0


def test_overlap_by_hand() -> None:
    """Shares 1/2, 1/2 against 1/4, 1/4, 1/2 have a half in common; sizes do not matter."""
    assert overlap(np.array([1, 2]), np.array([1, 2, 3, 3])) == 0.5
    assert overlap(np.array([1, 2]), np.array([2, 1, 1, 2])) == 1.0
    assert overlap(np.array([-1]), np.array([5])) == 0.0
    assert overlap(np.array([], int), np.array([5])) == 0.0


def test_the_notes_of_two_phrases() -> None:
    """A rest cuts a note, the end of the phrase does, and no interval leads to the next phrase."""
    found = note_heaps(np.array([[60, H, 64, R, H, 62], [H, 70, R, R, 70, H]]))
    assert found.note_count.tolist() == [3, 2]
    assert found.pitch.tolist() == [60, 64, 62, 70, 70]
    assert found.interval.tolist() == [4, -2, 0]
    assert found.duration.tolist() == [2, 1, 1, 1, 2]
    assert found.onset.tolist() == [0, 2, 5, 1, 4]


@given(st.lists(st.sampled_from([H, R, 60, 67]), min_size=1, max_size=10))
def test_the_notes_are_those_of_the_phrase(steps: list[int]) -> None:
    """Pitch, place and length of every note, as notes_from_steps reads them."""
    found = note_heaps(np.array([steps]))
    notes = notes_from_steps(steps)
    assert found.pitch.tolist() == [n.pitch for n in notes]
    assert found.onset.tolist() == [n.onset_step for n in notes]
    assert found.duration.tolist() == [n.duration_steps for n in notes]


def test_resemblance_names_each_histogram() -> None:
    """The same rhythm an octave up: everything but the pitch is alike."""
    phrase = np.array([[60, H, 64, H], [62, R, 65, H]])
    higher = np.where(phrase >= 0, phrase + 12, phrase)
    assert resemblance(phrase, higher) == {
        "note_count": 1.0,
        "pitch": 0.0,
        "interval": 1.0,
        "duration": 1.0,
        "onset": 1.0,
    }
