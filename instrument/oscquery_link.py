"""The OSCQuery process as the rest of the main process sees it: values in, never absent long.

Main process only. starlette, uvicorn and zeroconf are an optional extra that main never imports.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from engine.wire import Message
from instrument.children import Child
from instrument.oscquery import Node

LIBRARIES = ("starlette", "uvicorn", "websockets", "zeroconf")
FRAME_S = 1 / 30  # a surface shows no more
STILL_THERE_S = 1.0  # so often at least something is sent, and has to be answered
MAX_SILENCE_S = 5.0
START_PATIENCE_S = 10.0
RETRY_S = 1.0
GOODBYE_PATIENCE_S = 4.0  # it takes its announcement back, which is told to the network thrice


class OscQueryUnavailableError(Exception):
    """No OSCQuery here; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What the process is asked for: where to serve (port 0: any free one), and what.

    ``osc_host`` and ``osc_port`` are where OSC is heard; ``methods`` come from
    :func:`instrument.oscquery.methods`, ``name`` is what clients show.
    """

    host: str
    http_port: int
    osc_host: str
    osc_port: int
    methods: tuple[Node, ...]
    name: str = "Glisser"


class OscQueryLink:
    """One OSCQuery process after another. ``port`` is where the present one serves.

    One frame of values is on its way at a time, so nothing piles up before a process that hangs.
    """

    def __init__(self, serving: Serving, fault: Callable[[str], None]) -> None:
        """``fault`` gets lines for a person, on threads of ours."""
        self.port = 0
        self._serving, self._fault = serving, fault
        self._lock = Lock()  # guards the child, the values, and what was sent when
        self._child: Child | None = None
        self._newest: dict[str, float] = {}
        self._changed = False
        self._owed = False  # a frame of values is not answered yet
        self._sent_s = 0.0
        self._awake, self._closing = Event(), Event()
        self._thread = Thread(target=self._run, name="oscquery", daemon=True)

    def start(self) -> None:
        """Start to serve; waits until the port is open.

        Raises :class:`OscQueryUnavailableError` where the extra is missing, the port is taken, or
        the host would be more open than OSC is.
        """
        if any(find_spec(library) is None for library in LIBRARIES):
            raise OscQueryUnavailableError(
                "OSCQuery needs its extra packages: pip install 'glisser[oscquery]'."
            )
        refused = self._try_one(self._serving.http_port)
        if refused is not None:
            raise OscQueryUnavailableError(refused)
        self._thread.start()

    def values(self, values: Mapping[str, float]) -> None:
        """These parameters, by address, stand so now; newest wins. Never blocks. Any thread."""
        finite = {path: value for path, value in values.items() if math.isfinite(value)}
        with self._lock:
            if finite.items() <= self._newest.items():
                return
            self._newest.update(finite)
            self._changed = True
        self._awake.set()

    def close(self) -> None:
        """Stop serving; the announcement is taken back."""
        self._closing.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(GOODBYE_PATIENCE_S)
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end({"type": "quit"}, GOODBYE_PATIENCE_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._awake.wait(STILL_THERE_S)
            self._awake.clear()
            with self._lock:
                child = self._child
            if child is None:
                self._replace()
            else:
                self._tell(child)
            self._closing.wait(FRAME_S)

    def _tell(self, child: Child) -> None:
        """Send the newest values, or end a process that still owes an answer to the last."""
        now_s = time.monotonic()
        with self._lock:
            silent_s = now_s - self._sent_s
            if self._owed or not (self._changed or silent_s >= STILL_THERE_S):
                values = None
            else:
                values = dict(self._newest)
                self._changed, self._owed, self._sent_s = False, True, now_s
            mute = self._owed and silent_s > MAX_SILENCE_S
        if values is not None:
            child.send({"type": "values", "values": values})
        elif mute:
            child.kill()

    def _replace(self) -> None:
        """Start another process, at most one a second; on the old port, if that can be had."""
        if self._closing.is_set():
            return
        self._fault("OSCQuery: its process was lost; it is started again")
        port = self.port
        while not self._closing.wait(RETRY_S):
            if self._try_one(port) is None:
                self._fault(f"OSCQuery: served again, on port {self.port}")
                return
            port = self._serving.http_port if port == self.port else self.port

    def _try_one(self, port: int) -> str | None:
        """Start a process; None when it serves, else one sentence."""
        first: SimpleQueue[Message] = SimpleQueue()
        opened = Event()
        died: Message = {"type": "refused", "text": "OSCQuery did not start"}

        def hear(message: Message) -> None:
            if message["type"] in {"opened", "refused"}:
                first.put(message)
            else:
                self._hear(message)

        def ended() -> None:
            first.put(died)
            if opened.is_set():
                self._ended()

        child = Child("instrument.oscquery_process", hear, ended)
        with self._lock:
            values, self._changed = dict(self._newest), False
        serving = {**asdict(self._serving), "type": "serve", "http_port": port, "values": values}
        child.send(serving)
        answer = self._first(first) or died
        if answer["type"] != "opened":
            child.end({"type": "quit"}, GOODBYE_PATIENCE_S)
            return str(answer["text"])
        with self._lock:
            self._child, self.port = child, int(answer["port"])
            self._owed, self._sent_s = False, time.monotonic()
        opened.set()
        if child.status is not None:  # it died between its word and ours
            self._ended()
        return None

    def _first(self, told: "SimpleQueue[Message]") -> Message | None:
        """Its first word; None when it takes too long, or nobody waits any more."""
        until_s = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < until_s and not self._closing.is_set():
            try:
                return told.get(timeout=0.1)
            except Empty:
                continue
        return None

    def _hear(self, message: Message) -> None:
        """Reader thread of a child."""
        match message["type"]:
            case "told":
                with self._lock:
                    self._owed = False
                self._awake.set()
            case "fault":
                self._fault(f"OSCQuery: {message['text']}")

    def _ended(self) -> None:
        with self._lock:
            self._child = None
        self._awake.set()
