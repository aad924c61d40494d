"""One phrase at a time, fast: a large decoder's weights in half precision. CPU only.

At batch 1 a large LSTM waits for its weights: 32 times the same matrix for each layer, more than a
core's cache holds. With two bytes a weight half as much travels; products and sums stay in float32.
Eight bits were tried: faster still, but a few notes in a thousand change, and taking the error out
again costs what was won. The decoder *is* the rounded network then, in a batch as alone, so the
same z is the same phrase everywhere.

T steps, A tokens, H units.
"""

from copy import deepcopy

import torch
from torch import Tensor

from engine.model import LAYERS, Decoder
from engine.phrase import PHRASE_STEPS

# Below this a layer fits into a core's cache as it is, and the weights stay what they are.
QUICK_FROM_UNITS = 384

AGREEMENT = 1e-3  # the largest difference of a logit from the plain pass of the same weights
PROBES = 4


def halved(decoder: Decoder) -> Decoder:
    """A large decoder with its LSTM's matrices rounded to half precision; a small one as it is.

    One whose weights are out of that range stays as it is, too.
    """
    if decoder.config.units < QUICK_FROM_UNITS:
        return decoder
    rounded = deepcopy(decoder)
    for name, weight in rounded.lstm.named_parameters():
        if name.startswith("weight"):
            weight.copy_(weight.half().float())
    fits = all(bool(torch.isfinite(weight).all()) for weight in rounded.parameters())
    return rounded if fits else decoder


class QuickDecoder:
    """z -> logits of one phrase, as ``decoder`` has them but for rounding. Not thread-safe.

    :meth:`of` makes one where it is worth while and right.
    """

    def __init__(self, decoder: Decoder) -> None:
        """Takes a :func:`halved` decoder. Raises ``RuntimeError`` where torch lacks the products
        (other processors than x86).
        """
        weights = dict(decoder.lstm.named_parameters())
        pack, join = (
            torch.ops.quantized.linear_prepack_fp16,
            torch.ops.quantized.make_quantized_cell_params_fp16,
        )
        self._decoder = decoder
        self._layers = [
            join(
                pack(weights[f"weight_ih_l{layer}"], weights[f"bias_ih_l{layer}"]),
                pack(weights[f"weight_hh_l{layer}"], weights[f"bias_hh_l{layer}"]),
            )
            for layer in range(LAYERS)
        ]
        self._silence = torch.zeros(LAYERS, 1, decoder.config.units)

    @classmethod
    def of(cls, decoder: Decoder) -> "QuickDecoder | None":
        """A quick decoder of a large network; ``None`` for a small one, or where a trial fails.

        The trial: a few points, decoded both ways, must agree as closely as is promised.
        """
        if decoder.config.units < QUICK_FROM_UNITS:
            return None
        chance = torch.Generator().manual_seed(0)
        points = torch.randn(PROBES, decoder.config.latent_dimensions, generator=chance)
        try:
            with torch.inference_mode():
                quick = cls(decoder)
                found = torch.cat([quick.logits(point[None]) for point in points])
                exact = decoder(points, PHRASE_STEPS)
        except (RuntimeError, AttributeError):
            return None
        return quick if float((exact - found).abs().max()) < AGREEMENT else None

    def logits(self, point: Tensor) -> Tensor:
        """The logits [1, T, A] of ``point`` [1, d]."""
        with torch.inference_mode():
            first = self._decoder.first_input(point)
            inputs = torch.cat([first, first.new_zeros(PHRASE_STEPS - 1, first.shape[1])])
            # One call for all steps: a loop of ours in Python loses the cache to the weights, and
            # takes half as long again.
            states, _, _ = torch.quantized_lstm(
                inputs[:, None],  # [T, 1, d + 1]
                [self._silence, self._silence],
                self._layers,
                has_biases=True,
                num_layers=LAYERS,
                dropout=0.0,
                train=False,
                bidirectional=False,
                batch_first=False,
                dtype=torch.float16,
                use_dynamic=True,
            )
            logits: Tensor = self._decoder.output(states)
        return logits.transpose(0, 1)
