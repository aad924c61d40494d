"""Equation 16, part by part, on a small model in float64."""

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.aids import Terms, Weights, distance_to_prior
from engine.attributes import ATTRIBUTES
from engine.config import GlsrSection
from engine.geodesic import (
    Regularised,
    expectations,
    onset_retreat,
    r_geo,
    slopes,
    unevenness,
)
from engine.intervals import Intervals, Notes, interval_distance
from engine.model import VAE, ModelConfig
from engine.objective import KNOB_RANGE, OTHER_RANGE, Loss, batch_loss
from engine.objective import _prior_points as prior_points

COUNT = {"name": "note_count", "dimension": 1, "mu": 2.0, "variance": 0.1}
REGISTER = {"name": "register", "dimension": 2, "mu": 4.0, "variance": 0.2}
LEAN = {"name": "lean", "dimension": 3, "mu": 1.5, "variance": 0.2}
TOKENS = torch.randint(0, 7, (6, 16), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    sizes = ModelConfig(tokens=7, latent_dimensions=4, units=8, embedding=5, dropout=0.0)
    return VAE(sizes).double().train()


def glsr(*attributes: dict[str, Any], **settings: Any) -> GlsrSection:
    return GlsrSection.model_validate({"attributes": attributes, "rows": 6} | settings)


def terms_of(section: GlsrSection) -> Terms:
    """The section's terms in the vocabulary HOLD, REST and five notes up from middle C."""
    pitches = (-1.0, -2.0, 60.0, 62.0, 64.0, 65.0, 67.0)
    return tuple(
        Regularised(a.dimension, ATTRIBUTES[a.name], a.mu, a.variance, 7.0, 1.0, pitches)
        for a in section.attributes
    )


def loss_of(
    model: VAE, section: GlsrSection, weights: Weights, tokens: Tensor = TOKENS, seed: int = 1
) -> Loss:
    torch.manual_seed(seed)
    return batch_loss(model, tokens, section, terms_of(section), weights)


def by_hand(model: VAE, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The batch's z, -log p(x|z) and KL, from their definitions."""
    torch.manual_seed(seed)
    posterior = model.encoder(TOKENS)
    z = posterior.mean + torch.randn_like(posterior.mean) * torch.exp(posterior.log_variance / 2)
    log_p = torch.log_softmax(model.decoder(z, 16), -1)
    nll = -log_p.gather(-1, TOKENS[..., None]).sum((1, 2)).mean()
    normal = torch.distributions.Normal(posterior.mean, torch.exp(posterior.log_variance / 2))
    kl = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
    return z, nll, kl.sum(1).mean()


@pytest.mark.parametrize(("beta", "weight"), [(1.0, 1.0), (0.3, 0.7), (0.0, 0.5)])
def test_the_total_is_equation_16(model: VAE, beta: float, weight: float) -> None:
    """Total = -log p(x|z) + beta KL - weight R, with R taken at the very z that were decoded."""
    section = glsr(COUNT, LEAN)
    z, nll, kl = by_hand(model, seed=1)
    terms = terms_of(section)
    term = r_geo(slopes(model.decoder, z, terms, 16).slopes, terms).mean()
    loss = loss_of(model, section, Weights(beta=beta, glsr=weight))
    torch.testing.assert_close(loss.nll, nll, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.kl, kl, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.r_geo, term, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.total, nll + beta * kl - weight * term, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("section", [glsr(), glsr(COUNT)], ids=["no attributes", "weight 0"])
def test_a_plain_vae_is_left_when_nothing_is_regularised(model: VAE, section: GlsrSection) -> None:
    """Without attributes, or before R's ramp begins, the loss is the paper's equation 2."""
    _, nll, kl = by_hand(model, seed=1)
    weight = 0.0 if section.attributes else 1.0
    loss = loss_of(model, section, Weights(beta=1.0, glsr=weight))
    torch.testing.assert_close(loss.total, nll + kl, rtol=1e-12, atol=1e-12)
    assert float(loss.r_geo) == float(loss.retreat) == 0.0


def test_the_term_on_some_rows_leaves_the_rest_alone(model: VAE) -> None:
    """R on two of six rows: the reconstruction still counts all six, R the first two."""
    section = glsr(COUNT, rows=2)
    z, nll, _ = by_hand(model, seed=1)
    terms = terms_of(section)
    term = r_geo(slopes(model.decoder, z[:2], terms, 16).slopes, terms).mean()
    loss = loss_of(model, section, Weights(beta=1.0, glsr=1.0))
    torch.testing.assert_close(loss.nll, nll, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.r_geo, term, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_rows_from_the_prior_are_not_reconstructed(model: VAE, share: float) -> None:
    """Points drawn from the prior shape the slope only; every window is still reconstructed."""
    section = glsr(COUNT, prior_share=share)
    _, nll, kl = by_hand(model, seed=1)
    loss = loss_of(model, section, Weights(beta=1.0, glsr=1.0))
    torch.testing.assert_close(loss.nll, nll, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.total, nll + kl - loss.r_geo, rtol=1e-12, atol=1e-12)
    assert bool(loss.total.isfinite())


@pytest.mark.parametrize("windows", [1, 3])
def test_a_batch_smaller_than_the_terms_rows(model: VAE, windows: int) -> None:
    """A tiny corpus gives a small batch: all its windows are reconstructed, none twice."""
    section = glsr(COUNT, rows=32, prior_share=0.5)
    loss = loss_of(model, section, Weights(beta=1.0, glsr=1.0), TOKENS[:windows])
    plain = loss_of(model, glsr(), Weights(beta=1.0, glsr=0.0), TOKENS[:windows])
    torch.testing.assert_close(loss.nll, plain.nll, rtol=1e-12, atol=1e-12)


def test_prior_rows_sweep_the_regularised_coordinates() -> None:
    """The note count's is uniform on [-3, 3], other knobs' on [-2, 2], the rest are normal."""
    torch.manual_seed(0)
    z = prior_points(torch.zeros(1, 4), 20_000, terms_of(glsr(COUNT, LEAN)))
    for dimension, reach in ((0, KNOB_RANGE), (2, OTHER_RANGE)):
        assert float(z[:, dimension].abs().max()) <= reach
        assert float(z[:, dimension].var()) == pytest.approx(reach**2 / 3, abs=0.1)
    for dimension in (1, 3):
        assert float(z[:, dimension].var()) == pytest.approx(1.0, abs=0.05)


def test_the_level_aid_says_where_the_knob_stands(model: VAE) -> None:
    """Half the squared distance from mean + mu z at both temperatures, and the slopes across."""
    tokens = torch.randint(0, 7, (4, 32), generator=torch.Generator().manual_seed(0))
    section = glsr(COUNT, REGISTER, rows=4, temperature=0.5)
    terms = terms_of(section)
    without = loss_of(model, section, Weights(1.0, 0.5), tokens)
    loss = loss_of(model, section, Weights(1.0, 0.5, level=3.0), tokens)
    torch.manual_seed(1)
    z = model.encoder(tokens).sample()
    found = slopes(model.decoder, z, terms, 32)
    distances = []
    for heat in (1.0, 0.5):
        count, register = expectations(found.logits, terms, heat)
        distances.append((count - (7.0 + 2.0 * z[:, 0])) / 2.0)
        distances.append((register - (7.0 + 4.0 * z[:, 1])) / 4.0)
    level = torch.stack(distances).pow(2).sum(0).mean() / 4.0
    across = (found.matrix[0, 1] / 2.0).pow(2) + (found.matrix[1, 0] / 4.0).pow(2)
    torch.testing.assert_close(loss.level, level + 0.5 * across.mean())
    torch.testing.assert_close(loss.total, without.total + 3.0 * loss.level)


def test_the_distance_to_the_prior_sees_mean_and_spread() -> None:
    """Nothing for the normal's own quantiles; a shift by s costs s squared, whatever the order."""
    places = (torch.arange(1001).double() + 0.5) / 1001
    normal = torch.special.ndtri(places)[torch.randperm(1001)]
    assert float(distance_to_prior(normal[:, None])) == pytest.approx(0.0, abs=1e-12)
    two = torch.stack([normal + 0.5, 2.0 * normal], dim=1)
    by_hand = 0.25 + float(normal.var(correction=0))
    assert float(distance_to_prior(two)) == pytest.approx(by_hand, rel=1e-9)


def test_the_aggregate_aid_is_added_with_its_weight(model: VAE) -> None:
    """On all points drawn from q, those of the batch."""
    without = loss_of(model, glsr(COUNT), Weights(1.0, 1.0))
    loss = loss_of(model, glsr(COUNT), Weights(1.0, 1.0, aggregate=3.0))
    z, _, _ = by_hand(model, seed=1)
    torch.testing.assert_close(loss.total, without.total + 3.0 * distance_to_prior(z))


def test_the_interval_aid_is_judged_on_the_prior_s_rows_alone(model: VAE) -> None:
    """With its weight, and when the corpus's intervals are given; on whole phrases only."""
    section = glsr(COUNT, prior_rows=5, temperature=0.4)
    whole = torch.randint(0, 7, (6, 32), generator=torch.Generator().manual_seed(2))
    notes = Notes(pitches=(60, 62, 64, 65, 67), fifths=(0, 2, 4, -1, 1))
    corpus = Intervals(torch.full((2, 25), 0.02), torch.full((13,), 1 / 13), notes)

    def total(tokens: Tensor, weight: float, given: Intervals | None) -> Tensor:
        torch.manual_seed(1)
        weights = Weights(1.0, 1.0, intervals=weight)
        return batch_loss(model, tokens, section, terms_of(section), weights, None, given).total

    torch.manual_seed(1)
    z = model.encoder(whole).sample()
    points = prior_points(z, 5, terms_of(section)).double()
    away = interval_distance(model.decoder(points, 32), corpus, 0.4)
    without = total(whole, 0.0, corpus)
    torch.testing.assert_close(total(whole, 3.0, corpus), without + 3.0 * away)
    torch.testing.assert_close(total(whole, 3.0, None), without)
    torch.testing.assert_close(total(TOKENS, 3.0, corpus), total(TOKENS, 0.0, corpus))


def test_the_level_is_judged_on_whole_phrases_only(model: VAE) -> None:
    """A short window of the curriculum cannot hold a phrase's notes, so it is left alone."""
    assert float(loss_of(model, glsr(COUNT), Weights(1.0, 1.0, level=3.0)).level) == 0.0


def test_the_retreat_aid_is_added_only_when_asked_for(model: VAE) -> None:
    """`paper` leaves it out; with a weight it is the mean onset retreat along the note count."""
    without = loss_of(model, glsr(LEAN, COUNT), Weights(beta=1.0, glsr=0.5))
    section = glsr(LEAN, COUNT, onset_retreat=0.2)
    z, _, _ = by_hand(model, seed=1)
    found = slopes(model.decoder, z, terms_of(section), 16)
    retreat = onset_retreat(found.logits, found.tangents[1]).mean()
    loss = loss_of(model, section, Weights(beta=1.0, glsr=0.5))
    assert float(retreat.detach()) > 0.0
    torch.testing.assert_close(loss.retreat, retreat, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.total, without.total + 0.5 * 0.2 * retreat)


def test_the_evenness_aid_is_added_with_its_present_weight(model: VAE) -> None:
    """Along the note count, on the rows that carry the tangent; nothing when its weight is 0."""
    section = glsr(LEAN, COUNT)
    totals = {}
    for weight in (0.0, 3.0):
        loss = loss_of(model, section, Weights(beta=1.0, glsr=0.5, evenness=weight))
        totals[weight] = loss.total
    z, _, _ = by_hand(model, seed=1)
    found = slopes(model.decoder, z, terms_of(section), 16)
    uneven = unevenness(found.logits, found.tangents[1], z[:, 0])
    assert float(uneven.detach()) > 0.0
    torch.testing.assert_close(totals[3.0], totals[0.0] + 3.0 * uneven)


def test_the_terms_gradient_reaches_encoder_and_decoder(model: VAE) -> None:
    """Through the batch loss, R moves the weights of both networks: nothing is detached."""
    loss = loss_of(model, glsr(COUNT), Weights(beta=1.0, glsr=1.0))
    for name, weight in model.named_parameters():
        (gradient,) = torch.autograd.grad(loss.r_geo, weight, retain_graph=True, allow_unused=True)
        assert gradient is not None or name == "decoder.output.bias", name
        assert gradient is None or float(gradient.abs().max()) > 0.0, name


def test_accuracy_is_the_share_of_right_tokens(model: VAE) -> None:
    """The training accuracy that the curriculum looks at counts tokens recovered by argmax."""
    z, _, _ = by_hand(model, seed=1)
    loss = loss_of(model, glsr(), Weights(beta=1.0, glsr=0.0))
    right = (model.decoder(z, 16).argmax(-1) == TOKENS).float().mean()
    torch.testing.assert_close(loss.accuracy, right)
