"""What the report says about its pictures: true sentences, computed from the same arrays."""

import numpy as np
import pytest

from engine.report import readings

POSITIONS = np.linspace(-3.0, 3.0, 61)


def over(row: np.ndarray) -> np.ndarray:
    """A plane of 61 equal rows."""
    return np.tile(row, (61, 1))


def test_a_rise_by_hand() -> None:
    """Means at the edges, steps that lose a note, and how steep the steepest unit is."""
    notes = over(np.arange(61) // 10)
    notes[0, 30:] -= 1  # one row loses its note where others gain one, and keeps one fewer
    found = readings.rise(POSITIONS, notes)
    assert (found.left, found.steps) == (0.0, 61 * 60)
    assert found.right == pytest.approx(6 - 1 / 61)
    assert found.falls == 0
    notes[0, 35] -= 1
    assert readings.rise(POSITIONS, notes).falls == 1


def test_a_straight_line_and_a_cliff() -> None:
    """A straight rise puts a sixth into each unit of z1; a cliff puts all into one; nothing, 0."""
    assert readings.rise(POSITIONS, over(POSITIONS * 2)).steepest == pytest.approx(1 / 6)
    assert readings.rise(POSITIONS, over(np.where(POSITIONS > 0.05, 9, 1))).steepest == 1.0
    assert readings.rise(POSITIONS, over(np.ones(61))).steepest == 0.0


def test_only_a_knob_that_adds_notes_is_said_to() -> None:
    """The heading promises notes to the right only where they come, and hardly ever go."""
    good = readings.rise(POSITIONS, over(np.arange(61) // 10))
    assert readings.knob_heading(good) == (
        "Turn the knob to the right and notes come: from 0.0 to 6.0 in two bars"
    )
    flat = readings.rise(POSITIONS, over(np.full(61, 7)))
    saw = readings.rise(POSITIONS, over(np.arange(61) // 10 - np.arange(61) % 2))
    for bad in (flat, saw):
        assert "does not simply add notes" in readings.knob_heading(bad)


def test_falls_in_words() -> None:
    """None, or how many and how many in a hundred."""
    assert readings.falls_sentence(readings.Rise(0, 1, 0, 3660, 1)) == (
        "Not one of 3,660 steps to the right loses a note."
    )
    assert "1,830 (50.0 %)" in readings.falls_sentence(readings.Rise(0, 1, 1830, 3660, 1))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-0.04, 1, "0.0"), (-2.0, 0, "\N{MINUS SIGN}2"), (3.14159, 2, "3.14"), (0.0, 1, "0.0")],
)
def test_numbers_as_they_are_printed(value: float, digits: int, text: str) -> None:
    """A real minus sign, and never a minus before a zero."""
    assert readings.signed(value, digits) == text


def test_drift_leaves_silent_rows_out() -> None:
    """Distances between the edges count up and down alike; silence has no pitch."""
    silent = np.nan
    pitches = np.array([[60.0, 62.0, 64.0], [70.0, 70.0, 68.0], [silent, 60.0, 61.0]])
    assert readings.drift(pitches) == 3.0
    assert np.isnan(readings.drift(np.full((2, 2), silent)))
    assert "3.0 semitones, the lowest by 0.5" in readings.drift_heading(3.0, 0.5)
    assert "semitones" not in readings.drift_heading(silent, 0.5)


def test_a_line_in_words() -> None:
    """From how many notes to how many; what is lost on the way is said."""
    assert readings.line_heading([2, 5, 8], "One melody") == "One melody, from 2 to 8 notes"
    assert readings.line_heading([2, 5, 4, 8], "It").endswith("on the way a note is lost 1 time")
    assert "8 notes at one end of the knob, 3 at the other" in readings.line_heading([8, 3], "It")


@pytest.mark.parametrize(
    ("mean", "spread", "word"),
    [(0, 1, "as the prior says"), (0, 0.5, "crowd"), (0, 1.5, "wider"), (0.5, 1, "to one side")],
)
def test_where_melodies_lie_in_words(mean: float, spread: float, word: str) -> None:
    """A heading for each way to miss the prior, and one for meeting it."""
    normal = np.random.default_rng(0).standard_normal(20_000)
    assert word in readings.spread_heading(mean + spread * normal)


def test_circles_hold_what_the_prior_has() -> None:
    """Dots of N(0, I) fill the circles as the sentence says they should."""
    x, y = np.random.default_rng(0).standard_normal((2, 200_000))
    said = readings.circles_sentence(x, y)
    assert said == "Inside the circles 1, 2, 3 lie 39, 86, 99 % of the melodies; the prior has " + (
        "39, 86, 99 %."
    )


def test_order_of_the_colours() -> None:
    """Note counts that follow z1 are in order, unrelated ones are not."""
    x = np.linspace(-3, 3, 200)
    chance = np.random.default_rng(0)
    assert "are in order" in readings.order_sentence(x, np.round(x + 5).astype(int))
    assert "in no order" in readings.order_sentence(x, chance.integers(2, 9, 200))
    assert "same" in readings.order_sentence(x, np.full(200, 7))


def test_a_warning_says_what_went_wrong() -> None:
    """Counts that no melody has, or a switch in place of a knob; else nothing is claimed."""
    notes = np.array([[0, 3, 17, 20]])
    assert readings.beyond(notes, fewest=3, most=17) == 50.0
    assert "50 % of the plane" in readings.warning_heading(50.0, 0.2)
    assert "switch" in readings.warning_heading(0.0, 0.6)
    assert readings.warning_heading(0.0, 0.2).endswith("the same pictures")
