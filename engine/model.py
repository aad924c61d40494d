"""The VAE of the paper's section 3.1 and appendix A. Every tensor's shape stands beside it.

B windows in a batch, T steps, A tokens, d latent dimensions, H units of a layer, K tangent
directions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYERS = 2  # "2-layer stacked LSTMs" (appendix A)


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network. ``paper``: 512 units, 12 latent dimensions, dropout between layers."""

    tokens: int
    latent_dimensions: int = 12
    units: int = 256
    embedding: int = 64
    dropout: float = 0.2
    bidirectional_encoder: bool = True
    z_gain: float = 3.0  # initial gain of the weights that read z
    longest_memory: int = 32  # steps; chrono initialisation of the decoder's gates, 0 turns it off


class Posterior(NamedTuple):
    """q(z|x) = N(mean, exp(log_variance)), both [B, d]."""

    mean: Tensor
    log_variance: Tensor

    def sample(self) -> Tensor:
        """One z per row by the reparametrisation trick, [B, d]: gradients reach the encoder."""
        return self.mean + torch.randn_like(self.mean) * torch.exp(0.5 * self.log_variance)

    def kl(self) -> Tensor:
        """KL(q(z|x) || N(0, I)) per row and dimension, in nats, [B, d]."""
        return 0.5 * (self.mean**2 + self.log_variance.exp() - 1.0 - self.log_variance)


