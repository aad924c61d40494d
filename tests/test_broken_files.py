"""Files with bytes changed, cut out or put in: each is read, or refused with its own sentence."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.card import CARD_FILE, DECODER_FILE, CheckpointError, check_checkpoint, weight_shapes
from engine.fitting import MelodyError, fit_melody
from instrument.controls import ControlState
from instrument.melody_file import MelodyFileError, read_melody
from instrument.opening import PlayOptions
from instrument.patch import PatchError, load_patch
from instrument.replay import read_take
from instrument.session import Session, SessionError, read_session, session_bytes
from instrument.take import TakeError
from tests.test_replay import a_take

Edit = tuple[float, int, bytes]  # where, as a share of the file; how many bytes go; what comes

NASTY = [b"", b"\0", b"\xff\xff\xff\xff", b"9" * 400, b"[" * 2000, b"NaN", b"1e999", b"\n", b"-"]
edits: st.SearchStrategy[list[Edit]] = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.one_of(st.integers(0, 4), st.integers(0, 10**6)),
        st.one_of(st.binary(max_size=6), st.sampled_from(NASTY)),
    ),
    min_size=1,
    max_size=5,
)


def edited(data: bytes, changes: list[Edit]) -> bytes:
    """``data`` after each of ``changes`` in turn."""
    for share, gone, come in changes:
        at = round(share * len(data))
        data = data[:at] + come + data[at + gone :]
    return data


@dataclass(frozen=True)
class Kind:
    """A kind of file: a good one, and what reads it and may refuse it with ``refusal``."""

    name: str
    good: bytes
    read: Callable[[Path], object]
    refusal: tuple[type[Exception], ...]


def a_midi_file() -> bytes:
    file = mido.MidiFile(type=1, ticks_per_beat=96)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    for pitch in (60, 62, 64, 65, 67, 65, 64, 62):
        track.append(mido.Message("note_on", note=pitch, velocity=90))
        track.append(mido.Message("note_off", note=pitch, time=96))
    track.append(mido.Message("sysex", data=[1, 2, 3]))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


PATCH = Path(__file__).parent.parent / "patches/default.toml"
KINDS = [
    Kind("patch.toml", PATCH.read_bytes(), lambda file: load_patch(str(file)), (PatchError,)),
    Kind("tune.mid", a_midi_file(), read_melody, (MelodyFileError,)),
    Kind(
        "session.json",
        session_bytes(Session(PlayOptions(), ControlState({"knob/1": (0.5, 1)}))),
        read_session,
        (SessionError,),
    ),
]

FUZZED = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def refusal(read: Callable[[], object], *errors: type[Exception]) -> str | None:
    """The sentence with which ``read()`` refuses, if it does; anything else goes through."""
    try:
        read()
    except errors as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@FUZZED
@given(changes=edits)
def test_a_broken_file_is_read_or_refused(tmp_path: Path, kind: Kind, changes: list[Edit]) -> None:
    """Never anything else; the sentence is one line and names the file."""
    file = tmp_path / kind.name
    file.write_bytes(edited(kind.good, changes))
    refused = refusal(lambda: kind.read(file), *kind.refusal)
    assert refused is None or (kind.name in refused and len(refused.splitlines()) == 1)


@FUZZED
@given(changes=edits)
def test_a_broken_melody_is_fitted_or_refused(tmp_path: Path, changes: list[Edit]) -> None:
    """What could be read becomes phrases, or a sentence."""
    file = tmp_path / "tune.mid"
    file.write_bytes(edited(a_midi_file(), changes))
    vocabulary = check_checkpoint(STAGE).spelled()
    refusal(lambda: fit_melody(read_melody(file).notes, vocabulary), MelodyFileError, MelodyError)


STAGE = Path(__file__).parent.parent / "checkpoints/stage"


@FUZZED
@given(changes=edits)
def test_a_broken_card_is_read_or_refused(tmp_path: Path, changes: list[Edit]) -> None:
    """Before any weight is looked at."""
    folder = tmp_path / "broken"
    if not folder.exists():
        shutil.copytree(STAGE, folder)
    (folder / CARD_FILE).write_bytes(edited((STAGE / CARD_FILE).read_bytes(), changes))
    refused = refusal(lambda: check_checkpoint(folder).spelled(), CheckpointError)
    assert refused is None or len(refused.splitlines()) == 1


@FUZZED
@given(changes=edits, header=st.booleans())
def test_broken_weights_are_refused(tmp_path: Path, changes: list[Edit], header: bool) -> None:
    """By their hash; and their header alone is read or refused, whatever it says."""
    good = (STAGE / DECODER_FILE).read_bytes()
    file = tmp_path / DECODER_FILE
    file.write_bytes(edited(good[:4096] if header else good, changes))
    refused = refusal(lambda: weight_shapes(file), CheckpointError)
    assert refused is None or DECODER_FILE in refused


def test_weights_with_one_bit_turned_are_refused(tmp_path: Path) -> None:
    """The card knows their hash."""
    folder = tmp_path / "turned"
    shutil.copytree(STAGE, folder)
    weights = bytearray((folder / DECODER_FILE).read_bytes())
    weights[len(weights) // 2] ^= 1
    (folder / DECODER_FILE).write_bytes(weights)
    with pytest.raises(CheckpointError, match="is damaged: its sha256"):
        check_checkpoint(folder)


@settings(FUZZED, max_examples=100)
@given(changes=edits)
def test_a_broken_take_is_replayed_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Edit]
) -> None:
    """It is played as far as it makes sense, or refused; and never for long."""
    folder = tmp_path_factory.mktemp("take")
    account = a_take(folder).with_suffix(".jsonl")
    account.write_bytes(edited(account.read_bytes(), changes))
    refused = refusal(lambda: read_take(account).midi(), TakeError)
    assert refused is None or account.name in refused


def test_a_take_that_asks_for_a_thousand_years_is_refused(tmp_path: Path) -> None:
    """A tick far out of all measure is no music to wait for."""
    account = a_take(tmp_path).with_suffix(".jsonl")
    lines = [json.loads(line) for line in account.read_text().splitlines()]
    for line in lines:
        if line["type"] == "end":
            line["step_tick"] = line["tick"] = 10**15
    account.write_text("\n".join([*map(json.dumps, lines), ""]))
    with pytest.raises(TakeError):
        read_take(account).midi()
