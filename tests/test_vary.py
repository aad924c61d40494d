"""glisser vary: a melody of the user's own, read, encoded, moved along coordinates, written."""

import io
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import mido
import numpy as np
import pytest

from engine.decoding import PhraseDecoder
from engine.fitting import LooseNote
from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP, Phrase
from engine.vocabulary import Vocabulary
from instrument.arguments import InputError, sweeps_of, variations_of
from instrument.cli import main
from instrument.melody_file import MelodyFileError, read_melody
from instrument.vary import Varied, midi_of, report, vary

H, R = HOLD_STEP, REST_STEP
QUARTER = 480
VOCABULARY = Vocabulary.of(["C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"])
Messages = Sequence[mido.Message | mido.MetaMessage]
Run = Callable[..., tuple[int, str, str]]


def song(file: Path, *tracks: Messages, kind: int = 1) -> Path:
    midi = mido.MidiFile(type=kind, ticks_per_beat=QUARTER)
    midi.tracks += [mido.MidiTrack(track) for track in tracks]
    midi.save(file)
    return file


def notes(*pitches: int, channel: int = 0, beats: float = 1.0) -> list[mido.Message]:
    """One after the other, each of as many quarters."""
    found = []
    for pitch in pitches:
        on = mido.Message("note_on", note=pitch, channel=channel)
        off = mido.Message("note_off", note=pitch, channel=channel, time=round(QUARTER * beats))
        found += [on, off]
    return found


def meta(kind: str, time: int = 0, **values: int) -> mido.MetaMessage:
    return mido.MetaMessage(kind, time=time, **values)


def metre(numerator: int, denominator: int, time: int = 0) -> mido.MetaMessage:
    return meta("time_signature", time, numerator=numerator, denominator=denominator)


# --- reading ---------------------------------------------------------------------------------


def test_notes_come_in_sixteenths_and_the_tempo_is_kept(tmp_path: Path) -> None:
    """Onsets and lengths of a plain file, at the tempo it names; 120 where it names none."""
    found = read_melody(
        song(tmp_path / "a.mid", [meta("set_tempo", tempo=750_000), *notes(60, 62)])
    )
    assert found.notes == (LooseNote(60, 0.0, 4.0), LooseNote(62, 4.0, 4.0))
    assert (found.tempo_bpm, found.remarks) == (80.0, ())
    assert read_melody(song(tmp_path / "b.mid", notes(60))).tempo_bpm == 120.0


def test_a_change_of_tempo_is_told(tmp_path: Path) -> None:
    """The tempo at the first note is kept throughout."""
    track = [
        meta("set_tempo", tempo=600_000),
        *notes(60),
        meta("set_tempo", tempo=300_000),
        *notes(62),
    ]
    found = read_melody(song(tmp_path / "a.mid", track))
    assert found.tempo_bpm == 100.0
    assert found.remarks == ("its tempo changes; 100 bpm is kept throughout",)


def test_of_several_parts_the_highest_is_read(tmp_path: Path) -> None:
    """Tracks and channels are parts; drums are none, however high."""
    tracks = [notes(40, 43), [*notes(60, channel=1), *notes(72, channel=2)], notes(99, channel=9)]
    found = read_melody(song(tmp_path / "a.mid", *tracks))
    assert [note.pitch for note in found.notes] == [72]
    assert found.remarks == ("3 parts have notes; the highest is read (track 2, channel 3)",)


def test_a_note_never_closed_ends_with_its_track(tmp_path: Path) -> None:
    """And a note-on of velocity 0 is a note-off."""
    on = mido.Message("note_on", note=60)
    track = [on, mido.Message("note_on", note=60, velocity=0, time=QUARTER)]
    track += [mido.Message("note_on", note=64), meta("end_of_track", 2 * QUARTER)]
    found = read_melody(song(tmp_path / "a.mid", track))
    assert found.notes == (LooseNote(60, 0.0, 4.0), LooseNote(64, 4.0, 8.0))


def test_of_two_notes_on_one_key_the_older_is_closed_first(tmp_path: Path) -> None:
    """Three quarters overlap on one key: the first lasts two of them, and so does the second."""
    on, off = mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=QUARTER)
    track = [on, on.copy(time=QUARTER), off, off]
    found = read_melody(song(tmp_path / "a.mid", track))
    assert found.notes == (LooseNote(60, 0.0, 8.0), LooseNote(60, 4.0, 8.0))


