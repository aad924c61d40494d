"""The user's own corpus: what can be used is, what cannot is listed with its reason."""

# mypy: disable-error-code="no-untyped-call"
# (music21 leaves most of its methods untyped.)

import random
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import own_corpus
from engine.chorales import Bar, CorpusError, Melody
from engine.corpus import build_corpus, split_by_tune
from engine.own_corpus import MIN_TUNES, Gathered, gather, score_files, three_sides
from engine.phrase import HOLD_STEP, REST_STEP
from engine.source import chorales_source, own_source
from engine.tunes import FLATTEST, SHARPEST, Reading, named, read_file
from engine.vocabulary import name_of
from tests.tiny import tiny_melody

H, R = HOLD_STEP, REST_STEP
QUARTERS = "C D E F|G A B c|"  # two bars of ABC with L:1/4


def abc(*tunes: str, metre: str = "4/4", key: str = "C") -> str:
    return "\n\n".join(
        f"X:{n}\nT:Tune {n}\nM:{metre}\nL:1/4\nK:{key}\n{tune}\n"
        for n, tune in enumerate(tunes, start=1)
    )


def midi(file: Path, *tracks: list[tuple[int, int, int]], channel: int = 0) -> Path:
    """A file of tracks, each of (pitch, first tick, last tick), 480 ticks to a quarter."""
    song = mido.MidiFile(ticks_per_beat=480)
    for notes in tracks:
        track = mido.MidiTrack()
        song.tracks.append(track)
        events = sorted(
            [(on, 1, pitch) for pitch, on, _ in notes]
            + [(off, 0, pitch) for pitch, _, off in notes]
        )
        last = 0
        for tick, on, pitch in events:
            kind = "note_on" if on else "note_off"
            track.append(mido.Message(kind, note=pitch, channel=channel, time=tick - last))
            last = tick
    song.save(file)
    return file


def line(*pitches: int) -> list[tuple[int, int, int]]:
    return [(pitch, 480 * i, 480 * (i + 1)) for i, pitch in enumerate(pitches)]


SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


# --- one file --------------------------------------------------------------------------------


def test_a_file_of_several_abc_tunes_is_several_melodies(tmp_path: Path) -> None:
    """Each tune keeps its key and its bars; chord symbols above the line are not notes of it."""
    file = tmp_path / "two.abc"
    file.write_text(abc('"Am"C D "G7"E F|G A B c|', "G A B c|d e ^f g|", key="G"))
    found = read_file(file)
    assert found.refused == ()
    first, second = found.melodies
    assert first.steps[::4] == (60, 62, 64, 66, 67, 69, 71, 72)  # F is sharp in G
    assert second.steps[::4] == (67, 69, 71, 72, 74, 76, 78, 79)
    assert (first.key_fifths, second.key_fifths) == (1, 1)
    assert first.bars == (Bar(0, 16, 4, 4), Bar(16, 16, 4, 4))
    assert second.name == "two tune 2, Tune 2"


def test_midi_has_no_names_so_they_are_found(tmp_path: Path) -> None:
    """An E flat major scale in MIDI is spelled with flats, and its key is known to have three."""
    scale = (63, 65, 67, 68, 70, 72, 74, 75)
    found = read_file(midi(tmp_path / "scale.mid", line(*scale))).melodies[0]
    assert found.steps[::4] == scale
    spelled = [name_of(f, v) for f, v in zip(found.fifths, found.steps, strict=True) if v >= 0]
    assert spelled == ["Eb4", "F4", "G4", "Ab4", "Bb4", "C5", "D5", "Eb5"]
    assert found.key_fifths == -3


@pytest.mark.parametrize(("tonic", "key"), [(60, 0), (67, 1), (65, -1), (64, 4), (61, -5)])
def test_the_key_of_a_major_scale(tonic: int, key: int) -> None:
    """C, G, F, E and D flat major."""
    assert named([tonic + step for step in (0, 2, 4, 5, 7, 9, 11)])[0] == key


