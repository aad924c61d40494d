"""Weights and card come back as they were written; a folder with a card is a whole one."""

import hashlib
import json
import shutil
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from engine import checkpoint as room
from engine.card import CARD_FILE, DECODER_FILE, ENCODER_FILE, CheckpointError, read_card
from engine.checkpoint import load_decoder, load_encoder, model_config, save_card, save_weights
from engine.files import write_atomically
from engine.model import VAE
from tests.tiny import SOURCE


def test_what_is_saved_is_loaded(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Both networks survive the disk bit for bit and come back in evaluation mode, frozen."""
    card = read_card(tiny_checkpoint)
    torch.manual_seed(0)
    model = VAE(model_config(card.model))
    weights = save_weights(tmp_path, model.encoder, model.decoder)
    save_card(tmp_path, card.model_copy(update={"weights": weights}))
    loaded_card, decoder = load_decoder(tmp_path)
    encoder = load_encoder(tmp_path)
    assert loaded_card.weights == weights
    for saved, loaded in ((model.decoder, decoder), (model.encoder, encoder)):
        assert not loaded.training
        for name, weight in saved.state_dict().items():
            assert torch.equal(weight, loaded.state_dict()[name]), name
        assert not any(weight.requires_grad for weight in loaded.parameters())


def test_a_card_survives_the_disk(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Reading a card and writing it again changes nothing."""
    card = read_card(tiny_checkpoint)
    save_card(tmp_path, card)
    assert read_card(tmp_path) == card
    assert (tmp_path / CARD_FILE).read_bytes() == (tiny_checkpoint / CARD_FILE).read_bytes()


def test_the_card_tells_where_the_weights_come_from(tiny_checkpoint: Path) -> None:
    """Config, corpus hash, seed, aids, figures and the licence of the data stand in the card."""
    card = read_card(tiny_checkpoint)
    assert card.corpus["sha256"] == "0" * 64
    assert card.training["config"]["schedule"]["batch"] == 8
    assert card.training["final_weights_reached"] is True
    assert any("length curriculum: 8, 16" in line for line in card.training["aids"])
    assert any("onset retreat" in line for line in card.training["aids"])
    assert card.figures["side"] == "validation"
    assert card.data_licence == SOURCE.data_licence
    (attribute,) = card.attributes
    assert (attribute.name, attribute.dimension) == ("note_count", 1)
    assert 8 <= attribute.mean <= 16  # two bars of quarters and eighths


def test_nothing_in_a_checkpoint_is_a_pickle(tiny_checkpoint: Path) -> None:
    """Card, weights, log and licence: text and safetensors; only the run's own state is torch's."""
    names = {file.name for file in tiny_checkpoint.iterdir()}
    assert names == {
        CARD_FILE, DECODER_FILE, ENCODER_FILE, "LICENCE.md", "train.log", "state.safetensors"
    }  # fmt: skip
    for name in (DECODER_FILE, ENCODER_FILE):
        assert load_file(tiny_checkpoint / name)


def replace_decoder(folder: Path, body: bytes) -> None:
    (folder / DECODER_FILE).write_bytes(body)
    card = json.loads((folder / CARD_FILE).read_text())
    card["weights"][DECODER_FILE] = hashlib.sha256(body).hexdigest()
    (folder / CARD_FILE).write_text(json.dumps(card))


@pytest.mark.parametrize("fault", ["truncated", "padded", "false offsets", "unknown type"])
def test_weights_whose_header_lies(tiny_checkpoint: Path, tmp_path: Path, fault: str) -> None:
    """A good header over missing, surplus or misplaced data is one sentence, hash or no hash."""
    shutil.copytree(tiny_checkpoint, tmp_path, dirs_exist_ok=True)
    body = (tmp_path / DECODER_FILE).read_bytes()
    (length,) = struct.unpack("<Q", body[:8])
    header = json.loads(body[8 : 8 + length])
    if fault == "truncated":
        body = body[:-100]
    elif fault == "padded":
        body += b"\0" * 64
    else:
        change = {"data_offsets": [0, 4]} if fault == "false offsets" else {"dtype": "X9"}
        header["output.weight"] |= change
        text = json.dumps(header).encode()
        body = struct.pack("<Q", len(text)) + text + body[8 + length :]
    replace_decoder(tmp_path, body)
    with pytest.raises(CheckpointError, match=DECODER_FILE) as refused:
        load_decoder(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("fault", ["missing tensor", "extra tensor", "other shape"])
def test_weights_of_another_network(tiny_checkpoint: Path, tmp_path: Path, fault: str) -> None:
    """A tensor too few, too many or of another shape is refused by name of the file."""
    shutil.copytree(tiny_checkpoint, tmp_path, dirs_exist_ok=True)
    tensors = load_file(tmp_path / DECODER_FILE)
    if fault == "missing tensor":
        del tensors["lstm.weight_hh_l1"]
    elif fault == "extra tensor":
        tensors["lstm.weight_hh_l7"] = torch.zeros(2)
    else:
        tensors["lstm.weight_hh_l1"] = torch.zeros(3, 3)
    replace_decoder(tmp_path, save(tensors))
    with pytest.raises(CheckpointError, match="does not fit its card") as refused:
        load_decoder(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_card_never_stands_over_half_written_weights(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between two weight files of a better checkpoint leaves no card that vouches for it."""
    shutil.copytree(tiny_checkpoint, tmp_path, dirs_exist_ok=True)
    card = read_card(tmp_path)
    model = VAE(model_config(card.model))

    def killed_at_the_second(path: Path, data: bytes) -> None:
        if path.name == ENCODER_FILE:
            raise KeyboardInterrupt
        write_atomically(path, data)

    monkeypatch.setattr(room, "write_atomically", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        save_weights(tmp_path, model.encoder, model.decoder)
    assert not (tmp_path / CARD_FILE).exists()
