"""The encoder-side measures, against cases and loops that can be checked by hand."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.measures.disentanglement import correlations, disentanglement, mutual_information, ranks

GRID = np.array([(x, y) for x in range(4) for y in range(4)], float)  # two independent uniforms


def test_one_dimension_for_each_attribute_is_perfect() -> None:
    """Two attributes, each on a dimension of its own, and an idle third dimension."""
    codes = np.column_stack([GRID, np.zeros(16)])
    found = disentanglement(codes, GRID * 3 + 1)
    assert found.interpretability == found.scc == found.mig == found.sap == pytest.approx(1.0)
    assert found.modularity == pytest.approx(2 / 3)  # the idle dimension tells nothing: it counts 0


def test_two_copies_leave_no_gap() -> None:
    """An attribute that two dimensions know equally well has no gap, though each tells it all."""
    codes = np.column_stack([GRID[:, 0], GRID[:, 0], GRID[:, 1]])
    found = disentanglement(codes, GRID)
    assert found.mig == found.sap == pytest.approx(0.5)  # 0 for the one, 1 for the other
    assert found.interpretability == found.modularity == pytest.approx(1.0)


def test_a_dimension_that_serves_two_is_not_modular() -> None:
    """One dimension that tells both attributes alike, one that tells only the second."""
    both = 4 * GRID[:, 0] + GRID[:, 1]
    found = disentanglement(np.column_stack([both, GRID[:, 1]]), GRID)
    assert found.modularity == pytest.approx((0 + 1) / 2)
    # The first attribute is known through ``both`` alone, the second by either: 1 and 0.
    assert found.mig == pytest.approx(0.5)
    # 16 places in a line explain 16/17 of the first attribute, 1/17 of the second.
    assert found.sap == pytest.approx((16 / 17 + (1 - 1 / 17)) / 2)


def test_a_little_of_another_attribute_costs_its_square() -> None:
    """A dimension with two bits of one attribute and one bit of the other loses a quarter."""
    mixed = 4 * GRID[:, 0] + GRID[:, 1] // 2
    found = disentanglement(np.column_stack([mixed, GRID[:, 1]]), GRID)
    assert found.modularity == pytest.approx((3 / 4 + 1) / 2)


def test_a_curve_is_in_order_but_no_line() -> None:
    """A cube is monotone: its rank correlation is 1, a straight line explains less."""
    x = np.linspace(-1, 1, 41)
    other = np.tile([0.0, 1.0], 21)[:41]
    found = disentanglement(np.column_stack([x, other]), np.column_stack([x**3, other]))
    assert found.scc == pytest.approx(1.0)
    r = np.corrcoef(x, x**3)[0, 1]
    assert found.interpretability == pytest.approx((r**2 + 1) / 2)


def test_a_latent_space_that_knows_nothing_scores_nothing() -> None:
    """Collapsed codes: 0 everywhere, no NaN. So do attributes that never differ."""
    for codes, attributes in ((np.zeros((16, 3)), GRID), (GRID, np.ones((16, 2)))):
        found = disentanglement(codes, attributes)
        assert set(vars(found).values()) == {0.0}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_equal_values_share_their_rank(values: list[int]) -> None:
    """A value's rank: how many are smaller, and half of those that equal it."""
    expected = [sum(w < v for w in values) + (values.count(v) + 1) / 2 for v in values]
    assert ranks(values).tolist() == expected


def test_information_is_its_double_sum() -> None:
    """Values already in whole bins: the sum of p log(p / p p) over pairs, by counting."""
    chance = np.random.default_rng(0)
    x = np.append(chance.integers(0, 20, 300), [0, 19])
    y = np.append((x[:300] // 3 + chance.integers(0, 14, 300)) % 20, [0, 19])
    information, entropy = mutual_information(x[:, None] * 1.0, y[:, None] * 1.0)
    n, pairs, of_x, of_y = len(x), Counter(zip(x, y, strict=True)), Counter(x), Counter(y)
    expected = sum(c / n * math.log(c * n / of_x[a] / of_y[b]) for (a, b), c in pairs.items())
    assert information[0, 0] == pytest.approx(expected)
    assert entropy[0] == pytest.approx(-sum(c / n * math.log(c / n) for c in of_y.values()))


def test_correlations_are_those_of_numpy() -> None:
    """Every column with every column."""
    chance = np.random.default_rng(0)
    one, other = chance.normal(size=(30, 3)), chance.normal(size=(30, 2))
    expected = np.corrcoef(one, other, rowvar=False)[:3, 3:]
    np.testing.assert_allclose(correlations(one, other), expected)
