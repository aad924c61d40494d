"""The loss of one batch: equation 16, and the aids that a config may add to it."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.aids import Terms, Weights, aids, distance_to_prior
from engine.ar_vae import note_count_loss
from engine.attributes import ATTRIBUTES
from engine.config import ArVaeSection, GlsrSection
from engine.corpus import Windows
from engine.expectation import of_rows
from engine.geodesic import (
    Regularised,
    r_geo,
    slopes,
)
from engine.intervals import Intervals
from engine.model import VAE
from engine.vocabulary import Vocabulary

KNOB_RANGE = 3.0  # prior rows take the note count's coordinate uniformly from [-3, 3]
OTHER_RANGE = 2.0  # and the other regularised ones from [-2, 2]


def regularised_of(glsr: GlsrSection, train: Windows, vocabulary: Vocabulary) -> Terms:
    """The config's regularised dimensions, with what the training side says of them."""
    steps = np.asarray(vocabulary.step_values)
    pitches = tuple(float(value) for value in vocabulary.step_values)
    sample = steps[train.tokens]  # [N, 32]
    terms = []
    for section in glsr.attributes:
        attribute = ATTRIBUTES[section.name]
        found = of_rows(attribute, sample)
        terms.append(
            Regularised(
                dimension=section.dimension,
                attribute=attribute,
                mu=section.mu,
                variance=section.variance,
                mean=float(found.mean()),
                sd=float(found.std()),
                pitches=pitches,
            )
        )
    return tuple(terms)


@dataclass(frozen=True)
class Loss:
    """One batch's loss and its parts, in nats per window; ``accuracy`` is the share of right
    tokens. ``slope`` [K]: the mean slope of each regularised dimension.
    """

    total: Tensor
    nll: Tensor
    kl: Tensor
    r_geo: Tensor
    retreat: Tensor
    level: Tensor
    slope: Tensor
    accuracy: Tensor


def batch_loss(
    model: VAE,
    tokens: Tensor,
    glsr: GlsrSection,
    terms: Terms,
    weights: Weights,
    ar_vae: ArVaeSection | None = None,
    intervals: Intervals | None = None,
) -> Loss:
    """-E_q[log p(x|z)] + beta KL - glsr R_geo (+ aids) for ``tokens`` [B, T].

    R_geo is taken on ``glsr.rows`` rows, drawn from q(z|x) (equation 8) save for the share that the
    config takes from the prior. Nothing is detached: R's gradient reaches decoder and encoder.
    ``ar_vae`` stands in R's place in runs that GLSR is compared with; ``intervals``, the corpus's,
    are those that ``glsr.intervals`` asks for.
    """
    posterior = model.encoder(tokens)
    z = posterior.sample()
    length = tokens.shape[1]
    rows = min(glsr.rows, len(z)) if weights.glsr and terms else 0
    if not rows:
        plain = _reconstruction(model.decoder(z, length), tokens, posterior.kl(), weights.beta)
        if ar_vae is None or not weights.ar_vae:
            return plain
        ordering = note_count_loss(z, tokens, ar_vae)
        return replace(plain, total=plain.total + weights.ar_vae * ordering)
    tangents_from_prior = round(rows * glsr.prior_share)
    own = rows - tangents_from_prior  # the tangent rows that are drawn from q
    from_prior = max(tangents_from_prior, glsr.prior_rows)
    points = torch.cat([z[:own], _prior_points(z, from_prior, terms), z[own:]])
    found = slopes(model.decoder, points, terms, length, rows)
    logits = torch.cat([found.logits[:own], found.logits[own + from_prior :]])
    plain = _reconstruction(logits, tokens, posterior.kl(), weights.beta)

    geo = r_geo(found.slopes, terms).mean()
    total = plain.total - weights.glsr * geo
    prior = slice(own, own + from_prior)
    found_aids = aids(found, points, rows, prior, terms, glsr, weights, intervals)
    total = total + found_aids.total
    if weights.aggregate:
        total = total + weights.aggregate * distance_to_prior(z)
    return replace(
        plain,
        total=total,
        r_geo=geo,
        retreat=found_aids.retreat,
        level=found_aids.level,
        slope=found.slopes.mean(1),
    )


def _reconstruction(logits: Tensor, tokens: Tensor, kl: Tensor, beta: float) -> Loss:
    """The first two terms of equation 16; ``kl`` [B, d]."""
    nll = functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(1).mean()
    divergence = kl.sum(1).mean()
    accuracy = (logits.argmax(-1) == tokens).float().mean()
    zero = nll.new_zeros(())
    return Loss(nll + beta * divergence, nll, divergence, zero, zero, zero, zero, accuracy)


def _prior_points(like: Tensor, rows: int, terms: Terms) -> Tensor:
    """Rows from N(0, I), their regularised coordinates spread over what a knob sweeps.

    [rows, d].
    """
    z = torch.randn(rows, like.shape[1], device=like.device)
    for term in terms:
        reach = KNOB_RANGE if term.attribute.name == "note_count" else OTHER_RANGE
        spread = torch.rand(rows, device=like.device) * 2.0 - 1.0
        z[:, term.dimension - 1] = spread * reach
    return z
