"""Where notes go: MIDI ports through python-rtmidi, or a recorder where there are none.

One owner per port: only the player process opens outputs, and only its main thread sends.
``python -m instrument.midi_out`` writes what can be opened as one frame to stdout and ends.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns, sleep
from typing import Any, Protocol

import rtmidi

from engine.wire import Message, write_message
from instrument.ledger import NoteEvent
from instrument.midi_api import (
    API_NAMES,
    CLIENT_NAME,
    MidiError,
    api_name,
    available_api,
    hushed,
    is_our_output,
    match_port,
    plain_name,
)

PORT_NAME = "out"
# RtMidi throws away what a just closed port has not handed on yet; this long is enough.
LINGER_NS = 100_000_000

_OUR_INPUT = re.compile(rf"^{CLIENT_NAME}(-\d+)?:.*\bin$", re.IGNORECASE)

# MIDI 1.0, tables I to III: channel voice and channel mode messages.
_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE = 0x80, 0x90, 0xB0
_RELEASE_VELOCITY = 64  # what a sender without release velocity sends
_SUSTAIN, _ALL_SOUND_OFF, _ALL_NOTES_OFF = 64, 120, 123


def note_message(event: NoteEvent) -> bytes:
    """The three bytes of a note event; velocity 0 is a real note-off."""
    channel = event.channel - 1
    if event.velocity == 0:
        return bytes((_NOTE_OFF | channel, event.pitch, _RELEASE_VELOCITY))
    return bytes((_NOTE_ON | channel, event.pitch, event.velocity))


def quiet_channel(channel: int) -> tuple[bytes, ...]:
    """Lift the pedal, end all notes and all sound of ``channel`` 1..16: the first panic."""
    status = _CONTROL_CHANGE | channel - 1
    return tuple(bytes((status, cc, 0)) for cc in (_SUSTAIN, _ALL_NOTES_OFF, _ALL_SOUND_OFF))


def every_note(first_channel: int) -> Iterator[tuple[int, int]]:
    """Each channel 1..16 with each pitch, our own channel first: what a second panic closes."""
    for offset in range(16):
        channel = (first_channel - 1 + offset) % 16 + 1
        for pitch in range(128):
            yield channel, pitch


class Output(Protocol):
    """A place for MIDI messages. One thread."""

    @property
    def lead_ns(self) -> int:
        """How long before its moment a message is to be handed over; 0: at its moment."""
        ...

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def api(self) -> str:
        """The MIDI system it belongs to; ``none`` for a recorder."""
        ...

    def send(self, message: bytes, due_ns: int, /) -> None:
        """Pass one whole MIDI message on, to sound at ``due_ns`` of the player's clock.

        A port without a lead sends it at once, so call then. Nothing happens after ``close``.
        """
        ...

    def close(self) -> None:
        """Let what was sent get out, then let go of the port; a second time does nothing."""
        ...


@dataclass(slots=True)
class Recorder:
    """An output that remembers: ``(due_ns, message)`` in the order sent."""

    sent: list[tuple[int, bytes]] = field(default_factory=list)
    name: str = "recorder"
    api: str = "none"
    lead_ns: int = 0
    closed: bool = False

    def send(self, message: bytes, due_ns: int, /) -> None:
        """Remember one message."""
        if not self.closed:
            self.sent.append((due_ns, message))

    def close(self) -> None:
        """Remember nothing more."""
        self.closed = True


class RtMidiOutput:
    """A port of python-rtmidi. Sending never waits, except on a JACK server that has died.

    There RtMidi hangs with the interpreter's lock once its ring is full (about 2,340 notes), which
    is why this lives in a process of its own with a watchdog.
    """

    lead_ns = 0

    def __init__(
        self,
        port: Any,  # noqa: ANN401 - rtmidi.MidiOut has no type information
        name: str,
        api: str,
        now_ns: Callable[[], int] = perf_counter_ns,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self.name = name
        self.api = api
        self._port = port
        self._now_ns, self._pause = now_ns, pause
        self._last_sent_ns: int | None = None
        self._closed = False

    def send(self, message: bytes, _due_ns: int, /) -> None:
        """Send at once; a closed port is left alone, because a message to one can crash."""
        if self._closed:
            return
        self._port.send_message(message)
        self._last_sent_ns = self._now_ns()

    def close(self) -> None:
        """Wait until 100 ms after the last message, then close."""
        if self._closed:
            return
        self._closed = True
        if self._last_sent_ns is not None:
            remaining_ns = self._last_sent_ns + LINGER_NS - self._now_ns()
            self._pause(max(0, remaining_ns) / 1e9)
        self._port.close_port()
        self._port.delete()


def open_outputs(names: Sequence[str], midi_api: str) -> list[Output]:
    """The outputs that ``--out`` and ``--midi-api`` ask for, at least one.

    Without names: a virtual port ``Glisser:out``, or a recorder where the machine has no MIDI
    system. A name is a part of an existing port's. Raises :class:`MidiError`, one sentence.
    """
    api = available_api(midi_api)
    if api is None:
        if names:
            why = "--midi-api none" if midi_api == "none" else "this machine has no MIDI system"
            raise MidiError(f"no MIDI port matches {names[0]!r}: {why}.")
        return [Recorder()]
    if not names and api == rtmidi.API_WINDOWS_MM:
        raise MidiError(
            "Windows has no virtual MIDI ports: make one with loopMIDI and name it with --out; "
            f"there are {_listed(_output_names(api))}."
        )
    opened: list[Output] = []
    try:
        for name in names:
            opened.append(_open_existing(api, name))  # noqa: PERF401 - kept to close on a failure
        return opened or [_open_virtual(api)]
    except rtmidi.RtMidiError as error:
        _close(opened)
        raise MidiError(f"the MIDI output did not open: {error}.") from error
    except MidiError:
        _close(opened)
        raise


def _close(outputs: Sequence[Output]) -> None:
    for output in outputs:
        output.close()


def _open_virtual(api: int) -> Output:
    with hushed():
        port = rtmidi.MidiOut(api, name=CLIENT_NAME)
        port.open_virtual_port(PORT_NAME)
    return RtMidiOutput(port, f"{CLIENT_NAME}:{PORT_NAME}", api_name(api))


def _open_existing(api: int, wanted: str) -> Output:
    with hushed():
        port = rtmidi.MidiOut(api, name=CLIENT_NAME)
    try:
        names: list[str] = port.get_ports()
        chosen = match_port(_not_ours(names), wanted)
        with hushed():
            port.open_port(names.index(chosen), PORT_NAME)
    except (MidiError, rtmidi.RtMidiError):
        port.delete()
        raise
    return RtMidiOutput(port, plain_name(chosen), api_name(api))


def _not_ours(names: Sequence[str]) -> list[str]:
    """All but Glisser's own inputs: it never plays to itself."""
    return [name for name in names if not _OUR_INPUT.match(plain_name(name))]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(plain_name(name)) for name in names) or "none"


