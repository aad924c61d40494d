"""What the true knobs promise, and what is heard of it."""

from typing import Any

import pytest

from engine.card import Card, find_checkpoint, read_card
from engine.phrase import HOLD_STEP, REST_STEP
from instrument.mapping import KnobMapping, Mapping
from instrument.true_knobs import curves_of, true_knobs, without_calibration

NOTES = tuple(2.0 + i / 10 for i in range(61))  # 2 notes at -3, 5 at 0, 8 at 3
LEVEL = (69.0,) * 61
STEPS = [60, HOLD_STEP] * 4 + [REST_STEP] * 24


def card_with(*tied: tuple[str, int, tuple[float, ...]]) -> Card:
    """The shipped card, tied to other attributes: (name, dimension, calibration) each."""
    card = read_card(find_checkpoint("stage"))
    first = card.attributes[0]
    attributes = tuple(
        first.model_copy(update={"name": name, "dimension": at, "calibration": curve})
        for name, at, curve in tied
    )
    return card.model_copy(update={"attributes": attributes})


CARD = card_with(("note_count", 1, NOTES), ("lean", 4, ()), ("brightness", 2, NOTES))


def test_a_promise_is_what_the_curve_plays_at_z_whoever_set_it() -> None:
    """By dimension: z1 = 1 asks for 6 notes; a dimension without a curve asks for nothing."""
    notes, lean = true_knobs(CARD, Mapping())
    z = [1.0] + [0.0] * 11
    assert [(knob.knob, knob.label) for knob in (notes, lean)] == [(1, "notes"), (4, "lean")]
    assert notes.asked(z) == pytest.approx(6.0)
    assert lean.asked(z) is None


def test_what_is_heard_is_counted_in_both_bars() -> None:
    """Four notes in the first bar, none in the second."""
    notes, lean = true_knobs(CARD, Mapping())
    assert (notes.heard(STEPS), lean.heard(STEPS)) == (4.0, -4.0)


def test_an_attribute_of_a_later_version_is_left_out() -> None:
    """What this version cannot hear in a phrase it does not show."""
    assert [knob.attribute.name for knob in true_knobs(CARD, Mapping())] == ["note_count", "lean"]


def test_true_knobs_follow_the_patch() -> None:
    """They come in order of the patch's numbers; a dimension without a knob has none.

    Knob 3 that moves z1 promises what z1 plays.
    """
    patch = Mapping(knobs=(KnobMapping(1, 4, -3.0, 3.0), KnobMapping(3, 1, -3.0, 3.0)))
    knobs = true_knobs(CARD, patch)
    assert [(k.knob, k.dimension) for k in knobs] == [(1, 4), (3, 1)]
    assert knobs[1].asked([3.0] + [0.0] * 11) == pytest.approx(8.0)
    assert true_knobs(CARD, Mapping(knobs=())) == ()


def test_a_knob_asks_for_what_its_position_means() -> None:
    """Half-way on a calibrated knob is half-way between the promises of its ends."""
    mapping = Mapping().calibrated_by(curves_of(CARD))
    z = [mapping.knobs[0].position_to_z(0.25)] + [0.0] * 11
    assert true_knobs(CARD, mapping)[0].asked(z) == pytest.approx(3.5)


@pytest.mark.parametrize(
    ("tied", "line"),
    [
        ([(n, NOTES) for n in (1, 2, 3, 4)], None),
        ([(1, NOTES), (2, NOTES), (3, NOTES)], "knob 4 is linear"),
        ([(1, NOTES)], "knobs 2, 3 and 4 are linear"),
        ([(1, ()), (2, LEVEL)], "knobs 1, 2, 3 and 4 are linear"),
    ],
)
def test_knobs_without_a_calibration_are_told_in_one_line(tied: Any, line: str | None) -> None:
    """Those that the patch wants calibrated and the checkpoint does not know, or knows as flat."""
    card = card_with(*(("note_count", at, curve) for at, curve in tied))
    told = without_calibration(Mapping().calibrated_by(curves_of(card)))
    assert told is None if line is None else (told or "").startswith(line)
