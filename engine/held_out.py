"""What only windows of melodies that no training window came from can say of a checkpoint.

Definitions are in ``docs/evaluation.md``. Only the final figures look at the test side.
"""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from engine.attributes import ATTRIBUTES
from engine.corpus import Tokens
from engine.evaluation import (
    Posteriors,
    Watch,
    decode_tokens,
    nobody,
    prior_points,
    read_posteriors,
    reconstruct,
)
from engine.expectation import of_rows
from engine.knobs import Figures
from engine.measures.disentanglement import disentanglement
from engine.measures.distributions import mmd, normal_distance, resemblance
from engine.model import VAE
from engine.vocabulary import Vocabulary

MMD_POINTS = 1024  # of each side
MMD_SEED = 3  # of the points of N(0, I)
RESEMBLANCE_PHRASES = 2048
RESEMBLANCE_SEED = 4
PASSES = 3  # of every window: encode, decode the mean, decode the draw


def held_out_figures(
    model: VAE,
    windows: Tokens,
    knob_dimensions: Sequence[int],
    vocabulary: Vocabulary,
    watch: Watch = nobody,
) -> Figures:
    """All figures of ``windows`` [N, 32]. ``knob_dimensions`` count from 1."""
    posteriors = read_posteriors(model, windows, watch=watch)
    found = reconstruct(model, windows, posteriors, watch=watch)
    steps = np.asarray(vocabulary.step_values)
    z = prior_points(RESEMBLANCE_PHRASES, model.config.latent_dimensions, RESEMBLANCE_SEED)
    phrases = decode_tokens(model.decoder, z.to(next(model.parameters()).device), watch=watch)
    return {
        "reconstruction (test)": {
            "windows": len(windows),
            **asdict(found),
            "bound": found.nll + found.kl,
        },
        "aggregate posterior (test)": aggregate(posteriors, knob_dimensions),
        "resemblance (test)": resemblance(steps[phrases], steps[windows]),
        "encoder (test)": encoder_side(posteriors, steps[windows]),
    }


def aggregate(posteriors: Posteriors, knob_dimensions: Sequence[int]) -> dict[str, float]:
    """How far one draw from each window's posterior, all together, is from N(0, I).

    The largest distance of one dimension, over those that are active and over those of the knobs;
    and of all dimensions at once, beside what 95 % of random relabellings stay below.
    """
    z = posteriors.z.double().numpy()
    distances = np.array([normal_distance(column) for column in z.T])
    active = np.flatnonzero(posteriors.active)
    knobs = [dimension - 1 for dimension in knob_dimensions]
    chosen = z[np.linspace(0, len(z) - 1, min(len(z), MMD_POINTS)).astype(int)]
    normal = prior_points(len(chosen), z.shape[1], MMD_SEED).double().numpy()
    discrepancy = mmd(chosen, normal)
    return {
        "largest KS of active": float(distances[active].max(initial=0.0)),
        "largest KS of knobs": float(distances[knobs].max(initial=0.0)),
        "active_dimensions": len(active),
        "mmd": discrepancy.mmd,
        "mmd_null_95": discrepancy.null_95,
    }


def encoder_side(posteriors: Posteriors, steps: np.ndarray) -> dict[str, float]:
    """The literature's measures of the posterior means against the four attributes of ``steps``."""
    attributes = np.stack([of_rows(a, steps) for a in ATTRIBUTES.values()], axis=1)
    found = disentanglement(posteriors.means.double().numpy(), attributes)
    return {"windows": len(steps), "attributes": len(ATTRIBUTES), **asdict(found)}
