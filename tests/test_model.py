"""The network of section 3.1 and appendix A, as far as a listener could tell."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from engine.model import LAYERS, VAE, Decoder, Encoder, ModelConfig, Posterior

CONFIG = ModelConfig(tokens=9, latent_dimensions=4, units=8, embedding=5)


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(CONFIG).double().eval()


def points(count: int) -> Tensor:
    return torch.randn(count, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_shapes() -> None:
    """Tokens [B, T] give a posterior of [B, d]; z [B, d] gives logits [B, T, A], for any T."""
    model = VAE(CONFIG).eval()
    posterior = model.encoder(torch.zeros(3, 32, dtype=torch.long))
    assert posterior.mean.shape == posterior.log_variance.shape == (3, 4)
    for length in (1, 8, 32):
        assert model.decoder(posterior.sample(), length).shape == (3, length, 9)


def test_two_layers_with_dropout_between_them() -> None:
    """Both networks are two-layer LSTMs with the config's dropout; the encoder reads both ways."""
    model = VAE(replace(CONFIG, dropout=0.3))
    for lstm, both_ways in ((model.encoder.lstm, True), (model.decoder.lstm, False)):
        assert lstm.num_layers == LAYERS == 2
        assert lstm.dropout == 0.3
        assert lstm.hidden_size == 8
        assert lstm.bidirectional is both_ways
    assert not Encoder(replace(CONFIG, bidirectional_encoder=False)).lstm.bidirectional


def test_z_is_read_at_the_first_step_only(decoder: Decoder) -> None:
    """The decoder's LSTM gets (z, 1) once and then nothing but zeros: equation 10."""
    seen: list[Tensor] = []

    def note_input(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    decoder.lstm.register_forward_pre_hook(note_input)
    z = points(3)
    decoder(z, 32)
    assert torch.equal(seen[0][:, 0], torch.cat([z, torch.ones(3, 1, dtype=torch.float64)], 1))
    assert seen[0].shape == (3, 32, 5)
    assert not seen[0][:, 1:].any()


def test_the_mask_bit_tells_z_zero_from_no_z(decoder: Decoder) -> None:
    """A decoder given z = 0 answers otherwise than one that is given nothing at all."""
    given_zero = decoder(torch.zeros(1, 4, dtype=torch.float64), 8)
    states, _ = decoder.lstm(torch.zeros(1, 8, 5, dtype=torch.float64))
    assert float((given_zero - decoder.output(states)).abs().max().detach()) > 1e-5


def test_the_whole_phrase_depends_on_every_coordinate(decoder: Decoder) -> None:
    """What was read at step 1 still moves step 32, along each of the d coordinates."""
    jacobian = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda z: decoder(z, 32)[0, -1], points(1)
    )
    assert bool((jacobian[:, 0].abs().amax(0) > 0).all())


def test_a_shorter_decode_is_the_beginning_of_a_longer_one(decoder: Decoder) -> None:
    """Nothing decoded is fed back and nothing looks ahead: 8 steps are the first 8 of 32."""
    z = points(2)
    torch.testing.assert_close(decoder(z, 8), decoder(z, 32)[:, :8], rtol=1e-12, atol=1e-12)


def test_a_row_does_not_know_its_neighbours(decoder: Decoder) -> None:
    """A phrase decodes alike alone and in a batch, and so does an encoding."""
    z = points(5)
    alone = torch.cat([decoder(row[None], 32) for row in z])
    torch.testing.assert_close(alone, decoder(z, 32), rtol=1e-12, atol=1e-12)
    encoder = Encoder(CONFIG).double().eval()
    rows = torch.randint(0, 9, (5, 32), generator=torch.Generator().manual_seed(2))
    means = torch.cat([encoder(row[None]).mean for row in rows])
    torch.testing.assert_close(means, encoder(rows).mean, rtol=1e-12, atol=1e-12)


