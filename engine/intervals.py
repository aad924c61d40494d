"""Which intervals a melody moves by: exact under the decoder's probabilities, and an aid's target.

A melody of the chorales moves by step, off the beat nearly always, and stays in a key. R says
nothing of that, and where no data lies nothing else does: phrases drawn from the prior leap about.
This module holds their intervals to the corpus's. T steps, A tokens, B rows.
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
FARTHEST = 12  # fifths; what is farther counts as that: C and B sharp
ROWS = 8192  # of the training side tell what its intervals are
FLOOR = 1e-6  # of a chance whose logarithm is taken


@dataclass(frozen=True)
class Notes:
    """What the note tokens are, lowest first: ``pitches`` in MIDI, ``fifths`` their names' places
    on the line of fifths (C = 0, G = 1). Each [A - 2].
    """

    pitches: tuple[int, ...]
    fifths: tuple[int, ...]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Notes":
        tokens = range(REST_ID + 1, len(vocabulary))
        return cls(
            vocabulary.step_values[REST_ID + 1 :],
            tuple(vocabulary.fifths_of(token) for token in tokens),
        )


@dataclass(frozen=True)
class Intervals:
    """The corpus's: ``moves`` [2, 25], how often a note on the beat (row 0) or off it (row 1) is
    reached by -12..12 semitones; ``keys`` [13], how often two notes of a phrase are 0..12 fifths
    apart. Each adds up to 1.
    """

    moves: Tensor
    keys: Tensor
    notes: Notes


def expected_moves(probabilities: Tensor, notes: Notes) -> Tensor:
    """How many notes on and off the beat are reached by each interval, on average over rows.

    ``probabilities`` [B, T, A] -> [2, 25]. Exact: the note struck at a step is independent of the
    one that was struck last before it, r_t(a) = p_t(a) + (p_t(HOLD) + p_t(REST)) r_{t-1}(a). The
    first note of a phrase is reached by none.
    """
    length = probabilities.shape[1]
    kept = probabilities[..., HOLD_ID] + probabilities[..., REST_ID]
    struck = probabilities[..., REST_ID + 1 :] @ _sorted_into(notes.pitches, probabilities)
    last, before = torch.zeros_like(struck[:, 0]), []  # [B, S], S semitones
    for t in range(length):
        before.append(last)
        last = torch.addcmul(struck[:, t], kept[:, t, None], last)
    reached = torch.einsum("bts,btr->tsr", struck, torch.stack(before, dim=1))
    on_beat = torch.arange(length, device=reached.device) % STEPS_PER_BEAT == 0
    pairs = torch.stack([reached[on_beat].sum(0), reached[~on_beat].sum(0)])  # [2, S, S]
    apart = _apart(pairs.shape[-1], pairs).clamp(-WIDEST, WIDEST) + WIDEST
    return _summed(pairs, apart, 2 * WIDEST + 1) / len(probabilities)


def expected_keys(probabilities: Tensor, notes: Notes) -> Tensor:
    """How many pairs of a phrase's notes are how many fifths apart, on average over rows.

    ``probabilities`` [B, T, A] -> [13]. Exact: two different steps are independent. The notes of
    one key lie within six fifths.
    """
    struck = probabilities[..., REST_ID + 1 :] @ _sorted_into(notes.fifths, probabilities)
    phrase = struck.sum(1)  # [B, F]
    same_step = torch.einsum("btf,btg->fg", struck, struck)
    pairs = 0.5 * (phrase.T @ phrase - same_step)[None]
    apart = _apart(pairs.shape[-1], pairs).abs().clamp(max=FARTHEST)
    return _summed(pairs, apart, FARTHEST + 1)[0] / len(probabilities)


def intervals_of(tokens: npt.NDArray[np.integer], vocabulary: Vocabulary) -> Intervals:
    """The intervals of the corpus's windows [N, T]: of at most :data:`ROWS` of them, evenly."""
    notes = Notes.of(vocabulary)
    rows = tokens[:: max(1, len(tokens) // ROWS)][:ROWS].astype(np.int64)
    sure = functional.one_hot(torch.from_numpy(rows), len(vocabulary)).float()
    moves, keys = expected_moves(sure, notes), expected_keys(sure, notes)
    return Intervals(moves / moves.sum(), keys / keys.sum(), notes)


def interval_distance(logits: Tensor, corpus: Intervals, temperature: float) -> Tensor:
    """How far the intervals of rows of logits [B, T, A] are, all together, from the corpus's.

    Kullback-Leibler divergences from the corpus, in nats: of the moves on the beat and off it,
    weighted as the corpus has them, and of the fifths. How many notes there are is not judged.
    """
    probabilities = torch.softmax(logits / temperature, dim=-1)
    found = expected_moves(probabilities, corpus.notes), expected_keys(probabilities, corpus.notes)
    told = corpus.moves.to(logits), corpus.keys[None].to(logits)
    return _divergence(told[0], found[0]) + _divergence(told[1], found[1][None])


def _divergence(shares: Tensor, found: Tensor) -> Tensor:
    """Sum over rows of KL(shares || found), each row by its own weight in ``shares``: [R, N]."""
    log_found = ((found + FLOOR) / (found + FLOOR).sum(1, keepdim=True)).log()
    log_shares = (shares / shares.sum(1, keepdim=True)).clamp(min=FLOOR).log()
    return (shares * (log_shares - log_found)).sum()


def _sorted_into(places: tuple[int, ...], like: Tensor) -> Tensor:
    """Which place each note token has: [A - 2, places], from the lowest to the highest."""
    found = torch.tensor(places, device=like.device)
    return functional.one_hot(found - found.min()).to(like.dtype)


def _apart(size: int, like: Tensor) -> Tensor:
    """Row minus column: [size, size]."""
    places = torch.arange(size, device=like.device)
    return places[:, None] - places[None, :]


def _summed(pairs: Tensor, bins: Tensor, count: int) -> Tensor:
    """``pairs`` [R, S, S] added up by ``bins`` [S, S] -> [R, count]."""
    return pairs.flatten(1) @ functional.one_hot(bins.flatten(), count).to(pairs.dtype)
