"""Scores to melodies: spelling survives transposition, the grid is exact, the cache is checked."""

# mypy: disable-error-code="no-untyped-call"
# (music21 leaves most of its methods untyped.)

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import chord, key, meter, note, stream, tie

from engine import chorales as room
from engine.chorales import (
    Bar,
    CorpusError,
    Melody,
    corpus_hash,
    load_melodies,
    parse_chorale,
    plainest_shift,
)
from engine.phrase import HOLD_STEP, REST_STEP
from engine.vocabulary import name_of

H, R = HOLD_STEP, REST_STEP


def melody(*pitches: tuple[int, int], key_fifths: int = 0) -> Melody:
    """A melody of bare onsets, each given as (pitch, place on the line of fifths)."""
    steps, fifths = zip(*pitches, strict=True)
    return Melody("m", steps, fifths, key_fifths, (Bar(0, 16, 4, 4),))


@given(st.integers(-7, 7), st.integers(-24, 24))
def test_a_shift_is_that_transposition_in_the_plainest_key(key_fifths: int, semitones: int) -> None:
    """The shift on the line of fifths sounds as asked, in six sharps or flats at most."""
    shift = plainest_shift(key_fifths, semitones)
    assert (7 * shift - semitones) % 12 == 0  # a fifth is seven semitones, and 7 * 7 = 49
    assert abs(key_fifths + shift) <= 6


@pytest.mark.parametrize(
    ("key_fifths", "semitones", "new_key"),
    [(0, 1, -5), (0, 2, 2), (1, 3, -2), (-1, 4, 3), (0, 0, 0), (0, -1, 5), (0, 12, 0)],
)
def test_keys_are_those_a_musician_would_write(
    key_fifths: int, semitones: int, new_key: int
) -> None:
    """C up a semitone is D flat, up a tone is D; G up a minor third is B flat."""
    assert key_fifths + plainest_shift(key_fifths, semitones) == new_key


def test_six_sharps_or_six_flats_the_shorter_way_wins() -> None:
    """From a key with sharps the tritone tie goes to sharps, from one with flats to flats."""
    assert 1 + plainest_shift(1, 11) == 6
    assert -1 + plainest_shift(-1, 1) == -6


def test_a_transposed_melody_keeps_its_spelling() -> None:
    """G F# E up a semitone is A flat, G, F: letters move together, rhythm and bars stay."""
    tune = Melody("m", (67, H, 66, R, 64), (1, 0, 6, 0, 4), 1, (Bar(0, 16, 4, 4),))
    higher = tune.transposed(1)
    assert higher.steps == (68, H, 67, R, 65)
    names = [name_of(f, v) for f, v in zip(higher.fifths, higher.steps, strict=True) if v >= 0]
    assert names == ["Ab4", "G4", "F4"]
    assert higher.fifths[1] == higher.fifths[3] == 0
    assert higher.bars == tune.bars


@given(st.integers(-12, 12))
def test_transposing_there_and_back_is_the_same_melody(semitones: int) -> None:
    """Up and down again by the same interval gives every name back."""
    tune = melody((67, 1), (66, 6), (64, 4), key_fifths=1)
    assert tune.transposed(semitones).transposed(-semitones) == tune


# --- the cache -------------------------------------------------------------------------------


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A corpus of one file that needs no music21; the list grows with every parse."""
    score = tmp_path / "bwv1.xml"
    score.write_text("one")
    parses: list[int] = []

    def parse_all(files: Any, _: Any) -> list[Melody]:
        parses.append(len(files))
        return [melody((60 + len(score.read_text()), 0))]

    monkeypatch.setattr(room, "_bach_files", lambda: [score])
    monkeypatch.setattr(room, "_parse_all", parse_all)
    return parses


def test_the_cache_is_used_when_its_inputs_match(tmp_path: Path, parsed: list[int]) -> None:
    """The second time nothing is parsed and the melodies are equal; the file is reproducible."""
    cache = tmp_path / "deep" / "cache.gz"
    first = load_melodies(cache)
    body = cache.read_bytes()
    assert load_melodies(cache) == first
    assert parsed == [1]
    cache.unlink()
    load_melodies(cache)
    assert cache.read_bytes() == body


def test_the_cache_is_rebuilt_when_a_score_changes(tmp_path: Path, parsed: list[int]) -> None:
    """One changed byte in one score, and the corpus is parsed anew."""
    cache = tmp_path / "cache.gz"
    before = load_melodies(cache)
    (tmp_path / "bwv1.xml").write_text("other")
    after = load_melodies(cache)
    assert parsed == [1, 1]
    assert corpus_hash(before) != corpus_hash(after)


@pytest.mark.usefixtures("parsed")
def test_a_truncated_cache_is_rebuilt(tmp_path: Path) -> None:
    """Wherever the file is cut, it is noticed and made anew."""
    cache = tmp_path / "cache.gz"
    first = load_melodies(cache)
    whole = cache.read_bytes()
    for cut in range(0, len(whole), 7):
        cache.write_bytes(whole[:cut])
        assert load_melodies(cache) == first
        assert cache.read_bytes() == whole


@pytest.mark.usefixtures("parsed")
def test_a_flipped_bit_in_the_cache_is_noticed(tmp_path: Path) -> None:
    """Any damaged byte either harms nothing or leads to a new parse; never to other melodies."""
    cache = tmp_path / "cache.gz"
    first = load_melodies(cache)
    whole = cache.read_bytes()
    for place in range(len(whole)):
        cache.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        assert load_melodies(cache) == first


@pytest.mark.parametrize(
    "change",
    [
        {"format": 0},
        {"sha256": "0" * 64},
        {"melodies": []},
        {"melodies": None},
        {"melodies": [1]},
        {"inputs": "another music21"},
    ],
)
def test_a_cache_that_is_not_ours_is_rebuilt(
    tmp_path: Path, parsed: list[int], change: dict[str, Any]
) -> None:
    """Another format, a false hash, altered melodies or other inputs: parsed anew."""
    cache = tmp_path / "cache.gz"
    first = load_melodies(cache)
    document = json.loads(gzip.decompress(cache.read_bytes())) | change
    cache.write_bytes(gzip.compress(json.dumps(document).encode()))
    assert load_melodies(cache) == first
    assert parsed == [1, 1]


@pytest.mark.usefixtures("parsed")
def test_the_cache_serves_where_music21_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without music21 a good cache is enough, and a bad one is one clear sentence."""
    cache = tmp_path / "cache.gz"
    first = load_melodies(cache)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert load_melodies(cache) == first
    cache.write_bytes(b"")
    with pytest.raises(CorpusError, match=r"cache\.gz is missing or damaged"):
        load_melodies(cache)


