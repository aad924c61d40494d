"""A checkpoint is checked whole before a note sounds; each fault is one sentence with the file."""

import hashlib
import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.card import (
    CARD_FILE,
    DECODER_FILE,
    ENCODER_FILE,
    MAX_CARD_BYTES,
    MAX_HEADER_BYTES,
    CheckpointError,
    check_checkpoint,
    find_checkpoint,
    read_card,
    weight_shapes,
)
from engine.checkpoint import load_decoder, load_encoder

Spoil = Callable[[Path], None]


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of a whole checkpoint, to be spoilt."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, copy)
    return copy


def edit_card(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / CARD_FILE).read_text())
    (folder / CARD_FILE).write_text(json.dumps(card | changes))


def replace_weights(folder: Path, name: str, body: bytes) -> None:
    """Other bytes in a weight file, with a card that vouches for them."""
    (folder / name).write_bytes(body)
    card = json.loads((folder / CARD_FILE).read_text())
    edit_card(folder, weights=card["weights"] | {name: hashlib.sha256(body).hexdigest()})


def one_sentence(error: CheckpointError, file: Path) -> None:
    text = str(error)
    assert str(file) in text
    assert "\n" not in text
    assert "Traceback" not in text


def test_a_whole_checkpoint_passes(tiny_checkpoint: Path) -> None:
    """The card is read, the hashes agree, and z = 0 has its phrase before torch is there."""
    card = check_checkpoint(tiny_checkpoint)
    assert card.name == "tiny"
    assert len(card.start_phrase().tokens) == 32
    assert len(card.spelled()) == card.model.tokens


def flip_a_bit(folder: Path, name: str) -> None:
    body = bytearray((folder / name).read_bytes())
    body[-3] ^= 0x10
    (folder / name).write_bytes(bytes(body))


def cut_short(folder: Path, name: str) -> None:
    body = (folder / name).read_bytes()
    (folder / name).write_bytes(body[: len(body) // 2])


@pytest.mark.parametrize("name", [DECODER_FILE, ENCODER_FILE])
@pytest.mark.parametrize("spoil", [flip_a_bit, cut_short, lambda f, n: (f / n).unlink()])
def test_a_damaged_weight_file_is_named(
    folder: Path, name: str, spoil: Callable[[Path, str], None]
) -> None:
    """A flipped bit, half a file and a missing file each name the file that is to blame."""
    spoil(folder, name)
    with pytest.raises(CheckpointError) as refused:
        check_checkpoint(folder)
    one_sentence(refused.value, folder / name)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "format 2 is not 1"),
        ({"vocabulary": ["HOLD", "REST", "C4"]}, "vocabulary has 3 tokens"),
        ({"vocabulary": ["REST", "HOLD"]}, "vocabulary begins with HOLD"),
        ({"start_tokens": [0] * 31}, "start_tokens must be 32 ids"),
        ({"start_tokens": [99] * 32}, "start_tokens must be 32 ids"),
        ({"start_tokens": [-1] * 32}, "start_tokens must be 32 ids"),
        ({"weights": {DECODER_FILE: "0"}}, "weights must name"),
        ({"weights": {DECODER_FILE: "0", "../encoder": "0"}}, "weights must name"),
        ({"surprise": 1}, "surprise"),
        ({"model": 3}, "model"),
        ({"name": None}, "name"),
    ],
)
def test_a_wrong_card_is_refused(folder: Path, changes: dict[str, Any], says: str) -> None:
    """Another format, a vocabulary that contradicts the sizes, unknown and missing keys."""
    edit_card(folder, **changes)
    with pytest.raises(CheckpointError, match=says) as refused:
        check_checkpoint(folder)
    one_sentence(refused.value, folder / CARD_FILE)


def test_an_attribute_beyond_the_latent_space_is_refused(folder: Path) -> None:
    """A card can't tie an attribute to a dimension that the model does not have."""
    attributes = json.loads((folder / CARD_FILE).read_text())["attributes"]
    attributes[0]["dimension"] = 13
    edit_card(folder, attributes=attributes)
    with pytest.raises(CheckpointError, match="has dimension 13, but there are 12"):
        read_card(folder)


def calibrate(folder: Path, curve: list[Any]) -> None:
    attributes = json.loads((folder / CARD_FILE).read_text())["attributes"]
    attributes[0]["calibration"] = curve
    edit_card(folder, attributes=attributes)


def test_a_knob_may_be_calibrated_or_not(folder: Path) -> None:
    """A card without a curve loads with none; a curve that rests and rises is kept as it is."""
    assert read_card(folder).attributes[0].calibration == ()
    curve = [3.0] * 30 + [3.0 + 0.25 * place for place in range(31)]
    calibrate(folder, curve)
    assert read_card(folder).attributes[0].calibration == tuple(curve)


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        ([1.0, 2.0], "calibration has 2 values; give 61, or none"),
        ([0.0] * 62, "calibration has 62 values; give 61, or none"),
        ([0.0] * 60 + [-0.001], "must never fall"),
        ([0.0] * 60 + [float("inf")], "must be finite"),
        ([float("nan")] * 61, "must be finite"),
        (["high"] * 61, "valid number"),
    ],
)
def test_a_calibration_that_is_no_rising_curve_is_refused(
    folder: Path, curve: list[Any], says: str
) -> None:
    """Too few values, too many, one that falls, one without an end: each in one sentence."""
    calibrate(folder, curve)
    with pytest.raises(CheckpointError, match=says) as refused:
        read_card(folder)
    one_sentence(refused.value, folder / CARD_FILE)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * (MAX_CARD_BYTES + 1)],
    ids=["empty", "half", "list", "binary", "deep", "huge"],
)
def test_a_card_that_is_no_card_is_refused(folder: Path, body: bytes) -> None:
    """Whatever bytes stand in card.json, the answer is one sentence with its path."""
    (folder / CARD_FILE).write_bytes(body)
    with pytest.raises(CheckpointError) as refused:
        read_card(folder)
    one_sentence(refused.value, folder / CARD_FILE)


