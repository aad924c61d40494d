"""Attributes g_k: what GLSR ties to a latent dimension, as numbers that a phrase has.

Free of torch and numpy, because the display names them too. Their expectations under the decoder's
probabilities are in :mod:`engine.expectation`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

BEFORE_THE_FIRST_NOTE = 69.0  # A4: the pitch that "sounds" until something is struck


@dataclass(frozen=True)
class Attribute:
    """A weighted sum over the steps of a row: of its onsets, or of the pitch that sounds.

    ``weight`` takes (step, length of the row), so that an attribute also means something on the
    short windows of the length curriculum. ``hears`` "onsets": 1 where a note is struck, else 0.
    ``hears`` "pitch": the note struck at this step or, under HOLD and REST, the one before it.
    """

    name: str
    unit: str
    meaning: str
    hears: Literal["onsets", "pitch"]
    weight: Callable[[int, int], float]

    def weights(self, length: int) -> list[float]:
        """The weight of each step of a row of that length."""
        return [self.weight(t, length) for t in range(length)]

    def exact(self, steps: Sequence[int]) -> float:
        """What a row of steps has of it (pitch at an onset, -1 HOLD, -2 REST)."""
        weights = self.weights(len(steps))
        if self.hears == "onsets":
            return sum(w for w, value in zip(weights, steps, strict=True) if value >= 0)
        sounding, total = BEFORE_THE_FIRST_NOTE, 0.0
        for w, value in zip(weights, steps, strict=True):
            sounding = float(value) if value >= 0 else sounding
            total += w * sounding
        return total


def _end_to_end(step: int, length: int) -> float:
    """The weights of a least-squares slope over the row, times its length less one."""
    middle = (length - 1) / 2.0
    spread = sum((t - middle) ** 2 for t in range(length))
    return (step - middle) * (length - 1) / spread if length > 1 else 0.0


NOTE_COUNT = Attribute(
    "note_count", "notes", "how many notes are struck", "onsets", lambda _t, _length: 1.0
)
REGISTER = Attribute(
    "register",
    "semitones",
    "mean sounding pitch, as a MIDI number",
    "pitch",
    lambda _t, length: 1.0 / length,
)
DIRECTION = Attribute(
    "direction",
    "semitones",
    "rise of the sounding pitch from end to end",
    "pitch",
    _end_to_end,
)
LEAN = Attribute(
    "lean",
    "notes",
    "onsets in the second bar minus onsets in the first",
    "onsets",
    lambda t, length: 1.0 if t >= length // 2 else -1.0,
)

ATTRIBUTES = {a.name: a for a in (NOTE_COUNT, REGISTER, DIRECTION, LEAN)}
