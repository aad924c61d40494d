"""``glisser play --synth``: FluidSynth plays, dies and comes back; or one sentence says why not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from instrument.sound import SoundError
from instrument.synth import PORT, Synth, synth_font
from tests.jack import running_jack


def test_what_is_missing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another synth, no FluidSynth, a SoundFont that is not there."""
    with pytest.raises(SoundError, match="--synth moog: there is one synth, fluidsynth"):
        synth_font("moog", None)
    program = tmp_path / "fluidsynth"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundError, match=r"none\.sf2 is not there"):
        synth_font("fluidsynth", tmp_path / "none.sf2")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SoundError, match="--synth fluidsynth needs FluidSynth; install it"):
        synth_font("fluidsynth", None)


def test_where_there_is_no_midi_it_says_so() -> None:
    """Nothing is started."""
    with pytest.raises(SoundError, match="there is no MIDI system for it here"):
        Synth("font.sf2", "none", unheard).start()


def test_one_that_does_not_start_is_told_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it said last stands in the sentence."""
    program = tmp_path / "fluidsynth"
    program.write_text("#!/bin/sh\necho 'no audio driver' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SoundError, match="it did not start: no audio driver"):
        Synth("font.sf2", "jack", unheard).start()


def test_on_alsa_the_first_audio_driver_that_works_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sound server runs, and JACK is not asked for: the sound goes to ALSA."""
    program, tried, there = tmp_path / "fluidsynth", tmp_path / "tried", tmp_path / "there"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tried}\n'
        f'case "$*" in *"-a alsa"*) touch {there}; exec cat;; *) exit 1;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(Synth, "_has_port", lambda _: there.exists())
    synth = Synth("font.sf2", "alsa", unheard)
    synth.start()
    synth.close()
    calls = tried.read_text().splitlines()
    assert ["-a alsa" in call for call in calls] == [False, False, True]
    assert not any("jack" in call for call in calls)


def unheard(_line: str) -> None:
    """Nobody reads it."""


def within(seconds: float, true: Callable[[], bool]) -> bool:
    until_s = time.monotonic() + seconds
    while not true() and time.monotonic() < until_s:
        time.sleep(0.1)
    return true()


@pytest.mark.real(needs=["jackd", "jack_lsp", "fluidsynth"])
def test_fluidsynth_is_heard_and_comes_back_when_it_is_killed(tmp_path: Path) -> None:
    """Its sound is no silence; another takes its place, plugged in; it ends when we do."""
    jack = pytest.importorskip("jack", reason="JACK-Client is not installed", exc_type=ImportError)
    with running_jack() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        command = [sys.executable, "-m", "instrument.cli", "play", "--synth", "fluidsynth"]
        command += ["--midi-api", "jack", "--osc", "127.0.0.1:0"]
        folders = {"XDG_STATE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        performance = subprocess.Popen(
            command, env={**os.environ, **folders}, stdout=subprocess.DEVNULL
        )
        try:
            assert within(30.0, lambda: f"{PORT}:" in cables(PORT))
            assert within(10.0, lambda: "Glisser" in cables(PORT))
            ear = jack.Client("ear", no_start_server=True)
            port = ear.inports.register("in")
            loudest = [0.0]

            def listen(_frames: int) -> None:
                loudest[0] = max(loudest[0], max(abs(port.get_array()), default=0.0))

            ear.set_process_callback(listen)
            ear.activate()
            ear.connect(f"{PORT}:left", port)
            assert within(10.0, lambda: loudest[0] > 0.001)
            (first,) = fluidsynths(performance.pid)
            os.kill(first, signal.SIGKILL)
            assert within(20.0, lambda: fluidsynths(performance.pid) not in ([], [first]))
            assert within(20.0, lambda: "Glisser" in cables(PORT))
            (second,) = fluidsynths(performance.pid)
        finally:
            performance.terminate()
            performance.wait(20.0)
        assert not Path(f"/proc/{second}").exists()


def cables(part: str) -> str:
    """What is plugged where, of the ports with ``part`` in their names."""
    listed = subprocess.run(["jack_lsp", "-c", part], capture_output=True, text=True, check=False)
    return listed.stdout


def fluidsynths(parent: int) -> list[int]:
    """The FluidSynths that ``parent`` has started and that live."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        int(child)
        for child in children
        if Path(f"/proc/{child}/comm").read_text().strip() == "fluidsynth"
    ]
