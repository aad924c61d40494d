"""Checkpoints with torch: weights in safetensors, rebuilt from the card's sizes."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from engine.card import (
    CARD_FILE,
    DECODER_FILE,
    ENCODER_FILE,
    Card,
    CheckpointError,
    ModelCard,
    check_checkpoint,
    find_checkpoint,
)
from engine.files import write_atomically
from engine.model import VAE, Decoder, Encoder, ModelConfig
from engine.vocabulary import Vocabulary


def model_config(card: ModelCard) -> ModelConfig:
    """The network sizes a card describes."""
    return ModelConfig(**card.model_dump())


def load_decoder(folder: Path) -> tuple[Card, Decoder]:
    """The checked card and its decoder in evaluation mode. Raises :class:`CheckpointError`."""
    card = check_checkpoint(folder)
    decoder = Decoder(model_config(card.model))
    _fill(decoder, folder / DECODER_FILE)
    return card, decoder


def load_encoder(folder: Path) -> Encoder:
    """The encoder of a checkpoint, in evaluation mode. Raises :class:`CheckpointError`."""
    card = check_checkpoint(folder)
    encoder = Encoder(model_config(card.model))
    _fill(encoder, folder / ENCODER_FILE)
    return encoder


def _fill(module: nn.Module, file: Path) -> None:
    try:
        module.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{file} does not fit its card: {reason[:200]}") from error
    module.eval()
    module.requires_grad_(False)


def take_weights(model: VAE, checkpoint: str, vocabulary: Vocabulary) -> None:
    """Give ``model`` the weights of ``checkpoint``, a path or a shipped name.

    Raises :class:`CheckpointError` when there is none, or when its vocabulary or sizes are others.
    """
    folder = find_checkpoint(checkpoint)
    card, decoder = load_decoder(folder)
    if card.vocabulary != vocabulary.names:
        raise CheckpointError(f"{folder}: its vocabulary is not that of this corpus")
    try:
        model.decoder.load_state_dict(decoder.state_dict())
        model.encoder.load_state_dict(load_encoder(folder).state_dict())
    except RuntimeError as error:
        raise CheckpointError(f"{folder}: its sizes are not those of this config") from error


def save_weights(folder: Path, encoder: Encoder, decoder: Decoder) -> dict[str, str]:
    """Write both weight files; returns file name -> sha256 for the card. Raises ``OSError``.

    Takes an older card away first: were we killed in between, it would vouch for other weights.
    """
    (folder / CARD_FILE).unlink(missing_ok=True)
    hashes = {}
    for name, module in ((DECODER_FILE, decoder), (ENCODER_FILE, encoder)):
        tensors = {k: v.detach().cpu().contiguous() for k, v in module.state_dict().items()}
        body = save(tensors)
        write_atomically(folder / name, body)
        hashes[name] = hashlib.sha256(body).hexdigest()
    return hashes


def save_card(folder: Path, card: Card) -> None:
    """Write the card; last of a checkpoint's files, so a folder with a card is a whole one."""
    write_atomically(folder / CARD_FILE, (card.model_dump_json(indent=1) + "\n").encode())


def device_for_training() -> torch.device:
    """An accelerator if torch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