@pytest.mark.parametrize("cut", [1, 100, -2])
def test_a_truncated_card_is_refused(folder: Path, cut: int) -> None:
    """Half a card never passes for a whole one."""
    whole = (folder / CARD_FILE).read_bytes()
    (folder / CARD_FILE).write_bytes(whole[:cut])
    with pytest.raises(CheckpointError) as refused:
        read_card(folder)
    one_sentence(refused.value, folder / CARD_FILE)


def test_a_vocabulary_that_does_not_match_its_weights(folder: Path) -> None:
    """A card consistent in itself, one token richer than its weights, is refused by their shape."""
    card = json.loads((folder / CARD_FILE).read_text())
    edit_card(
        folder,
        vocabulary=[*card["vocabulary"], "B5"],
        model=card["model"] | {"tokens": len(card["vocabulary"]) + 1},
    )
    with pytest.raises(CheckpointError, match="vocabulary and sizes") as refused:
        check_checkpoint(folder)
    one_sentence(refused.value, folder / DECODER_FILE)


@pytest.mark.parametrize(
    ("name", "load"), [(DECODER_FILE, load_decoder), (ENCODER_FILE, load_encoder)]
)
@pytest.mark.parametrize("key", ["latent_dimensions", "bidirectional_encoder", "units"])
def test_sizes_that_do_not_match_the_weights(
    folder: Path, name: str, load: Callable[[Path], Any], key: str
) -> None:
    """Other sizes than the weights have: one sentence, not torch's table of mismatches."""
    model = json.loads((folder / CARD_FILE).read_text())["model"]
    other = {"latent_dimensions": 13, "bidirectional_encoder": False, "units": 16}[key]
    edit_card(folder, model=model | {key: other})
    if key == "bidirectional_encoder" and name == DECODER_FILE:
        load(folder)  # the decoder does not depend on how the encoder reads
        return
    with pytest.raises(CheckpointError) as refused:
        load(folder)
    assert folder.name in str(refused.value)
    assert "\n" not in str(refused.value)


def header(body: bytes, *, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(body) if length is None else length) + body


NOT_SAFETENSORS = {
    "empty": b"",
    "three bytes": b"abc",
    "pickle": pickle.dumps({"output.weight": [1.0, 2.0]}),
    "huge header": header(b"{}", length=MAX_HEADER_BYTES + 1),
    "endless header": header(b"{}", length=2**64 - 1),
    "header beyond the file": header(b"{}", length=1000),
    "not JSON": header(b"hello, world"),
    "a list": header(b"[1, 2]"),
    "no shape": header(b'{"output.weight": {"dtype": "F32"}}'),
    "shape of text": header(b'{"output.weight": {"shape": 3}}'),
    "not UTF-8": header(b'{"\xff": 1}'),
    "deep": header(b"[" * 100_000),
}


@pytest.mark.parametrize("body", NOT_SAFETENSORS.values(), ids=NOT_SAFETENSORS)
def test_a_file_that_only_poses_as_safetensors(folder: Path, body: bytes) -> None:
    """Even vouched for by its hash: a pickle is never unpickled, a header never believed."""
    replace_weights(folder, DECODER_FILE, body)
    with pytest.raises(CheckpointError) as refused:
        load_decoder(folder)
    one_sentence(refused.value, folder / DECODER_FILE)


def test_the_shapes_come_from_the_header_alone(tiny_checkpoint: Path) -> None:
    """Shapes are read without torch and without the weights."""
    card = read_card(tiny_checkpoint)
    shapes = weight_shapes(tiny_checkpoint / DECODER_FILE)
    assert shapes["output.weight"] == [card.model.tokens, card.model.units]


def test_a_checkpoint_is_found_by_path_or_by_name(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that has a card wins; else a name among the shipped ones."""
    assert find_checkpoint(tiny_checkpoint) == tiny_checkpoint
    assert find_checkpoint(str(tiny_checkpoint)) == tiny_checkpoint
    shutil.copytree(tiny_checkpoint, tmp_path / "shipped" / "mine")
    monkeypatch.setattr("engine.card.shipped_checkpoints", lambda: tmp_path / "shipped")
    assert find_checkpoint("mine") == tmp_path / "shipped" / "mine"
    with pytest.raises(CheckpointError, match=r"'other' has no card\.json.*shipped: mine"):
        find_checkpoint("other")


@pytest.mark.parametrize("name", ["", "no/such/folder", "x" * 5000, "a\0b"])
def test_a_checkpoint_that_is_nowhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing folder, and names that no file system takes, are each a CheckpointError."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"has no card\.json"):
        find_checkpoint(name)
