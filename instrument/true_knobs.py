"""The true knobs: those whose dimension was tied to a meaning, and what they promise. Main process.

What a knob promises is what its curve plays at its z, whoever set it; what is heard is counted in
the phrase that plays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.attributes import ATTRIBUTES, NOTE_COUNT, Attribute
from engine.card import Card
from instrument.curve import Curve, played_at
from instrument.mapping import Mapping


@dataclass(frozen=True, slots=True)
class TrueKnob:
    """Knob ``knob`` moves ``dimension`` (both from 1), which was tied to ``attribute``.

    ``calibration`` is empty where the checkpoint has none: then the knob promises nothing.
    """

    knob: int
    dimension: int
    attribute: Attribute
    calibration: Curve

    @property
    def label(self) -> str:
        """What it moves, in a word or two."""
        name = self.attribute.name
        return "notes" if name == NOTE_COUNT.name else name.replace("_", " ")

    def asked(self, z: Sequence[float]) -> float | None:
        """What it promises at the point ``z``, in the attribute's unit; ``None``: nothing."""
        if not self.calibration:
            return None
        return played_at(self.calibration, z[self.dimension - 1])

    def heard(self, steps: Sequence[int]) -> float:
        """What the two bars ``steps`` have of it, in the attribute's unit."""
        return self.attribute.exact(steps)


def curves_of(card: Card) -> dict[int, Curve]:
    """The calibration curves of a checkpoint, by dimension."""
    return {a.dimension: a.calibration for a in card.attributes if a.calibration}


def true_knobs(card: Card, mapping: Mapping) -> tuple[TrueKnob, ...]:
    """The patch's knobs that move something with a meaning, in order of their numbers.

    An attribute that this version does not know cannot be heard out of a phrase and is left out.
    """
    found = []
    for tied in card.attributes:
        knob = mapping.knob_of_dimension.get(tied.dimension)
        attribute = ATTRIBUTES.get(tied.name)
        if knob is not None and attribute is not None:
            found.append(TrueKnob(knob.knob, tied.dimension, attribute, tied.calibration))
    return tuple(sorted(found, key=lambda true: true.knob))


def without_calibration(mapping: Mapping) -> str | None:
    """One line about the knobs that ask for a calibration and have none; ``None`` if all have."""
    numbers = [
        str(knob.knob)
        for knob in mapping.knobs
        if knob.curve == "calibrated" and not knob.calibrated
    ]
    if not numbers:
        return None
    if len(numbers) == 1:
        return f"knob {numbers[0]} is linear: this checkpoint has no calibration for it"
    named = f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"knobs {named} are linear: this checkpoint has no calibration for them"
