"""Geodesic latent space regularisation: R_k(z) = log r_k(dG_k / dz_k) (equations 4 to 6).

G_k(z) = E_{p(x|z)}[g_k(x)] is exact, because the outputs are independent given z, and so is its
derivative: the decoder carries the tangents of its logits (``Decoder.forward_dual``).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.attributes import Attribute
from engine.expectation import expected, slope
from engine.model import Decoder
from engine.phrase import STEPS_PER_BEAT
from engine.vocabulary import HOLD_ID, REST_ID


@dataclass(frozen=True)
class Regularised:
    """One latent dimension bound to one attribute, with r_k = N(mu, variance).

    ``dimension`` counts from 1, as everything a person sees. ``variance`` is sigma squared: the
    paper's N(2, 0.1) has a standard deviation of 0.316 (appendix B). ``mean`` and ``sd``: the
    attribute's on the training side. ``pitches``: the MIDI pitch of each token.
    """

    dimension: int
    attribute: Attribute
    mu: float
    variance: float
    mean: float = 0.0
    sd: float = 1.0
    pitches: tuple[float, ...] = ()


@dataclass(frozen=True)
class Slopes:
    """What one dual pass tells of B points, the first R of them with tangents.

    ``logits`` [B, T, A]; ``tangents`` [K, R, T, A], their derivatives along each regularised
    dimension; ``matrix`` [K, K, R]: ``matrix[j, k]`` is dG_j / dz_k.
    """

    logits: Tensor
    tangents: Tensor
    matrix: Tensor

    @property
    def slopes(self) -> Tensor:
        """dG_k / dz_k, each attribute along its own dimension: [K, R]."""
        return self.matrix.diagonal().T


def unit_directions(regularised: tuple[Regularised, ...], z: Tensor) -> Tensor:
    """The unit vector of each regularised dimension, [K, d]."""
    directions = z.new_zeros(len(regularised), z.shape[1])
    for k, term in enumerate(regularised):
        directions[k, term.dimension - 1] = 1.0
    return directions


def slopes(
    decoder: Decoder,
    z: Tensor,
    regularised: tuple[Regularised, ...],
    length: int,
    rows: int | None = None,
) -> Slopes:
    """dG_j / dz_k at the first ``rows`` rows of ``z`` [B, d] (all, if None), differentiable in z
    and in the decoder's weights.
    """
    directions = unit_directions(regularised, z)
    logits, tangents = decoder.forward_dual(z, directions, length, rows)
    matrix = slope_matrix(logits[: tangents.shape[1]], tangents, regularised)
    return Slopes(logits, tangents, matrix)


def slope_matrix(
    logits: Tensor,
    tangents: Tensor,
    regularised: tuple[Regularised, ...],
    temperature: float = 1.0,
) -> Tensor:
    """dG_j / dz_k from logits [R, T, A] and their tangents [K, R, T, A]: [K, K, R].

    A ``temperature`` below 1 sharpens the probabilities: G comes nearer to what argmax plays.
    """
    probabilities = torch.softmax(logits / temperature, dim=-1)
    moved = softmax_tangent(probabilities, tangents / temperature)
    return torch.stack(
        [slope(t.attribute, probabilities, moved, _pitches(t, logits)) for t in regularised]
    )


def softmax_tangent(probabilities: Tensor, tangents: Tensor) -> Tensor:
    """The derivative of a softmax along tangents of its logits. Both [..., A]."""
    return probabilities * (tangents - (probabilities * tangents).sum(-1, keepdim=True))


def expectations(
    logits: Tensor,
    regularised: tuple[Regularised, ...],
    temperature: float = 1.0,
) -> Tensor:
    """G_k of each row: logits [B, T, A] -> [K, B]."""
    probabilities = torch.softmax(logits / temperature, dim=-1)
    return torch.stack(
        [expected(t.attribute, probabilities, _pitches(t, logits)) for t in regularised]
    )


def _pitches(term: Regularised, like: Tensor) -> Tensor:
    return torch.tensor(term.pitches, dtype=like.dtype, device=like.device)


def log_density(found: Tensor, mu: float, variance: float) -> Tensor:
    """Log N(found; mu, variance), elementwise: equation 6 with the r_k of appendix B."""
    return -0.5 * ((found - mu) ** 2 / variance + math.log(2 * math.pi * variance))


def r_geo(found: Tensor, regularised: tuple[Regularised, ...]) -> Tensor:
    """Equation 5: the sum of R_k over the regularised dimensions. Slopes [K, B] -> [B]."""
    terms = [log_density(s, t.mu, t.variance) for s, t in zip(found, regularised, strict=True)]
    return torch.stack(terms).sum(0)


def onset_slopes(logits: Tensor, tangents: Tensor) -> Tensor:
    """The derivative of each step's chance of an onset. Both [B, T, A] -> [B, T]."""
    moved = softmax_tangent(torch.softmax(logits, dim=-1), tangents)
    return -(moved[..., HOLD_ID] + moved[..., REST_ID])


def unevenness(logits: Tensor, tangents: Tensor, coordinate: Tensor) -> Tensor:
    """How unevenly a coordinate adds its notes over the beats, on average: an aid of ours.

    The decoder reads z at its first step, so the cheapest way to a slope is to crowd all new notes
    into the first beats. logits, tangents [B, T, A], ``coordinate`` [B] -> the sum over beats of
    the squared distance of a beat's mean slope from the mean of all beats, in (notes per unit of
    z) squared; the mean of that over the lower and the upper half of the rows by ``coordinate``, so
    that both ends of the knob reach the whole phrase.
    """
    rows, length = logits.shape[:2]
    of_beats = onset_slopes(logits, tangents).reshape(rows, length // STEPS_PER_BEAT, -1).sum(-1)
    uneven = []
    for half in coordinate.argsort().chunk(2):
        mean = of_beats[half].mean(0)  # [beats]
        uneven.append(((mean - mean.mean()) ** 2).sum())
    return torch.stack(uneven).mean()


def onset_retreat(logits: Tensor, tangents: Tensor) -> Tensor:
    """How fast onsets give way as a coordinate grows, per row: an aid of ours, not the paper's.

    A note is struck at step t when its best note's logit beats HOLD and REST. Where that margin
    falls along the coordinate, the performer may lose a note while turning the knob up. logits
    [B, T, A], tangents [B, T, A] -> sum over steps of relu(-d margin), [B]. Zero everywhere means
    that the argmax note count never falls.
    """
    best_note = logits[..., REST_ID + 1 :].argmax(-1, keepdim=True) + REST_ID + 1
    best_silence = logits[..., HOLD_ID : REST_ID + 1].argmax(-1, keepdim=True)
    rise = tangents.gather(-1, best_note) - tangents.gather(-1, best_silence)
    return torch.relu(-rise).sum((-2, -1))
