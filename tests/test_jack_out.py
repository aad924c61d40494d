"""Notes on JACK: to the frame on a real server, and never a wait when that server is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

import pytest

from engine.wire import Message, read_message
from instrument import jack_check, jack_out, midi_out
from instrument.clock import InternalClock
from instrument.frames import EVERY_OUTPUT, RECORD, SHIFT_ALL, STATUS, FrameGrid
from instrument.jack_check import Checked, check_jack, open_checked
from instrument.jack_out import (
    GONE,
    MAX_SILENCE_NS,
    POLL_EVERY_NS,
    STANDS,
    JackClock,
    JackLink,
    JackOutput,
    JackUnavailableError,
    clock_for,
    open_jack,
)
from instrument.midi_api import MidiError
from instrument.midi_out import Recorder, open_outputs
from instrument.tempo import TICKS_PER_BEAT, Timeline
from tests.jack import JackError, JackServer, running_jack

REAL = ["jackd", "jack_wait"]
NOTE_ON, NOTE_OFF = b"\x90\x3c\x60", b"\x80\x3c\x40"
GRID = FrameGrid(48_000, 1000, 5_000_000_000)


# --- The player's end of the pipe -----------------------------------------------------------------


@dataclass
class Pipes:
    """A link whose other end is the test."""

    link: JackLink
    records: int
    status: int
    waited: list[float]

    def handed_over(self) -> list[tuple[int, int, bytes]]:
        return [(f, o, m[:n]) for f, o, n, m in RECORD.iter_unpack(os.read(self.records, 1 << 20))]


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    (records, to), (status, tell) = os.pipe(), os.pipe()
    os.set_blocking(to, False)
    os.set_blocking(status, False)
    waited: list[float] = []
    link = JackLink(to, status, GRID, 4_000_000, waited.append, now_ns=0)
    ends = Pipes(link, records, tell, waited)
    yield ends
    link.close()
    for end in (records, tell):
        try:
            os.close(end)
        except OSError:
            continue  # a test closed it: that was its point


def test_a_message_goes_over_with_its_frame(pipes: Pipes) -> None:
    """The due time becomes a frame here, in whole numbers, and nothing else decides it."""
    output = JackOutput(pipes.link, 1, "Synth:in", JackClock(pipes.link))
    output.send(NOTE_ON, GRID.ns_of(4801))
    output.send(b"\xf8", GRID.ns_of(4802))
    assert pipes.handed_over() == [(4801, 1, NOTE_ON), (4802, 1, b"\xf8")]
    with pytest.raises(ValueError, match="6 bytes"):
        output.send(b"\xf0" + bytes(6), 0)


def test_a_server_that_stands_still_holds_nobody_up(pipes: Pipes) -> None:
    """Thousands of notes into a pipe that nobody reads: all return, and one sentence says so."""
    for _ in range(10_000):
        pipes.link.hand_over(0, NOTE_ON, GRID.origin_ns)
    pipes.link.poll(MAX_SILENCE_NS)
    assert pipes.link.trouble() is None
    for more_ns in (1, POLL_EVERY_NS, 2 * POLL_EVERY_NS):
        pipes.link.poll(MAX_SILENCE_NS + POLL_EVERY_NS + more_ns)
    assert [pipes.link.trouble(), pipes.link.trouble()] == [STANDS, None]


def test_a_server_that_goes_on_begins_with_silence_and_the_beat_goes_on(pipes: Pipes) -> None:
    """Its frames stood still for two seconds: all is closed, then notes fall on new frames."""
    perf_ns = GRID.origin_ns + 1
    clock = JackClock(pipes.link, lambda: perf_ns)
    before_ns = clock.now_ns()
    perf_ns += 2_000_000_000
    assert clock.now_ns() >= before_ns + 1_999_000_000
    assert pipes.link.trouble() == STANDS
    pipes.link.hand_over(0, NOTE_ON, clock.now_ns())  # while it stands: dropped
    perf_ns += POLL_EVERY_NS
    os.write(pipes.status, STATUS.pack(1101, perf_ns, 0, 0, 1))
    assert before_ns + 2_019_000_000 < clock.now_ns() <= perf_ns
    pipes.link.hand_over(0, NOTE_ON, perf_ns + 1_000_000)
    leap, *handed_over = pipes.handed_over()
    assert leap[1:] == (SHIFT_ALL, b"")
    assert leap[0] == 1101 - 1000 - round(2.02 * 48_000)  # counted, less what time says
    assert handed_over == [(0, EVERY_OUTPUT, b""), (1101 + 48, 0, NOTE_ON)]


def test_a_process_that_is_gone_is_told_once(pipes: Pipes) -> None:
    """By a note, or by the silence at the other end; the music's state is the player's."""
    os.close(pipes.status)
    pipes.link.poll(POLL_EVERY_NS)
    pipes.link.poll(2 * POLL_EVERY_NS)
    assert [pipes.link.trouble(), pipes.link.trouble()] == [GONE, None]
    pipes.link.hand_over(0, NOTE_ON, 0)
    assert not pipes.link.alive


def test_a_note_to_a_process_that_is_gone_is_no_fault(pipes: Pipes) -> None:
    """The pipe's end is seen at the very next note."""
    os.close(pipes.records)
    pipes.link.hand_over(0, NOTE_ON, 0)
    pipes.link.hand_over(0, NOTE_ON, 0)
    assert [pipes.link.trouble(), pipes.link.trouble()] == [GONE, None]


