"""What ``stage`` adds to the paper's loss: aids for the player, each listed in the card.

GLSR says how fast a knob moves the expectation. A performer hears argmax, expects a position to
mean the same whatever the other knobs say, and turns knobs where no data lies; these terms care for
that.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.config import GlsrSection
from engine.geodesic import Regularised, Slopes, expectations, onset_retreat, unevenness
from engine.intervals import Intervals, interval_distance
from engine.phrase import PHRASE_STEPS

Terms = tuple[Regularised, ...]


@dataclass(frozen=True)
class Weights:
    """The weights of the loss at one update; 0 leaves a term out. See ``config.GlsrSection``."""

    beta: float
    glsr: float
    level: float = 0.0
    aggregate: float = 0.0
    intervals: float = 0.0
    evenness: float = 0.0
    ar_vae: float = 0.0


@dataclass(frozen=True)
class Aids:
    """The aids of one batch, weighted and added up, and two of them as they are."""

    total: Tensor
    retreat: Tensor
    level: Tensor


def aids(
    found: Slopes,
    points: Tensor,
    rows: int,
    prior: slice,
    terms: Terms,
    glsr: GlsrSection,
    weights: Weights,
    intervals: Intervals | None,
) -> Aids:
    """The aids that the config asks for, at ``points`` [B, d].

    The first ``rows`` of them carry tangents; those in ``prior`` are drawn from the prior. The
    level is judged on all up to the last of these, ``intervals`` on these alone.
    """
    logits, tangents = found.logits[:rows], found.tangents
    total = retreat = level = found.logits.new_zeros(())
    counter = _note_counter(terms)
    if counter is not None and glsr.onset_retreat:
        retreat = onset_retreat(logits, tangents[counter]).mean()
        total = total + weights.glsr * glsr.onset_retreat * retreat
    if counter is not None and weights.evenness:
        coordinate = points[:rows, terms[counter].dimension - 1]
        total = total + weights.evenness * unevenness(logits, tangents[counter], coordinate)
    if weights.level and logits.shape[1] == PHRASE_STEPS:
        judged = slice(prior.stop)
        level = _level(found.logits[judged], points[judged], terms, glsr.temperature)
        level = level + _cross_slopes(found, terms)
        total = total + weights.level * level
    if weights.intervals and intervals is not None and logits.shape[1] == PHRASE_STEPS:
        away = interval_distance(found.logits[prior], intervals, glsr.temperature)
        total = total + weights.intervals * away
    return Aids(total, retreat, level)


def _level(logits: Tensor, z: Tensor, terms: Terms, temperature: float) -> Tensor:
    """How far G_k(z) lies from mean_k + mu_k z_k: an aid of ours.

    R says how fast a knob moves, this where it stands: the same position promises the same amount
    whatever the other coordinates are. Half the squared distance in units of z, summed over k, mean
    over rows; taken at temperature 1 and at ``temperature``, because argmax is what is heard.
    """
    target = torch.stack([t.mean + t.mu * z[:, t.dimension - 1] for t in terms])  # [K, B]
    unit = torch.tensor([t.mu for t in terms], device=z.device)[:, None]
    total = z.new_zeros(())
    for heat in (1.0, temperature):
        distance = (expectations(logits, terms, heat) - target) / unit
        total = total + 0.25 * (distance**2).sum(0).mean()
    return total


def _cross_slopes(found: Slopes, terms: Terms) -> Tensor:
    """Half the squared dG_j / dz_k for j other than k, in units of z: the knobs' cross-talk."""
    unit = found.matrix.new_tensor([t.mu for t in terms])
    relative = found.matrix / unit[:, None, None]
    own = relative.diagonal().pow(2).sum()
    return 0.5 * (relative.pow(2).sum() - own) / found.matrix.shape[-1]


def distance_to_prior(z: Tensor) -> Tensor:
    """How far each coordinate's spread over the rows of ``z`` [B, d] is from N(0, 1): an aid.

    The squared Wasserstein distance in one dimension: the sorted values against the normal's
    quantiles, mean over rows, summed over coordinates.
    """
    places = (torch.arange(len(z), device=z.device, dtype=z.dtype) + 0.5) / len(z)
    quantiles = torch.special.ndtri(places)
    away: Tensor = z.sort(dim=0).values - quantiles[:, None]
    return away.pow(2).mean(0).sum()


def _note_counter(terms: Terms) -> int | None:
    """Which of the regularised dimensions counts notes; None if none does."""
    counting = (k for k, term in enumerate(terms) if term.attribute.name == "note_count")
    return next(counting, None)
