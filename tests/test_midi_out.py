"""Where the notes go: real ports by a part of their name, or a recorder."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
import rtmidi

from engine.wire import read_message
from instrument import midi_out
from instrument.ledger import NoteEvent
from instrument.midi_api import MidiError
from instrument.midi_out import (
    LINGER_NS,
    Recorder,
    RtMidiOutput,
    every_note,
    note_message,
    open_outputs,
    quiet_channel,
)
from tests.jack import JackError, running_jack

# --- Bytes ----------------------------------------------------------------------------------------


def test_a_note_is_three_bytes() -> None:
    """MIDI 1.0: channel 1 is nibble 0; velocity 0 goes out as a real note-off."""
    assert note_message(NoteEvent(0, 0, 1, 60, 96)) == bytes((0x90, 60, 96))
    assert note_message(NoteEvent(0, 0, 16, 127, 1)) == bytes((0x9F, 127, 1))
    assert note_message(NoteEvent(0, 0, 16, 127, 0)) == bytes((0x8F, 127, 64))


def test_the_first_panic_lifts_the_pedal_then_ends_notes_and_sound() -> None:
    """CC 64, 123 and 120, all with value 0, on the channel that was played."""
    assert quiet_channel(2) == (b"\xb1\x40\x00", b"\xb1\x7b\x00", b"\xb1\x78\x00")


def test_the_second_panic_reaches_every_note_there_is() -> None:
    """16 channels of 128 pitches, each once, the played channel first."""
    every = list(every_note(3))
    assert len(set(every)) == len(every) == 16 * 128
    assert {channel for channel, _ in every[:128]} == {3}


# --- A port's life --------------------------------------------------------------------------------


class FakePort:
    """Stands in for ``rtmidi.MidiOut``: keeps what is done to it."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = names
        self.done: list[Any] = []

    def get_ports(self) -> list[str]:
        return list(self.names)

    def open_port(self, index: int, _name: str) -> None:
        self.done.append(("open", index))

    def open_virtual_port(self, name: str) -> None:
        self.done.append(("virtual", name))

    def send_message(self, message: bytes) -> None:
        self.done.append(message)

    def close_port(self) -> None:
        self.done.append("close")

    def delete(self) -> None:
        self.done.append("delete")


def test_a_port_lets_its_last_message_out_before_it_closes() -> None:
    """The last note-off would be lost otherwise; a port that was silent closes at once."""
    port, pauses, now = FakePort(), list[float](), [0]
    output = RtMidiOutput(port, "Synth", "alsa", lambda: now[0], pauses.append)
    output.send(b"\x90\x3c\x60", 0)
    now[0] = LINGER_NS // 4
    output.close()
    assert pauses == [LINGER_NS * 3 / 4 / 1e9]
    assert port.done == [b"\x90\x3c\x60", "close", "delete"]

    silent = RtMidiOutput(FakePort(), "Synth", "alsa", lambda: 0, pauses.append)
    silent.close()
    assert len(pauses) == 1


def test_nothing_reaches_a_closed_port() -> None:
    """A message to one can take the whole process down."""
    port = FakePort()
    output = RtMidiOutput(port, "Synth", "alsa", lambda: 0, lambda _s: None)
    output.close()
    output.close()
    output.send(b"\x90\x3c\x60", 0)
    assert port.done == ["close", "delete"]


def test_a_recorder_keeps_times_and_bytes_until_it_is_closed() -> None:
    """It stands in for a port wherever there is none."""
    recorder = Recorder()
    recorder.send(b"\x90\x3c\x60", 24)
    recorder.close()
    recorder.send(b"\x80\x3c\x40", 48)
    assert recorder.sent == [(24, b"\x90\x3c\x60")]


# --- Choosing a port ------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[FakePort]:
    """A machine with ALSA and four ports; gives the clients that were made."""
    clients: list[FakePort] = []
    names = ("Glisser:in 129:0", "Glisser-01:in 130:0", "FLUID Synth (7):port 128:0", "UM-ONE 20:0")

    def make(_api: int, name: str) -> FakePort:
        assert name == "Glisser"
        clients.append(FakePort(names))
        return clients[-1]

    def works(name: str) -> int | None:
        return None if name == "none" else rtmidi.API_LINUX_ALSA

    monkeypatch.setattr(midi_out, "available_api", works)
    monkeypatch.setattr(midi_out, "has_alsa_package", lambda: False)
    monkeypatch.setattr(rtmidi, "MidiOut", make)
    return clients


def test_without_a_name_glisser_makes_its_own_port(machine: list[FakePort]) -> None:
    """A virtual port, ``Glisser:out``, for others to connect to."""
    (output,) = open_outputs([], "auto")
    assert (output.name, output.api) == ("Glisser:out", "alsa")
    assert machine[0].done == [("virtual", "out")]


def test_several_ports_by_a_part_of_their_names(machine: list[FakePort]) -> None:
    """Case and ALSA's client numbers do not count; each name is a port, in order."""
    outputs = open_outputs(["um-one", "fluid"], "auto")
    assert [output.name for output in outputs] == ["UM-ONE", "FLUID Synth (7):port"]
    assert [client.done for client in machine] == [[("open", 3)], [("open", 2)]]


