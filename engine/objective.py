"""The loss of one batch: equation 16, and the aids that a config may add to it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.attributes import ATTRIBUTES
from engine.config import GlsrSection
from engine.geodesic import Regularised, Slopes, onset_retreat, r_geo, slopes, unevenness
from engine.model import VAE

PRIOR_SWEEP = 3.0  # prior rows take their regularised coordinates uniformly from [-3, 3]


def regularised_of(glsr: GlsrSection) -> tuple[Regularised, ...]:
    return tuple(
        Regularised(a.dimension, ATTRIBUTES[a.name], a.mu, a.variance) for a in glsr.attributes
    )


@dataclass(frozen=True)
class Loss:
    """One batch's loss and its parts, in nats per window; ``accuracy`` is the share of right
    tokens.
    """

    total: Tensor
    nll: Tensor
    kl: Tensor
    r_geo: Tensor
    retreat: Tensor
    slope: Tensor
    accuracy: Tensor


def batch_loss(
    model: VAE,
    tokens: Tensor,
    glsr: GlsrSection,
    *,
    beta: float,
    glsr_weight: float,
    evenness: float = 0.0,
) -> Loss:
    """-E_q[log p(x|z)] + beta KL - glsr_weight R_geo (+ aids) for ``tokens`` [B, T].

    R_geo is taken on ``glsr.rows`` rows, drawn from q(z|x) (equation 8) save for the share that the
    config takes from the prior. ``evenness`` is the present weight of that aid. Nothing is
    detached: R's gradient reaches decoder and encoder.
    """
    posterior = model.encoder(tokens)
    z = posterior.sample()
    regularised = regularised_of(glsr)
    rows = min(glsr.rows, len(z)) if glsr_weight and regularised else 0
    from_prior = round(rows * glsr.prior_share)
    tangent_rows = rows - from_prior
    parts = []
    found: Slopes | None = None
    if rows:
        points = torch.cat([z[:tangent_rows], _prior_points(z, from_prior, regularised)])
        found = slopes(model.decoder, points, regularised, tokens.shape[1])
        parts.append(found.logits[:tangent_rows])
    if tangent_rows < len(z):
        parts.append(model.decoder(z[tangent_rows:], tokens.shape[1]))
    logits = torch.cat(parts)  # [B, T, A]
    nll = functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(1).mean()
    kl = posterior.kl().sum(1).mean()
    zero = nll.new_zeros(())
    geo = r_geo(found.slopes, regularised).mean() if found else zero
    retreat = _retreat(found, regularised) if found and glsr.onset_retreat else zero
    total = nll + beta * kl - glsr_weight * geo + glsr_weight * glsr.onset_retreat * retreat
    if found and evenness:
        total = total + evenness * _unevenness(found, points, regularised)
    slope = found.slopes.mean(1) if found else zero
    accuracy = (logits.argmax(-1) == tokens).float().mean()
    return Loss(total, nll, kl, geo, retreat, slope, accuracy)


def _note_counter(regularised: tuple[Regularised, ...]) -> int | None:
    """Which of the regularised dimensions counts notes."""
    counting = (k for k, term in enumerate(regularised) if term.attribute.name == "note_count")
    return next(counting, None)


def _retreat(found: Slopes, regularised: tuple[Regularised, ...]) -> Tensor:
    """The mean onset retreat along the dimension that counts notes; 0 when none does."""
    counter = _note_counter(regularised)
    if counter is None:
        return found.logits.new_zeros(())
    return onset_retreat(found.logits, found.tangents[counter]).mean()


def _unevenness(found: Slopes, z: Tensor, regularised: tuple[Regularised, ...]) -> Tensor:
    """The unevenness of the dimension that counts notes; 0 when none does."""
    counter = _note_counter(regularised)
    if counter is None:
        return found.logits.new_zeros(())
    coordinate = z[:, regularised[counter].dimension - 1]
    return unevenness(found.logits, found.tangents[counter], coordinate)


def _prior_points(like: Tensor, rows: int, regularised: tuple[Regularised, ...]) -> Tensor:
    """Rows from N(0, I), their regularised coordinates spread over what a knob sweeps. [rows,
    d].
    """
    z = torch.randn(rows, like.shape[1], device=like.device)
    for term in regularised:
        spread = torch.rand(rows, device=like.device) * 2.0 - 1.0
        z[:, term.dimension - 1] = spread * PRIOR_SWEEP
    return z