def _output_names(api: int) -> list[str]:
    with hushed():
        port = rtmidi.MidiOut(api, name=CLIENT_NAME)
        try:
            return _not_ours(port.get_ports())
        finally:
            port.delete()


def _input_names(api: int) -> list[str]:
    with hushed():
        port = rtmidi.MidiIn(api, name=CLIENT_NAME)
        try:
            return [name for name in port.get_ports() if not is_our_output(name)]
        finally:
            port.delete()


@dataclass(frozen=True, slots=True)
class Ports:
    """What one MIDI system offers: port names to play to and to listen to, as ``--out`` and
    ``--in`` take them.
    """

    api: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]


def list_ports() -> list[Ports]:
    """Every MIDI system that works here, with its ports.

    Call it from a short-lived process: it opens a client per system, and libraries may chatter.
    """
    found = []
    for name in API_NAMES:
        if name in ("auto", "none"):
            continue
        try:
            api = available_api(name)
        except MidiError:
            continue
        if api is not None:
            outputs, inputs = _output_names(api), _input_names(api)
            found.append(Ports(name, _plain(outputs), _plain(inputs)))
    return found


def _plain(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(plain_name(name) for name in names)


def ports_message() -> Message:
    """:func:`list_ports` as a frame: ``systems`` is a list of its fields by name."""
    systems = [
        {"api": ports.api, "outputs": list(ports.outputs), "inputs": list(ports.inputs)}
        for ports in list_ports()
    ]
    return {"type": "ports", "systems": systems}


if __name__ == "__main__":
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as frames:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries that print spoil no frame
        write_message(frames, ports_message())
