"""Intervals: exact under independent outputs, the corpus's own when nothing is to be mended."""

from itertools import combinations, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.intervals import (
    FARTHEST,
    WIDEST,
    Intervals,
    Notes,
    expected_keys,
    expected_moves,
    interval_distance,
    intervals_of,
)
from engine.vocabulary import HOLD_ID, Vocabulary

VOCABULARY = Vocabulary.of(["C4", "C#4", "Db4", "F4", "G5"])
PITCHES = VOCABULARY.step_values
NOTES = Notes.of(VOCABULARY)
ROWS = st.lists(st.integers(0, len(VOCABULARY) - 1), min_size=1, max_size=32)
SURE = 40.0  # logits times this leave nothing to chance


def counted(row: list[int]) -> Tensor:
    """The intervals of one row of tokens, counted one by one: [2, 25]."""
    counts, last = torch.zeros(2, 2 * WIDEST + 1, dtype=torch.float64), None
    for step, token in enumerate(row):
        pitch = PITCHES[token]
        if pitch < 0:
            continue
        if last is not None:
            interval = max(-WIDEST, min(WIDEST, pitch - last))
            counts[int(step % 4 != 0), interval + WIDEST] += 1
        last = pitch
    return counts


def counted_keys(row: list[int]) -> Tensor:
    """How many pairs of a row's notes are 0..12 fifths apart, pair by pair."""
    counts = torch.zeros(FARTHEST + 1, dtype=torch.float64)
    places = [VOCABULARY.fifths_of(token) for token in row if PITCHES[token] >= 0]
    for one, other in combinations(places, 2):
        counts[min(abs(one - other), FARTHEST)] += 1
    return counts


def one_hot(rows: list[list[int]]) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(rows), len(VOCABULARY)).double()


@given(row=ROWS)
def test_certainty_is_counting(row: list[int]) -> None:
    """Also over rests and holds, of two spellings of a pitch, and of more than an octave."""
    torch.testing.assert_close(expected_moves(one_hot([row]), NOTES), counted(row))
    torch.testing.assert_close(expected_keys(one_hot([row]), NOTES), counted_keys(row))


def test_the_expectation_equals_enumeration() -> None:
    """Over all 7^5 rows of five steps, the mean of two phrases: to twelve digits."""
    torch.manual_seed(0)
    probabilities = torch.softmax(torch.randn(2, 5, len(VOCABULARY), dtype=torch.float64), -1)
    moves = torch.zeros(2, 2 * WIDEST + 1, dtype=torch.float64)
    keys = torch.zeros(FARTHEST + 1, dtype=torch.float64)
    for row in product(range(len(VOCABULARY)), repeat=5):
        likelihood = probabilities[:, range(5), row].prod(-1).mean()
        moves += likelihood * counted(list(row))
        keys += likelihood * counted_keys(list(row))
    found = expected_moves(probabilities, NOTES), expected_keys(probabilities, NOTES)
    torch.testing.assert_close(found, (moves, keys), rtol=1e-12, atol=1e-12)


def scale(length: int, of: tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    ids = [VOCABULARY.ids[name] for name in of]
    return np.array([[ids[t % len(ids)] for t in range(length)]], dtype=np.int64)


def test_the_corpus_is_at_no_distance_from_itself() -> None:
    """Its shares add up to 1, and its own rows, played for sure, have its intervals."""
    rows = np.concatenate([scale(32, ("C4", "C#4", "F4")), scale(32, ("F4", "Db4"))])
    corpus = intervals_of(rows, VOCABULARY)
    assert float(corpus.moves.sum()) == pytest.approx(1.0)
    assert float(corpus.keys.sum()) == pytest.approx(1.0)
    logits = SURE * one_hot(rows.tolist())
    assert float(interval_distance(logits, corpus, 1.0)) == pytest.approx(0.0, abs=1e-3)


def test_a_step_out_of_the_key_is_told_from_one_within() -> None:
    """C to D flat is a step of a scale, C to C sharp is none: the same keys on a keyboard."""
    corpus = intervals_of(scale(32, ("C4", "Db4")), VOCABULARY)
    within, without = (
        float(interval_distance(SURE * one_hot(scale(32, names).tolist()), corpus, 1.0))
        for names in (("C4", "Db4"), ("C4", "C#4"))
    )
    assert within == pytest.approx(0.0, abs=1e-3)
    assert without > 1.0


def test_leaps_are_told_from_steps_but_many_from_few_are_not() -> None:
    """Half as many notes by the same intervals are as near; the same notes by leaps are far."""
    corpus = intervals_of(scale(32, ("C4", "C#4")), VOCABULARY)
    fewer = scale(32, ("C4", "C#4"))
    fewer[:, 16:] = HOLD_ID
    leaping = scale(32, ("C4", "G5"))
    near, far = (
        float(interval_distance(SURE * one_hot(rows.tolist()), corpus, 1.0))
        for rows in (fewer, leaping)
    )
    assert near < 0.01
    assert far > 5.0


def test_the_distance_can_be_descended() -> None:
    """A gradient step on the logits brings leaping phrases nearer to a corpus of steps."""
    torch.manual_seed(3)
    corpus: Intervals = intervals_of(scale(32, ("C4", "C#4")), VOCABULARY)
    logits = torch.randn(3, 32, len(VOCABULARY), dtype=torch.float64, requires_grad=True)
    before = interval_distance(logits, corpus, 0.4)
    (gradient,) = torch.autograd.grad(before, logits)
    after = interval_distance(logits.detach() - 0.1 * gradient / gradient.abs().max(), corpus, 0.4)
    assert float(after) < float(before.detach())
