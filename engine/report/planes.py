"""What the report's pictures show, as arrays: which points are decoded, and what is read off them.

P positions along an axis, T steps, d latent dimensions. Dimensions count from 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.attributes import ATTRIBUTES, NOTE_COUNT
from engine.card import AttributeCard
from engine.corpus import Tokens
from engine.evaluation import (
    CHUNK,
    SWEEP_HIGH,
    SWEEP_LOW,
    SWEEP_VALUES,
    decode_along,
    decode_tokens,
    prior_points,
    read_posteriors,
)
from engine.expectation import expected, of_rows
from engine.model import VAE, Decoder
from engine.phrase import PHRASE_STEPS
from engine.vocabulary import REST_ID, Vocabulary, parse_name

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STOPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
TOO_NEAR = 0.15  # a stop closer than that to a line's start is left out: the start stands there
CLOUD_WINDOWS = 2048  # more dots than that hide each other
KNOB_POINTS = 128  # sweeps behind one knob's band

NATURAL, SHARPS, FLATS, BOTH = 0, 1, 2, 3  # which accidentals a phrase is written with


@dataclass(frozen=True)
class Plane:
    """The phrases of (z1, z2, 0, ..., 0), the paper's plane (equation 14), decoded by argmax.

    ``positions`` [P], the same for both axes. Maps are [P, P]: a row is one z2, from low to high, a
    column one z1. ``notes``: struck; ``expected``: what the decoder expects to strike (equation 4).
    ``highest``, ``lowest``: MIDI pitches, NaN where no note is struck. ``signs``: NATURAL, SHARPS,
    FLATS or BOTH, by the note names of the phrase.
    """

    positions: Floats
    notes: Ints
    expected: Floats
    highest: Floats
    lowest: Floats
    signs: Ints


def axis() -> Floats:
    """The positions of every picture's axis, [P]: those of a sweep."""
    return np.linspace(SWEEP_LOW, SWEEP_HIGH, SWEEP_VALUES)


