"""What the validation side says of a run, at the final weights whatever the ramps have reached."""

from dataclasses import asdict

import numpy as np
import torch

from engine.aids import Terms
from engine.config import TrainConfig
from engine.corpus import Tokens, Windows
from engine.evaluation import (
    exact_slopes,
    knob_level,
    knob_unevenness,
    prior_points,
    reconstruct,
    sweep,
)
from engine.geodesic import r_geo
from engine.measures.metrics import note_counts, sweep_figures
from engine.model import VAE

SWEEP_SAMPLE = 128  # prior points per validation sweep: enough to see a dead knob
SLOPE_SAMPLE = 256


def validate(
    model: VAE, windows: Windows, config: TrainConfig, terms: Terms, *, polishing: bool
) -> dict[str, float]:
    """Figures on a fixed part of ``windows``, the validation side; leaves evaluation mode on.

    ``loss`` is what early stopping compares; ``polishing``: whether unevenness is part of it yet.
    """
    model.eval()
    device = next(model.parameters()).device
    reconstruction = reconstruct(model, sample_of(windows, config.schedule.validation_windows))
    figures: dict[str, float] = {k: float(v) for k, v in asdict(reconstruction).items()}
    loss = reconstruction.nll + config.schedule.final_beta * reconstruction.kl
    if terms:
        z = prior_points(SLOPE_SAMPLE, config.model.latent_dimensions, seed=2).clamp(-2.0, 2.0)
        slope = exact_slopes(model.decoder, z.to(device), terms)
        figures["slope"], figures["slope_sd"] = float(slope[0].mean()), float(slope[0].std())
        for term, found in list(zip(terms, slope, strict=True))[1:]:
            figures[f"slope z{term.dimension}"] = float(found.mean())
        loss -= config.glsr.weight * float(r_geo(torch.from_numpy(slope), terms).mean())
        figures["unevenness"] = knob_unevenness(model.decoder, z.to(device), terms)
        loss += config.glsr.evenness * figures["unevenness"] * polishing
        if config.glsr.level:
            figures["level"] = knob_level(model.decoder, z.to(device), terms)
            loss += config.glsr.level * figures["level"]
    swept = sweep(model.decoder, points=SWEEP_SAMPLE, seed=2)
    turned = sweep_figures(note_counts(swept.tokens), swept.positions)
    kept = ("monotone_pairs", "monotone_sweeps", "efficiency", "linearity", "low", "high")
    return {**figures, "loss": loss, **{name: getattr(turned, name) for name in kept}}


def sample_of(windows: Windows, at_most: int) -> Tokens:
    """The same rows of ``windows`` at every validation, whatever the run's seed."""
    count = min(at_most, len(windows))
    return windows.tokens[np.sort(np.random.default_rng(0).permutation(len(windows))[:count])]
