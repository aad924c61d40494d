"""From .mid to .wav through FluidSynth, where it is installed. Main process only."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from engine.files import write_atomically

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


class SoundError(Exception):
    """There is no sound to be had; the message is one sentence that says what to install."""


def write_wav(midi: bytes, out: Path) -> None:
    """Play ``midi`` into ``out`` as 16-bit stereo at 48 kHz, faster than real time.

    Raises :class:`SoundError` when FluidSynth or a SoundFont is missing, ``OSError`` when ``out``
    cannot be written.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise SoundError(
            f"{out}: a .wav needs FluidSynth; install it (Debian: apt install fluidsynth "
            "fluid-soundfont-gm) or render a .mid"
        )
    font = next((Path(name) for name in SOUND_FONTS if Path(name).is_file()), None)
    if font is None:
        raise SoundError(
            f"{out}: FluidSynth found no General MIDI SoundFont; install one (Debian: apt install "
            "fluid-soundfont-gm) or render a .mid"
        )
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        score.write_bytes(midi)
        command = [program, "-ni", "-q", "-r", str(SAMPLE_RATE), "-F", str(sound), str(font)]
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [*command, str(score)],
            capture_output=True,
            timeout=RENDER_LIMIT_S,
            check=False,
        )
        if done.returncode != 0 or not sound.is_file():
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise SoundError(f"{out}: FluidSynth failed: {reason[-1] if reason else 'no reason'}")
        write_atomically(out, sound.read_bytes())
