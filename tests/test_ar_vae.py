"""AR-VAE's loss, by hand."""

import math

import pytest
import torch

from engine.aids import Weights
from engine.ar_vae import note_count_loss, ordering_loss
from engine.config import ArVaeSection, GlsrSection, TrainConfig
from engine.export import aids
from engine.model import VAE, ModelConfig
from engine.objective import batch_loss
from engine.vocabulary import HOLD_ID, REST_ID
from tests.tiny import tiny_config


def test_the_loss_is_the_mean_over_all_pairs() -> None:
    """Three phrases: nine pairs, each worked out on paper from the definition."""
    z, notes = torch.tensor([0.0, 0.5, -0.2]), torch.tensor([3.0, 7.0, 3.0])
    pairs = [
        abs(math.tanh(2.0 * (float(z[i]) - float(z[j]))) - order)
        for i, j, order in [(0, 1, -1), (1, 0, 1), (0, 2, 0), (2, 0, 0), (1, 2, 1), (2, 1, -1)]
    ]
    by_hand = sum(pairs) / 9  # a phrase beside itself adds 0
    assert float(ordering_loss(z, notes, delta=2.0)) == pytest.approx(by_hand)


def test_order_alone_matters() -> None:
    """Far apart and in order costs nothing, in reverse order two for every pair."""
    z, notes = torch.arange(4.0) * 9, torch.tensor([1.0, 2.0, 5.0, 9.0])
    assert float(ordering_loss(z, notes, delta=10.0)) == pytest.approx(0.0, abs=1e-6)
    assert float(ordering_loss(-z, notes, delta=10.0)) == pytest.approx(2 * 12 / 16)


def test_notes_are_counted_and_the_section_says_where() -> None:
    """HOLD and REST are no notes, and only the named coordinate is asked for order."""
    tokens = torch.tensor([[5, HOLD_ID, REST_ID, 6], [REST_ID, 9, HOLD_ID, HOLD_ID]])  # 2, 1 notes
    z = torch.tensor([[4.0, 0.3], [-4.0, 0.1]], requires_grad=True)
    found = note_count_loss(z, tokens, ArVaeSection(dimension=2, weight=1.0, delta=10.0))
    assert float(found.detach()) == pytest.approx(2 * (1 - math.tanh(10.0 * 0.2)) / 4)
    found.backward()  # type: ignore[no-untyped-call]
    assert z.grad is not None
    assert z.grad[:, 0].abs().sum() == 0.0
    assert z.grad[0, 1] < 0.0 < z.grad[1, 1]  # the fuller phrase is to move up


def test_the_card_declares_it() -> None:
    """A checkpoint trained so says so, and where; one without AR-VAE does not."""
    section = ArVaeSection(dimension=1, weight=32.0, delta=10.0)
    plain = tiny_config().model_copy(update={"glsr": GlsrSection(rows=8)})
    told = aids(plain.model_copy(update={"ar_vae": section}))
    assert [line for line in told if "AR-VAE" in line and "z1, weight 32, delta 10" in line]
    assert not [line for line in aids(plain) if "AR-VAE" in line]


def test_it_joins_the_loss_with_its_weight() -> None:
    """The batch's loss is the plain VAE's and the weighted ordering loss of the very same z."""
    torch.manual_seed(0)
    model = VAE(ModelConfig(tokens=7, latent_dimensions=3, units=8, embedding=4, dropout=0.0))
    tokens = torch.randint(0, 7, (6, 8))
    section = ArVaeSection(dimension=2, weight=32.0, delta=10.0)
    totals = []
    for weight in (0.0, 3.0):
        torch.manual_seed(1)
        weights = Weights(beta=0.2, glsr=0.0, ar_vae=weight)
        totals.append(batch_loss(model, tokens, GlsrSection(), (), weights, section).total)
    torch.manual_seed(1)
    z = model.encoder(tokens).sample()
    expected = 3.0 * note_count_loss(z, tokens, section)
    torch.testing.assert_close(totals[1] - totals[0], expected)


def test_it_and_glsr_are_never_judged_together() -> None:
    """A config with both is refused: nobody could say whose merit the knob is."""
    both = tiny_config().model_dump() | {"ar_vae": {"weight": 1.0}}
    with pytest.raises(ValueError, match="exclude each other"):
        TrainConfig.model_validate(both)
