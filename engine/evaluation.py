"""What is decoded and differentiated to measure a model: sweeps, slopes, posteriors.

Training looks at it too, on the validation side. Definitions are in ``docs/evaluation.md``; every
figure of a checkpoint is put together in :mod:`engine.appraisal`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.corpus import Tokens
from engine.expectation import of_rows
from engine.geodesic import Regularised, slopes, unevenness
from engine.measures import metrics
from engine.model import VAE, Decoder
from engine.phrase import PHRASE_STEPS

SWEEP_POINTS = 1024
SWEEP_SEED = 0
SWEEP_LOW, SWEEP_HIGH, SWEEP_VALUES = -3.0, 3.0, 61
ACTIVE_VARIANCE = 0.01  # of a dimension's posterior means
INNER = 2.0  # most of the prior lies within; both ranges are reported
CHUNK = 256  # phrases at a time: so few stay in a core's cache

Watch = Callable[[int], None]  # told how many more phrases are done


def nobody(_phrases: int) -> None:
    """Watches nothing."""


@dataclass(frozen=True)
class Sweeps:
    """``z`` [N, d]; ``positions`` [61]; ``tokens`` uint8 [N, 61, 32], decoded by argmax."""

    z: Tensor
    positions: npt.NDArray[np.float64]
    tokens: Tokens


def prior_points(count: int, dimensions: int, seed: int) -> Tensor:
    """``count`` points of N(0, I) from torch's CPU generator, [count, d]."""
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def decode_tokens(
    decoder: Decoder, z: Tensor, length: int = PHRASE_STEPS, watch: Watch = nobody
) -> Tokens:
    """Argmax tokens of ``z`` [N, d], uint8 [N, length]."""
    rows = []
    for part in torch.split(z, CHUNK):
        rows.append(decoder(part, length).argmax(-1).to(torch.uint8).cpu())
        watch(len(part))
    return np.asarray(torch.cat(rows).numpy(), np.uint8)


def sweep(
    decoder: Decoder,
    *,
    dimension: int = 1,
    points: int = SWEEP_POINTS,
    seed: int = SWEEP_SEED,
    watch: Watch = nobody,
) -> Sweeps:
    """``points`` prior points, coordinate ``dimension`` (from 1) taking 61 values over [-3, 3]."""
    z = prior_points(points, decoder.config.latent_dimensions, seed)
    positions = np.linspace(SWEEP_LOW, SWEEP_HIGH, SWEEP_VALUES)
    return Sweeps(z, positions, decode_along(decoder, z, dimension, positions, watch))


def decode_along(
    decoder: Decoder,
    z: Tensor,
    dimension: int,
    positions: npt.NDArray[np.float64],
    watch: Watch = nobody,
) -> Tokens:
    """What ``z`` [N, d] plays with coordinate ``dimension`` at each of P ``positions``, uint8
    [N, P, 32].
    """
    device = next(decoder.parameters()).device
    grid = z[:, None].repeat(1, len(positions), 1)
    grid[..., dimension - 1] = torch.from_numpy(positions).float()
    tokens = decode_tokens(decoder, grid.flatten(0, 1).to(device), watch=watch)
    return tokens.reshape(len(z), len(positions), -1)


def exact_slopes(
    decoder: Decoder, z: Tensor, regularised: tuple[Regularised, ...]
) -> npt.NDArray[np.float64]:
    """dG_k / dz_k at ``z`` [N, d] in evaluation mode, [K, N]."""
    with torch.no_grad():
        found = [
            slopes(decoder, part, regularised, PHRASE_STEPS).slopes
            for part in torch.split(z, CHUNK)
        ]
    return torch.cat(found, dim=1).double().cpu().numpy()


def knob_unevenness(decoder: Decoder, z: Tensor, regularised: tuple[Regularised, ...]) -> float:
    """How unevenly the first regularised dimension spreads its notes over the beats at ``z``.

    0 when every beat gains as much; see :func:`engine.geodesic.unevenness`.
    """
    with torch.no_grad():
        found = slopes(decoder, z, regularised, PHRASE_STEPS)
        coordinate = z[:, regularised[0].dimension - 1]
        return float(unevenness(found.logits, found.tangents[0], coordinate))


