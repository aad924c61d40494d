"""Figures of the test side, on posteriors made by hand."""

import numpy as np
import pytest
import torch

from engine.attributes import ATTRIBUTES
from engine.evaluation import Posteriors, prior_points
from engine.held_out import aggregate, encoder_side, held_out_figures
from engine.measures.distributions import mmd, normal_distance
from engine.model import VAE, ModelConfig
from engine.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("HOLD", "REST", "C4", "F#4", "Bb4", "D5"))


def made(means: torch.Tensor, z: torch.Tensor) -> Posteriors:
    return Posteriors(means, z, torch.zeros(len(z)))


def test_the_worst_dimension_counts() -> None:
    """Active dimensions, knobs and idle ones are told apart, each by its own distance."""
    z = prior_points(400, 4, seed=9)
    z[:, 1] += 1.0  # a knob that is off
    z[:, 3] += 3.0  # far off, but its means never move: collapsed
    means = z * torch.tensor([1.0, 1.0, 1.0, 0.0])
    found = aggregate(made(means, z), knob_dimensions=[1, 3])
    distances = [normal_distance(column) for column in z.double().numpy().T]
    assert found["active_dimensions"] == 3
    assert found["largest KS of active"] == pytest.approx(distances[1])
    assert found["largest KS of knobs"] == pytest.approx(max(distances[0], distances[2]))
    assert found["mmd"] > 2 * found["mmd_null_95"]


def test_draws_from_the_prior_pass() -> None:
    """A posterior that is the prior lies near the null, and no dimension is far."""
    z = prior_points(1500, 3, seed=9)
    found = aggregate(made(z, z), knob_dimensions=[1])
    assert found["largest KS of active"] < 0.04
    assert found["mmd"] < 1.3 * found["mmd_null_95"]
    chosen = z[np.linspace(0, 1499, 1024).astype(int)].double().numpy()
    normal = prior_points(1024, 3, seed=3).double().numpy()
    assert found["mmd"] == mmd(chosen, normal).mmd


def test_a_collapsed_model_has_nothing_active() -> None:
    """No active dimension: the distance over none is 0, and the count says why."""
    z = prior_points(50, 2, seed=0)
    found = aggregate(made(z * 0, z), knob_dimensions=[])
    assert found["active_dimensions"] == 0
    assert found["largest KS of active"] == found["largest KS of knobs"] == 0.0


def test_the_encoder_is_judged_by_four_attributes() -> None:
    """Means that are note count, register, direction and lean themselves score 1 all round."""
    chance = np.random.default_rng(0)
    steps = np.where(chance.random((300, 32)) < 0.3, chance.integers(60, 80, (300, 32)), -1)
    means = torch.tensor([[a.exact(row) for a in ATTRIBUTES.values()] for row in steps.tolist()])
    found = encoder_side(made(means, means), steps)
    assert (found["windows"], found["attributes"]) == (300, 4)
    assert found["interpretability"] == pytest.approx(1.0, abs=1e-6)
    assert found["scc"] == pytest.approx(1.0, abs=1e-5)


def test_every_figure_of_the_test_side() -> None:
    """All sections, all finite; the bound is nll + KL; every window is seen three times."""
    torch.manual_seed(0)
    model = VAE(ModelConfig(tokens=6, latent_dimensions=4, units=8, embedding=5)).eval()
    windows = np.random.default_rng(0).integers(0, 6, (40, 32)).astype(np.uint8)
    done: list[int] = []
    found = held_out_figures(model, windows, [1], VOCABULARY, watch=done.append)
    assert list(found) == [
        "reconstruction (test)",
        "aggregate posterior (test)",
        "resemblance (test)",
        "encoder (test)",
    ]
    assert all(np.isfinite(v) for values in found.values() for v in values.values())
    again = found["reconstruction (test)"]
    assert again["bound"] == again["nll"] + again["kl"]
    assert again["windows"] == 40
    assert sum(done) == 3 * 40 + 2048
