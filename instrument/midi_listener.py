"""The listener process: ``python -m instrument.midi_listener``. Controllers, and which ports exist.

A MIDI library may hang when its server dies, and with it every Python thread of its process. So
main opens no port. Here whole messages are stamped as they arrive and passed on in order; what they
mean is main's affair. A port that vanishes is opened again when it is back. Where feedback is asked
for, what main wants shown goes back to the device of an input.

Frames in: first ``listen`` {midi_api, inputs, clock, cables, feedback, peers}; then ``show`` {port,
messages}; the end of stdin means main is gone. Frames out: ``opened`` {ports} or ``refused``
{text}; ``heard`` {arrivals}; ``lost`` and ``back`` {port}; ``shows`` {port, open} and ``dark``
{port}; ``outputs`` {names} and ``peers`` {peers}, when they have changed; ``alive``, five times a
second.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from time import monotonic, perf_counter_ns
from typing import Any, TypeAlias

import rtmidi

from engine.wire import BrokenStreamError, Message, read_message
from instrument.feedback_ports import FeedbackPorts
from instrument.midi_api import (
    CLIENT_NAME,
    FEEDBACK_PORT,
    MidiError,
    api_name,
    available_api,
    hushed,
    is_our_output,
    match_port,
    not_our_inputs,
    plain_name,
)
from instrument.pipes import END, Inbox, Outbox
from instrument.urgent import ignore_signals, settle_down

MAX_WAITING = 4_096  # messages; when main falls behind, the oldest go and the newest stay
MAX_AT_ONCE = 256
ALIVE_EVERY_S = 0.2
LOOK_EVERY_S = 0.5
VIRTUAL_PORT = "in"


class Ears:
    """The open input ports. RtMidi's own threads call in; everything else is one thread."""

    def __init__(self, api: int, clock: bool, arrived: Event) -> None:
        """``clock``: let MIDI clock through. ``arrived`` is set with every message."""
        self.waiting: deque[tuple[str, int, float, str]] = deque(maxlen=MAX_WAITING)
        self._api, self._clock, self._arrived = api, clock, arrived
        self._open: dict[str, tuple[str, Any]] = {}  # what was asked for -> its port, its client
        self._lost: list[str] = []
        with hushed():
            self._lister = rtmidi.MidiOut(api, name=f"{CLIENT_NAME}-look")

    @property
    def ports(self) -> list[str]:
        """The names of the open ports."""
        return [name for name, _ in self._open.values()]

    def open(self, wanted: Sequence[str]) -> None:
        """Open a port for each of ``wanted``; without any a virtual one, where there are such.

        Raises :class:`MidiError`, one sentence.
        """
        if not wanted and self._api != rtmidi.API_WINDOWS_MM:
            self._open_virtual()
        for part in wanted:
            self._open_existing(part)

    def look(self) -> list[Message]:
        """Which ports went and came; what came back is open again."""
        told: list[Message] = []
        for part, (name, port) in list(self._open.items()):
            if name not in self._names(port) and part != VIRTUAL_PORT:
                del self._open[part]
                self._delete(port)
                self._lost.append(part)
                told.append({"type": "lost", "port": name})
        for part in list(self._lost):
            try:
                self._open_existing(part)
            except MidiError:
                continue
            self._lost.remove(part)
            told.append({"type": "back", "port": self._open[part][0]})
        return told

    def deaf(self) -> bool:
        """Whether the MIDI system was started again behind our back, or is gone: JACK's server."""
        if self._names(self._lister):
            return False
        try:
            with hushed():
                fresh = rtmidi.MidiOut(self._api, name=f"{CLIENT_NAME}-look")
        except rtmidi.RtMidiError:
            return True
        anything = bool(self._names(fresh))
        self._delete(fresh)
        return anything

    def outputs(self) -> list[str]:
        """What can be played to, but for our own inputs."""
        return not_our_inputs(self._names(self._lister))

    def heard(self) -> list[tuple[str, int, float, str]]:
        """What has arrived, at most ``MAX_AT_ONCE`` messages: port, when, the delta, hex digits."""
        count = min(len(self.waiting), MAX_AT_ONCE)
        return [self.waiting.popleft() for _ in range(count)]

    def _hear(self, event: tuple[list[int], float], port: object) -> None:
        # RtMidi's own thread: an exception here would vanish, and slowness would lose messages.
        now_ns = perf_counter_ns()
        if event[0]:
            self.waiting.append((str(port), now_ns, event[1], bytes(event[0]).hex()))
            self._arrived.set()

    def _open_virtual(self) -> None:
        name = f"{CLIENT_NAME}:{VIRTUAL_PORT}"
        port = self._client(VIRTUAL_PORT)
        port.set_callback(self._hear, name)
        with hushed():
            try:
                port.open_virtual_port(VIRTUAL_PORT)
            except rtmidi.RtMidiError as error:
                raise self._not_opened(VIRTUAL_PORT, error) from error
        self._open[VIRTUAL_PORT] = name, port

    def _open_existing(self, part: str) -> None:
        port = self._client(part)
        try:
            names = self._names(port)
            chosen = match_port([name for name in names if not is_our_output(name)], part)
            if chosen in self.ports:
                raise MidiError(f"--in {part}: {plain_name(chosen)!r} is listened to already.")
            port.set_callback(self._hear, plain_name(chosen))
            with hushed():
                port.open_port(names.index(chosen), VIRTUAL_PORT)
        except rtmidi.RtMidiError as error:
            self._delete(port)
            raise self._not_opened(part, error) from error
        except MidiError:
            self._delete(port)
            raise
        self._open[part] = chosen, port

    def _client(self, part: str) -> Any:  # noqa: ANN401 - rtmidi has no type information
        with hushed():
            try:
                port = rtmidi.MidiIn(self._api, name=CLIENT_NAME)
            except rtmidi.RtMidiError as error:
                raise self._not_opened(part, error) from error
        if self._clock:
            port.ignore_types(timing=False)
        return port

    def _not_opened(self, part: str, error: Exception) -> MidiError:
        return MidiError(f"MIDI input {part!r} did not open on {api_name(self._api)}: {error}")

    def _names(self, port: Any) -> list[str]:  # noqa: ANN401 - as above
        with hushed():
            names: list[str] = port.get_ports()
        return names

    def _delete(self, port: Any) -> None:  # noqa: ANN401 - as above
        with hushed():
            port.delete()


