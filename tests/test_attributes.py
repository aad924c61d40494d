"""Attributes: what is counted on a phrase and what is expected under probabilities agree."""

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.attributes import ATTRIBUTES, DIRECTION, LEAN, NOTE_COUNT, REGISTER, Attribute
from engine.expectation import expected, of_rows, slope
from engine.phrase import HOLD_STEP, REST_STEP
from engine.vocabulary import Vocabulary

VOCABULARY = Vocabulary.of(["C4", "D4"])
PITCHES = torch.tensor(VOCABULARY.step_values, dtype=torch.float64)
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
    found = expected(attribute, probabilities, PITCHES)
    torch.testing.assert_close(found, total, rtol=1e-12, atol=1e-12)


@EVERY
@given(row=st.lists(st.integers(0, len(VOCABULARY) - 1), min_size=2, max_size=32))
def test_certainty_is_the_exact_value(attribute: Attribute, row: list[int]) -> None:
    """When the decoder is sure of every step, the expectation is the count itself."""
    one_hot = torch.nn.functional.one_hot(torch.tensor(row), len(VOCABULARY)).double()
    steps = VOCABULARY.steps(row)
    assert float(expected(attribute, one_hot, PITCHES)) == pytest.approx(attribute.exact(steps))
    assert of_rows(attribute, [steps, steps]) == pytest.approx([attribute.exact(steps)] * 2)


@EVERY
def test_the_slope_is_the_derivative_of_the_expectation(attribute: Attribute) -> None:
    """Along two ways at once, and equal to what automatic differentiation finds."""
    torch.manual_seed(1)
    probabilities = torch.softmax(torch.randn(3, 5, len(VOCABULARY), dtype=torch.float64), -1)
    moved = torch.randn(2, 3, 5, len(VOCABULARY), dtype=torch.float64)
    found = slope(attribute, probabilities, moved, PITCHES)
    for way in range(2):
        truth = torch.func.jvp(
            lambda p: expected(attribute, p, PITCHES), (probabilities,), (moved[way],)
        )[1]
        torch.testing.assert_close(found[way], truth, rtol=1e-12, atol=1e-12)


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


def test_register_is_the_mean_of_what_sounds() -> None:
    """A held note counts as long as it sounds, a rest keeps the last pitch, A4 before the first."""
    row = [HOLD_STEP, 60, HOLD_STEP, REST_STEP]
    assert REGISTER.exact(row) == (69 + 3 * 60) / 4


def test_direction_is_the_rise_from_end_to_end() -> None:
    """A scale of n steps rises by its ends' interval; upside down it falls by as much."""
    scale = [60, 61, 62, 63, 64]
    assert DIRECTION.exact(scale) == pytest.approx(4.0)
    assert DIRECTION.exact(scale[::-1]) == pytest.approx(-4.0)
    assert DIRECTION.exact([60] * 8) == pytest.approx(0.0)
