"""Sweeps and reconstruction figures, as evaluation defines them."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import evaluation as room
from engine.attributes import LEAN, NOTE_COUNT
from engine.evaluation import (
    decode_tokens,
    exact_slopes,
    prior_points,
    read_posteriors,
    reconstruct,
    sweep,
)
from engine.geodesic import Regularised, slopes
from engine.model import VAE, ModelConfig, Posterior

TERMS = (Regularised(1, NOTE_COUNT, 2.0, 0.1), Regularised(3, LEAN, 1.5, 0.2))


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    return VAE(ModelConfig(tokens=7, latent_dimensions=4, units=8, embedding=5)).eval()


def test_prior_points_are_seeded_and_normal() -> None:
    """Points of N(0, I) by torch's CPU generator: the same everywhere, whatever else was drawn."""
    torch.manual_seed(99)
    z = prior_points(4000, 3, seed=0)
    assert torch.equal(z, torch.randn(4000, 3, generator=torch.Generator().manual_seed(0)))
    assert float(z.std()) == pytest.approx(1.0, abs=0.02)
    assert not torch.equal(z, prior_points(4000, 3, seed=1))


@pytest.mark.parametrize("dimension", [1, 3])
def test_a_sweep_turns_one_coordinate(model: VAE, dimension: int) -> None:
    """61 values over [-3, 3], all other coordinates fixed at their prior point."""
    swept = sweep(model.decoder, dimension=dimension, points=3, seed=0)
    assert swept.tokens.shape == (3, 61, 32)
    assert swept.positions[[0, 30, 60]] == pytest.approx([-3.0, 0.0, 3.0])
    assert np.allclose(np.diff(swept.positions), 0.1)
    assert torch.equal(swept.z, prior_points(3, 4, seed=0))
    for point in range(3):
        for place in (0, 17, 60):
            z = swept.z[point].clone()
            z[dimension - 1] = float(swept.positions[place])
            alone = decode_tokens(model.decoder, z[None])[0]
            assert np.array_equal(swept.tokens[point, place], alone)


def test_slopes_in_chunks_are_the_slopes(model: VAE) -> None:
    """More points than one chunk holds, without gradients, in order: [K, N]."""
    z = prior_points(300, 4, seed=0)
    found = exact_slopes(model.decoder, z, TERMS)
    assert found.shape == (2, 300)
    expected = slopes(model.decoder, z, TERMS, 32).slopes.detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_decoding_in_chunks_keeps_the_order(model: VAE, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunk by chunk or at once: the same rows in the same order."""
    z = prior_points(50, 4, seed=0)
    whole = decode_tokens(model.decoder, z)
    monkeypatch.setattr(room, "CHUNK", 7)
    assert np.array_equal(decode_tokens(model.decoder, z), whole)
    assert decode_tokens(model.decoder, z, length=8).shape == (50, 8)


class Sure(torch.nn.Module):
    """A decoder that is nearly sure of one row, whatever z: 10 nats above every other token."""

    def __init__(self, row: Tensor) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(10.0 * torch.nn.functional.one_hot(row, 7).float())

    def forward(self, z: Tensor, length: int) -> Tensor:
        return self.logits[:length].expand(len(z), length, 7)


class Knowing(torch.nn.Module):
    """An encoder with a known posterior: two coordinates follow the first token, two are idle."""

    def forward(self, tokens: Tensor) -> Posterior:
        first = tokens[:, :1].float()
        return Posterior(torch.cat([first, -first, first * 0, first * 0 + 1], 1), first * 0 - 1.0)


def test_reconstruction_figures_by_hand(model: VAE) -> None:
    """A known encoder and a sure decoder give figures that can be computed on paper."""
    row = torch.tensor([2, 0, 0, 0] * 8)
    other = torch.tensor([4, 0, 0, 0] * 8)
    model.decoder = Sure(row)  # type: ignore[assignment]  # stands in for a Decoder
    model.encoder = Knowing()  # type: ignore[assignment]
    windows = torch.stack([row, other]).numpy().astype(np.uint8)
    found = reconstruct(model, windows)
    assert found.accuracy == (32 + 24) / 64
    assert found.note_f1 == 0.5
    assert found.exact == 0.5
    surprise = float(torch.log(torch.exp(torch.tensor(10.0)) + 6.0))
    assert found.nll == pytest.approx(
        (32 * (surprise - 10) + 24 * (surprise - 10) + 8 * surprise) / 2
    )
    divergence = 0.5 * (np.exp(-1.0) - 1.0 + 1.0)  # of each idle spread, before the means
    means = 0.5 * (2 * 4 + 1 + 2 * 16 + 1) / 2
    assert found.kl == pytest.approx(4 * divergence + means, rel=1e-5)
    assert found.active_dimensions == 2


def test_draws_are_as_wide_as_the_posterior(model: VAE) -> None:
    """One draw a window: around the mean, with the standard deviation exp(log variance / 2)."""
    model.encoder = Knowing()  # type: ignore[assignment]
    windows = np.tile(np.arange(7, dtype=np.uint8)[:, None], (300, 32))
    found = read_posteriors(model, windows)
    assert torch.equal(found.means[:7, 0], torch.arange(7.0))
    off = (found.z - found.means).numpy()
    assert off.std(0) == pytest.approx(np.exp(-0.5), rel=0.05)
    assert off.mean(0) == pytest.approx(0.0, abs=0.05)
    assert found.active.tolist() == [True, True, False, False]
    assert not torch.equal(found.z, read_posteriors(model, windows, seed=1).z)


def test_reconstruction_is_the_same_every_time(model: VAE, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the global seed nor what was drawn before changes a figure; chunks only round."""
    windows = np.random.default_rng(0).integers(0, 7, (20, 32)).astype(np.uint8)
    torch.manual_seed(1)
    first = reconstruct(model, windows)
    torch.manual_seed(2)
    assert reconstruct(model, windows) == first
    monkeypatch.setattr(room, "CHUNK", 6)
    chunked = reconstruct(model, windows)
    assert chunked.accuracy == first.accuracy
    assert chunked.kl == pytest.approx(first.kl, rel=1e-5)
