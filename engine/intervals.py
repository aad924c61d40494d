"""Which intervals a melody moves by: exact under the decoder's probabilities, and an aid's target.

A melody of the chorales moves by step, and nearly always so off the beat. R says nothing of that,
and where no data lies nothing else does: phrases drawn from the prior leap about. This module holds
their intervals to the corpus's. T steps, A tokens, B rows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.phrase import STEPS_PER_BEAT
from engine.vocabulary import HOLD_ID, REST_ID, Vocabulary

WIDEST = 12  # semitones; what is wider counts as an octave
ROWS = 8192  # of the training side tell what its intervals are
FLOOR = 1e-6  # of a chance whose logarithm is taken


@dataclass(frozen=True)
class Intervals:
    """The corpus's: ``shares`` [2, 25], how often a note on the beat (row 0) or off it (row 1) is
    reached by -12..12 semitones, both rows together 1; ``pitches`` [A], the MIDI pitch of each
    token (HOLD and REST unread).
    """

    shares: Tensor
    pitches: tuple[int, ...]


def expected_intervals(probabilities: Tensor, pitches: tuple[int, ...]) -> Tensor:
    """How many notes on and off the beat are reached by each interval, on average over rows.

    ``probabilities`` [B, T, A] -> [2, 25]. Exact: the note struck at a step is independent of the
    one that was struck last before it, r_t(a) = p_t(a) + (p_t(HOLD) + p_t(REST)) r_{t-1}(a). The
    first note of a phrase is reached by none.
    """
    length = probabilities.shape[1]
    kept = probabilities[..., HOLD_ID] + probabilities[..., REST_ID]
    struck = probabilities[..., REST_ID + 1 :] @ _semitones(pitches, probabilities)  # [B, T, S]
    last, before = torch.zeros_like(struck[:, 0]), []
    for t in range(length):
        before.append(last)
        last = torch.addcmul(struck[:, t], kept[:, t, None], last)
    reached = torch.einsum("bts,btr->tsr", struck, torch.stack(before, dim=1))
    on_beat = torch.arange(length, device=reached.device) % STEPS_PER_BEAT == 0
    pairs = torch.stack([reached[on_beat].sum(0), reached[~on_beat].sum(0)])  # [2, S, S]
    size = struck.shape[-1]
    places = torch.arange(size, device=reached.device)
    moved = (places[:, None] - places[None, :]).clamp(-WIDEST, WIDEST) + WIDEST  # [S, S]
    of_interval = functional.one_hot(moved.flatten(), 2 * WIDEST + 1).to(pairs.dtype)
    return pairs.flatten(1) @ of_interval / len(probabilities)


def intervals_of(tokens: npt.NDArray[np.integer], vocabulary: Vocabulary) -> Intervals:
    """The intervals of the corpus's windows [N, T]: of at most :data:`ROWS` of them, evenly."""
    pitches = vocabulary.step_values
    rows = tokens[:: max(1, len(tokens) // ROWS)][:ROWS].astype(np.int64)
    sure = functional.one_hot(torch.from_numpy(rows), len(pitches)).float()
    found = expected_intervals(sure, pitches)
    return Intervals(found / found.sum(), pitches)


def interval_distance(logits: Tensor, corpus: Intervals, temperature: float) -> Tensor:
    """How far the intervals of rows of logits [B, T, A] are, all together, from the corpus's.

    The Kullback-Leibler divergence from the corpus, in nats, of the intervals on the beat and of
    those off it, weighted as the corpus has them: how many notes there are is not judged.
    """
    probabilities = torch.softmax(logits / temperature, dim=-1)
    found = expected_intervals(probabilities, corpus.pitches) + FLOOR
    log_found = (found / found.sum(1, keepdim=True)).log()
    shares = corpus.shares.to(log_found)
    log_shares = (shares / shares.sum(1, keepdim=True)).clamp(min=FLOOR).log()
    return (shares * (log_shares - log_found)).sum()


def _semitones(pitches: tuple[int, ...], like: Tensor) -> Tensor:
    """Which semitone each note token sounds: [A - 2, S], from the lowest to the highest."""
    notes = torch.tensor(pitches[REST_ID + 1 :], device=like.device)
    return functional.one_hot(notes - notes.min()).to(like.dtype)
