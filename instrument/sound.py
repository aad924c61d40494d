"""From .mid to .wav through FluidSynth, where it is installed. Main process only."""

import io
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import mido

from engine.files import write_atomically

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.int16]

SOUND_FONTS = (
    "/usr/share/sounds/sf3/default-GM.sf3",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/local/share/fluidsynth/sf2/default.sf2",
    "/opt/homebrew/share/fluid-synth/sf2/default.sf2",
)
SAMPLE_RATE = 48_000
RENDER_LIMIT_S = 600
RING_S = 8.0  # no note of General MIDI rings longer once it is let go, nor does the hall
SILENCE = 16  # of 32,767: what nobody hears


NO_FLUIDSYNTH = "install it (Debian: apt install fluidsynth fluid-soundfont-gm)"


class SoundError(Exception):
    """There is no sound to be had; the message is one sentence that says what to install."""


def write_wav(midi: bytes, out: Path, *, loop: bool = False, font: Path | None = None) -> None:
    """Play ``midi`` into ``out`` as 16-bit stereo at 48 kHz, faster than real time.

    It begins with the first tick and rings out after the last one; with ``loop`` it is as long as
    the music, to the sample, and what would ring out sounds at the beginning: repeated, it has no
    seam. ``font``: the SoundFont; else the first that this machine has. Raises :class:`SoundError`
    when FluidSynth or a SoundFont is missing, ``OSError`` when ``out`` cannot be written.
    """
    found = sound_font(str(out), font)
    score = mido.MidiFile(file=io.BytesIO(midi))
    frames = round(score.length * SAMPLE_RATE)
    heard = _played(_longer(score), out, found)
    write_atomically(out, _wav(_wrapped(heard, frames) if loop else _rung_out(heard, frames)))


def sound_font(asked: str, font: Path | None) -> Path:
    """``font``, or the first SoundFont that this machine has. Raises :class:`SoundError`.

    ``asked``: what needs it, for the sentence.
    """
    if font is not None and not font.is_file():
        raise SoundError(f"{font} is not there; a SoundFont is a file that ends in .sf2 or .sf3")
    found = font or next((Path(name) for name in SOUND_FONTS if Path(name).is_file()), None)
    if found is None:
        raise SoundError(
            f"{asked}: FluidSynth found no General MIDI SoundFont; install one (Debian: apt "
            "install fluid-soundfont-gm) or name one with --soundfont"
        )
    return found


def _longer(score: mido.MidiFile) -> bytes:
    """The same with time to ring out, at the tempo in which it ends."""
    last = 0
    microseconds = mido.bpm2tempo(120)  # of a beat, where a file says nothing ("Set Tempo")
    for track in score.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo" and tick >= last:
                last, microseconds = tick, message.tempo
    for track in score.tracks:
        track[-1].time += mido.second2tick(RING_S, score.ticks_per_beat, microseconds)
    buffer = io.BytesIO()
    score.save(file=buffer)
    return buffer.getvalue()


def _rung_out(heard: "Samples", frames: int) -> "Samples":
    """All of the music, and what follows until nobody hears it."""
    loud = abs(heard.astype("i4")).max(1) > SILENCE
    last = int(loud.nonzero()[0][-1]) + 1 if loud.any() else 0
    return heard[: max(frames, last)]


def _wrapped(heard: "Samples", frames: int) -> "Samples":
    """``frames`` of it; what comes later is added where the loop has come round to it."""
    sound = heard[:frames].astype("i4")
    for begin in range(frames, len(heard), frames):
        later = heard[begin : begin + frames]
        sound[: len(later)] += later
    return sound.clip(-32_768, 32_767).astype("i2")


def _wav(samples: "Samples") -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def _played(midi: bytes, out: Path, font: Path) -> "Samples":
    """What FluidSynth makes of it, [frames, 2]. Raises :class:`SoundError`."""
    import numpy as np

    program = shutil.which("fluidsynth")
    if program is None:
        raise SoundError(f"{out}: a .wav needs FluidSynth; {NO_FLUIDSYNTH} or render a .mid")
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        score.write_bytes(midi)
        command = [
            program,
            "-ni",
            "-q",
            "-T",
            "wav",
            "-O",
            "s16",
            "-r",
            str(SAMPLE_RATE),
        ]
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [*command, "-F", str(sound), str(font), str(score)],
            capture_output=True,
            timeout=RENDER_LIMIT_S,
            check=False,
        )
        if done.returncode != 0 or not sound.is_file():
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise SoundError(f"{out}: FluidSynth failed: {reason[-1] if reason else 'no reason'}")
        with wave.open(str(sound)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
