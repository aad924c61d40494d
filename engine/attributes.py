"""Attributes g_k: what GLSR ties to a latent dimension.

Each is defined twice and the two must agree: exactly, on a phrase's steps; and in expectation under
the decoder's probabilities, which are independent over steps given z (equation 9). An attribute
that is multilinear in the steps' probabilities has an exact expectation, so nothing is sampled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.vocabulary import HOLD_ID, REST_ID


@dataclass(frozen=True)
class OnsetAttribute:
    """A weighted count of onsets: sum over steps t of weight(t, T) where a note is struck.

    ``weight`` takes (step, length of the row) so that the attribute also means something on the
    short windows of the length curriculum. Linear in the probabilities, hence its expectation is
    exact.
    """

    name: str
    meaning: str
    weight: Callable[[int, int], float]

    def exact(self, steps: Sequence[int]) -> float:
        """G of a row of steps (pitch at an onset, -1 HOLD, -2 REST)."""
        return sum(
            w for w, value in zip(self.weights(len(steps)), steps, strict=True) if value >= 0
        )

    def weights(self, length: int) -> list[float]:
        """The weight of an onset at each step of a row of that length."""
        return [self.weight(t, length) for t in range(length)]

    def expected(self, probabilities: Tensor) -> Tensor:
        """E[g] (equation 4). ``probabilities`` [..., T, A] -> [...]."""
        weights = torch.tensor(
            self.weights(probabilities.shape[-2]),
            dtype=probabilities.dtype,
            device=probabilities.device,
        )
        onset = 1.0 - probabilities[..., HOLD_ID] - probabilities[..., REST_ID]  # [..., T]
        return onset @ weights


Attribute = OnsetAttribute

NOTE_COUNT = OnsetAttribute("note_count", "how many notes are struck", lambda _t, _length: 1.0)
LEAN = OnsetAttribute(
    "lean",
    "onsets in the second bar minus onsets in the first",
    lambda t, length: 1.0 if t >= length // 2 else -1.0,
)

ATTRIBUTES: dict[str, Attribute] = {a.name: a for a in (NOTE_COUNT, LEAN)}
