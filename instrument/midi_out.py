"""Where notes go: MIDI ports, through python-rtmidi, JACK or ALSA's queue; or into a recorder.

One owner per port: only the player process opens outputs, and only its main thread sends.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns, sleep
from typing import Any, Protocol

import rtmidi

from instrument.alsa_check import open_timed
from instrument.alsa_out import AlsaUnavailableError, open_alsa
from instrument.alsa_out import has_package as has_alsa_package
from instrument.jack_check import open_checked
from instrument.jack_out import JackUnavailableError, has_package, open_jack
from instrument.ledger import NoteEvent
from instrument.midi_api import (
    CLIENT_NAME,
    MidiError,
    api_name,
    available_api,
    hushed,
    match_port,
    not_our_inputs,
    plain_name,
)
from instrument.midi_ports import output_names

PORT_NAME = "out"
# RtMidi throws away what a just closed port has not handed on yet; this long is enough.
LINGER_NS = 100_000_000

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
    """A place for MIDI messages. One thread.

    ``due_ns`` is when a message shall leave, in nanoseconds of the player's clock. An output
    without a queue (``lead_ns`` 0) sends when it is called, so it is called at that moment; another
    is called ``lead_ns`` earlier and places the message itself.
    """

    @property
    def lead_ns(self) -> int:
        """How long before it is due a message must be here."""
        ...

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def api(self) -> str:
        """The MIDI system it belongs to; ``none`` for a recorder."""
        ...

    @property
    def lost(self) -> bool:
        """Whether nothing will be heard from it again, unless another process opens it anew."""
        ...

    def send(self, message: bytes, due_ns: int, /) -> None:
        """Pass one whole MIDI message on; nothing happens after ``close``."""
        ...

    def trouble(self) -> str | None:
        """A sentence for the performer about what went wrong since the last call, or ``None``."""
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
    lost: bool = False
    closed: bool = False

    def send(self, message: bytes, due_ns: int, /) -> None:
        """Remember one message."""
        if not self.closed:
            self.sent.append((due_ns, message))

    def trouble(self) -> str | None:
        """Nothing can go wrong with it."""
        return None

    def close(self) -> None:
        """Remember nothing more."""
        self.closed = True


class RtMidiOutput:
    """A port of python-rtmidi. Sending never waits, except on a JACK server that has died.

    There RtMidi hangs with the interpreter's lock once its ring is full (about 2,340 notes), which
    is why this lives in a process of its own with a watchdog.
    """

    lead_ns = 0
    lost = False

    def __init__(
        self,
        port: Any,  # noqa: ANN401 - rtmidi.MidiOut has no type information
        name: str,
        api: str,
        now_ns: Callable[[], int] = perf_counter_ns,
        pause: Callable[[float], None] = sleep,
        trouble: str | None = None,
    ) -> None:
        """``trouble`` is a sentence to tell once, such as why it is not another output."""
        self.name = name
        self.api = api
        self._trouble = trouble
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

    def trouble(self) -> str | None:
        """What it was given to tell, once: RtMidi itself never says that a port is gone."""
        trouble, self._trouble = self._trouble, None
        return trouble

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


def open_outputs(
    names: Sequence[str],
    midi_api: str,
    *,
    client_name: str = CLIENT_NAME,
    checked: bool = False,
) -> list[Output]:
    """The outputs that ``--out`` and ``--midi-api`` ask for, at least one.

    Without names: a virtual port ``Glisser:out``, or a recorder where the machine has no MIDI
    system. A name is a part of an existing port's. On JACK a note sounds at its very frame, on ALSA
    it is timed by the kernel, where the optional package is installed and a check passes;
    ``checked``: it has, a moment ago. Raises :class:`MidiError`, one sentence.
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
            f"there are {_listed(output_names(api))}."
        )
    opened: list[Output] = []
    trouble = None

    def choose(ports: Sequence[str]) -> list[str]:
        return [_chosen(ports, name) for name in names]

    try:
        if api == rtmidi.API_UNIX_JACK and has_package():
            return [*(open_jack if checked else open_checked)(choose, client_name)]
        if api == rtmidi.API_LINUX_ALSA and has_alsa_package():
            return [*(open_alsa if checked else open_timed)(choose)]
    except JackUnavailableError as error:
        trouble = f"notes are not exact to the frame on JACK: {error}"
    except AlsaUnavailableError as error:
        trouble = f"notes are not timed by the kernel on ALSA: {error}"
    try:
        for name in names:
            opened.append(_open_existing(api, name, client_name, trouble))  # noqa: PERF401 - kept to close on a failure
        return opened or [_open_virtual(api, client_name, trouble)]
    except rtmidi.RtMidiError as error:
        _close(opened)
        raise MidiError(f"the MIDI output did not open: {error}.") from error
    except MidiError:
        _close(opened)
        raise


def _close(outputs: Sequence[Output]) -> None:
    for output in outputs:
        output.close()


def _open_virtual(api: int, client_name: str, trouble: str | None) -> Output:
    with hushed():
        port = rtmidi.MidiOut(api, name=client_name)
        port.open_virtual_port(PORT_NAME)
    name = f"{client_name}:{PORT_NAME}"
    return RtMidiOutput(port, name, api_name(api), trouble=trouble)


def _open_existing(api: int, wanted: str, client_name: str, trouble: str | None) -> Output:
    with hushed():
        port = rtmidi.MidiOut(api, name=client_name)
    try:
        names: list[str] = port.get_ports()
        chosen = _chosen(names, wanted)
        with hushed():
            port.open_port(names.index(chosen), PORT_NAME)
    except (MidiError, rtmidi.RtMidiError):
        port.delete()
        raise
    return RtMidiOutput(port, plain_name(chosen), api_name(api), trouble=trouble)


def _chosen(names: Sequence[str], wanted: str) -> str:
    return match_port(not_our_inputs(names), wanted)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(plain_name(name)) for name in names) or "none"
