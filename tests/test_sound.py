"""A .wav is made by FluidSynth, or refused in one sentence that says what to install."""

import wave
from pathlib import Path

import numpy as np
import pytest

from instrument.ledger import NoteEvent
from instrument.midifile import midi_bytes
from instrument.sound import SAMPLE_RATE, SoundError, write_wav

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