class Encoder(nn.Module):
    """Tokens [B, T] -> q(z|x). A two-layer LSTM, reading both ways if the config says so."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        ways = 2 if config.bidirectional_encoder else 1
        self.embedding = nn.Embedding(config.tokens, config.embedding)
        self.lstm = nn.LSTM(
            config.embedding,
            config.units,
            LAYERS,
            batch_first=True,
            dropout=config.dropout,
            bidirectional=config.bidirectional_encoder,
        )
        self.head = nn.Linear(ways * config.units, 2 * config.latent_dimensions)
        _orthogonal_recurrence(self.lstm)

    def forward(self, tokens: Tensor) -> Posterior:
        _, (hidden, _) = self.lstm(self.embedding(tokens))  # hidden [2 * ways, B, H]
        ways = 2 if self.lstm.bidirectional else 1
        last = torch.cat(
            tuple(hidden[-ways:]), dim=-1
        )  # the top layer's final states, [B, ways * H]
        mean, log_variance = _single(self.head(last)).chunk(2, dim=-1)
        return Posterior(mean, log_variance.clamp(-12.0, 4.0))


class Decoder(nn.Module):
    """z [B, d] -> logits [B, T, A]. z is read at the first step only (equation 10).

    The input of step t is ``(m_t * z, m_t)`` with the mask bit m = 1, 0, 0, ...: the bit tells z =
    0 from "no z". Outputs are independent given z (equation 9): nothing decoded is fed back.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.lstm = nn.LSTM(
            config.latent_dimensions + 1,
            config.units,
            LAYERS,
            batch_first=True,
            dropout=config.dropout,
        )
        self.output = nn.Linear(config.units, config.tokens)
        _orthogonal_recurrence(self.lstm)
        with torch.no_grad():
            _weights(self.lstm)["weight_ih_l0"][:, :-1] *= config.z_gain
        if config.longest_memory:
            _chrono_biases(self.lstm, config.longest_memory)

    def first_input(self, z: Tensor) -> Tensor:
        """``(z, 1)``: what the first step reads, [B, d + 1]."""
        return torch.cat([z, torch.ones_like(z[:, :1])], dim=-1)

    def forward(self, z: Tensor, length: int) -> Tensor:
        """The plain pass: logits [B, length, A] by the library's LSTM."""
        silence = z.new_zeros(z.shape[0], length - 1, z.shape[1] + 1)
        inputs = torch.cat([self.first_input(z)[:, None], silence], dim=1)  # [B, T, d + 1]
        states, _ = self.lstm(inputs)
        return _single(self.output(states))

    def forward_dual(self, z: Tensor, directions: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Logits and their exact derivatives along ``directions``, in one unrolled pass.

        z [B, d], directions [K, d] -> logits [B, T, A], tangents [K, B, T, A], where
        ``tangents[k, b, t, a]`` is the derivative of ``logits[b, t, a]`` along ``directions[k]``.
        Value and tangents travel through the same cells as one matrix product, so nothing is
        differenced, and ordinary back-propagation through this pass gives the gradient of any
        function of the derivative. In training mode value and tangents share one dropout mask: the
        tangent is exact for the thinned network that produced the logits.
        """
        batch, ways = z.shape[0], directions.shape[0]
        units = self.config.units
        w = _weights(self.lstm)
        first = self.first_input(z) @ w["weight_ih_l0"].T  # [B, 4H]
        # The mask bit does not move with z, so its tangent is 0.
        first_tangent = directions @ w["weight_ih_l0"][:, :-1].T  # [K, 4H]
        moved = first_tangent[:, None].expand(ways, batch, -1).reshape(ways * batch, -1)
        entrance = torch.cat([first, moved])  # [(1 + K) B, 4H]
        # The second layer reads (first layer's output, its own state) in one product, [2H, 4H].
        upper = torch.cat([w["weight_ih_l1"], w["weight_hh_l1"]], dim=1).T
        recurrent = [w["weight_hh_l0"].T, upper]
        biases = [w["bias_ih_l0"] + w["bias_hh_l0"], w["bias_ih_l1"] + w["bias_hh_l1"]]
        states = [_DualState.zero(z, ways, units) for _ in range(LAYERS)]
        tops = []
        for step in range(length):
            gates = states[0].hidden @ recurrent[0]
            if step == 0:
                gates = gates + entrance
            states[0] = _dual_cell(gates, biases[0], states[0], batch)
            below = self._thin(states[0].hidden, batch)
            gates = torch.cat([below, states[1].hidden], dim=-1) @ recurrent[1]
            states[1] = _dual_cell(gates, biases[1], states[1], batch)
            tops.append(states[1].hidden)
        top = torch.stack(tops, dim=1)  # [(1 + K) B, T, H]
        both = _single(top @ self.output.weight.T)
        logits = both[:batch] + self.output.bias
        return logits, both[batch:].reshape(ways, batch, *both.shape[1:])

    def _thin(self, hidden: Tensor, batch: int) -> Tensor:
        """Dropout between layers, with one mask for a row's value and all its tangents."""
        if not self.training or self.config.dropout == 0.0:
            return hidden
        mask = functional.dropout(torch.ones_like(hidden[:batch]), self.config.dropout)
        return hidden * mask.repeat(hidden.shape[0] // batch, 1)


class _DualState(NamedTuple):
    """A layer's state: rows 0..B-1 are values, then B rows for each of the K tangents."""

    hidden: Tensor  # [(1 + K) B, H]
    cell: Tensor  # [B, H]
    cell_tangent: Tensor  # [K, B, H]

    @classmethod
    def zero(cls, like: Tensor, ways: int, units: int) -> "_DualState":
        batch = like.shape[0]
        return cls(
            like.new_zeros((1 + ways) * batch, units),
            like.new_zeros(batch, units),
            like.new_zeros(ways, batch, units),
        )


def _dual_cell(gates: Tensor, bias: Tensor, state: _DualState, batch: int) -> _DualState:
    """One LSTM cell on values and tangents. ``gates`` [(1 + K) B, 4H]; no bias on the tangents."""
    values = gates[:batch] + bias
    moved = gates[batch:].reshape(-1, batch, gates.shape[-1]).to(state.cell.dtype)  # [K, B, 4H]
    squashed_i, squashed_f, g_raw, squashed_o = values.to(state.cell.dtype).chunk(4, dim=-1)
    i, f, o = torch.sigmoid(squashed_i), torch.sigmoid(squashed_f), torch.sigmoid(squashed_o)
    g = torch.tanh(g_raw)
    di, df, dg, do = moved.chunk(4, dim=-1)
    cell = f * state.cell + i * g
    cell_tangent = (
        f * state.cell_tangent
        + (f * (1 - f) * state.cell) * df
        + (i * (1 - i) * g) * di
        + (i * (1 - g * g)) * dg
    )
    bent = torch.tanh(cell)
    hidden = o * bent
    hidden_tangent = (o * (1 - o) * bent) * do + (o * (1 - bent * bent)) * cell_tangent
    return _DualState(torch.cat([hidden, hidden_tangent.flatten(0, 1)]), cell, cell_tangent)


class VAE(nn.Module):
    """Encoder and decoder of one checkpoint, side by side."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)


def _weights(lstm: nn.LSTM) -> dict[str, Tensor]:
    return dict(lstm.named_parameters())


def _single(x: Tensor) -> Tensor:
    """Results of bfloat16 matrix products go on in float32; anything else stays as it is."""
    return x.float() if x.dtype == torch.bfloat16 else x


def _orthogonal_recurrence(lstm: nn.LSTM) -> None:
    """Orthogonal recurrent weights per gate: the state neither dies nor explodes over 32 steps."""
    for name, weight in lstm.named_parameters():
        if name.startswith("weight_hh"):
            for gate in weight.detach().chunk(4, dim=0):
                nn.init.orthogonal_(gate)


def _chrono_biases(lstm: nn.LSTM, longest_memory: int) -> None:
    """Gates that begin by remembering up to ``longest_memory`` steps (Tallec and Ollivier 2018).

    Forget bias log U(1, T - 1), input bias its negative: the decoder reads z once and has to carry
    it through the whole phrase.
    """
    units = lstm.hidden_size
    with torch.no_grad():
        for name, bias in lstm.named_parameters():
            if name.startswith("bias_ih"):
                memory = torch.log(torch.empty(units).uniform_(1.0, longest_memory - 1.0))
                bias.zero_()
                bias[:units] = -memory
                bias[units : 2 * units] = memory
            elif name.startswith("bias_hh"):
                bias.zero_()