def read_plane(decoder: Decoder, vocabulary: Vocabulary) -> Plane:
    """Decode the plane of z1 and z2. Raises ``ValueError`` when the model has one dimension."""
    dimensions = decoder.config.latent_dimensions
    if dimensions < 2:
        raise ValueError("a plane needs two latent dimensions, and this model has one")
    positions = axis()
    z = torch.zeros(len(positions), len(positions), dimensions)
    z[..., 0] = torch.from_numpy(positions).float()
    z[..., 1] = torch.from_numpy(positions).float()[:, None]
    tokens, expected_notes = _read(decoder, z.flatten(0, 1))

    def over_the_plane(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values.reshape(len(positions), len(positions))

    pitches = np.array(vocabulary.step_values)[tokens]
    struck = tokens > REST_ID
    silent = ~struck.any(-1)
    highest = np.where(silent, np.nan, np.where(struck, pitches, -1).max(-1))
    lowest = np.where(silent, np.nan, np.where(struck, pitches, 128).min(-1))
    return Plane(
        positions=positions,
        notes=over_the_plane(struck.sum(-1).astype(np.int64)),
        expected=over_the_plane(expected_notes),
        highest=over_the_plane(highest),
        lowest=over_the_plane(lowest),
        signs=over_the_plane(_signs(tokens, vocabulary)),
    )


def _signs(tokens: Tokens, vocabulary: Vocabulary) -> Ints:
    """Which accidentals stand in each row [..., T] -> [...]."""
    # parse_name gives the place on the line of fifths: F is -1, B is 5, and beyond lie the sharps.
    places = [parse_name(name)[0] for name in vocabulary.names[REST_ID + 1 :]]
    of_token = np.array([0, 0, *((place > 5) * SHARPS + (place < -1) * FLATS for place in places)])
    return np.asarray(np.bitwise_or.reduce(of_token[tokens], axis=-1), np.int64)


@torch.no_grad()
def _read(decoder: Decoder, z: Tensor) -> tuple[Tokens, Floats]:
    """Argmax tokens [N, T] and expected note counts [N] of ``z`` [N, d]."""
    device = next(decoder.parameters()).device
    tokens, counts = [], []
    for part in torch.split(z, CHUNK):
        logits = decoder(part.to(device), PHRASE_STEPS)
        probabilities = torch.softmax(logits.double(), dim=-1)
        no_pitch = probabilities.new_zeros(probabilities.shape[-1])  # a count hears no pitch
        tokens.append(logits.argmax(-1).to(torch.uint8).cpu())
        counts.append(expected(NOTE_COUNT, probabilities, no_pitch).cpu())
    return torch.cat(tokens).numpy(), torch.cat(counts).numpy()


@dataclass(frozen=True)
class Cloud:
    """Test windows as points: ``z`` [N, d], drawn from their posteriors; ``notes`` [N], what argmax
    plays there.
    """

    z: Floats
    notes: Ints


def read_cloud(model: VAE, windows: Tokens) -> Cloud:
    """The aggregated posterior (equation 15) of at most 2,048 ``windows`` [N, T], evenly chosen."""
    chosen = np.linspace(0, len(windows) - 1, min(len(windows), CLOUD_WINDOWS)).astype(int)
    z = read_posteriors(model, windows[chosen]).z
    tokens = decode_tokens(model.decoder, z.to(next(model.parameters()).device))
    return Cloud(z.double().numpy(), (tokens > REST_ID).sum(-1).astype(np.int64))


@dataclass(frozen=True)
class Line:
    """A straight line in one coordinate: ``positions`` [S] and the phrase at each, ``tokens``
    [S, T].

    ``start``: the coordinate at which the line passes the point that it was drawn through.
    """

    positions: tuple[float, ...]
    tokens: Tokens
    start: float


def read_line(decoder: Decoder, through: Floats, dimension: int = 1) -> Line:
    """The phrases at -3, -2, ..., 3 and at ``through`` [d] itself, from low to high."""
    start = float(through[dimension - 1])
    stops = [stop for stop in STOPS if abs(stop - start) >= TOO_NEAR]
    positions = tuple(sorted([*stops, start]))
    z = torch.from_numpy(through).float()[None]
    return Line(positions, decode_along(decoder, z, dimension, np.array(positions))[0], start)


def melody_to_vary(windows: Tokens) -> Tokens:
    """A test window [T] chosen by a rule, not by ear: the middle one of those with as many notes as
    the median of all ``windows`` [N, T].
    """
    counts = (windows > REST_ID).sum(-1)
    middling = np.flatnonzero(counts == np.sort(counts)[len(counts) // 2])
    return np.asarray(windows[middling[len(middling) // 2]])


def encoded(model: VAE, window: Tokens) -> Floats:
    """The posterior mean of one window [T], [d]."""
    return np.asarray(read_posteriors(model, window[None]).means[0].double().numpy())


@dataclass(frozen=True)
class Knob:
    """What turning one knob delivers at prior points: ``low``, ``middle``, ``high`` [P] are the
    10th, 50th and 90th percentile over points of its attribute; ``promised`` [P] is the card's
    curve, or the mean over these points where the card has none (``calibrated`` is False).
    """

    card: AttributeCard
    positions: Floats
    promised: Floats
    low: Floats
    middle: Floats
    high: Floats
    calibrated: bool


def read_knob(
    decoder: Decoder, card: AttributeCard, vocabulary: Vocabulary, points: int = KNOB_POINTS
) -> Knob:
    """Sweep the knob of ``card`` over -3..3 at prior points of seed 0, the other coordinates
    kept.
    """
    positions = axis()
    z = prior_points(points, decoder.config.latent_dimensions, seed=0)
    tokens = decode_along(decoder, z, card.dimension, positions)
    played = of_rows(ATTRIBUTES[card.name], np.array(vocabulary.step_values)[tokens])
    low, middle, high = np.percentile(played, (10, 50, 90), axis=0)
    calibrated = len(card.calibration) == len(positions)
    promised = np.array(card.calibration) if calibrated else played.mean(0)
    return Knob(card, positions, promised, low, middle, high, calibrated)
