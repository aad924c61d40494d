"""The GLSR term: its derivative is exact, and its gradient reaches everything it should."""

import math

import pytest
import torch
from torch import Tensor, nn

from engine.attributes import LEAN, NOTE_COUNT, REGISTER
from engine.expectation import expected as expectation
from engine.geodesic import (
    Regularised,
    log_density,
    onset_retreat,
    onset_slopes,
    r_geo,
    slopes,
    unevenness,
    unit_directions,
)
from engine.model import VAE, Decoder, ModelConfig

PITCHES = (-1.0, -2.0, 60.0, 62.0, 64.0, 65.0, 67.0)
TERMS = tuple(
    Regularised(dimension, attribute, mu, variance, pitches=PITCHES)
    for dimension, attribute, mu, variance in (
        (1, NOTE_COUNT, 2.0, 0.1),
        (2, REGISTER, 4.0, 0.3),
        (3, LEAN, 1.5, 0.2),
    )
)
CONFIG = ModelConfig(tokens=7, latent_dimensions=4, units=8, embedding=5, dropout=0.0)


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(CONFIG).double().eval()


def expected(decoder: Decoder, z: Tensor, term: Regularised, length: int) -> Tensor:
    pitches = torch.tensor(term.pitches, dtype=z.dtype)
    return expectation(term.attribute, torch.softmax(decoder(z, length), dim=-1), pitches)