def test_closing_ends_the_pipe_once_and_waits_for_the_last_note(pipes: Pipes) -> None:
    """Every output of a process may be closed; the first one ends it."""
    pipes.link.close()
    pipes.link.close()
    pipes.link.hand_over(0, NOTE_ON, 0)
    assert len(pipes.waited) == 1
    assert os.read(pipes.records, 10) == b""


def test_the_clock_goes_by_the_frames_it_is_told_and_never_back(pipes: Pipes) -> None:
    """A sound card that runs slow takes the beat with it; a moment is always an even frame."""
    now = [GRID.origin_ns]
    clock = JackClock(pipes.link, lambda: now[0])
    assert clock.now_ns() == GRID.origin_ns
    now[0] += 1_000_000_000
    os.write(pipes.status, STATUS.pack(1000 + 47_952, now[0], 7, 3, 1))
    slow_ns = clock.now_ns()
    assert slow_ns == GRID.ns_of(1000 + 47_952)
    assert clock.of_perf_ns(now[0]) == slow_ns
    assert (pipes.link.late, pipes.link.left_out, pipes.link.skipped) == (7, 3, 1)
    now[0] += POLL_EVERY_NS
    os.write(pipes.status, STATUS.pack(1000 + 47_904, now[0], 7, 3, 1))
    assert clock.now_ns() == slow_ns
    now[0] += 4_020_833
    assert GRID.frame_of(clock.now_ns()) % 2 == 0


def test_the_player_goes_by_jack_only_where_jack_plays(pipes: Pipes) -> None:
    """Any other output is played by the computer's own clock."""
    output = JackOutput(pipes.link, 0, "Synth:in", JackClock(pipes.link))
    assert clock_for([Recorder(), output]) is output.clock
    assert isinstance(clock_for([Recorder()]), InternalClock)


# --- Which output -------------------------------------------------------------------------------


def test_a_machine_where_the_check_fails_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how many notes were wrong; the player falls back to RtMidi with it."""
    monkeypatch.setattr(jack_check, "_check_once", lambda: Checked(24, 3, 0, 48_000, 0))
    with pytest.raises(JackUnavailableError, match="3 of 24"):
        open_checked(lambda _inputs: [])


def test_without_the_optional_package_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started, nothing imported."""
    monkeypatch.setattr(jack_out, "has_package", lambda: False)
    with pytest.raises(JackUnavailableError, match="not installed"):
        open_jack(lambda _inputs: [])


# --- On a real server -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[JackServer]:
    pytest.importorskip("jack", reason="JACK-Client is not installed", exc_type=ImportError)
    try:
        with running_jack() as server, pytest.MonkeyPatch.context() as patch:
            for name, value in server.environment.items():
                patch.setenv(name, value)
            yield server
    except JackError as error:
        pytest.skip(str(error))


@dataclass
class Judge:
    """A listener of ours; ``heard()`` ends it."""

    process: "subprocess.Popen[bytes]"
    port: str

    def heard(self) -> list[tuple[int, bytes]]:
        """(frame, message) of all that arrived."""
        cast(BinaryIO, self.process.stdin).close()
        told = _hear(self.process)
        return [(frame, bytes.fromhex(text)) for frame, text in told["messages"]]


def _hear(process: "subprocess.Popen[bytes]") -> Message:
    message = read_message(cast(BinaryIO, process.stdout))
    assert message is not None
    return message


