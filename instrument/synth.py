"""FluidSynth as the synth of a performance: started, watched, started again, ended.

Main process only. It has no shell but its stdin, a pipe of ours: when main is gone it reads the end
of it and goes, too.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from instrument.children import Interview
from instrument.sound import NO_FLUIDSYNTH, SoundError, sound_font

PORT = "glisser-synth"  # a part of its port's name
NAMES = ("fluidsynth",)
# Where its notes come from, and where its sound goes where that is not its own choice.
SYSTEMS: dict[str, tuple[str, ...]] = {
    "jack": (
        *("-m", "jack", "-o", f"midi.jack.id={PORT}"),
        *("-a", "jack", "-o", f"audio.jack.id={PORT}", "-o", "audio.jack.autoconnect=1"),
    ),
    "alsa": ("-m", "alsa_seq", "-o", f"midi.alsa_seq.id={PORT}"),
    "coremidi": (
        *("-m", "coremidi", "-o", f"midi.coremidi.id={PORT}", "-o", f"midi.portname={PORT}"),
        *("-a", "coreaudio"),
    ),
}
# Left to itself FluidSynth takes JACK, which a machine that plays by ALSA seldom runs.
AUDIO_TRIED: dict[str, tuple[tuple[str, ...], ...]] = {
    "alsa": (("-a", "pulseaudio"), ("-a", "pipewire"), ("-a", "alsa")),
}
START_PATIENCE_S = 15.0  # a large SoundFont on a slow disk
LOOK_S = 0.1
QUIT_PATIENCE_S = 1.0
AGAIN_S = 2.0  # between two that die


def synth_font(name: str, font: Path | None) -> str:
    """The SoundFont that ``--synth NAME`` plays: ``font``, or the first that this machine has.

    Raises :class:`SoundError` for another synth, and where FluidSynth or a SoundFont is missing.
    """
    asked = f"--synth {name}"
    if name not in NAMES:
        raise SoundError(f"{asked}: there is one synth, {NAMES[0]}")
    if shutil.which("fluidsynth") is None:
        raise SoundError(f"{asked} needs FluidSynth; {NO_FLUIDSYNTH}")
    return str(sound_font(asked, font).resolve())


class Synth:
    """One FluidSynth after another, with a MIDI port called :data:`PORT`."""

    def __init__(self, font: str, api: str, fault: Callable[[str], None]) -> None:
        """``api`` is the MIDI system that is played to; ``fault`` gets lines for a person."""
        self._font, self._api, self._fault = font, api, fault
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._began_s = 0.0
        self._audio: tuple[str, ...] = ()

    def start(self) -> None:
        """Start it and wait for its port. Raises :class:`SoundError`, its own last words in it."""
        if self._api not in SYSTEMS:
            there = "no MIDI system" if self._api == "none" else "no MIDI port of its own"
            raise SoundError(f"--synth fluidsynth: there is {there} for it here")
        until_s = time.monotonic() + START_PATIENCE_S
        for audio in AUDIO_TRIED.get(self._api, ((),)):
            self._audio = audio
            self._launch()
            if self._comes(until_s):
                return
            self.close()
        raise SoundError(f"--synth fluidsynth: it did not start{self._last_words()}")

    def watch(self) -> None:
        """Start another where the last has died; never waits. Its port is found by the listener."""
        if self._has_ended() and time.monotonic() - self._began_s > AGAIN_S:
            self._fault("FluidSynth was lost; it is started again, and the music goes on")
            self._launch()

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            if process.stdin:
                process.stdin.close()  # the end of its shell
        try:
            process.wait(QUIT_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _launch(self) -> None:
        self._began_s = time.monotonic()
        if self._said is None:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as we live
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [
                shutil.which("fluidsynth") or "fluidsynth",
                *("-q", *SYSTEMS[self._api], *self._audio, self._font),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            start_new_session=True,  # Ctrl-C is for main, which lets the last note ring
        )

    def _comes(self, until_s: float) -> bool:
        """Whether its port appears, before it ends and before ``until_s``."""
        while not self._has_port():
            if self._has_ended() or time.monotonic() > until_s:
                return False
            time.sleep(LOOK_S)
        return True

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _has_port(self) -> bool:
        """Asked in a process of its own: main opens no MIDI."""
        interview = Interview("instrument.midi_ports")
        try:
            message = interview.listen(START_PATIENCE_S) or {"systems": []}
        finally:
            interview.close()
        here = (system for system in message["systems"] if system["api"] == self._api)
        return any(PORT in name for system in here for name in system["outputs"])

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""
