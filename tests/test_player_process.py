"""The player as a process: pipes, signals, faults and the end."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import pytest

from engine.wire import Message, read_message, write_message
from instrument.clock import ManualClock
from instrument.controls import ControlState
from instrument.player import _by_our_clock as by_our_clock
from instrument.player_messages import Setup
from instrument.tempo import TICKS_PER_BEAT
from tests.parts import SETUP, answer, knob, transport

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=[])

FAST = replace(SETUP, tempo_bpm=400.0, controls=ControlState.standing({"tempo": 400.0}))
PLAYER = [sys.executable, "-m", "instrument.player"]


@dataclass
class Process:
    """A player process and the frames to and from it."""

    popen: "subprocess.Popen[bytes]"

    @property
    def stdin(self) -> BinaryIO:
        return cast(BinaryIO, self.popen.stdin)

    def tell(self, message: Message) -> None:
        write_message(self.stdin, message)

    def hear(self) -> Message | None:
        return read_message(cast(BinaryIO, self.popen.stdout))

    def until(self, kind: str) -> list[Message]:
        """What it says up to the first message of ``kind``; requests are answered meanwhile."""
        heard: list[Message] = []
        while not heard or heard[-1]["type"] != kind:
            message = self.hear()
            assert message is not None, f"it ended before it said {kind}; heard {heard[-3:]}"
            heard.append(message)
            if message["type"] == "request":
                self.tell(answer(message, 64))
        return heard

    def rest(self) -> list[Message]:
        """All that it still says until it closes its stdout."""
        return list(iter(self.hear, None))


@contextmanager
def player_process(setup: Setup, command: Sequence[str] = PLAYER) -> Iterator[Process]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as popen:
        process = Process(popen)
        try:
            process.tell(setup.to_message())
            yield process
        finally:
            if popen.poll() is None:
                popen.kill()


def sounding_after(messages: Sequence[Message]) -> set[int]:
    sounding: set[int] = set()
    for note in messages:
        if note["type"] == "note" and note["velocity"]:
            sounding.add(note["pitch"])
        elif note["type"] == "note":
            sounding.remove(note["pitch"])
    return sounding


def test_a_leader_s_moment_is_read_on_the_player_s_own_clock() -> None:
    """Main tells the time by perf_counter; a player that goes by JACK's frames has another."""

    class Frames(ManualClock):
        def of_perf_ns(self, perf_ns: int) -> int:
            return perf_ns + 777

    told = {"type": "follow", "tempo_bpm": 120.0, "song_tick": 3, "ns": 1000, "placed": True}
    assert by_our_clock(told, Frames()) == {**told, "ns": 1777}
    assert by_our_clock(told, ManualClock()) == told
    assert by_our_clock({"type": "quit"}, Frames()) == {"type": "quit"}


def test_a_whole_performance_over_pipes() -> None:
    """Opened, four bars of which the engine's are the last three, done, bye, status 0."""
    with player_process(replace(FAST, bars=4)) as player:
        heard = player.until("done")
        player.tell({"type": "quit"})
        heard += player.rest()
        assert player.popen.wait() == 0
    opened = {"port": "recorder", "clock_to": "", "api": "none", "recorder": True, "exact": False}
    assert heard[0] == {"type": "opened", **opened}
    onsets = [(n["tick"], n["pitch"]) for n in heard if n["type"] == "note" and n["velocity"]]
    assert onsets == [(n * TICKS_PER_BEAT, 60 if n < 4 else 64) for n in range(16)]
    assert sounding_after(heard) == set()
    assert heard[-1] == {"type": "bye"}
    assert any(message["type"] == "alive" for message in heard)


def test_main_is_gone() -> None:
    """The end of stdin closes the sounding note and ends the process, status 0."""
    with player_process(FAST) as player:
        heard = player.until("note")
        player.stdin.close()
        heard += player.rest()
        assert player.popen.wait() == 0
    assert sounding_after(heard) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_signals_are_mains_business() -> None:
    """Ctrl-C reaches the whole terminal; the player plays on until main tells it."""
    with player_process(FAST) as player:
        player.until("bar")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            player.popen.send_signal(number)
        player.until("bar")
        player.tell({"type": "quit"})
        assert player.rest()[-1] == {"type": "bye"}
        assert player.popen.wait() == 0