@contextmanager
def judging() -> Iterator[Judge]:
    command = [sys.executable, "-m", "instrument.jack_listener", "Judge"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Judge(process, _hear(process)["port"])
        process.kill()


# First of all: jackd leaves its name registered when it ends beside another server of ours.
@pytest.mark.real(needs=REAL)
def test_a_server_that_dies_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """10,000 notes after its death: RtMidi would have hung for good; here one sentence is told."""
    pytest.importorskip("jack", reason="JACK-Client is not installed", exc_type=ImportError)
    with running_jack() as dying:
        for name, value in dying.environment.items():
            monkeypatch.setenv(name, value)
        (output,) = open_jack(lambda _inputs: [])
        dying.process.send_signal(signal.SIGTERM)  # SIGKILL would leave its name registered
        dying.process.wait()
        while output.link.alive:
            output.send(NOTE_ON, output.clock.now_ns())
        for _ in range(10_000):
            output.send(NOTE_ON, output.clock.now_ns())
        assert [output.trouble(), output.trouble()] == [GONE, None]
        output.close()


@pytest.mark.real(needs=REAL)
@pytest.mark.usefixtures("server")
def test_notes_of_a_timeline_arrive_at_round_of_tick_times_frames() -> None:
    """40 notes in a third of a second, handed over in time: another process hears none off."""
    with judging() as judge:
        (output,) = open_jack(lambda _inputs: [judge.port])
        began_ns = output.clock.now_ns() + 100_000_000
        timeline = Timeline(137.3, 0, output.link.grid.even_ns_before(began_ns))
        ticks = [2 * n for n in range(40)]
        for tick in ticks:
            output.send(NOTE_ON, timeline.ns_of(tick))
        output.close()
        frames = [frame for frame, message in judge.heard() if message == NOTE_ON]
    constant = frames[0]
    assert frames == [
        constant + round(tick * 48_000 * 60 / 137.3 / TICKS_PER_BEAT) for tick in ticks
    ]


@pytest.mark.real(needs=REAL)
@pytest.mark.usefixtures("server")
def test_the_check_passes_on_a_server_that_works() -> None:
    """From one process to another, 24 notes on all kinds of places within a period."""
    assert check_jack().exact


PLAYER = """
import os, sys
from instrument.jack_out import open_jack
(output,) = open_jack(lambda inputs: [sys.argv[1]])
output.send(bytes((0x90, 60, 96)), output.clock.now_ns())
print("sounding", flush=True)
sys.stdin.read()
"""


@pytest.mark.real(needs=REAL)
@pytest.mark.usefixtures("server")
def test_a_player_that_is_killed_leaves_no_note_hanging() -> None:
    """The end of the pipe is enough for the JACK process to close what sounds."""
    pipe = subprocess.PIPE
    with judging() as judge:
        command = [sys.executable, "-c", PLAYER, judge.port]
        with subprocess.Popen(command, stdin=pipe, stdout=pipe) as player:
            cast(BinaryIO, player.stdout).readline()
            player.kill()
        _until_gone("Glisser:out")
        heard = [message for _, message in judge.heard()]
        assert heard == [NOTE_ON, NOTE_OFF, NOTE_OFF]  # said twice, for a server that is late


@pytest.mark.real(needs=[*REAL, "jack_lsp"])
@pytest.mark.usefixtures("server")
def test_without_a_name_the_port_is_glisser_out_and_goes_when_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``--midi-api jack`` takes this output where the package is installed and the check passes."""
    monkeypatch.setattr(jack_check, "check_jack", lambda: Checked(24, 0, 0, 48_000, 0))
    (output,) = open_outputs([], "jack")
    assert isinstance(output, JackOutput)
    assert (output.name, output.api) == ("Glisser:out", "jack")
    assert output.lead_ns > 0
    assert "Glisser:out" in _ports()
    output.close()
    assert "Glisser:out" not in _ports()


@pytest.mark.real(needs=REAL)
@pytest.mark.usefixtures("server")
def test_a_port_that_is_not_there_is_refused_and_another_output_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One sentence that lists what is there."""
    monkeypatch.setattr(jack_check, "check_jack", lambda: Checked(24, 0, 0, 48_000, 0))
    with pytest.raises(MidiError, match="'moog'"):
        open_outputs(["moog"], "jack")


@pytest.mark.real(needs=REAL)
@pytest.mark.usefixtures("server")
def test_where_the_check_fails_rtmidi_plays_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The music is heard either way; the sentence is told once."""

    def fails(_choose: object, _client_name: str) -> Sequence[JackOutput]:
        raise JackUnavailableError("3 of 24 were not in a check")

    monkeypatch.setattr(midi_out, "open_checked", fails)
    (output,) = open_outputs([], "jack")
    assert output.lead_ns == 0
    assert [output.trouble(), output.trouble()] == [
        "notes are not exact to the frame on JACK: 3 of 24 were not in a check",
        None,
    ]
    output.close()


def _ports() -> list[str]:
    listed = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def _until_gone(port: str) -> None:
    for _ in range(1000):
        if port not in _ports():
            return
    raise AssertionError(f"{port} is still there")