@torch.no_grad()
def knob_level(decoder: Decoder, z: Tensor, regularised: tuple[Regularised, ...]) -> float:
    """Half the squared distance, in units of z, of what argmax plays at ``z`` from mean_k + mu_k
    z_k: summed over the regularised dimensions, mean over points.
    """
    tokens = decode_tokens(decoder, z)
    total = 0.0
    for term in regularised:
        played = of_rows(term.attribute, np.asarray(term.pitches)[tokens])
        target = term.mean + term.mu * z[:, term.dimension - 1].cpu().numpy()
        total += 0.5 * float((((played - target) / term.mu) ** 2).mean())
    return total


@dataclass(frozen=True)
class Reconstruction:
    """Held-out windows through the posterior mean and back; nats are per window."""

    accuracy: float
    note_f1: float
    exact: float
    nll: float
    kl: float
    active_dimensions: int


@dataclass(frozen=True)
class Posteriors:
    """q(z|x) of N windows: ``means`` [N, d], one draw ``z`` [N, d] from each, ``kl`` [N] in
    nats. On the CPU.
    """

    means: Tensor
    z: Tensor
    kl: Tensor

    @property
    def active(self) -> npt.NDArray[np.bool_]:
        """Which dimensions carry anything, [d]: the variance of their means is above 0.01."""
        return np.asarray((self.means.var(0) > ACTIVE_VARIANCE).numpy())


@torch.no_grad()
def read_posteriors(
    model: VAE, tokens: Tokens, *, seed: int = 0, watch: Watch = nobody
) -> Posteriors:
    """The posteriors of ``tokens`` [N, 32]; the draws are seeded."""
    device = next(model.parameters()).device
    noise = torch.randn(
        len(tokens), model.config.latent_dimensions, generator=torch.Generator().manual_seed(seed)
    )
    means, drawn, kl = [], [], []
    for rows, chance in zip(
        torch.split(torch.from_numpy(tokens), CHUNK), torch.split(noise, CHUNK), strict=True
    ):
        posterior = model.encoder(rows.long().to(device))
        means.append(posterior.mean.cpu())
        drawn.append(means[-1] + torch.exp(0.5 * posterior.log_variance).cpu() * chance)
        kl.append(posterior.kl().sum(-1).cpu())
        watch(len(rows))
    return Posteriors(torch.cat(means), torch.cat(drawn), torch.cat(kl))


@torch.no_grad()
def surprise(decoder: Decoder, z: Tensor, tokens: Tokens, watch: Watch = nobody) -> float:
    """-log p(x|z) in nats, mean over windows ``tokens`` [N, 32] and their points ``z`` [N, d]."""
    device, total = next(decoder.parameters()).device, 0.0
    for part, rows in zip(
        torch.split(z, CHUNK), torch.split(torch.from_numpy(tokens), CHUNK), strict=True
    ):
        logits = decoder(part.to(device), rows.shape[1]).transpose(1, 2)
        total += functional.cross_entropy(logits, rows.long().to(device), reduction="sum").item()
        watch(len(rows))
    return total / len(tokens)


def reconstruct(
    model: VAE,
    tokens: Tokens,
    posteriors: Posteriors | None = None,
    *,
    watch: Watch = nobody,
) -> Reconstruction:
    """Reconstruction figures of ``tokens`` [N, 32]; the nll is at one posterior draw a window.

    ``posteriors``: those of ``tokens``, where they have been read already.
    """
    device = next(model.parameters()).device
    found = posteriors or read_posteriors(model, tokens, watch=watch)
    decoded = decode_tokens(model.decoder, found.means.to(device), watch=watch)
    return Reconstruction(
        accuracy=metrics.accuracy(decoded, tokens),
        note_f1=metrics.note_f1(decoded, tokens),
        exact=metrics.exact_windows(decoded, tokens),
        nll=surprise(model.decoder, found.z, tokens, watch),
        kl=float(found.kl.double().mean()),
        active_dimensions=int(found.active.sum()),
    )