# --- a score, parsed -------------------------------------------------------------------------


def soprano() -> Any:
    """A pickup, a rest, a tie over the bar line, a grace note, a last bar short by the pickup."""
    part = stream.Part()
    pickup = stream.Measure(number=0)
    pickup.timeSignature = meter.TimeSignature("4/4")
    pickup.keySignature = key.KeySignature(1)
    pickup.append(note.Note("D4", quarterLength=1))
    first = stream.Measure(number=1)
    held = note.Note("F#4", quarterLength=1)
    held.tie = tie.Tie("start")
    first.append([note.Note("G4", quarterLength=1.5), note.Note("A4", quarterLength=0.5)])
    first.append([note.Rest(quarterLength=1), held])
    second = stream.Measure(number=2)
    tied = note.Note("F#4", quarterLength=1)
    tied.tie = tie.Tie("stop")
    second.append([tied, note.Note("E4", quarterLength=0.25).getGrace()])
    second.append([note.Note("E4", quarterLength=0.25), note.Note("Eb4", quarterLength=1.75)])
    part.append([pickup, first, second])
    return part


def score_file(folder: Path, first_part: Any, *, parts: int = 4) -> Path:
    score = stream.Score()
    score.insert(0, first_part)
    for _ in range(parts - 1):
        other = stream.Part()
        measure = stream.Measure(number=1)
        measure.append(note.Note("C3", quarterLength=4))
        other.append(measure)
        score.insert(0, other)
    file = folder / "bwv0.xml"
    score.write("musicxml", fp=file, makeNotation=False)
    return file


def test_a_score_becomes_steps_names_and_bars(tmp_path: Path) -> None:
    """Pickup, tie, rest and grace note come out as the sixteenth grid should have them."""
    found = parse_chorale(score_file(tmp_path, soprano()))
    assert found is not None
    assert found.name == "bwv0"
    pickup = (62, H, H, H)
    first = (67, H, H, H, H, H, 69, H, R, R, R, R, 66, H, H, H)
    second = (H, H, H, H, 64, 63, H, H, H, H, H, H)
    assert found.steps == pickup + first + second
    spelled = [name_of(f, v) for f, v in zip(found.fifths, found.steps, strict=True) if v >= 0]
    assert spelled == ["D4", "G4", "A4", "F#4", "E4", "Eb4"]
    assert found.key_fifths == 1
    assert found.bars == (Bar(0, 4, 4, 4), Bar(4, 16, 4, 4), Bar(20, 12, 4, 4))
    assert [bar.is_full for bar in found.bars] == [False, True, False]


@pytest.mark.parametrize(
    "odd",
    [
        [note.Note("C4", quarterLength=1 / 3) for _ in range(3)],
        [note.Note("C4", quarterLength=0.125), note.Note("D4", quarterLength=0.875)],
        [chord.Chord(["C4", "E4"], quarterLength=1)],
    ],
    ids=["triplet", "thirty-second", "chord"],
)
def test_what_does_not_fit_the_grid_is_no_chorale_of_ours(tmp_path: Path, odd: list[Any]) -> None:
    """A soprano with triplets, thirty-seconds or chords is left out whole, never rounded."""
    part = stream.Part()
    measure = stream.Measure(number=1)
    measure.append([*odd, note.Note("G4", quarterLength=3)])
    part.append(measure)
    assert parse_chorale(score_file(tmp_path, part)) is None


def test_two_voices_in_the_soprano_are_refused(tmp_path: Path) -> None:
    """A first part that sounds two notes at once is not monophonic."""
    part = stream.Part()
    measure = stream.Measure(number=1)
    for name in ("C5", "E4"):
        voice = stream.Voice()
        voice.append(note.Note(name, quarterLength=4))
        measure.insert(0, voice)
    part.append(measure)
    assert parse_chorale(score_file(tmp_path, part)) is None


def test_other_settings_than_four_parts_are_left_out(tmp_path: Path) -> None:
    """The paper's corpus is the four-part chorales: three parts are none of ours."""
    assert parse_chorale(score_file(tmp_path, soprano(), parts=3)) is None