def test_glisser_never_plays_to_itself(machine: list[FakePort]) -> None:
    """Its own inputs, of this session or another, are not on offer."""
    with pytest.raises(MidiError) as refusal:
        open_outputs(["glisser"], "auto")
    assert "Glisser:in" not in str(refusal.value)
    assert machine[0].done == ["delete"]


def test_a_missing_port_is_one_sentence_that_lists_what_is_there(machine: list[FakePort]) -> None:
    """Whatever was opened before it is closed again."""
    with pytest.raises(MidiError) as refusal:
        open_outputs(["UM-ONE", "moog"], "auto")
    sentence = str(refusal.value)
    assert "'moog'" in sentence
    assert "'UM-ONE'" in sentence
    assert "\n" not in sentence
    assert [client.done[-1] for client in machine] == ["delete", "delete"]


def test_a_port_that_does_not_open_is_one_sentence(
    machine: list[FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that serves one client at a time refuses the second."""

    def busy(_self: FakePort, _index: int, _name: str) -> None:
        raise rtmidi.SystemError("busy")

    monkeypatch.setattr(FakePort, "open_port", busy)
    with pytest.raises(MidiError, match=r"did not open: busy\.$"):
        open_outputs(["UM-ONE"], "auto")
    assert machine[0].done == ["delete"]


def test_without_any_midi_system_a_recorder_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a port was asked for by name: then it is missing."""
    monkeypatch.setattr(midi_out, "available_api", lambda _name: None)
    (output,) = open_outputs([], "auto")
    assert output.api == "none"
    with pytest.raises(MidiError, match="no MIDI system"):
        open_outputs(["Synth"], "auto")
    with pytest.raises(MidiError, match="--midi-api none"):
        open_outputs(["Synth"], "none")


def test_windows_has_no_virtual_ports_and_says_so(
    machine: list[FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names loopMIDI and the ports that are there."""
    monkeypatch.setattr(midi_out, "available_api", lambda _name: rtmidi.API_WINDOWS_MM)
    with pytest.raises(MidiError, match=r"loopMIDI.*UM-ONE"):
        open_outputs([], "auto")
    assert machine[0].done == ["delete"]


# --- On a real JACK server ------------------------------------------------------------------------


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A JACK server of our own, to which this process's clients go."""
    try:
        with running_jack() as server:
            for name, value in server.environment.items():
                monkeypatch.setenv(name, value)
            yield
    except JackError as error:
        pytest.skip(str(error))


LISTENER = """
import sys, rtmidi
port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Synth")
port.ignore_types(sysex=False, timing=False, active_sense=False)
port.set_callback(lambda event, data=None: print(list(event[0]), flush=True))
port.open_virtual_port("midi in")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.real(needs=["jackd", "jack_wait"])
@pytest.mark.usefixtures("jack")
def test_a_jack_port_carries_every_message_up_to_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through RtMidi: every note and the very last note-off arrive in another process, in order."""
    monkeypatch.setattr(midi_out, "has_package", lambda: False)
    listening = [sys.executable, "-c", LISTENER]
    with subprocess.Popen(listening, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as listener:
        assert listener.stdin is not None
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"open\n"
        (output,) = open_outputs(["SYNTH"], "jack")
        assert (output.name, output.api) == ("Synth:midi in", "jack")
        for pitch in range(128):
            strike_and_release = [
                note_message(NoteEvent(0, 0, 1, pitch, velocity)) for velocity in (96, 0)
            ]
            for message in strike_and_release:
                output.send(message, 0)
            if pitch == 127:
                output.close()
            heard = [json.loads(listener.stdout.readline()) for _ in strike_and_release]
            assert heard == [list(message) for message in strike_and_release]
        listener.stdin.close()


@pytest.mark.real(needs=["jackd", "jack_wait", "jack_lsp"])
@pytest.mark.usefixtures("jack")
def test_the_virtual_port_is_called_glisser_out() -> None:
    """That is the name a performer looks for in a patchbay; closing takes it away."""
    (output,) = open_outputs([], "jack")
    assert "Glisser:out" in _jack_ports()
    output.close()
    assert "Glisser:out" not in _jack_ports()


@pytest.mark.real(needs=["jackd", "jack_wait"])
@pytest.mark.usefixtures("jack")
def test_the_list_of_ports_names_what_can_be_opened() -> None:
    """In a process of its own; its stdout is one frame and nothing else."""
    arrived: Queue[list[int]] = Queue()
    synth = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Synth")
    synth.set_callback(lambda event, _data=None: arrived.put(event[0]))
    synth.open_virtual_port("midi in")
    ours = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Glisser")
    ours.open_virtual_port("in")
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "instrument.midi_ports"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as lister:
            assert lister.stdout is not None
            frames = io.BytesIO(lister.stdout.read())
    finally:
        for client in (synth, ours):
            client.close_port()
            client.delete()
    message = read_message(frames)
    assert message is not None
    assert frames.read() == b""
    systems = {system["api"]: system for system in message["systems"]}
    assert "Synth:midi in" in systems["jack"]["outputs"]
    assert "Glisser:in" not in systems["jack"]["outputs"]


def test_a_jack_server_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is not started behind the performer's back."""
    if rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api():
        pytest.skip("python-rtmidi was built without JACK")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    with pytest.raises(MidiError, match="--midi-api jack"):
        open_outputs([], "jack")
    assert os.environ["JACK_NO_START_SERVER"] == "1"


def _jack_ports() -> list[str]:
    listed = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=True)
    return listed.stdout.split()