def test_one_seed_one_network() -> None:
    """The weights of a new model are a function of torch's seed."""
    models = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        models.append(torch.cat([w.flatten() for w in VAE(CONFIG).parameters()]))
    assert torch.equal(models[0], models[1])
    assert not torch.equal(models[0], models[2])


def test_the_divergence_from_the_prior() -> None:
    """KL is 0 at N(0, I), and agrees with torch's own for any other normal."""
    still = Posterior(torch.zeros(2, 3), torch.zeros(2, 3))
    assert not still.kl().any()
    torch.manual_seed(3)
    posterior = Posterior(torch.randn(4, 3), torch.randn(4, 3))
    normal = torch.distributions.Normal(posterior.mean, torch.exp(0.5 * posterior.log_variance))
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(posterior.kl(), expected)


def test_a_posterior_sample_has_its_mean_and_spread() -> None:
    """Samples are N(mean, exp(log variance)), and gradients go through them to both."""
    mean = torch.full((20_000, 1), 2.0, requires_grad=True)
    log_variance = torch.full((20_000, 1), -2.0, requires_grad=True)
    torch.manual_seed(4)
    z = Posterior(mean, log_variance).sample()
    assert float(z.detach().mean()) == pytest.approx(2.0, abs=0.02)
    assert float(z.detach().var()) == pytest.approx(0.1353, abs=0.01)
    z.pow(2).sum().backward()  # type: ignore[no-untyped-call]
    assert mean.grad is not None
    assert log_variance.grad is not None
    assert bool((mean.grad != 0).all() and (log_variance.grad != 0).all())


def test_gates_begin_by_remembering() -> None:
    """Forget biases lie in log 1..31 and input biases mirror them; 0 turns the rule off."""
    torch.manual_seed(0)
    bias = dict(Decoder(CONFIG).lstm.named_parameters())["bias_ih_l0"]
    remember, forget = bias[8:16], bias[:8]
    assert bool((remember >= 0).all() and (remember <= 3.44).all())
    assert torch.equal(forget, -remember)
    plain = dict(Decoder(replace(CONFIG, longest_memory=0)).lstm.named_parameters())
    assert not torch.equal(plain["bias_ih_l0"][:8], -plain["bias_ih_l0"][8:16])


def test_recurrent_weights_begin_orthogonal() -> None:
    """Each gate's recurrent matrix keeps a state's length, in both networks."""
    model = VAE(CONFIG)
    for lstm in (model.encoder.lstm, model.decoder.lstm):
        for name, weight in lstm.named_parameters():
            if name.startswith("weight_hh"):
                for gate in weight.detach().chunk(4):
                    torch.testing.assert_close(gate @ gate.T, torch.eye(8), rtol=0, atol=1e-5)


def test_the_encoder_reads_to_the_end_through_both_layers() -> None:
    """The posterior is made of the top layer's last states: a change at any step moves it."""
    torch.manual_seed(0)
    encoder = Encoder(CONFIG).eval()
    rows = torch.zeros(33, 32, dtype=torch.long)
    rows[torch.arange(32), torch.arange(32)] = 3  # row t differs from the last one at step t
    means = encoder(rows).mean
    assert bool((means[:32] != means[32]).any(-1).all())
    states, _ = encoder.lstm(encoder.embedding(rows))
    ends = torch.cat([states[:, -1, :8], states[:, 0, 8:]], -1)  # forwards last, backwards first
    torch.testing.assert_close(means, encoder.head(ends)[:, :4])


def test_the_weights_that_read_z_begin_larger() -> None:
    """The gain multiplies what reads z and leaves the mask bit's weights alone."""
    read = []
    for gain in (1.0, 3.0):
        torch.manual_seed(0)
        lstm = Decoder(replace(CONFIG, z_gain=gain)).lstm
        read.append(dict(lstm.named_parameters())["weight_ih_l0"].detach())
    torch.testing.assert_close(read[1][:, :-1], 3.0 * read[0][:, :-1])
    assert torch.equal(read[1][:, -1], read[0][:, -1])
