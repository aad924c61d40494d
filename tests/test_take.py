"""The take: what was played, in a file any sequencer reads and in one that plays it again."""

import json
from pathlib import Path

import mido
import pytest

from engine.wire import Message
from instrument.mapping import Mapping
from instrument.take import Take, TakeError, account_of, check_writable, read_take, tempo_changes

Z = [0.0] * 12


def note(tick: int, pitch: int, velocity: int, port: int = 0) -> Message:
    return {
        "type": "note",
        "tick": tick,
        "port": port,
        "channel": 1,
        "pitch": pitch,
        "velocity": velocity,
    }


def state(tick: int, *, playing: bool, tempo_bpm: float = 120.0) -> Message:
    return {"type": "state", "tick": tick, "playing": playing, "tempo_bpm": tempo_bpm}


def bar(tick: int, z1: float = 0.0) -> Message:
    return {"type": "bar", "tick": tick, "bar": tick // 384 + 1, "z": [z1, *Z[1:]]}


def a_take(*account: Message) -> Take:
    take = Take("stage", "0" * 64, Mapping(), 120.0)
    for message in account:
        take.add(message)
    return take


def test_a_take_is_written_and_read_back(tmp_path: Path) -> None:
    """Bars, z and tempo come back; the .mid holds the notes at their ticks."""
    take = a_take(
        state(0, playing=True),
        bar(0),
        note(0, 60, 96),
        note(384, 60, 0),
        bar(384, 1.5),
        {"type": "swing", "tick": 384, "percent": 60.0},
        note(384, 62, 96),
        note(768, 62, 0),
        state(768, playing=False),
    )
    file = tmp_path / "t.mid"
    take.write(file)
    found = read_take(file)
    assert (found.checkpoint, found.bars, found.mapping) == ("stage", 2, Mapping())
    assert [(tick, z[0]) for tick, z in found.adopted] == [(0, 0.0), (384, 1.5)]
    assert found.swings == [(0, 50.0), (384, 60.0)]
    assert mido.MidiFile(file).length == pytest.approx(4.0)
    assert (take.bars, take.onsets) == (2, 2)


def test_a_tempo_change_stands_in_the_file_where_it_happened(tmp_path: Path) -> None:
    """One bar at 120 bpm and one at 240 last three seconds."""
    take = a_take(
        state(0, playing=True),
        bar(0),
        note(0, 60, 96),
        state(384, playing=True, tempo_bpm=240.0),
        note(768, 60, 0),
        state(768, playing=False, tempo_bpm=240.0),
    )
    take.write(tmp_path / "t.mid")
    assert mido.MidiFile(tmp_path / "t.mid").length == pytest.approx(3.0)
    assert tempo_changes(120.0, take.account) == [(0, 120.0), (384, 240.0)]


def test_several_outputs_are_one_line_in_the_take(tmp_path: Path) -> None:
    """The second port plays the same notes; they are written once."""
    take = a_take(bar(0), note(0, 60, 96), note(0, 60, 96, port=1), note(24, 60, 0))
    take.write(tmp_path / "t.mid")
    messages = [m for m in mido.MidiFile(tmp_path / "t.mid").tracks[1] if m.type == "note_on"]
    assert len(messages) == 1
    assert take.onsets == 1


@pytest.mark.parametrize("name", ["t.wav", "no/such/t.mid"])
def test_an_impossible_path_is_refused_before_the_music(tmp_path: Path, name: str) -> None:
    """A wrong suffix or a missing folder, named."""
    with pytest.raises(TakeError, match=name.rsplit("/", 1)[-1]):
        check_writable(tmp_path / name)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full the error names the file, and no half file is left."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TakeError, match=r"t\.mid cannot be written: No space left on device"):
        a_take(bar(0)).write(tmp_path / "t.mid")
    assert list(tmp_path.iterdir()) == []


def good_lines(tmp_path: Path) -> list[str]:
    a_take(state(0, playing=True), bar(0), note(0, 60, 96)).write(tmp_path / "t.mid")
    return account_of(tmp_path / "t.mid").read_text().splitlines()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _lines: [],
        lambda lines: lines[1:],
        lambda lines: [lines[0], "not json"],
        lambda lines: [lines[0]],
        lambda lines: [json.dumps({**json.loads(lines[0]), "format": 99}), *lines[1:]],
        lambda lines: [lines[0], '{"type":"bar"}'],
        lambda lines: [lines[0], "[]"],
    ],
)
def test_a_damaged_account_is_refused(tmp_path: Path, spoil: object) -> None:
    """Empty, headless, garbled or from the future: one sentence naming the file."""
    lines = good_lines(tmp_path)
    account_of(tmp_path / "t.mid").write_text("\n".join(spoil(lines)))  # type: ignore[operator]
    with pytest.raises(TakeError, match=r"t\.jsonl"):
        read_take(tmp_path / "t.mid")


def test_a_take_of_two_starts_says_that_it_cannot_be_rendered(tmp_path: Path) -> None:
    """Stop and play again: refused with the reason, not rendered wrong."""
    on, off = state(0, playing=True), state(384, playing=False)
    a_take(on, bar(0), off, state(384, playing=True), bar(384)).write(tmp_path / "t.mid")
    with pytest.raises(TakeError, match="more than one start"):
        read_take(tmp_path / "t.mid")


def test_a_take_that_begins_inside_a_song_says_so(tmp_path: Path) -> None:
    """Continued at bar 3: refused with the reason, not rendered from another half."""
    first = {**bar(0), "bar": 3}
    a_take(state(0, playing=True), first, note(0, 60, 96)).write(tmp_path / "t.mid")
    with pytest.raises(TakeError, match="begins inside a song"):
        read_take(tmp_path / "t.mid")
