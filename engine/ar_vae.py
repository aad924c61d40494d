"""Attribute regularisation, the method that GLSR is compared with (Pati and Lerch 2020, AR-VAE).

It never looks at the decoder: it asks the encoder that two phrases lie in the same order along a
coordinate as they do in the attribute.
"""

import torch
from torch import Tensor

from engine.config import ArVaeSection
from engine.vocabulary import REST_ID


def ordering_loss(coordinate: Tensor, attribute: Tensor, delta: float) -> Tensor:
    """How far a coordinate's order is from the attribute's, over all pairs of a batch: 0 to 2.

    The mean over i, j of |tanh(delta (z_i - z_j)) - sign(a_i - a_j)|. ``coordinate`` [B] and
    ``attribute`` [B] -> a scalar. ``delta`` says how far apart two phrases must lie to count as
    ordered. A pair that is equal in the attribute is asked to be equal in the coordinate.
    """
    apart = coordinate[:, None] - coordinate[None, :]
    order = torch.sign(attribute[:, None] - attribute[None, :])
    return (torch.tanh(delta * apart) - order).abs().mean()


def note_count_loss(z: Tensor, tokens: Tensor, section: ArVaeSection) -> Tensor:
    """:func:`ordering_loss` of the number of notes. ``z`` [B, d], ``tokens`` [B, T] -> a scalar."""
    notes = (tokens > REST_ID).sum(1).to(z.dtype)
    return ordering_loss(z[:, section.dimension - 1], notes, section.delta)
