"""A .wav is made by FluidSynth, or refused in one sentence that says what to install."""

import io
import wave
from pathlib import Path

import mido
import numpy as np
import pytest

from instrument.ledger import NoteEvent
from instrument.midifile import midi_bytes
from instrument.sound import RING_S, SAMPLE_RATE, SILENCE, SoundError, write_wav
from instrument.sound import _longer as longer

TWO_BARS = midi_bytes(
    [NoteEvent(0, 0, 1, 60, 96), NoteEvent(384, 0, 1, 60, 0)], [(0, 120.0)], 768, name="test"
)


@pytest.mark.real(needs=["fluidsynth"])
def test_a_wav_sounds_where_the_note_is_and_nowhere_before(tmp_path: Path) -> None:
    """One bar of middle C and one of silence: the first bar is loud, and the second dies away."""
    out = tmp_path / "two.wav"
    write_wav(TWO_BARS, out)
    with wave.open(str(out)) as sound:
        assert sound.getframerate() == SAMPLE_RATE
        assert sound.getnframes() >= 4 * SAMPLE_RATE
        frames = np.frombuffer(sound.readframes(4 * SAMPLE_RATE), np.int16).astype(float)
    bars = frames.reshape(2, -1)
    loudness = np.sqrt((bars**2).mean(1))
    assert loudness[0] > 100.0
    assert loudness[1] < loudness[0] / 4


def read(file: Path) -> np.ndarray:
    with wave.open(str(file)) as sound:
        assert sound.getframerate() == SAMPLE_RATE
        data = sound.readframes(sound.getnframes())
    return np.frombuffer(data, "<i2").reshape(-1, 2).astype(float)


def loudness(sound: np.ndarray) -> np.ndarray:
    """Of each fiftieth of a second; FluidSynth begins a note up to a 750th late."""
    window = SAMPLE_RATE // 50
    whole = sound[: len(sound) // window * window].reshape(-1, window, 2)
    return np.asarray(np.sqrt((whole**2).mean((1, 2))))


def melody(times: int) -> bytes:
    """Two bars at 97 bpm, so often; the last note sounds to the end."""
    pitches = (60, 64, 67, 72, 71, 67, 65, 62)
    notes = []
    for n in range(times):
        for beat, pitch in enumerate(pitches):
            tick = n * 768 + beat * 96
            notes += [NoteEvent(tick, 0, 1, pitch, 100), NoteEvent(tick + 96, 0, 1, pitch, 0)]
    return midi_bytes(notes, [(0, 97.0)], times * 768, name="test")


@pytest.mark.real(needs=["fluidsynth"])
def test_a_loop_is_as_long_as_the_music_and_has_no_seam(tmp_path: Path) -> None:
    """Its second time round sounds as if the music itself had come round again."""
    write_wav(melody(1), tmp_path / "loop.wav", loop=True)
    write_wav(melody(3), tmp_path / "thrice.wav")
    loop, thrice = read(tmp_path / "loop.wav"), read(tmp_path / "thrice.wav")
    frames = round(8 * 60 / 97 * SAMPLE_RATE)
    assert len(loop) == pytest.approx(frames, abs=1)
    second = thrice[frames : 2 * frames]
    likeness = np.corrcoef(loudness(loop), loudness(second))[0, 1]
    assert likeness > 0.99
    # Where it is repeated it goes on as it does anywhere else.
    seam = abs(loop[0] - loop[-1]).max()
    assert seam <= np.percentile(abs(np.diff(loop, axis=0)).max(1), 99.9)


@pytest.mark.real(needs=["fluidsynth"])
def test_without_a_loop_the_last_note_rings_out(tmp_path: Path) -> None:
    """After the last bar there is sound, and then silence, and then the file ends."""
    write_wav(melody(1), tmp_path / "once.wav")
    sound = read(tmp_path / "once.wav")
    frames = round(8 * 60 / 97 * SAMPLE_RATE)
    assert len(sound) > frames + SAMPLE_RATE // 10
    assert abs(sound[frames : frames + 2400]).max() > 10 * SILENCE
    assert abs(sound[-480:]).max() <= 2 * SILENCE


@pytest.mark.parametrize("tempo_bpm", [20.0, 120.0, 400.0])
def test_the_time_to_ring_out_is_the_same_at_any_tempo(tempo_bpm: float) -> None:
    """Eight seconds at the tempo in which the music ends, not at the quickest there is."""
    midi = midi_bytes(
        [NoteEvent(0, 0, 1, 60, 96), NoteEvent(384, 0, 1, 60, 0)],
        [(0, 90.0), (384, tempo_bpm)],
        768,
        name="test",
    )
    score = mido.MidiFile(file=io.BytesIO(midi))
    before_s = score.length
    rung_out = mido.MidiFile(file=io.BytesIO(longer(score)))
    assert rung_out.length - before_s == pytest.approx(RING_S, abs=0.05)


def test_a_soundfont_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """It names the file, and nothing is written."""
    with pytest.raises(SoundError, match=r"mine\.sf2 is not there"):
        write_wav(TWO_BARS, tmp_path / "two.wav", font=tmp_path / "mine.sf2")
    assert list(tmp_path.iterdir()) == []


def test_without_fluidsynth_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with the package's name, and no file."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundError, match="apt install fluidsynth"):
        write_wav(TWO_BARS, tmp_path / "two.wav")
    assert list(tmp_path.iterdir()) == []


def test_without_a_soundfont_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FluidSynth alone makes no sound."""
    program = tmp_path / "fluidsynth"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("instrument.sound.SOUND_FONTS", ())
    with pytest.raises(SoundError, match="fluid-soundfont-gm"):
        write_wav(TWO_BARS, tmp_path / "two.wav")
