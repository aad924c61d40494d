"""Attributes: what is counted on a phrase and what is expected under probabilities agree."""

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.attributes import ATTRIBUTES, LEAN, NOTE_COUNT, Attribute
from engine.phrase import HOLD_STEP, REST_STEP
from engine.vocabulary import Vocabulary

VOCABULARY = Vocabulary.of(["C4", "D4"])
EVERY = pytest.mark.parametrize("attribute", list(ATTRIBUTES.values()), ids=list(ATTRIBUTES))


@EVERY
def test_the_expectation_equals_enumeration(attribute: Attribute) -> None:
    """Over all 256 rows of four steps: sum of p(x) g(x) is E[g] to twelve digits."""
    torch.manual_seed(0)
    probabilities = torch.softmax(torch.randn(3, 4, len(VOCABULARY), dtype=torch.float64), -1)
    total = torch.zeros(3, dtype=torch.float64)
    for row in product(range(len(VOCABULARY)), repeat=4):
        likelihood = probabilities[:, range(4), row].prod(-1)
        total += likelihood * attribute.exact(VOCABULARY.steps(row))
    torch.testing.assert_close(attribute.expected(probabilities), total, rtol=1e-12, atol=1e-12)


@EVERY
@given(row=st.lists(st.integers(0, len(VOCABULARY) - 1), min_size=2, max_size=32))
def test_certainty_is_the_exact_value(attribute: Attribute, row: list[int]) -> None:
    """When the decoder is sure of every step, the expectation is the count itself."""
    one_hot = torch.nn.functional.one_hot(torch.tensor(row), len(VOCABULARY)).double()
    assert float(attribute.expected(one_hot)) == attribute.exact(VOCABULARY.steps(row))


def test_note_count_counts_what_is_struck() -> None:
    """HOLD and REST are no notes; a repeated pitch is struck again."""
    assert NOTE_COUNT.exact([60, HOLD_STEP, 60, REST_STEP, HOLD_STEP, 62]) == 3.0


def test_lean_is_second_bar_minus_first() -> None:
    """Three notes in the second bar and one in the first lean by two."""
    row = [HOLD_STEP] * 32
    for step in (0, 16, 20, 24):
        row[step] = 60
    assert LEAN.exact(row) == 2.0
    row[15] = 60
    assert LEAN.exact(row) == 1.0
