"""The take: on the disk as it is played, whole at the end."""

import json
from pathlib import Path

import mido
import pytest

from engine.wire import Message
from instrument.events import Decoded
from instrument.mapping import Mapping
from instrument.take import (
    FINISHED,
    Take,
    TakeError,
    account_of,
    check_writable,
    opening,
    read_lines,
    tempo_changes,
    unfinished,
)

HEAD = opening(
    checkpoint="stage",
    decoders={"stage": "0" * 64},
    firsts=[Decoded((0.0,) * 12, (1,) * 32, (60, *[-1] * 31))],
    mapping=Mapping().to_message(),
    tempo_bpm=120.0,
    played_with={},
)


def note(tick: int, pitch: int, velocity: int, port: int = 0) -> Message:
    where = {"type": "note", "tick": tick, "port": port, "channel": 1}
    return {**where, "pitch": pitch, "velocity": velocity}


def state(tick: int, *, playing: bool, tempo_bpm: float = 120.0) -> Message:
    return {"type": "state", "tick": tick, "playing": playing, "tempo_bpm": tempo_bpm}


def bar(tick: int) -> Message:
    return {"type": "bar", "tick": tick, "bar": tick // 384 + 1}


def begun(folder: Path, *account: Message) -> Take:
    take = Take(folder / "t.mid", HEAD)
    for message in account:
        take.add(message)
    return take


TWO_BARS = (
    state(0, playing=True),
    bar(0),
    note(0, 60, 96),
    note(384, 60, 0),
    bar(384),
    note(384, 62, 96),
    note(768, 62, 0),
    state(768, playing=False),
)


def test_a_finished_take_is_a_mid_and_its_account(tmp_path: Path) -> None:
    """The .mid holds the notes at their ticks; nothing else is left in the folder."""
    take = begun(tmp_path, *TWO_BARS, {"type": "alive"})
    take.finish()
    assert mido.MidiFile(tmp_path / "t.mid").length == pytest.approx(4.0)
    assert (take.bars, take.onsets) == (2, 2)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["t.jsonl", "t.mid"]
    head, *messages = read_lines(tmp_path / "t.jsonl")
    assert (head["type"], messages) == ("glisser-take", [*TWO_BARS, FINISHED])


def test_every_line_is_on_the_disk_when_it_is_told(tmp_path: Path) -> None:
    """So SIGKILL takes nothing of it; a line cut off in the middle is left out."""
    begun(tmp_path, *TWO_BARS[:4])
    part = unfinished(tmp_path / "t.mid")
    assert read_lines(part)[1:] == list(TWO_BARS[:4])
    part.write_bytes(part.read_bytes() + b'{"type":"no')
    assert read_lines(part)[1:] == list(TWO_BARS[:4])


def test_a_take_that_was_cut_off_is_kept_when_the_next_begins(tmp_path: Path) -> None:
    """Under a name of its own each time; the new one gets the name that was asked for."""
    begun(tmp_path, *TWO_BARS)
    second = begun(tmp_path, *TWO_BARS[:2])
    third = begun(tmp_path, *TWO_BARS[:3])
    assert second.put_aside == tmp_path / "t-cut-off-1.jsonl"
    assert third.put_aside == tmp_path / "t-cut-off-2.jsonl"
    assert [len(read_lines(take.put_aside)) for take in (second, third) if take.put_aside] == [9, 3]


def test_a_tempo_change_stands_in_the_file_where_it_happened(tmp_path: Path) -> None:
    """One bar at 120 bpm and one at 240 last three seconds."""
    account = (
        state(0, playing=True),
        bar(0),
        note(0, 60, 96),
        state(384, playing=True, tempo_bpm=240.0),
        note(768, 60, 0),
        state(768, playing=False, tempo_bpm=240.0),
    )
    begun(tmp_path, *account).finish()
    assert mido.MidiFile(tmp_path / "t.mid").length == pytest.approx(3.0)
    assert tempo_changes(120.0, account) == [(0, 120.0), (384, 240.0)]


def test_several_outputs_are_one_line_in_the_take(tmp_path: Path) -> None:
    """The second port plays the same notes; they are written once."""
    take = begun(tmp_path, bar(0), note(0, 60, 96), note(0, 60, 96, port=1), note(24, 60, 0))
    take.finish()
    messages = [m for m in mido.MidiFile(tmp_path / "t.mid").tracks[1] if m.type == "note_on"]
    assert len(messages) == 1
    assert take.onsets == 1


@pytest.mark.parametrize("name", ["t.wav", "no/such/t.mid"])
def test_an_impossible_path_is_refused_before_the_music(tmp_path: Path, name: str) -> None:
    """A wrong suffix or a missing folder, named."""
    with pytest.raises(TakeError, match=name.rsplit("/", 1)[-1]):
        check_writable(tmp_path / name)


def test_a_disk_that_is_full_at_the_end_keeps_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names both files; the .mid is absent, not half."""
    take = begun(tmp_path, *TWO_BARS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TakeError, match=r"t\.mid cannot be written: No space.*t\.jsonl\.part"):
        take.finish()
    assert [file.name for file in tmp_path.iterdir()] == ["t.jsonl.part"]
    assert read_lines(tmp_path / "t.jsonl.part")[1:] == [*TWO_BARS, FINISHED]


class FullSoon:
    """A file on a disk that has ``room`` bytes left."""

    def __init__(self, stream: "object", room: int) -> None:
        self.stream, self.room = stream, room

    def write(self, data: bytes) -> int:
        fits = data[: self.room]
        self.room -= len(fits)
        if not fits:
            raise OSError(28, "No space left on device")
        return int(self.stream.write(fits))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def test_a_disk_that_is_full_in_the_middle_is_told_once_and_ends_on_a_whole_line(
    tmp_path: Path,
) -> None:
    """What was played until then can be played again, and the rest bothers nobody."""
    take = begun(tmp_path, *TWO_BARS[:4])
    take._stream = FullSoon(take._stream, room=20)  # type: ignore[assignment]
    with pytest.raises(TakeError, match=r"t\.jsonl\.part ends here: No space left"):
        take.add(TWO_BARS[4])
    take.add(TWO_BARS[5])
    assert not take.whole
    take.finish()
    assert read_lines(account_of(take.file))[1:] == list(TWO_BARS[:4])
    assert mido.MidiFile(take.file).length == pytest.approx(2.0)


def test_a_folder_that_vanished_is_one_sentence(tmp_path: Path) -> None:
    """The path was fine when it was checked."""
    with pytest.raises(TakeError, match=r"gone/t\.jsonl\.part cannot be written"):
        Take(tmp_path / "gone" / "t.mid", HEAD)


def test_an_account_is_json_lines_that_anything_reads(tmp_path: Path) -> None:
    """One object a line, the first says what it is."""
    begun(tmp_path, *TWO_BARS).finish()
    lines = (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["type"] for line in lines[:3]] == ["glisser-take", "state", "bar"]
