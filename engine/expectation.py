"""E[g_k] under the decoder's probabilities, its derivative, and g_k of many rows at once.

The steps are independent given z (equation 9), and every attribute is multilinear in their
probabilities: note counts are linear, and the sounding pitch follows s_t = sum_a p_t(a) pitch(a) +
(p_t(HOLD) + p_t(REST)) s_{t-1}. So expectation (equation 4) and derivative are exact, and nothing
is sampled. T steps, A tokens; ``pitches`` [A] holds each token's MIDI pitch, that of HOLD and REST
unread.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.attributes import BEFORE_THE_FIRST_NOTE, Attribute
from engine.vocabulary import HOLD_ID, REST_ID


def of_rows(attribute: Attribute, steps: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """What rows of steps have of it (pitch at an onset, -1 HOLD, -2 REST): [..., T] -> [...]."""
    rows = np.asarray(steps)
    weights = np.array(attribute.weights(rows.shape[-1]))
    if attribute.hears == "onsets":
        return np.asarray((rows >= 0) @ weights)
    # The place of the last onset up to each step; -1 before the first.
    last = np.maximum.accumulate(np.where(rows >= 0, np.arange(rows.shape[-1]), -1), axis=-1)
    struck = np.take_along_axis(rows, np.maximum(last, 0), axis=-1)
    return np.asarray(np.where(last >= 0, struck, BEFORE_THE_FIRST_NOTE) @ weights)


def expected(attribute: Attribute, probabilities: Tensor, pitches: Tensor) -> Tensor:
    """E[g]: ``probabilities`` [..., T, A] -> [...]."""
    kept = _kept(probabilities)
    weights = kept.new_tensor(attribute.weights(kept.shape[-1]))
    if attribute.hears == "onsets":
        return (1.0 - kept) @ weights
    struck = _struck(probabilities, pitches)
    sounding = [torch.full_like(struck[..., 0], BEFORE_THE_FIRST_NOTE)]
    for new, still in zip(struck.unbind(-1), kept.unbind(-1), strict=True):
        sounding.append(torch.addcmul(new, still, sounding[-1]))
    return torch.stack(sounding[1:], dim=-1) @ weights


def slope(attribute: Attribute, probabilities: Tensor, moved: Tensor, pitches: Tensor) -> Tensor:
    """The derivative of E[g] while the probabilities [..., T, A] move by ``moved``.

    ``moved`` [K, ..., T, A], K ways of moving -> [K, ...].
    """
    kept_moved = _kept(moved)
    weights = kept_moved.new_tensor(attribute.weights(kept_moved.shape[-1]))
    if attribute.hears == "onsets":
        return -kept_moved @ weights
    struck, kept = _struck(probabilities, pitches), _kept(probabilities)
    struck_moved = _struck(moved, pitches)
    sounding = torch.full_like(struck[..., 0], BEFORE_THE_FIRST_NOTE)
    rises = [torch.zeros_like(struck_moved[..., 0])]
    for t in range(struck.shape[-1]):
        turned = torch.addcmul(struck_moved[..., t], kept_moved[..., t], sounding)
        rises.append(torch.addcmul(turned, kept[..., t], rises[-1]))
        sounding = torch.addcmul(struck[..., t], kept[..., t], sounding)
    return torch.stack(rises[1:], dim=-1) @ weights


def _struck(probabilities: Tensor, pitches: Tensor) -> Tensor:
    """sum_a p(a) pitch(a) over the notes, [..., T]."""
    return probabilities[..., REST_ID + 1 :] @ pitches[REST_ID + 1 :]


def _kept(probabilities: Tensor) -> Tensor:
    """p(HOLD) + p(REST): the chance that no note is struck, [..., T]."""
    return probabilities[..., HOLD_ID] + probabilities[..., REST_ID]
