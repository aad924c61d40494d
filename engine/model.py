"""The VAE of the paper's section 3.1 and appendix A. Every tensor's shape stands beside it.

B windows in a batch, T steps, A tokens, d latent dimensions, H units of a layer, K tangent
directions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.recurrence import PLAIN, recur

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
        # The top layer's final states side by side, [B, ways * H].
        last = torch.cat(tuple(hidden[-ways:]), dim=-1)
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
        self.cells = PLAIN  # of the dual pass; training may take compiled ones
        _orthogonal_recurrence(self.lstm)
        with torch.no_grad():
            _weights(self.lstm)["weight_ih_l0"][:, :-1] *= config.z_gain
        if config.longest_memory:
            _chrono_biases(self.lstm, config.longest_memory)

    def first_input(self, z: Tensor) -> Tensor:
        """``(z, 1)``: what the first step reads, [B, d + 1]."""
        return torch.cat([z, torch.ones_like(z[:, :1])], dim=-1)

    def forward(self, z: Tensor, length: int) -> Tensor:
        """The plain pass, by the library's LSTM: logits [B, length, A]."""
        silence = z.new_zeros(z.shape[0], length - 1, z.shape[1] + 1)
        inputs = torch.cat([self.first_input(z)[:, None], silence], dim=1)  # [B, T, d + 1]
        states, _ = self.lstm(inputs)
        return _single(self.output(states))

    def forward_dual(
        self, z: Tensor, directions: Tensor, length: int, rows: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits and their exact derivatives along ``directions``, in one pass.

        z [B, d], directions [K, d] -> logits [B, T, A] and tangents [K, R, T, A] of the first
        R = ``rows`` of them (all, if None): ``tangents[k, b, t, a]`` is the derivative of
        ``logits[b, t, a]`` along ``directions[k]``. Values and tangents travel through the same
        cells (:mod:`engine.recurrence`), so nothing is differenced, and back-propagation gives the
        gradient of any function of the derivative. In training mode value and tangents share one
        dropout mask: the tangent is exact for the thinned network that produced the logits.
        """
        batch, ways = len(z), len(directions)
        rows = batch if rows is None else rows
        w = _weights(self.lstm)
        first = self.first_input(z) @ w["weight_ih_l0"].T  # [B, 4H]
        # The mask bit does not move with z, so its tangent is 0.
        moved = directions @ w["weight_ih_l0"][:, :-1].T  # [K, 4H]
        moved = moved[:, None].expand(ways, rows, -1).reshape(ways * rows, -1)
        entrance = torch.cat([first, moved])[None]  # [1, N, 4H], N = B + K R
        later = entrance.new_zeros(length - 1, *entrance.shape[1:])
        entering = torch.cat([entrance, later])  # [T, N, 4H]; z is read at the first step only
        for layer in range(LAYERS):
            bias = w[f"bias_ih_l{layer}"] + w[f"bias_hh_l{layer}"]
            # A bias does not move with z either.
            biases = torch.cat([bias.expand(batch, -1), bias.new_zeros(ways * rows, len(bias))])
            hidden = recur(  # [T, N, H]
                entering + biases.to(entering.dtype),
                w[f"weight_hh_l{layer}"],
                batch=batch,
                ways=ways,
                cells=self.cells,
            )
            if layer + 1 < LAYERS:
                thinned = self._thin(hidden, batch, ways, rows)
                entering = thinned @ w[f"weight_ih_l{layer + 1}"].T
        both = _single(hidden @ self.output.weight.T).transpose(0, 1)  # [N, T, A]
        logits = both[:batch] + self.output.bias
        return logits, both[batch:].reshape(ways, rows, *both.shape[1:])

    def _thin(self, hidden: Tensor, batch: int, ways: int, rows: int) -> Tensor:
        """Dropout between layers, [T, N, H], with one mask for a row's value and its tangents."""
        if not self.training or self.config.dropout == 0.0:
            return hidden
        mask = _dropout_mask(hidden[:, :batch], self.config.dropout)
        return hidden * torch.cat([mask, mask[:, :rows].repeat(1, ways, 1)], dim=1)


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


def _dropout_mask(like: Tensor, share: float) -> Tensor:
    """Zeros (about ``share`` of them) and 1 / (1 - share) in the shape of ``like``.

    Drawn as random bytes, eight to a number: a tenth of the time of a draw for each element. The
    share is met to the nearest 256th, and the scale fits it.
    """
    dropped = round(share * 256)
    words = -(-like.numel() // 8)
    random = torch.randint(-(2**63), 2**63 - 1, (words,), device=like.device)
    kept = random.view(torch.uint8)[: like.numel()].view(like.shape) >= dropped
    return kept.to(like.dtype) * (256 / (256 - dropped))


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