def test_of_several_parts_the_highest_of_one_voice_is_taken(tmp_path: Path) -> None:
    """A chordal part is passed over, however high; the remark says which part was read."""
    chords = [(p, 1920 * i, 1920 * (i + 1)) for i in range(2) for p in (84, 88)]
    bass = line(*(p - 24 for p in SCALE))
    found = read_file(midi(tmp_path / "band.mid", bass, line(*SCALE), chords))
    assert found.melodies[0].steps[::4] == SCALE
    assert found.remark == "part 2 of 3, the highest of one voice"


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.mid", b"MThd is not all", "not parseable"),
        ("a.musicxml", b"<score-partwise", "not parseable"),
        ("a.mxl", b"PK not a zip", "not parseable"),
        ("a.xml", b"", "not parseable"),
        ("a.abc", abc("C D E F|").encode(), "shorter than two bars"),
        ("a.abc", abc("z4|z4|").encode(), "no notes"),
        ("a.abc", abc("[CE] D E F|G A B c|").encode(), "polyphonic"),
        ("a.abc", abc("C/8D/8 C3/4 D E F|G A B c|").encode(), "off the sixteenth grid"),
        ("a.abc", abc("(3CDE F G A|G A B c|").encode(), "off the sixteenth grid"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, name: str, body: bytes, reason: str
) -> None:
    """Damaged, too short, silent, polyphonic, off the grid: a few words each, never an error."""
    file = tmp_path / name
    file.write_bytes(body)
    found = read_file(file)
    assert found.melodies == ()
    assert [why for _, why in found.refused if reason in why]


def test_drums_are_no_melody(tmp_path: Path) -> None:
    """Channel 10 of MIDI has pitches that are no pitches."""
    found = read_file(midi(tmp_path / "drums.mid", line(*[36, 38] * 4), channel=9))
    assert found.refused == (("", "percussion"),)


def test_a_file_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no melody can be is refused by its size."""
    monkeypatch.setattr("engine.tunes.MAX_BYTES", 10)
    file = tmp_path / "a.abc"
    file.write_text(abc(QUARTERS))
    assert read_file(file).refused[0][1].startswith("over")


@given(
    st.lists(
        st.one_of(st.just(H), st.just(R), st.integers(0, 127)), min_size=1, max_size=40
    ).filter(lambda steps: any(value >= 0 for value in steps)),
    st.integers(-12, 12),
)
def test_whatever_is_named_can_be_transposed(steps: list[int], semitones: int) -> None:
    """Any pitches get names of their own pitch, which in any key need two accidentals at most."""
    key, fifths = named(steps)
    melody = Melody("m", tuple(steps), fifths, key, ())
    for version in (melody, melody.transposed(semitones)):
        for place, value in zip(version.fifths, version.steps, strict=True):
            if value >= 0:
                name_of(place, value)
    assert -6 <= key <= 6


def test_names_far_from_their_key_are_changed_for_near_ones(tmp_path: Path) -> None:
    """A double sharp in a key with flats could not be written in all keys; its pitch stays."""
    file = tmp_path / "far.abc"
    file.write_text(abc("^^F E D C|^^G A B c|", key="Eb"))
    found = read_file(file).melodies[0]
    onsets = [(f, v) for f, v in zip(found.fifths, found.steps, strict=True) if v >= 0]
    assert [v for _, v in onsets][0::4] == [67, 69]
    assert all(FLATTEST <= f - found.key_fifths <= SHARPEST for f, _ in onsets)


# --- a folder --------------------------------------------------------------------------------


def folder_of(root: Path) -> Path:
    """Two good files in two folders, two bad ones, and one that is none of ours."""
    (root / "deep").mkdir(parents=True)
    (root / "good.abc").write_text(abc(QUARTERS, "c B A G|F E D C|", "C D E|"))
    midi(root / "deep" / "scale.MID", line(*SCALE))
    (root / "bad.mid").write_bytes(b"noise")
    (root / "waltz.abc").write_text(abc("C D E|F G A|B c d|e d c|", metre="3/4"))
    (root / "notes.txt").write_text("not a score")
    return root


@pytest.fixture
def tunes(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "tunes")


def gathered(tunes: Path, *, bar_aligned: bool = True) -> Gathered:
    return gather(tunes, tunes.parent / "cache", bar_aligned=bar_aligned)


def test_what_cannot_be_used_is_listed_and_the_rest_is_used(tunes: Path) -> None:
    """Every file has a line; the source says how many were used."""
    found = gathered(tunes)
    assert [m.steps[0] for m in found.melodies] == [60, 60, 72]
    assert found.account[1] == "deep/scale.MID: 1 melody used"
    assert found.account[3] == "good.abc: 2 melodies used"
    assert len(found.refused) == 3
    assert found.refused[0].startswith("bad.mid: not used: not parseable")
    assert found.refused[1] == "good.abc (tune 3, Tune 3): not used: shorter than two bars"
    assert found.refused[2] == "waltz.abc: not used: no two bars of 4/4 from bar line to bar line"
    assert found.source.description == "3 melodies from 2 of the 4 files in the folder tunes"


def test_free_windows_take_any_metre(tunes: Path) -> None:
    """A waltz is of use where windows may start anywhere."""
    assert len(gathered(tunes, bar_aligned=False).melodies) == 4


def test_the_same_files_are_read_once(tunes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is kept under the files' content; a changed file is read again."""
    reads: list[Path] = []

    def reading(file: Path) -> Reading:
        reads.append(file)
        return read_file(file)

    monkeypatch.setattr(own_corpus, "read_file", reading)
    first = gathered(tunes)
    assert gathered(tunes) == first
    assert len(reads) == 4
    (tunes / "good.abc").write_text(abc("G G G G|A A A A|"))
    assert gathered(tunes).melodies != first.melodies
    assert len(reads) == 8


