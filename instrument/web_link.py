"""A process that serves as the rest of the main process sees it: state in, never absent long.

Main process only, which imports none of the libraries that serve.
"""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from engine.wire import Message
from instrument.children import Child

FRAME_S = 1 / 30  # a surface shows no more
STILL_THERE_S = 1.0  # so often at least something is sent, and has to be answered
MAX_SILENCE_S = 5.0
START_PATIENCE_S = 10.0
RETRY_S = 1.0
STILL: Message = {"type": "still"}  # what is sent then, where nothing has changed
GOODBYE_PATIENCE_S = 4.0  # OSCQuery takes its announcement back, told to the network thrice


class NotServedError(Exception):
    """It cannot be served here; the message is one sentence."""


class WebLink:
    """One serving process after another. ``port`` is where the present one serves.

    What it tells is one state, newest wins; one frame of it is on its way at a time, so nothing
    piles up before a process that hangs.
    """

    def __init__(
        self, what: str, module: str, serving: Message, fault: Callable[[str], None]
    ) -> None:
        """``what`` it is called in lines for a person, which ``fault`` gets on threads of ours.

        ``serving``: the frame ``serve``, with host and http_port (0: any free one), but for what
        :meth:`tell` says.
        """
        self.port = 0
        self._what, self._module, self._serving, self._fault = what, module, serving, fault
        self._lock = Lock()  # guards the child, the state, and what was sent when
        self._child: Child | None = None
        self._newest: Message = {}
        self._changed = False
        self._owed = False  # a frame is not answered yet
        self._sent_s = 0.0
        self._awake, self._closing = Event(), Event()
        self._thread = Thread(target=self._run, name=module, daemon=True)

    def start(self) -> None:
        """Start to serve; waits until the port is open.

        Raises :class:`NotServedError` where the port is taken, or the host would be more open than
        OSC is.
        """
        refused = self._try_one(self._serving["http_port"])
        if refused is not None:
            raise NotServedError(refused)
        self._thread.start()

    def tell(self, state: Message) -> None:
        """Send this frame, which is answered by ``told``, in place of one that waits.

        What a process that is started is told first, beside ``serving``. Never blocks. Any thread.
        """
        with self._lock:
            self._newest, self._changed = state, True
        self._awake.set()

    def close(self) -> None:
        """Stop serving."""
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
        """Send the newest state, or end a process that still owes an answer to the last."""
        now_s = time.monotonic()
        with self._lock:
            silent_s = now_s - self._sent_s
            if self._owed or not (self._changed or silent_s >= STILL_THERE_S):
                state = None
            else:
                state = self._newest if self._changed else STILL
                self._changed, self._owed, self._sent_s = False, True, now_s
            mute = self._owed and silent_s > MAX_SILENCE_S
        if state is not None:
            child.send(state)
        elif mute:
            child.kill()

    def _replace(self) -> None:
        """Start another process, at most one a second; on the old port, if that can be had."""
        if self._closing.is_set():
            return
        self._fault(f"{self._what}: its process was lost; it is started again")
        port = self.port
        while not self._closing.wait(RETRY_S):
            if self._try_one(port) is None:
                self._fault(f"{self._what}: served again, on port {self.port}")
                return
            port = self._serving["http_port"] if port == self.port else self.port

    def _try_one(self, port: int) -> str | None:
        """Start a process; None when it serves, else one sentence."""
        first: SimpleQueue[Message] = SimpleQueue()
        opened = Event()
        died: Message = {"type": "refused", "text": f"{self._what} did not start"}

        def hear(message: Message) -> None:
            if message["type"] in {"opened", "refused"}:
                first.put(message)
            else:
                self._hear(message)

        def ended() -> None:
            first.put(died)
            if opened.is_set():
                self._ended()

        child = Child(self._module, hear, ended)
        with self._lock:
            state, self._changed = self._newest, False
        child.send({**state, **self._serving, "type": "serve", "http_port": port})
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
                self._fault(f"{self._what}: {message['text']}")

    def _ended(self) -> None:
        with self._lock:
            self._child = None
        self._awake.set()
