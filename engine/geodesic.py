"""Geodesic latent space regularisation: R_k(z) = log r_k(dG_k / dz_k) (equations 4 to 6).

G_k(z) = E_{p(x|z)}[g_k(x)] is exact, because the outputs are independent given z, and so is its
derivative: the decoder carries the tangents of its logits (``Decoder.forward_dual``).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import jvp

from engine.attributes import Attribute
from engine.model import Decoder
from engine.phrase import STEPS_PER_BEAT
from engine.vocabulary import HOLD_ID, REST_ID


@dataclass(frozen=True)
class Regularised:
    """One latent dimension bound to one attribute, with r_k = N(mu, variance).

    ``dimension`` counts from 1, as everything a person sees. ``variance`` is sigma squared: the
    paper's N(2, 0.1) has a standard deviation of 0.316 (appendix B).
    """

    dimension: int
    attribute: Attribute
    mu: float
    variance: float


@dataclass(frozen=True)
class Slopes:
    """What one dual pass over B points tells.

    ``logits`` [B, T, A]; ``tangents`` [K, B, T, A], their derivatives along each regularised
    dimension; ``slopes`` [K, B], dG_k / dz_k.
    """

    logits: Tensor
    tangents: Tensor
    slopes: Tensor


def unit_directions(regularised: tuple[Regularised, ...], z: Tensor) -> Tensor:
    """The unit vector of each regularised dimension, [K, d]."""
    directions = z.new_zeros(len(regularised), z.shape[1])
    for k, term in enumerate(regularised):
        directions[k, term.dimension - 1] = 1.0
    return directions


def slopes(
    decoder: Decoder, z: Tensor, regularised: tuple[Regularised, ...], length: int
) -> Slopes:
    """dG_k / dz_k at every row of ``z`` [B, d], differentiable in z and in the decoder's
    weights.
    """
    logits, tangents = decoder.forward_dual(z, unit_directions(regularised, z), length)
    probabilities = torch.softmax(logits, dim=-1)
    found = []
    for term, tangent in zip(regularised, tangents, strict=True):
        # The derivative of a softmax along a tangent of its logits.
        centred = tangent - (probabilities * tangent).sum(-1, keepdim=True)
        moved = probabilities * centred
        slope = jvp(term.attribute.expected, (probabilities,), (moved,))[1]
        found.append(slope)
    return Slopes(logits, tangents, torch.stack(found))


def log_density(slope: Tensor, mu: float, variance: float) -> Tensor:
    """Log N(slope; mu, variance), elementwise: equation 6 with the r_k of appendix B."""
    return -0.5 * ((slope - mu) ** 2 / variance + math.log(2 * math.pi * variance))


def r_geo(slope: Tensor, regularised: tuple[Regularised, ...]) -> Tensor:
    """Equation 5: the sum of R_k over the regularised dimensions. ``slope`` [K, B] -> [B]."""
    terms = [log_density(s, t.mu, t.variance) for s, t in zip(slope, regularised, strict=True)]
    return torch.stack(terms).sum(0)


def onset_slopes(logits: Tensor, tangents: Tensor) -> Tensor:
    """The derivative of each step's chance of an onset. Both [B, T, A] -> [B, T]."""
    probabilities = torch.softmax(logits, dim=-1)
    centred = tangents - (probabilities * tangents).sum(-1, keepdim=True)
    moved = probabilities * centred
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
