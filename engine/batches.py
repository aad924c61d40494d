"""Which windows an update sees, and with what randomness. A function of (seed, update) alone.

So a run that was killed and resumed repeats, number for number, the run that was not.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.corpus import Tokens, Windows
from engine.phrase import PHRASE_STEPS
from engine.splicing import Splicer


def update_seed(seed: int, update: int, rank: int = 0) -> int:
    """A seed for this update's noise, far from its neighbours'; each process has its own."""
    entropy = [seed, update, rank] if rank else [seed, update]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


@dataclass
class BatchSource:
    """Batches without replacement: each epoch is one permutation of the windows.

    With a ``splicer``, about ``splice_share`` of each batch is spliced with other windows.
    """

    windows: Windows
    batch: int
    seed: int
    splicer: Splicer | None = None
    splice_share: float = 0.0
    _epoch: int = field(default=-1, init=False)
    _order: npt.NDArray[np.int64] = field(init=False, repr=False)

    def rows(self, update: int, length: int) -> Tokens:
        """The windows of this update, uint8 [batch, length].

        A shorter ``length`` takes a part of each window that begins on a multiple of it, so that
        the downbeats of bar-aligned windows stay where they are.
        """
        tokens = self.windows.tokens
        per_epoch = max(1, len(tokens) // self.batch)
        epoch, place = divmod(update, per_epoch)
        if epoch != self._epoch:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(len(tokens))
            self._epoch = epoch
        chosen = self._order[place * self.batch : (place + 1) * self.batch]
        random = np.random.default_rng([self.seed, epoch, place])
        if self.splicer is not None and self.splice_share > 0.0:
            rows = self.splicer.splice(chosen, self.splice_share, random)
        else:
            rows = tokens[chosen]
        if length == PHRASE_STEPS:
            return rows
        start = random.integers(0, PHRASE_STEPS // length, size=len(rows)) * length
        return np.take_along_axis(rows, start[:, None] + np.arange(length), axis=1)