def test_a_port_that_is_not_there_is_refused_in_one_sentence() -> None:
    """Status 2, and main has the sentence for the performer."""
    with player_process(replace(SETUP, out=("moog",))) as player:
        (refused,) = player.rest()
        assert player.popen.wait() == 2
    assert refused["type"] == "refused"
    assert "'moog'" in refused["text"]


def test_a_first_message_that_is_no_setup_is_refused() -> None:
    """Main and player of two versions do not make music by accident."""
    pipe = subprocess.PIPE
    stream = io.BytesIO()
    write_message(stream, {**SETUP.to_message(), "version": 0})
    ended = subprocess.run(PLAYER, input=stream.getvalue(), stdout=pipe, check=False)
    refused = read_message(io.BytesIO(ended.stdout))
    assert refused is not None
    assert (ended.returncode, refused["type"]) == (2, "refused")


def test_nobody_there_from_the_start() -> None:
    """A main that dies before its setup leaves nothing behind."""
    ended = subprocess.run(PLAYER, input=b"", capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_a_fault_closes_every_note_and_is_told() -> None:
    """Status 1, one line for the terminal, nothing left sounding."""
    with player_process(FAST) as player:
        heard = player.until("note")
        player.tell({"type": "controls"})  # a bundle with nothing in it
        heard += player.rest()
        assert player.popen.wait() == 1
    assert sounding_after(heard) == set()
    assert heard[-1]["type"] == "error"


CHATTERING = """
import os
import instrument.player
from instrument.midi_out import Recorder

def open_outputs(names, midi_api, **_more):
    os.write(1, b"jackd says hello")
    print("so does Python", flush=True)
    return [Recorder()]

instrument.player.open_outputs = open_outputs
os._exit(instrument.player.main())
"""


def test_a_library_that_prints_spoils_no_frame() -> None:
    """Whatever is written to file descriptor 1 goes to stderr."""
    with player_process(FAST, [sys.executable, "-c", CHATTERING]) as player:
        player.until("bar")
        player.tell({"type": "quit"})
        assert player.rest()[-1] == {"type": "bye"}


HANGING = """
import ctypes, os
import instrument.player
from instrument.midi_out import Recorder

class DeadServer(Recorder):
    def send(self, message, due_ns, /):
        ctypes.PyDLL(None).pause()  # waits for good, and keeps the interpreter's lock

instrument.player.open_outputs = lambda names, midi_api, **_more: [DeadServer()]
os._exit(instrument.player.main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the hang is made with Linux's libc")
def test_a_player_whose_library_hangs_with_the_lock_ends_itself() -> None:
    """As RtMidi does on a dead JACK server: no thread can help, the watchdog does."""
    with player_process(FAST, [sys.executable, "-c", HANGING]) as player:
        assert player.popen.wait() == 1


def test_the_player_loads_nothing_heavy() -> None:
    """No torch, numpy, pydantic, mido or OSC: it stays small and starts at once."""
    code = "import sys, instrument.player; print(*{name.split('.')[0] for name in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "pydantic", "mido", "pythonosc", "rich", "typer", "music21"}
    assert heavy.isdisjoint(ran.stdout.split())


IMPORTING = """
import os, sys
import instrument.player as player

settle_down, before = player.settle_down, set()
def settled():
    settle_down()
    before.update(sys.modules)

player.settle_down = settled
status = player.main()
os.write(2, " ".join(sorted(set(sys.modules) - before)).encode())
os._exit(status)
"""


def test_nothing_is_imported_once_music_plays() -> None:
    """An import is a pause of milliseconds in the middle of a bar."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", IMPORTING]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as popen:
        player = Process(popen)
        player.tell(replace(FAST, bars=2).to_message())
        player.tell(knob(1.0, tempo=400.0))
        player.tell(transport("panic"))
        player.tell(transport("panic"))
        player.until("done")
        player.tell({"type": "quit"})
        player.rest()
        assert popen.stderr is not None
        assert popen.stderr.read() == b""
