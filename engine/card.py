"""``card.json``: what a checkpoint is, readable and checkable without torch.

A checkpoint is a folder: ``decoder.safetensors``, ``encoder.safetensors``, ``card.json`` and the
log of its training. Nothing in it can run code on loading. The main process checks it whole before
a note sounds: sizes, hashes, and that the weights have the shapes that the card promises.
"""

import hashlib
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.phrase import PHRASE_STEPS, Phrase
from engine.vocabulary import Vocabulary

CARD_FORMAT = 1
DECODER_FILE = "decoder.safetensors"
ENCODER_FILE = "encoder.safetensors"
CARD_FILE = "card.json"
MAX_CARD_BYTES = 4 << 20
MAX_WEIGHT_BYTES = 1 << 30
MAX_HEADER_BYTES = 1 << 20
CALIBRATION_VALUES = 61  # even positions of z_k over [-3, 3]


class CheckpointError(Exception):
    """A checkpoint cannot be used; the message is one sentence naming the file and what is
    wrong.
    """


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelCard(_Section):
    """The sizes from which the network is rebuilt (see ``engine.model.ModelConfig``)."""

    tokens: Annotated[int, Field(ge=3, le=4096)]
    latent_dimensions: Annotated[int, Field(ge=1, le=64)]
    units: Annotated[int, Field(ge=1, le=4096)]
    embedding: Annotated[int, Field(ge=1, le=4096)]
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)]
    bidirectional_encoder: bool
    z_gain: float
    longest_memory: Annotated[int, Field(ge=0)]


class AttributeCard(_Section):
    """A regularised dimension: ``mu``, ``variance`` of its slope; ``mean``, ``sd`` on the training
    side.

    ``calibration``: what the knob plays, in the attribute's unit: the mean over prior points at 61
    even positions of z_k over [-3, 3], made non-decreasing. Empty: never calibrated.
    """

    name: str
    meaning: str
    dimension: Annotated[int, Field(ge=1)]
    mu: float
    variance: float
    mean: float
    sd: float
    calibration: tuple[float, ...] = ()

    @field_validator("calibration")
    @classmethod
    def _a_rising_curve(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if values and len(values) != CALIBRATION_VALUES:
            raise ValueError(
                f"calibration has {len(values)} values; "
                f"give {CALIBRATION_VALUES}, or none for a knob that is not calibrated"
            )
        if not all(math.isfinite(value) for value in values):
            raise ValueError("calibration values must be finite numbers")
        if any(right < left for left, right in pairwise(values)):
            raise ValueError("calibration values must never fall from one position to the next")
        return values


class Card(_Section):
    """Everything about one checkpoint.

    ``start_tokens``: the phrase of z = 0, so that music starts before torch has loaded.
    ``weights``: file name -> sha256. ``corpus``, ``training``, ``figures``: provenance, for people.
    """

    format: int
    name: str
    model: ModelCard
    vocabulary: tuple[str, ...]
    attributes: tuple[AttributeCard, ...]
    start_tokens: tuple[int, ...]
    weights: dict[str, str]
    corpus: dict[str, Any]
    training: dict[str, Any]
    figures: dict[str, Any]
    data_licence: str

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: int) -> int:
        if value != CARD_FORMAT:
            raise ValueError(f"format {value} is not {CARD_FORMAT}, the one this version reads")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Card":
        Vocabulary(self.vocabulary)
        if len(self.vocabulary) != self.model.tokens:
            raise ValueError(
                f"vocabulary has {len(self.vocabulary)} tokens, "
                f"model.tokens says {self.model.tokens}"
            )
        if len(self.start_tokens) != PHRASE_STEPS or not all(
            0 <= token < self.model.tokens for token in self.start_tokens
        ):
            raise ValueError(f"start_tokens must be {PHRASE_STEPS} ids of the vocabulary")
        for attribute in self.attributes:
            if attribute.dimension > self.model.latent_dimensions:
                raise ValueError(
                    f"{attribute.name} has dimension {attribute.dimension}, "
                    f"but there are {self.model.latent_dimensions}"
                )
        if set(self.weights) != {DECODER_FILE, ENCODER_FILE}:
            raise ValueError(f"weights must name {DECODER_FILE} and {ENCODER_FILE}")
        return self

    def spelled(self) -> Vocabulary:
        return Vocabulary(self.vocabulary)

    def start_phrase(self) -> Phrase:
        return self.spelled().phrase(self.start_tokens)


def shipped_checkpoints() -> Path:
    """The folder of the checkpoints that come with Glisser, in a wheel or in the repository."""
    inside = Path(__file__).parent / "checkpoints"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "checkpoints"


def find_checkpoint(name_or_path: str | Path) -> Path:
    """The folder of a checkpoint: a path if there is one, else a name among the shipped ones.

    Raises :class:`CheckpointError` naming what there is.
    """
    shipped = shipped_checkpoints()
    for folder in (Path(name_or_path), shipped / str(name_or_path)):
        try:
            if (folder / CARD_FILE).is_file():
                return folder
        except OSError:  # a name too long for any file system, a folder that may not be read
            continue
    names = sorted(p.parent.name for p in shipped.glob(f"*/{CARD_FILE}"))
    known = ", ".join(names) if names else "none"
    raise CheckpointError(
        f"checkpoint {str(name_or_path)!r} has no {CARD_FILE}; "
        f"give a folder that has one, or one of the shipped: {known}"
    )


def read_card(folder: Path) -> Card:
    """The card of the checkpoint in ``folder``. Raises :class:`CheckpointError`."""
    file = folder / CARD_FILE
    try:
        if file.stat().st_size > MAX_CARD_BYTES:
            raise CheckpointError(f"{file} is over {MAX_CARD_BYTES} bytes and is no card")
        return Card.model_validate_json(file.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CheckpointError(f"{file}: {key}: {first['msg']}") from error


def check_checkpoint(folder: Path) -> Card:
    """The card, after checking that both weight files are whole and fit it. No torch needed.

    Raises :class:`CheckpointError` for a missing, truncated or altered file, and for a vocabulary
    that does not match its weights.
    """
    card = read_card(folder)
    for name in (DECODER_FILE, ENCODER_FILE):
        _check_hash(folder / name, card.weights[name])
    expected = {
        DECODER_FILE: ("output.weight", [card.model.tokens, card.model.units]),
        ENCODER_FILE: ("embedding.weight", [card.model.tokens, card.model.embedding]),
    }
    for name, (tensor, shape) in expected.items():
        found = weight_shapes(folder / name).get(tensor)
        if found != shape:
            raise CheckpointError(
                f"{folder / name}: {tensor} is {found}, but the vocabulary and sizes "
                f"in {CARD_FILE} ask for {shape}"
            )
    return card


def _check_hash(file: Path, expected: str) -> None:
    try:
        if file.stat().st_size > MAX_WEIGHT_BYTES:
            raise CheckpointError(f"{file} is over {MAX_WEIGHT_BYTES} bytes, too large to load")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror}") from error
    if found != expected:
        raise CheckpointError(
            f"{file} is damaged: its sha256 begins {found[:12]}, {CARD_FILE} says {expected[:12]}"
        )


def weight_shapes(file: Path) -> dict[str, list[int]]:
    """Tensor name -> shape, from a safetensors header (8-byte length, JSON). Reads no weights.

    Raises :class:`CheckpointError` when the file is not safetensors.
    """
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= MAX_HEADER_BYTES:
                raise ValueError("its header has an impossible length")
            header = json.loads(stream.read(length))
            return {k: list(v["shape"]) for k, v in header.items() if k != "__metadata__"}
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{file} is not a safetensors file: {error}") from error