@pytest.mark.parametrize("length", [1, 2, 8, 32])
def test_slope_equals_central_finite_differences(decoder: Decoder, length: int) -> None:
    """dG_j/dz_k agrees with finite differences of the plain pass, across the knobs too."""
    z = torch.randn(5, 4, dtype=torch.float64)
    found = slopes(decoder, z, TERMS, length)
    for k, turned in enumerate(TERMS):
        nudge = torch.zeros(4, dtype=torch.float64)
        nudge[turned.dimension - 1] = 1e-5  # dimensions count from 1
        for j, term in enumerate(TERMS):
            up = expected(decoder, z + nudge, term, length)
            down = expected(decoder, z - nudge, term, length)
            by_hand = (up - down) / 2e-5
            torch.testing.assert_close(found.matrix[j, k], by_hand, rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(found.slopes[k], found.matrix[k, k])


def test_tangents_of_some_rows_leave_all_values_as_they_are(decoder: Decoder) -> None:
    """The first rows get their tangents, every row its logits: as if all had carried them."""
    z = torch.randn(5, 4, dtype=torch.float64)
    whole, part = slopes(decoder, z, TERMS, 8), slopes(decoder, z, TERMS, 8, rows=2)
    torch.testing.assert_close(part.logits, whole.logits, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(part.tangents, whole.tangents[:, :2], rtol=1e-12, atol=1e-12)


def test_dual_pass_gives_the_logits_of_the_plain_pass(decoder: Decoder) -> None:
    """The unrolled pass decodes what the library's LSTM decodes."""
    z = torch.randn(3, 4, dtype=torch.float64)
    logits, _ = decoder.forward_dual(z, unit_directions(TERMS, z), 16)
    torch.testing.assert_close(logits, decoder(z, 16), rtol=1e-12, atol=1e-12)


class ClosedForm(nn.Module):
    """A decoder whose note probability is sigmoid(a * z1 + b_t): G and dG/dz1 by hand."""

    def __init__(self, steepness: float, offsets: Tensor) -> None:
        super().__init__()
        self.steepness = nn.Parameter(torch.tensor(steepness, dtype=torch.float64))
        self.offsets = offsets

    def forward_dual(
        self, z: Tensor, directions: Tensor, length: int, _rows: int | None = None
    ) -> tuple[Tensor, Tensor]:
        note = self.steepness * z[:, :1] + self.offsets[:length]  # [B, T]
        # REST is left out by a logit far below; HOLD has logit 0, so p(note) is a sigmoid.
        logits = torch.stack([torch.zeros_like(note), torch.full_like(note, -80.0), note], dim=-1)
        rise = (self.steepness * directions[:, 0])[:, None, None].expand(-1, *note.shape)
        still = torch.zeros_like(rise)
        return logits, torch.stack([still, still, rise], dim=-1)


def test_slope_and_term_equal_the_closed_form() -> None:
    """For a sigmoid decoder the slope is sum a p (1 - p), and R the normal log density of it."""
    offsets = torch.linspace(-2, 2, 32, dtype=torch.float64)
    decoder = ClosedForm(0.7, offsets)
    z = torch.randn(6, 4, dtype=torch.float64)
    term = (Regularised(1, NOTE_COUNT, 2.0, 0.1, pitches=(-1.0, -2.0, 60.0)),)
    found = slopes(decoder, z, term, 32).slopes  # type: ignore[arg-type]  # stands in for a Decoder
    p = torch.sigmoid(0.7 * z[:, :1] + offsets)
    by_hand = (0.7 * p * (1 - p)).sum(1)
    torch.testing.assert_close(found[0], by_hand, rtol=1e-12, atol=1e-12)
    density = torch.exp(-((by_hand - 2.0) ** 2) / 0.2) / math.sqrt(2 * math.pi * 0.1)
    torch.testing.assert_close(r_geo(found, term).exp(), density, rtol=1e-10, atol=1e-300)


def test_variance_is_a_variance() -> None:
    """N(2, 0.1) has a standard deviation of 0.316: one sigma away, log r falls by one half."""
    at_mean = log_density(torch.tensor(2.0), 2.0, 0.1)
    one_sigma = log_density(torch.tensor(2.0 + math.sqrt(0.1)), 2.0, 0.1)
    assert float(at_mean - one_sigma) == pytest.approx(0.5, abs=1e-6)


def test_terms_add_up() -> None:
    """Equation 5: with several attributes R is the sum of their log densities, row by row."""
    slope = torch.tensor([[2.0, 1.5, 3.0], [4.0, 3.0, 0.0], [1.5, 1.0, -1.0]]).double()
    found = r_geo(slope, TERMS)
    by_hand = [log_density(row, t.mu, t.variance) for row, t in zip(slope, TERMS, strict=True)]
    torch.testing.assert_close(found, sum(by_hand))


def test_gradient_of_the_term_equals_finite_differences_of_the_term(decoder: Decoder) -> None:
    """Back-propagation through the tangent is right: for a weight of each layer, and for z."""
    z = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    names = [
        "lstm.weight_ih_l0",
        "lstm.weight_hh_l0",
        "lstm.weight_ih_l1",
        "lstm.bias_hh_l1",
        "output.weight",
    ]
    weights = dict(decoder.named_parameters())

    def term() -> Tensor:
        return r_geo(slopes(decoder, z, TERMS, 6).slopes, TERMS).sum()

    found = torch.autograd.grad(term(), [z, *(weights[name] for name in names)])
    for tensor, gradient in zip([z, *(weights[name] for name in names)], found, strict=True):
        flat = tensor.data.view(-1)
        for place in (0, flat.numel() // 2, flat.numel() - 1):
            kept = float(flat[place])
            flat[place] = kept + 1e-5
            up = float(term().detach())
            flat[place] = kept - 1e-5
            down = float(term().detach())
            flat[place] = kept
            assert float(gradient.reshape(-1)[place]) == pytest.approx(
                (up - down) / 2e-5, rel=1e-5, abs=1e-6
            )


def test_gradient_of_the_term_reaches_encoder_and_decoder() -> None:
    """R alone, through a posterior sample, moves every weight of both networks that it can move."""
    torch.manual_seed(1)
    model = VAE(CONFIG).double().eval()
    z = model.encoder(torch.randint(0, 7, (6, 32))).sample().double()
    term = r_geo(slopes(model.decoder, z, TERMS, 32).slopes, TERMS).mean()
    term.backward()  # type: ignore[no-untyped-call]
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert float(weight.grad.abs().max()) > 0.0, name


def test_value_and_tangent_share_one_dropout_mask() -> None:
    """With dropout on, the tangent is the derivative of the very network that gave the logits."""
    torch.manual_seed(2)
    decoder = Decoder(ModelConfig(tokens=7, latent_dimensions=4, units=8, dropout=0.5)).double()
    decoder.train()
    z = torch.randn(3, 4, dtype=torch.float64)
    direction = unit_directions(TERMS[:1], z)

    def at(point: Tensor) -> tuple[Tensor, Tensor]:
        torch.manual_seed(7)
        return decoder.forward_dual(point, direction, 8)

    tangent = at(z)[1][0]
    difference = (at(z + 1e-5 * direction)[0] - at(z - 1e-5 * direction)[0]) / 2e-5
    torch.testing.assert_close(tangent, difference, rtol=1e-6, atol=1e-8)


def test_onset_retreat_counts_only_falling_margins() -> None:
    """A step whose best note loses ground to HOLD is charged its rate; one that gains is free."""
    logits = torch.tensor([[[0.0, -1.0, 2.0, 1.0], [3.0, 0.0, 1.0, 2.0]]])  # [1, 2, 4]
    tangents = torch.tensor([[[0.5, 9.0, 0.25, 9.0], [1.0, 9.0, 9.0, 4.0]]])
    # Step 1: best note is token 2, margin falls at 0.25. Step 2: best note is token 3, rising.
    assert float(onset_retreat(logits, tangents)) == pytest.approx(0.25)


def test_the_slopes_of_the_steps_add_up_to_the_slope_of_the_count(decoder: Decoder) -> None:
    """Each step's share of dG/dz1, and their sum is all of it."""
    z = torch.randn(5, 4, dtype=torch.float64)
    found = slopes(decoder, z, TERMS[:1], 32)
    shares = onset_slopes(found.logits, found.tangents[0])
    torch.testing.assert_close(shares.sum(1), found.slopes[0], rtol=1e-10, atol=1e-12)


def beats(*rates: float) -> tuple[Tensor, Tensor]:
    """One row of 8 steps, two beats: each note's logit rises at its beat's rate, from evens."""
    logits = torch.zeros(1, 8, 3, dtype=torch.float64)
    logits[..., 1] = -80.0  # no REST: the chance of a note is one half everywhere
    tangents = torch.zeros_like(logits)
    tangents[..., 2] = torch.tensor(rates, dtype=torch.float64).repeat_interleave(4)
    return logits, tangents


def test_unevenness_is_the_spread_of_the_beats_shares() -> None:
    """A rate r gives a beat 4 r / 4 notes: (2, 0) is one away from its mean twice, (1, 1) even."""
    one = torch.zeros(1, dtype=torch.float64)
    crowded, even = beats(2.0, 0.0), beats(1.0, 1.0)
    assert float(unevenness(*crowded, one)) == pytest.approx(2.0)
    assert float(unevenness(*even, one)) == pytest.approx(0.0, abs=1e-12)


def test_unevenness_asks_each_end_of_the_knob_by_itself() -> None:
    """First beat below, second beat above: even on the whole, and uneven at both ends."""
    low, high = beats(2.0, 0.0), beats(0.0, 2.0)
    logits, tangents = (torch.cat([a, b]) for a, b in zip(low, high, strict=True))
    coordinate = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    assert float(unevenness(logits, tangents, coordinate)) == pytest.approx(2.0)
