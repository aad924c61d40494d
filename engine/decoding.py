"""PhraseDecoder: z -> phrase and back. numpy in and out; one checkpoint, held in memory.

>>> decoder = PhraseDecoder.load("stage")
>>> decoder.decode([2.0] + [0.0] * 11)[0].notes  # doctest: +SKIP
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.card import Card, find_checkpoint
from engine.checkpoint import load_decoder, load_encoder
from engine.fitting import fit_phrase
from engine.model import Decoder, Encoder
from engine.phrase import PHRASE_STEPS, Phrase
from engine.quick import QuickDecoder, halved

Latent = npt.ArrayLike
TokenRows = npt.NDArray[np.int64]

# A matrix product rounds a row by up to 1e-5 otherwise in a batch than alone, or on the quick road.
# What lies closer than this is decided by the plain pass of that row alone.
NEAR_TIE = 1e-3


class FittingWarning(UserWarning):
    """A phrase could not be encoded as it is; the message says what was changed."""


class PhraseDecoder:
    """Decodes points of the latent space into two-bar phrases. Not thread-safe.

    ``card``: what the checkpoint is. ``dimensions``: d, 12 for the shipped ones. The encoder is
    read from disk the first time :meth:`encode` needs it.
    """

    def __init__(self, folder: Path, card: Card, decoder: Decoder) -> None:
        self.folder = folder
        self.card = card
        self.vocabulary = card.spelled()
        self._decoder = halved(decoder)
        # The road for one row; None where the plain pass is as good.
        self.quick = QuickDecoder.of(self._decoder)
        self._encoder: Encoder | None = None

    @classmethod
    def load(cls, name_or_path: str | Path = "stage") -> "PhraseDecoder":
        """The checkpoint of that name in ``checkpoints/``, or the one in that folder.

        Raises :class:`engine.card.CheckpointError`, one sentence naming the file.
        """
        folder = find_checkpoint(name_or_path)
        card, decoder = load_decoder(folder)
        return cls(folder, card, decoder)

    @property
    def dimensions(self) -> int:
        return self.card.model.latent_dimensions

    @property
    def backend(self) -> str:
        """What decodes here, for the record of a performance."""
        precision = "float32" if self.quick is None else "float16 weights"
        return f"torch {torch.__version__}, {precision}"

    def tokens(self, z: Latent) -> TokenRows:
        """The most likely token at each step (equation 11), int [batch, 32].

        ``z`` [batch, d] or [d], finite. A row decodes to the same tokens alone or in any batch.
        Raises ``ValueError`` for another shape or for NaN and infinity.
        """
        points = self._points(z)
        with torch.inference_mode():
            quick = self.quick if len(points) == 1 else None
            logits = self._logits(points) if quick is None else quick.logits(points)
            if len(points) > 1 or quick is not None:
                for row in _rows_with_near_ties(logits):
                    logits[row] = self._logits(points[row : row + 1])[0]
        return np.asarray(logits.argmax(-1).numpy(), np.int64)

    def sample(self, z: Latent, *, temperature: float, seed: int) -> TokenRows:
        """One draw per row from p(x|z) sharpened or flattened by ``temperature`` > 0, [batch, 32].

        Steps are independent given z (equation 9). The same ``seed`` gives the same draw.
        """
        if not temperature > 0.0:
            raise ValueError("temperature must be above 0")
        logits = self._logits(self._points(z)).double()
        # Measured from the best, so that no temperature, however low, divides it out of range.
        logits = logits - logits.amax(-1, keepdim=True)
        probabilities = torch.softmax(logits / temperature, dim=-1)
        chance = torch.Generator().manual_seed(seed)
        flat = torch.multinomial(probabilities.flatten(0, 1), 1, generator=chance)
        return np.asarray(flat.reshape(-1, PHRASE_STEPS).numpy(), np.int64)

    def decode(self, z: Latent) -> list[Phrase]:
        """The phrases of ``z``, by argmax; one for each row."""
        return [self.vocabulary.phrase(row) for row in self.tokens(z).tolist()]

    def encode(self, phrases: Sequence[Phrase]) -> npt.NDArray[np.float32]:
        """The posterior means of ``phrases``, [batch, d].

        Any two-bar phrase will do: one made by hand, with no tokens, or one of another checkpoint
        goes to the nearest grid and pitches by :func:`engine.fitting.fit_phrase`, and each change
        is told as a :class:`FittingWarning`. Raises ``ValueError`` for notes outside the two bars,
        and for tokens that are not 32 ids of this vocabulary where there are no notes.
        """
        rows = []
        for place, phrase in enumerate(phrases):
            fitted, changes = fit_phrase(phrase, self.vocabulary)
            rows.append(fitted.tokens)
            for change in changes:
                warnings.warn(f"phrase {place}: {change}", FittingWarning, stacklevel=2)
        if self._encoder is None:
            self._encoder = load_encoder(self.folder)
        with torch.inference_mode():
            tokens = torch.tensor(rows, dtype=torch.long).reshape(-1, PHRASE_STEPS)
            means = [self._encoder(row[None]).mean[0] for row in tokens]
        return (
            np.stack([m.numpy() for m in means]) if means else np.zeros((0, self.dimensions), "f4")
        )

    def _points(self, z: Latent) -> Tensor:
        """``z`` as float32 [batch, d]. Raises ``ValueError``."""
        shape = f"[batch, {self.dimensions}] or [{self.dimensions}]"
        try:
            with np.errstate(over="ignore"):
                points = np.asarray(z, np.float32)
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError(f"z must be numbers, {shape}: {error}") from error
        points = points[None] if points.ndim == 1 else points
        if points.ndim != 2 or points.shape[1] != self.dimensions:
            raise ValueError(f"z must be {shape}")
        if not np.isfinite(points).all():
            raise ValueError("z must be finite")
        return torch.from_numpy(np.ascontiguousarray(points))

    def _logits(self, points: Tensor) -> Tensor:
        """The decoder's answer to ``points`` [batch, d]: [batch, 32, tokens]."""
        with torch.inference_mode():
            logits: Tensor = self._decoder(points, PHRASE_STEPS)
        return logits


def _rows_with_near_ties(logits: Tensor) -> list[int]:
    """Rows of [batch, 32, tokens] in which some step's two best tokens lie within rounding."""
    best = logits.topk(2, dim=-1).values
    close = (best[..., 0] - best[..., 1] < NEAR_TIE).any(-1)
    return [int(row) for row in torch.nonzero(close)[:, 0]]
