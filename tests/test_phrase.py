"""A row of steps and the notes it stands for say the same thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phrase import (
    HOLD_STEP,
    PHRASE_STEPS,
    REST_STEP,
    Note,
    notes_from_steps,
    steps_from_notes,
)

ROWS = st.lists(
    st.one_of(st.just(HOLD_STEP), st.just(REST_STEP), st.integers(0, 127)),
    min_size=PHRASE_STEPS,
    max_size=PHRASE_STEPS,
)


def test_hold_goes_on_and_rest_ends() -> None:
    """A note lasts through its HOLDs, up to the next onset or REST."""
    row = [60, HOLD_STEP, HOLD_STEP, 62, REST_STEP, REST_STEP, 64, HOLD_STEP]
    assert notes_from_steps(row) == (Note(60, 0, 3), Note(62, 3, 1), Note(64, 6, 2))


def test_hold_after_rest_or_first_is_silent() -> None:
    """HOLD continues a note where there is one; after a REST, and at the start, it is silence."""
    assert notes_from_steps([HOLD_STEP, HOLD_STEP, 60, REST_STEP, HOLD_STEP]) == (Note(60, 2, 1),)
    assert notes_from_steps([]) == ()


@given(ROWS)
def test_notes_never_overlap_and_stay_inside(row: list[int]) -> None:
    """Whatever a decoder says, its notes come in time order, one at a time, inside the phrase."""
    notes = notes_from_steps(row)
    assert [note.pitch for note in notes] == [value for value in row if value >= 0]
    free_from = 0
    for note in notes:
        assert note.onset_step >= free_from
        assert note.duration_steps >= 1
        free_from = note.onset_step + note.duration_steps
    assert free_from <= PHRASE_STEPS


@given(ROWS)
def test_notes_to_steps_and_back(row: list[int]) -> None:
    """Writing the notes down as steps and reading them again loses nothing."""
    notes = notes_from_steps(row)
    assert notes_from_steps(steps_from_notes(notes)) == notes


def test_steps_take_notes_in_any_order() -> None:
    """The order in which notes are given does not matter."""
    notes = (Note(64, 2, 2), Note(60, 0, 1))
    assert steps_from_notes(notes, length=5) == (60, REST_STEP, 64, HOLD_STEP, REST_STEP)


@pytest.mark.parametrize(
    "notes",
    [
        (Note(60, 0, 3), Note(62, 2, 1)),
        (Note(60, 30, 3),),
        (Note(60, -1, 2),),
        (Note(60, 4, 0),),
    ],
)
def test_notes_that_do_not_fit_are_refused(notes: tuple[Note, ...]) -> None:
    """An overlap, a note over the edge, and a note of no length each raise ValueError."""
    with pytest.raises(ValueError, match="overlaps its neighbour or leaves"):
        steps_from_notes(notes)