def test_an_upbeat_written_as_a_short_bar_keeps_its_place(tmp_path: Path) -> None:
    """A bar of 1/4 before 4/4: its note falls on the fourth beat, and the downbeat on the first."""
    track = [metre(1, 4), *notes(60), metre(4, 4), *notes(65)]
    found = read_melody(song(tmp_path / "a.mid", track))
    assert [note.onset_steps for note in found.notes] == [12.0, 16.0]


@pytest.mark.parametrize(
    ("tracks", "words"),
    [
        ([[metre(3, 4), *notes(60)]], "is in 3/4; only 4/4"),
        ([[metre(4, 4), *notes(60, 62), metre(6, 8), *notes(64)]], "is in 6/8"),
        ([[metre(2, 4), *notes(60, 62, 64, 65), metre(4, 4), *notes(64)]], "is in 2/4"),
        ([[]], "holds no notes"),
        ([notes(36, 38, channel=9)], "holds no notes"),
        ([[meta("set_tempo", tempo=0), *notes(60)]], "set_tempo"),
    ],
)
def test_a_file_without_a_melody_for_us_is_refused(
    tmp_path: Path, tracks: list[Messages], words: str
) -> None:
    """Another metre, no notes, drums alone, no tempo: one sentence naming the file."""
    with pytest.raises(MelodyFileError, match=rf"a\.mid.*{words}"):
        read_melody(song(tmp_path / "a.mid", *tracks))


def test_a_metre_after_the_last_note_does_no_harm(tmp_path: Path) -> None:
    """Nobody hears it."""
    read_melody(song(tmp_path / "a.mid", [*notes(60), metre(3, 4, time=QUARTER)]))


def test_bytes_that_are_no_midi_are_refused(tmp_path: Path) -> None:
    """Cut anywhere or altered anywhere, a file is read or refused; nothing else happens."""
    whole = song(tmp_path / "a.mid", notes(60, 62)).read_bytes()
    file = tmp_path / "b.mid"
    bodies = [whole[:cut] for cut in range(len(whole))]
    bodies += [whole[:at] + b"\xff" + whole[at + 1 :] for at in range(len(whole))]
    for body in bodies:
        file.write_bytes(body)
        with suppress(MelodyFileError):
            read_melody(file)
    file.write_bytes(whole[:-3])
    with pytest.raises(MelodyFileError, match=r"b\.mid is not a whole MIDI file"):
        read_melody(file)
    song(file, notes(60), kind=2)
    with pytest.raises(MelodyFileError, match="type 2"):
        read_melody(file)


# --- varying ---------------------------------------------------------------------------------


