"""Faults injected into a performance on real ports, a few each; ``make torture`` does hundreds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import rtmidi

from benchmarks.torture_server import kill_server
from tests.jack import JackServer, running_jack
from tests.live import Play, alive, judging, playing, wait_for_port
from tests.test_live import send_udp

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=[])

JACK = ["jackd", "jack_midi_dump", "jack_lsp", "stdbuf"]
NOTE_ON = 0x90


@pytest.fixture(scope="module")
def jack() -> Iterator[JackServer]:
    with running_jack() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@dataclass
class Synth:
    """A port to play to, and what arrived there."""

    port: rtmidi.MidiIn
    heard: list[list[int]] = field(default_factory=list)

    def hear(self, event: tuple[list[int], float], _: object) -> None:
        self.heard.append(event[0])

    @property
    def note_ons(self) -> int:
        return sum(message[0] & 0xF0 == NOTE_ON for message in self.heard)

    def sounding(self) -> set[int]:
        """What was struck and not closed since it was plugged in."""
        open_now: set[int] = set()
        for message in self.heard:
            if message[0] & 0xF0 == NOTE_ON:
                open_now.add(message[1])
            elif message[0] & 0xF0 == 0x80:
                open_now.discard(message[1])
            elif message[:2] == [0xB0, 123]:
                open_now.clear()
        return open_now


@contextmanager
def synth(name: str) -> Iterator[Synth]:
    """One that is plugged in now and unplugged at the end."""
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name)
    plugged = Synth(port)
    port.set_callback(plugged.hear)
    port.open_virtual_port("midi")
    try:
        yield plugged
    finally:
        port.delete()


def wait_for(play: Play, true: Callable[[], bool]) -> None:
    """Until ``true()``; half a minute of patience."""
    for _ in range(1500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError(f"it does not come; it said: {play.lines}")


def end(play: Play) -> None:
    play.process.send_signal(signal.SIGINT)
    assert play.finish() == 0


@pytest.mark.real(needs=JACK)
@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_player_is_replaced_and_nothing_sticks(
    jack: JackServer, tmp_path: Path, fault: signal.Signals
) -> None:
    """Dead or mute: another goes on, and the take replays to the byte, gap and all."""
    with judging(jack) as judge, playing(tmp_path / "t.mid", jack=jack) as play:
        play.until_bar(2)
        first = play.children()["instrument.player"]
        os.kill(first, fault)
        play.until("the player goes on after")
        for _ in range(3):
            play.until("^bar ")
        assert play.children()["instrument.player"] != first
        end(play)
        judge.stop()
    assert judge.still_sounding() == []
    assert [m["type"] for m in play.account()].count("begin") == 2
    again = tmp_path / "again.mid"
    command = [
        sys.executable,
        "-m",
        "instrument.cli",
        "render",
        str(again),
        "--from",
        str(play.take),
    ]
    subprocess.run(command, check=True)
    assert again.read_bytes() == play.take.read_bytes()


def test_an_engine_that_does_not_answer_is_replaced(tmp_path: Path) -> None:
    """It is not dead, only silent: after five seconds it is, and another has the knobs."""
    with playing(tmp_path / "t.mid", "--midi-api", "none") as play:
        play.until("engine ready")
        first = play.children()["engine.service"]
        os.kill(first, signal.SIGSTOP)
        send_udp(play.osc_port, "/glisser/knob/1", 1.0)
        play.until("the engine died")
        play.until(r"z1 \+3\.00")
        assert play.children()["engine.service"] != first
        assert not alive(first)
        end(play)


@pytest.mark.real(needs=JACK)
def test_when_main_is_killed_everything_ends_silent(jack: JackServer, tmp_path: Path) -> None:
    """The player closes what sounds; nobody is left, and the take is there to its last bar."""
    with judging(jack) as judge, playing(tmp_path / "t.mid", jack=jack) as play:
        play.until_bar(3)
        children = play.children()
        play.process.kill()
        wait_for(play, lambda: not any(map(alive, children.values())))
        judge.stop()
    assert judge.notes
    assert judge.still_sounding() == []
    assert '"bar":3' in (tmp_path / "t.jsonl.part").read_text()


@pytest.mark.real(needs=["jackd", "jack_wait"])
def test_a_killed_server_is_played_to_again() -> None:
    """Nothing hangs meanwhile; when it is back there is silence first, then music."""
    found = kill_server(dict(os.environ))
    assert (found["hung"], found["orphans"], found["still_open"]) == (0, [], 0)
    assert found["silent_first"]


@pytest.mark.real(needs=JACK)
def test_a_synth_that_comes_back_under_another_name_is_played_to(
    jack: JackServer, tmp_path: Path
) -> None:
    """By the part of its name that was asked for; what it still holds is silenced first."""
    with synth("Synth") as first, playing(tmp_path / "t.mid", jack=jack, out="synth") as play:
        wait_for(play, lambda: first.note_ons > 4)
        first.port.close_port()
        play.until("MIDI out: synth is gone")
        with synth("Synth-02") as back:
            play.until("MIDI out: synth is back")
            wait_for(play, lambda: back.note_ons > 4)
            end(play)
            assert back.heard[0][0] & 0xF0 != NOTE_ON
            assert back.sounding() == set()


@pytest.mark.real(needs=JACK)
def test_of_two_synths_one_may_go(jack: JackServer, tmp_path: Path) -> None:
    """The other plays on."""
    with synth("Left") as left, synth("Right") as right:
        both = ["--out", "right"]
        with playing(tmp_path / "t.mid", *both, jack=jack, out="left") as play:
            wait_for(play, lambda: min(left.note_ons, right.note_ons) > 4)
            left.port.close_port()
            play.until("MIDI out: left is gone")
            before = right.note_ons
            wait_for(play, lambda: right.note_ons > before + 8)
            end(play)
            assert right.sounding() == set()


@pytest.mark.real(needs=[*JACK, "jack_connect"])
def test_a_virtual_port_has_its_cable_again(jack: JackServer, tmp_path: Path) -> None:
    """It goes with its player; the next one's is plugged in where the last one's was."""

    def connected() -> bool:
        listed = subprocess.run(["jack_lsp", "-c", "Glisser"], capture_output=True, text=True)
        return "midi-monitor:input" in listed.stdout

    with judging(jack) as judge, playing(tmp_path / "t.mid", jack=jack, out=None) as play:
        play.until_bar(1)
        wait_for_port(jack, "Glisser:out")
        subprocess.run(["jack_connect", "Glisser:out", "midi-monitor:input"], check=True)
        play.until_bar(4)  # so that it has been seen
        os.kill(play.children()["instrument.player"], signal.SIGKILL)
        play.until("the player goes on after")
        wait_for(play, connected)
        for _ in range(3):
            play.until("^bar ")
        end(play)
        judge.stop()
    assert judge.still_sounding() == []
