"""What the pictures say, in words, from their own arrays: no heading claims what is not seen.

Pure: arrays in, sentences out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEW_FALLS = 0.01  # of the steps to the right: below that, the knob is said to add notes
NEAR_ONE = 0.15  # a spread or a mean this close to the prior's is said to fit it
CIRCLES = tuple(float(100.0 * (1.0 - np.exp(-(radius**2) / 2.0))) for radius in (1, 2, 3))


@dataclass(frozen=True)
class Rise:
    """How a map's note counts go from left to right.

    ``left``, ``right``: mean notes at the edges. ``falls`` of ``steps`` steps to the right lose a
    note. ``steepest``: the share of the whole rise that one unit of z1 takes, at its steepest: a
    sixth for a straight line from -3 to 3, 1 for a cliff; 0 when nothing rises.
    """

    left: float
    right: float
    falls: int
    steps: int
    steepest: float

    @property
    def adds_notes(self) -> bool:
        return self.right - self.left >= 1.0 and self.falls <= FEW_FALLS * self.steps


def rise(positions: Floats, notes: Floats | Ints) -> Rise:
    """Of a map [P, P], rows z2, columns z1."""
    difference = np.diff(notes, axis=1)
    mean = notes.mean(0)
    whole = float(mean[-1] - mean[0])
    unit = round(1.0 / float(positions[1] - positions[0]))
    climb = float((mean[unit:] - mean[:-unit]).max())
    return Rise(
        left=float(mean[0]),
        right=float(mean[-1]),
        falls=int((difference < 0).sum()),
        steps=difference.size,
        steepest=climb / whole if whole > 0 else 0.0,
    )


def signed(value: float, digits: int = 1) -> str:
    """A number as it is printed: a real minus sign, and no minus before a zero."""
    text = f"{value:.{digits}f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return text.replace("-", "\N{MINUS SIGN}")


def knob_heading(found: Rise) -> str:
    """The heading of the note-count plane."""
    if found.adds_notes:
        return (
            "Turn the knob to the right and notes come: "
            f"from {signed(found.left)} to {signed(found.right)} in two bars"
        )
    return "Turning z1 to the right does not simply add notes in this plane"


def falls_sentence(found: Rise) -> str:
    """How often a step to the right loses a note."""
    if found.falls == 0:
        return f"Not one of {found.steps:,} steps to the right loses a note."
    share = 100.0 * found.falls / found.steps
    return f"Of {found.steps:,} steps to the right, {found.falls:,} ({share:.1f} %) lose a note."


def plain_caption(found: Rise) -> str:
    """The network without the regularisation, beside the one with it."""
    said = f"From {signed(found.left)} notes at the left edge to {signed(found.right)} at the right"
    return f"{said}. {falls_sentence(found)}"


def drift(values: Floats) -> float:
    """How far a map [P, P] of pitches moves from the left edge to the right: the mean distance in
    semitones over the rows in which both ends sound; NaN when none does.
    """
    ends = np.abs(values[:, -1] - values[:, 0])
    return float(np.nanmean(ends)) if np.isfinite(ends).any() else float("nan")


def drift_heading(highest: float, lowest: float) -> str:
    """The heading of the planes of other attributes."""
    if np.isnan(highest) or np.isnan(lowest):
        return "What else changes when the knob is turned"
    return (
        f"From edge to edge of the knob the highest note moves by {signed(highest)} semitones, "
        f"the lowest by {signed(lowest)}"
    )


def line_heading(counts: Sequence[int], what: str) -> str:
    """The heading of a line: ``counts`` from left to right."""
    lost = sum(right < left for left, right in pairwise(counts))
    if counts[-1] <= counts[0]:
        return f"{what}: {counts[0]} notes at one end of the knob, {counts[-1]} at the other"
    said = f"{what}, from {counts[0]} to {counts[-1]} notes"
    return f"{said}; on the way a note is lost {lost} time{'s' * (lost != 1)}" if lost else said


def spread_heading(values: Floats) -> str:
    """Where the melodies lie along the knob, against N(0, 1)."""
    mean, spread = float(values.mean()), float(values.std())
    if spread < 1.0 - NEAR_ONE:
        return "The melodies crowd in the middle of the knob; its ends are places few of them visit"
    if spread > 1.0 + NEAR_ONE:
        return "The melodies spread wider along the knob than the prior says"
    if abs(mean) > NEAR_ONE:
        return "The melodies lie to one side of the knob's middle"
    return "The melodies lie along the knob as the prior says"


def circles_sentence(x: Floats, y: Floats) -> str:
    """The share of the dots inside the circles, beside what N(0, I) has there."""
    distance = np.hypot(x, y)
    found = ", ".join(f"{100.0 * float((distance <= radius).mean()):.0f}" for radius in (1, 2, 3))
    due = ", ".join(f"{share:.0f}" for share in CIRCLES)
    return f"Inside the circles 1, 2, 3 lie {found} % of the melodies; the prior has {due} %."


def order_sentence(x: Floats, notes: Ints) -> str:
    """Whether the colours are in order from left to right."""
    if len(x) < 2 or x.std() == 0 or notes.std() == 0:
        return "All dots have the same note count or the same place."
    found = float(np.corrcoef(x, notes)[0, 1])
    grades = ((0.8, "in order"), (0.5, "mostly in order"), (0.2, "only roughly in order"))
    order = next((said for least, said in grades if found >= least), "in no order")
    return f"From left to right the colours are {order} (correlation {signed(found, 2)})."


def beyond(notes: Ints, fewest: int, most: int) -> float:
    """The share of a map's phrases with fewer or more notes than any test melody, in %."""
    return 100.0 * float(((notes < fewest) | (notes > most)).mean())


def warning_heading(share: float, steepest: float) -> str:
    """The heading of what a slope too large does."""
    if share >= 10.0:
        return (
            f"Asked for five notes per unit, the knob leaves the music: {share:.0f} % of the plane "
            "has more or fewer notes than any melody it was tested on"
        )
    if steepest >= 0.5:
        return "Asked for five notes per unit, the knob turns into a switch between two states"
    return "Asked for five notes per unit: the same pictures"