class Echo(PhraseDecoder):
    """Encodes a phrase as its index, and plays z1 + z3 quarters of C, D, E..., z3 the index.

    z2 ties the beginning: at 1 it is a HOLD.
    """

    def __init__(self) -> None:
        self.vocabulary = VOCABULARY

    def encode(self, phrases: Sequence[Phrase]) -> np.ndarray:
        return np.asarray([[2.0, 0.0, float(index)] for index in range(len(phrases))], np.float32)

    def tokens(self, z: object) -> np.ndarray:
        rows = []
        for z1, z2, z3 in z:  # type: ignore[attr-defined]
            quarters = min(round(z1 + z3), PHRASE_STEPS // 4)
            row = [60, H, H, H] * quarters + [R] * (PHRASE_STEPS - 4 * quarters)
            row[0] = H if z2 == 1.0 else row[0]
            rows.append(VOCABULARY.tokens(row))
        return np.asarray(rows)


def phrase(*steps: int) -> Phrase:
    return VOCABULARY.phrase(VOCABULARY.tokens([*steps, *[R] * (PHRASE_STEPS - len(steps))]))


LONG = phrase(60, *[H] * 31)


def test_a_sweep_sets_a_coordinate_of_every_phrase() -> None:
    """Absolute values by even steps, ends included; the other coordinates stay as encoded."""
    varied = vary([LONG, LONG], Echo(), [(1, 0.0, 4.0)], 3)
    assert [v.name for v in varied.variations] == ["z1 = 0", "z1 = 2", "z1 = 4"]
    assert [v.notes for v in varied.variations] == [0 + 1, 2 + 3, 4 + 5]
    assert (varied.heard.notes, varied.bars) == (2 + 3, 4)
    assert varied.stands_at == {1: 2.0}


def test_sweeps_of_several_coordinates_go_together() -> None:
    """In each variation each stands at its own value."""
    varied = vary([phrase(60)], Echo(), [(3, 1.0, 0.0), (1, -0.0, 0.5)], 2)
    assert [v.name for v in varied.variations] == ["z1 = 0, z3 = 1", "z1 = 0.5, z3 = 0"]
    assert varied.stands_at == {3: 0.0, 1: 2.0}


def test_the_notes_kept_are_those_with_onset_and_pitch() -> None:
    """Of three notes one has another pitch and one another place in the reconstruction."""
    varied = vary([phrase(60, H, H, H, 62, 60)], Echo(), [(1, 0.0, 1.0)], 2)
    assert (varied.notes, varied.kept, varied.heard.notes) == (3, 1, 2)
    assert report(varied)[0] == (
        "as the model hears it: 1 of 3 notes kept (onset and pitch), 2 played; "
        "it stands at z1 = 2.00"
    )


def test_a_silent_bar_stays_silent() -> None:
    """A bar of rest is part of the melody; what the model would make of it is not heard."""
    varied = vary([phrase(60), phrase(), phrase(*[R] * 20, 62)], Echo(), [(1, 3.0, 3.0)], 2)
    assert varied.variations[0].notes == 3 + 0 + 1  # in the last phrase one of five is in bar 2
    for variation in (varied.heard, *varied.variations):
        assert set(variation.steps[16:80]) == {R}
    assert varied.stands_at == {1: 2.0}


def events(varied: Varied) -> list[tuple[float, int, bool]]:
    """(beat, pitch, is it an onset) of the second track."""
    track, found, tick = mido_tracks(varied)[1], [], 0
    for message in track:
        tick += message.time
        if not message.is_meta:
            found.append((tick / 96, message.note, message.type == "note_on"))
    return found


def mido_tracks(varied: Varied) -> list[mido.MidiTrack]:
    return list(mido.MidiFile(file=io.BytesIO(midi_of(varied, 90.0))).tracks)


def test_the_file_names_each_variation_where_it_begins() -> None:
    """Markers at the first tick of each, the tempo kept, and the file as long as all of them."""
    varied = vary([phrase(60)], Echo(), [(1, 1.0, 2.0)], 2)
    conductor = mido_tracks(varied)[0]
    tick, markers = 0, []
    for message in conductor:
        tick += message.time
        if message.type == "marker":
            markers.append((tick, message.text))
    assert markers == [(0, "as the model hears it"), (768, "z1 = 1"), (1536, "z1 = 2")]
    assert [m.tempo for m in conductor if m.type == "set_tempo"] == [666_667]
    assert tick == 3 * 768


def test_a_tie_goes_from_phrase_to_phrase_but_not_from_one_variation_to_the_next() -> None:
    """A HOLD at a phrase's beginning carries the note before it; at a variation's it is a rest."""
    varied = vary([LONG] * 2, Echo(), [(2, 1.0, 1.0), (1, 8.0, 8.0)], 2)
    # Each phrase: HOLD for a quarter, then seven quarters; the second takes up the first's last.
    first = [event for event in events(varied) if 16 <= event[0] <= 32]
    assert first[:2] == [(17.0, 60, True), (18.0, 60, False)]
    assert (24.0, 60, False) not in first
    assert (25.0, 60, False) in first
    assert first[-1] == (32.0, 60, False)


# --- the command -----------------------------------------------------------------------------


def test_what_is_typed_for_sweep_and_steps() -> None:
    """Several sweeps of different coordinates, and two variations or more."""
    assert sweeps_of(["z1=-3:3", "z2=1:0"], 12) == [(1, -3.0, 3.0), (2, 1.0, 0.0)]
    for texts in ([], ["z1=0:1", "z1=0:2"], ["z13=0:1"], ["loud"]):
        with pytest.raises(InputError, match="--sweep"):
            sweeps_of(texts, 12)
    assert variations_of(2) == 2
    for steps in (1, 0, -1, 101):
        with pytest.raises(InputError, match="--steps"):
            variations_of(steps)


@pytest.fixture
def glisser(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tiny_checkpoint: Path
) -> Run:
    """``glisser vary ARGS`` in this process: status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        common = ["glisser", "vary", "--checkpoint", str(tiny_checkpoint)]
        monkeypatch.setattr(sys, "argv", [*common, *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_a_melody_is_varied(glisser: Run, tmp_path: Path) -> None:
    """The file has the melody and its variations, and what was done is told line by line."""
    file = song(tmp_path / "a.mid", notes(*[36, 38, 40, 41, 43, 45, 47, 48]))
    out = tmp_path / "out.mid"
    status, told, err = glisser(str(file), "--sweep", "z1=-3:3", str(out), "--steps", "3")
    assert (status, err) == (0, "")
    lines = told.splitlines()
    assert lines[0] == f"{file}: 8 notes, 2 bars at 120 bpm"
    assert lines[1].startswith("  the melody moved up 2 octaves")
    assert lines[2].startswith("as the model hears it: ")
    assert [line.partition(":")[0] for line in lines[3:]] == [
        "z1 = -3",
        "z1 = 0",
        "z1 = 3",
        str(out),
    ]
    assert mido.MidiFile(out).length == pytest.approx(4 * 4.0)
    again = tmp_path / "again.mid"
    glisser(str(file), str(again), "--sweep=z1=-3:3", "--steps", "3", "--tempo", "60")
    assert mido.MidiFile(again).length == pytest.approx(4 * 8.0)


@pytest.mark.parametrize(
    ("melody", "out", "options", "words"),
    [
        ("none.mid", "out.mid", ["--sweep", "z1=-3:3"], ["none.mid", "cannot be read"]),
        ("noise.mid", "out.mid", ["--sweep", "z1=-3:3"], ["noise.mid", "MIDI file"]),
        ("empty.mid", "out.mid", ["--sweep", "z1=-3:3"], ["empty.mid", "no notes"]),
        ("waltz.mid", "out.mid", ["--sweep", "z1=-3:3"], ["waltz.mid", "3/4", "4/4"]),
        ("good.mid", "out.mid", [], ["--sweep", "z1=-3:3"]),
        ("good.mid", "out.mid", ["--sweep", "z13=0:1"], ["z13", "z12"]),
        ("good.mid", "out.mid", ["--sweep", "z1=0:1", "--steps", "1"], ["--steps 1"]),
        ("good.mid", "out.mid", ["--sweep", "z1=0:1", "--tempo", "0"], ["--tempo 0"]),
        ("good.mid", "out.wav", ["--sweep", "z1=0:1"], ["out.wav", ".mid"]),
        ("good.mid", "no/out.mid", ["--sweep", "z1=0:1"], ["no/out.mid", "cannot be written"]),
        ("good.mid", "good.mid", ["--sweep", "z1=0:1"], ["good.mid", "the melody itself"]),
    ],
)
def test_bad_input_is_one_sentence_and_no_file(
    glisser: Run, tmp_path: Path, melody: str, out: str, options: list[str], words: list[str]
) -> None:
    """Status 2, a sentence that names what is wrong, and every file as it was."""
    (tmp_path / "noise.mid").write_bytes(b"noise")
    song(tmp_path / "empty.mid", [])
    song(tmp_path / "waltz.mid", [metre(3, 4), *notes(60)])
    song(tmp_path / "good.mid", notes(60, 62))
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    status, told, err = glisser(str(tmp_path / melody), str(tmp_path / out), *options)
    assert (status, told) == (2, "")
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_melody_of_a_thousand_bars_and_more_is_refused(glisser: Run, tmp_path: Path) -> None:
    """A note far beyond any melody does not fill the memory."""
    file = song(tmp_path / "a.mid", [*notes(60), *notes(62, beats=60_000)])
    status, _, err = glisser(str(file), str(tmp_path / "o.mid"), "--sweep", "z1=0:1")
    assert (status, "at most 1000" in err) == (2, True)
