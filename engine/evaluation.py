"""The knob and the reconstruction as numbers, by the definitions of ``docs/evaluation.md``."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine import metrics
from engine.attributes import ATTRIBUTES, NOTE_COUNT
from engine.card import CheckpointError
from engine.checkpoint import load_decoder, load_encoder, model_config
from engine.chorales import Melody, corpus_hash
from engine.corpus import Tokens, build_corpus
from engine.expectation import expected as _expected
from engine.expectation import of_rows
from engine.geodesic import Regularised, slopes, unevenness
from engine.model import VAE, Decoder
from engine.phrase import PHRASE_STEPS

SWEEP_POINTS = 1024
SWEEP_SEED = 0
SWEEP_LOW, SWEEP_HIGH, SWEEP_VALUES = -3.0, 3.0, 61
INNER = 2.0  # most of the prior lies within; both ranges are reported
CHUNK = 2048  # phrases decoded at a time


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
def decode_tokens(decoder: Decoder, z: Tensor, length: int = PHRASE_STEPS) -> Tokens:
    """Argmax tokens of ``z`` [N, d], uint8 [N, length]."""
    rows = [
        decoder(part, length).argmax(-1).to(torch.uint8).cpu() for part in torch.split(z, CHUNK)
    ]
    return np.asarray(torch.cat(rows).numpy(), np.uint8)


def sweep(
    decoder: Decoder, *, dimension: int = 1, points: int = SWEEP_POINTS, seed: int = SWEEP_SEED
) -> Sweeps:
    """``points`` prior points, coordinate ``dimension`` (from 1) taking 61 values over [-3, 3]."""
    device = next(decoder.parameters()).device
    z = prior_points(points, decoder.config.latent_dimensions, seed)
    positions = torch.linspace(SWEEP_LOW, SWEEP_HIGH, SWEEP_VALUES, dtype=torch.float64)
    grid = z[:, None].repeat(1, SWEEP_VALUES, 1)
    grid[..., dimension - 1] = positions.float()
    tokens = decode_tokens(decoder, grid.flatten(0, 1).to(device))
    return Sweeps(z, positions.numpy(), tokens.reshape(points, SWEEP_VALUES, -1))


def exact_slopes(
    decoder: Decoder, z: Tensor, regularised: tuple[Regularised, ...]
) -> npt.NDArray[np.float64]:
    """dG_k / dz_k at ``z`` [N, d] in evaluation mode, [K, N]."""
    with torch.no_grad():
        found = [
            slopes(decoder, part, regularised, PHRASE_STEPS).slopes for part in torch.split(z, 256)
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


@torch.no_grad()
def reconstruct(model: VAE, tokens: Tokens, *, seed: int = 0) -> Reconstruction:
    """Reconstruction figures of ``tokens`` [N, 32]; the nll is at one posterior sample a window."""
    device = next(model.parameters()).device
    noise = torch.Generator().manual_seed(seed)
    decoded, means, nll, kl = [], [], 0.0, 0.0
    for rows in _chunks(tokens):
        x = torch.from_numpy(rows.astype(np.int64)).to(device)
        posterior = model.encoder(x)
        decoded.append(decode_tokens(model.decoder, posterior.mean))
        means.append(posterior.mean.cpu())
        spread = torch.exp(0.5 * posterior.log_variance)
        z = posterior.mean + spread * torch.randn(spread.shape, generator=noise).to(device)
        logits = model.decoder(z, x.shape[1]).transpose(1, 2)
        nll += torch.nn.functional.cross_entropy(logits, x, reduction="sum").item()
        kl += posterior.kl().sum().item()
    found = np.concatenate(decoded)
    return Reconstruction(
        accuracy=metrics.accuracy(found, tokens),
        note_f1=metrics.note_f1(found, tokens),
        exact=metrics.exact_windows(found, tokens),
        nll=nll / len(tokens),
        kl=kl / len(tokens),
        active_dimensions=int((torch.cat(means).var(0) > 0.01).sum()),
    )


def _chunks(tokens: Tokens) -> Iterator[Tokens]:
    for start in range(0, len(tokens), CHUNK):
        yield tokens[start : start + CHUNK]


def knob_figures(
    decoder: Decoder, regularised: tuple[Regularised, ...]
) -> dict[str, dict[str, float]]:
    """The knob on prior points (1,024 of seed 0): sweeps judged on [-3, 3] and on [-2, 2]."""
    swept = sweep(decoder)
    counts = metrics.note_counts(swept.tokens)
    inner = np.abs(swept.positions) <= INNER + 1e-9
    figures = {
        "sweep [-3, 3]": asdict(metrics.sweep_figures(counts, swept.positions)),
        "sweep [-2, 2]": asdict(metrics.sweep_figures(counts[:, inner], swept.positions[inner])),
        "notes at z1": {
            f"{at:+g}": float(counts[:, int(np.abs(swept.positions - at).argmin())].mean())
            for at in (-3.0, -2.0, 0.0, 2.0, 3.0)
        },
    }
    if regularised:
        clipped = swept.z.clamp(-INNER, INNER).to(next(decoder.parameters()).device)
        slope = exact_slopes(decoder, clipped, regularised)
        for term, found in zip(regularised, slope, strict=True):
            figures[f"exact slope z{term.dimension}"] = {
                "mu": term.mu,
                "mean": float(found.mean()),
                "sd": float(found.std()),
            }
        figures["evenness"] = {"unevenness": knob_unevenness(decoder, clipped, regularised)}
        figures["gap"] = {"argmax minus expected notes": _gap(decoder, clipped)}
    return figures


@torch.no_grad()
def _gap(decoder: Decoder, z: Tensor) -> float:
    """How many notes more argmax plays than the decoder expects, mean over ``z``."""
    logits = decoder(z, PHRASE_STEPS)
    heard = metrics.note_counts(np.asarray(logits.argmax(-1).cpu().numpy()))
    expected = _expected(
        NOTE_COUNT, torch.softmax(logits, dim=-1), logits.new_zeros(logits.shape[-1])
    )
    return float(heard.mean() - float(expected.mean()))


def evaluate(folder: Path, melodies: Sequence[Melody]) -> dict[str, dict[str, float]]:
    """Every figure of the checkpoint in ``folder``; reconstruction is on the test side.

    The corpus is built by the card's own recipe. Raises :class:`CheckpointError`, also when the
    melodies are not those the checkpoint learnt from.
    """
    card, decoder = load_decoder(folder)
    if corpus_hash(melodies) != card.corpus["sha256"]:
        raise CheckpointError(
            f"{folder}: trained on other melodies than this machine's; "
            "install the music21 version that its card's corpus came from"
        )
    model = VAE(model_config(card.model))
    model.decoder = decoder
    model.encoder = load_encoder(folder)
    model.eval()
    corpus = build_corpus(melodies, **card.corpus["recipe"])
    regularised = tuple(
        Regularised(
            a.dimension,
            ATTRIBUTES[a.name],
            a.mu,
            a.variance,
            a.mean,
            a.sd,
            tuple(float(value) for value in corpus.vocabulary.step_values),
        )
        for a in card.attributes
    )
    test = corpus.sides["test"]
    return {
        **knob_figures(decoder, regularised),
        "reconstruction (test)": {
            "windows": len(test),
            **asdict(reconstruct(model, test.tokens)),
        },
    }
