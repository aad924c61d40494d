"""Splicing: a window that begins as one chorale and goes on as another, for training only.

Three hundred melodies are few: a network learns them by heart and reads an unknown one badly. Two
bar-aligned windows in one key signature, joined where the second one strikes a note on a beat, make
a melody that nobody wrote but whose every interval, save one, somebody did. An aid of ours, not the
paper's.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.corpus import Tokens, Windows
from engine.phrase import PHRASE_STEPS, STEPS_PER_BEAT
from engine.vocabulary import REST_ID, Vocabulary

TRIES = 4  # partners tried before a window is left as it is
WIDEST_SEAM = 7  # semitones: a fifth is as far as these sopranos like to leap


@dataclass
class Splicer:
    """Splices windows of one side with each other. Holds no state between calls."""

    windows: Windows
    vocabulary: Vocabulary

    def __post_init__(self) -> None:
        self._pitch = np.asarray(self.vocabulary.step_values, np.int16)
        keys = self.windows.key_fifths
        self._same_key = {int(key): np.flatnonzero(keys == key) for key in np.unique(keys)}

    def splice(
        self, chosen: npt.NDArray[np.int64], share: float, random: np.random.Generator
    ) -> Tokens:
        """The windows ``chosen`` (indices, [B]), about ``share`` of them spliced, uint8 [B, 32].

        The partner must strike a note on the beat of the seam, at most a fifth from the note before
        it; a window that finds none in four tries stays as it is.
        """
        rows = self.windows.tokens[chosen].copy()
        for row in np.flatnonzero(random.random(len(rows)) < share):
            same_key = self._same_key[int(self.windows.key_fifths[chosen[row]])]
            for _ in range(TRIES):
                partner = self.windows.tokens[random.choice(same_key)]
                seam = int(random.integers(1, PHRASE_STEPS // STEPS_PER_BEAT)) * STEPS_PER_BEAT
                if self._joins(rows[row], partner, seam):
                    rows[row, seam:] = partner[seam:]
                    break
        return rows

    def _joins(self, first: Tokens, second: Tokens, seam: int) -> bool:
        onsets = np.flatnonzero(first[:seam] > REST_ID)
        if second[seam] <= REST_ID or not len(onsets):
            return False
        leap = self._pitch[second[seam]] - self._pitch[first[onsets[-1]]]
        return bool(abs(leap) <= WIDEST_SEAM)
