"""The listener as the rest of the main process sees it: arrivals in, never deaf long.

Main process only.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from engine.wire import Message
from instrument.children import QUIT_PATIENCE_S, Child
from instrument.midi_api import MidiError
from instrument.midi_in import Arrival

START_PATIENCE_S = 10.0
MAX_SILENCE_S = 1.0  # it says that it is alive five times a second
RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class Listening:
    """What the listener is asked for: the MIDI system; parts of the names of ports to hear.

    ``clock``: let MIDI clock through. ``cables``: whose connections to look after, and to what, as
    :func:`instrument.patchbay.roles_of` gives them. ``feedback``: open the ways back, too.
    """

    midi_api: str
    inputs: tuple[str, ...]
    clock: bool
    cables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    feedback: bool = False


class InputLink:
    """One listener after another. ``ports`` is what the present one listens to."""

    def __init__(
        self,
        listening: Listening,
        hear: Callable[[Sequence[Arrival]], None],
        outputs: Callable[[Sequence[str]], None],
        fault: Callable[[str], None],
        shows: Callable[[str, bool], None] = lambda _port, _is_open: None,
    ) -> None:
        """``hear`` gets what arrives, ``outputs`` the ports that can be played to whenever they
        change, ``shows`` the name of an input and whether what is sent for it arrives from now on;
        all on a reader thread. ``fault`` gets lines for a person.
        """
        self.ports: tuple[str, ...] = ()
        self._listening = listening
        self._hear_arrivals, self._outputs, self._fault = hear, outputs, fault
        self._shows = shows
        self._lock = Lock()  # guards the child and when it was heard
        self._child: Child | None = None
        self._peers: dict[str, list[str]] = {}  # what our ports were last connected to
        self._heard_s = time.monotonic()
        self._closing = Event()

    def start(self) -> None:
        """Start to listen. Raises :class:`MidiError`, one sentence, when the ports do not open."""
        refused = self._try_one()
        if refused is not None:
            raise MidiError(refused)

    def watch(self) -> None:
        """End a listener that says nothing any more; another takes its place."""
        with self._lock:
            mute = time.monotonic() - self._heard_s > MAX_SILENCE_S
            child = self._child if mute else None
        if child is not None:
            child.kill()

    def show(self, port: str, messages: Sequence[bytes]) -> bool:
        """Send ``messages`` to the device of input ``port``; never waits. Any thread.

        Whether there is a listener to send them. The next one tells ``shows`` again.
        """
        with self._lock:
            child = self._child
        if child is not None:
            told = [message.hex() for message in messages]
            child.send({"type": "show", "port": port, "messages": told})
        return child is not None

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end({"type": "quit"}, QUIT_PATIENCE_S)

    def _try_one(self) -> str | None:
        first: SimpleQueue[Message] = SimpleQueue()
        opened = Event()
        died = {"type": "refused", "text": "the MIDI inputs did not open"}

        def hear(message: Message) -> None:
            if message["type"] in {"opened", "refused"}:
                first.put(message)
            else:
                self._hear(message)

        def ended() -> None:
            first.put(died)
            if opened.wait(0.0):
                self._ended()

        child = Child("instrument.midi_listener", hear, ended)
        child.send({"type": "listen", **asdict(self._listening), "peers": self._peers})
        try:
            answer = first.get(timeout=START_PATIENCE_S)
        except Empty:
            answer = died
        if answer["type"] != "opened":
            child.end({"type": "quit"}, QUIT_PATIENCE_S)
            return str(answer["text"])
        with self._lock:
            self._child, self.ports = child, tuple(answer["ports"])
            self._heard_s = time.monotonic()
        opened.set()
        if child.status is not None:  # it died between its word and ours
            self._ended()
        return None

    def _hear(self, message: Message) -> None:
        """Reader thread of a listener."""
        with self._lock:
            self._heard_s = time.monotonic()
        match message["type"]:
            case "heard":
                self._hear_arrivals(
                    [
                        Arrival(port, ns, delta_s, bytes.fromhex(text))
                        for port, ns, delta_s, text in message["arrivals"]
                    ]
                )
            case "outputs":
                self._outputs(message["names"])
            case "peers":
                self._peers = message["peers"]
            case "shows":
                self._shows(message["port"], message["open"])
            case "dark":
                self._fault(f"MIDI feedback: nothing leads back to {message['port']}")
            case "lost":
                self._fault(f"MIDI in: {message['port']} is gone")
            case "back":
                self._fault(f"MIDI in: {message['port']} is back")

    def _ended(self) -> None:
        with self._lock:
            if self._child is None:
                return
            self._child = None
        if not self._closing.is_set():
            self._fault("MIDI in: the inputs were lost; they are opened again")
            Thread(target=self._replace, name="listener-restart", daemon=True).start()

    def _replace(self) -> None:
        while not self._closing.wait(RETRY_S):
            if self._try_one() is None:
                self._fault("MIDI in: the inputs are open again")
                return