Peers: TypeAlias = dict[str, list[str]]

OVER = {"quit", END["type"]}  # main is done with us, or gone


def listen(
    ears: Ears,
    feedback: FeedbackPorts | None,
    inbox: Inbox,
    outbox: Outbox,
    arrived: Event,
    plug_in: Callable[[], Peers],
) -> None:
    """Pass on what arrives and look at the ports now and then, until main is gone.

    ``plug_in()`` connects what is missing, and gives what our ports are connected to.
    """
    outputs: list[str] | None = None
    peers: Peers = {}
    alive_s = look_s = monotonic()
    told = inbox.take()
    while not OVER & {message["type"] for message in told}:
        now_s = monotonic()
        while arrivals := ears.heard():
            outbox.post({"type": "heard", "arrivals": arrivals})
        for message in told:
            if message["type"] == "show" and feedback is not None:
                feedback.show(message["port"], message["messages"])
        if now_s >= look_s:
            look_s = now_s + LOOK_EVERY_S
            if ears.deaf():
                return  # main starts another, until there is something to listen to
            outbox.post(*ears.look())
            if (plugged := plug_in()) != peers:
                if feedback is not None and plugged.get(FEEDBACK_PORT) != peers.get(FEEDBACK_PORT):
                    feedback.start_again()
                peers = plugged
                outbox.post({"type": "peers", "peers": plugged})
            if (now := ears.outputs()) != outputs:
                outputs = now
                outbox.post({"type": "outputs", "names": now})
            if feedback is not None:
                outbox.post(*feedback.look(ears.ports, now))
        if now_s >= alive_s:
            alive_s = now_s + ALIVE_EVERY_S
            outbox.post({"type": "alive"})
        arrived.wait(max(0.0, min(alive_s, look_s) - monotonic()))
        arrived.clear()
        told = inbox.take()


def main() -> int:
    """Be the listener process; the exit status. 2 when the ports are refused."""
    ignore_signals()
    outbox = Outbox(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no frame
    arrived = Event()
    try:
        told = read_message(sys.stdin.buffer)
        if told is None:
            return 0
        api = available_api(told["midi_api"])
        if api is None:
            raise MidiError("this machine has no MIDI system to listen with.")
        ears = Ears(api, told["clock"], arrived)
        ears.open(told["inputs"])
    except (MidiError, BrokenStreamError, KeyError) as error:
        outbox.post({"type": "refused", "text": str(error)})
        outbox.close()
        return 2
    outbox.post({"type": "opened", "ports": ears.ports})
    settle_down()
    plug_in = _plugs(api, told["cables"], told["peers"])
    feedback = FeedbackPorts(api) if told["feedback"] else None
    listen(ears, feedback, Inbox(sys.stdin.buffer, arrived.set), outbox, arrived, plug_in)
    return 0


def _plugs(api: int, cables: Peers, peers: Peers) -> Callable[[], Peers]:
    """Only JACK lets a program connect ports that are not its own."""
    if api == rtmidi.API_UNIX_JACK:
        with suppress(ImportError, OSError):  # the optional package JACK-Client, or JACK's library
            from instrument.jack_patchbay import open_patchbay

            if (patchbay := open_patchbay(cables, peers)) is not None:
                return patchbay.look
    return lambda: peers


if __name__ == "__main__":
    # Not sys.exit: a library that hangs in its own end must not keep the process.
    os._exit(main())
