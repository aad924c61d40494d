"""The loss of one batch: equation 16, and the aids that a config may add to it."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.ar_vae import note_count_loss
from engine.attributes import ATTRIBUTES
from engine.config import ArVaeSection, GlsrSection
from engine.corpus import Windows
from engine.expectation import of_rows
from engine.geodesic import (
    Regularised,
    Slopes,
    expectations,
    onset_retreat,
    r_geo,
    slopes,
    unevenness,
)
from engine.model import VAE
from engine.phrase import PHRASE_STEPS
from engine.vocabulary import Vocabulary

KNOB_RANGE = 3.0  # prior rows take the note count's coordinate uniformly from [-3, 3]
OTHER_RANGE = 2.0  # and the other regularised ones from [-2, 2]

Terms = tuple[Regularised, ...]


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
class Weights:
    """The weights of the loss at one update; ``evenness`` and ``level`` are aids, 0 for none."""

    beta: float
    glsr: float
    level: float = 0.0
    evenness: float = 0.0
    ar_vae: float = 0.0


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
) -> Loss:
    """-E_q[log p(x|z)] + beta KL - glsr R_geo (+ aids) for ``tokens`` [B, T].

    R_geo is taken on ``glsr.rows`` rows, drawn from q(z|x) (equation 8) save for the share that the
    config takes from the prior. Nothing is detached: R's gradient reaches decoder and encoder.
    ``ar_vae`` stands in R's place in runs that GLSR is compared with.
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
    zero = plain.nll.new_zeros(())
    counter = _note_counter(terms)
    retreat = level = zero
    if counter is not None and glsr.onset_retreat:
        retreat = onset_retreat(found.logits[:rows], found.tangents[counter]).mean()
        total = total + weights.glsr * glsr.onset_retreat * retreat
    if counter is not None and weights.evenness:
        coordinate = points[:rows, terms[counter].dimension - 1]
        uneven = unevenness(found.logits[:rows], found.tangents[counter], coordinate)
        total = total + weights.evenness * uneven
    if weights.level and length == PHRASE_STEPS:
        judged = own + from_prior
        level = _level(found.logits[:judged], points[:judged], terms, glsr.temperature)
        level = level + _cross_slopes(found, terms)
        total = total + weights.level * level
    return Loss(
        total, plain.nll, plain.kl, geo, retreat, level, found.slopes.mean(1), plain.accuracy
    )


def _reconstruction(logits: Tensor, tokens: Tensor, kl: Tensor, beta: float) -> Loss:
    """The first two terms of equation 16; ``kl`` [B, d]."""
    nll = functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(1).mean()
    divergence = kl.sum(1).mean()
    accuracy = (logits.argmax(-1) == tokens).float().mean()
    zero = nll.new_zeros(())
    return Loss(nll + beta * divergence, nll, divergence, zero, zero, zero, zero, accuracy)


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


def _note_counter(terms: Terms) -> int | None:
    """Which of the regularised dimensions counts notes; None if none does."""
    counting = (k for k, term in enumerate(terms) if term.attribute.name == "note_count")
    return next(counting, None)


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