def test_a_damaged_cache_is_read_anew(tunes: Path) -> None:
    """Cut or altered, it is noticed."""
    first = gathered(tunes)
    (cache,) = (tunes.parent / "cache").iterdir()
    whole = cache.read_bytes()
    for body in (b"", whole[:-9], whole[:60] + b"x" + whole[61:]):
        cache.write_bytes(body)
        assert gathered(tunes) == first


def test_many_files_are_read_by_several_processes(tmp_path: Path) -> None:
    """In the order of their names, and the progress is told."""
    for n in range(own_corpus.FEWEST_FOR_PROCESSES):
        (tmp_path / f"{n}.abc").write_text(abc(f"{'CDEFGABcd'[n]} D E F|G A B c|"))
    told: list[tuple[int, int]] = []
    found = gather(
        tmp_path, tmp_path / "cache", bar_aligned=True, progress=lambda *at: told.append(at)
    )
    assert [m.steps[0] for m in found.melodies] == [60, 62, 64, 65, 67, 69, 71, 72, 74]
    assert told[-1] == (9, 9)


@pytest.mark.parametrize("what", ["nowhere", "empty", "file"])
def test_a_folder_without_melodies_is_refused(tmp_path: Path, what: str) -> None:
    """No folder, an empty one, a file: one sentence that names it."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match=what):
        score_files(tmp_path / what)


def test_a_folder_with_nothing_usable_is_refused(tmp_path: Path) -> None:
    """The sentence counts the files and gives the first reason."""
    (tmp_path / "a.abc").write_text(abc("C D E F|"))
    (tmp_path / "b.mid").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"none of the 2 files.* a\.abc: not used: shorter"):
        gathered(tmp_path)


def test_a_corpus_too_small_for_three_sides_is_refused(tmp_path: Path) -> None:
    """Seven tunes are too few; eight do, whatever the shuffle."""
    with pytest.raises(CorpusError, match=r"7 different tunes .* at least 8 different tunes"):
        three_sides(tmp_path, [tiny_melody(n) for n in range(7)], bar_aligned=True, hop_steps=16)
    melodies = [tiny_melody(n) for n in range(MIN_TUNES)]
    corpus = three_sides(tmp_path, melodies, bar_aligned=True, hop_steps=16)
    assert all(len(windows) for windows in corpus.sides.values())


@pytest.mark.parametrize("count", range(MIN_TUNES, 41))
def test_from_eight_tunes_up_no_side_is_empty(count: int) -> None:
    """80 / 10 / 10 of so many, rounded."""
    assert set(split_by_tune([tiny_melody(n, bars=2) for n in range(count)])) == {
        "train",
        "validation",
        "test",
    }


def test_a_range_too_wide_for_tokens_is_refused() -> None:
    """Ten octaves in every key have more names than a byte can number: one sentence."""
    chance = random.Random(0)
    wide = [
        Melody(str(n), tuple(low + p for p in row), named([low + p for p in row])[1], 0, ())
        for n, low in enumerate([0, 104])
        for row in [[chance.randrange(24) for _ in range(32)]]
    ]
    with pytest.raises(CorpusError, match="at most 256"):
        build_corpus(wide, bar_aligned=False, hop_steps=1)


def test_a_card_never_says_bach_of_another_corpus() -> None:
    """The chorales' source names them; a folder's names the folder, and claims no rights."""
    melodies = [tiny_melody(0)]
    bach, own = chorales_source(melodies), own_source(melodies, "tunes", 1, 2)
    assert "Bach" in bach.data_licence
    assert "Bach" in bach.licence_text
    for text in (own.description, own.data_licence, own.licence_text):
        assert "Bach" not in text
        assert "tunes" in text
    assert bach.sha256 == own.sha256
