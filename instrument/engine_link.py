"""The engine as the rest of the main process sees it: requests in, phrases out, never absent long.

Main process only.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread

from engine.vocabulary import Vocabulary
from engine.wire import Message
from instrument.children import Child

CLOSE_PATIENCE_S = 0.2  # it has nothing to lose, and one that still loads torch cannot listen
RESTART_PAUSE_S = 1.0  # before another engine, when one lived shorter than AGAIN_S
AGAIN_S = 5.0
MAX_SILENCE_S = 5.0  # a decode takes some ms; loading may take long, and is not watched


class EngineLink:
    """The engine process as the player sees it: requests in, phrases out, and a new one if it dies.

    Only the newest request waits while no engine is ready: an older one would be thrown away.
    """

    def __init__(
        self,
        checkpoint: Path,
        vocabulary: Vocabulary,
        answered: Callable[[Message], None],
        ready: Callable[[Message, float], None],
        fault: Callable[[str], None],
    ) -> None:
        """``answered`` gets each phrase, on a reader thread; ``ready`` what the engine says once it
        has loaded, and after how many seconds; ``fault`` lines for a person.
        """
        self._checkpoint = str(checkpoint.resolve())
        self._vocabulary = vocabulary
        self._answered, self._tell, self._fault = answered, ready, fault
        self._lock = Lock()  # guards the fields below; held for moments only
        self._child: Child | None = None
        self._ready = False
        self._pending: Message | None = None
        self._asked_s: float | None = None  # when the request that is still unanswered was sent
        self._closing = Event()
        self.starts = 0
        self._began_s = 0.0

    def start(self) -> None:
        """Start an engine; it loads the checkpoint and then answers."""
        with self._lock:
            if self._closing.is_set():
                return
            self._ready, self._asked_s = False, None
            self.starts += 1
            self._began_s = time.monotonic()
            self._child = Child("engine.service", self._hear, self._ended)
            self._child.send({"type": "load", "checkpoint": self._checkpoint})

    def request(self, message: Message) -> None:
        """Pass a player's request on, or keep the newest until an engine is ready. Never waits."""
        with self._lock:
            if self._ready and self._child is not None:
                self._send(message)
            else:
                self._pending = message

    def watch(self) -> None:
        """End an engine that does not answer; another takes its place."""
        with self._lock:
            asked_s, child = self._asked_s, self._child
        if child and asked_s is not None and time.monotonic() - asked_s > MAX_SILENCE_S:
            child.kill()

    def close(self) -> None:
        """End the engine; no new one is started."""
        self._closing.set()
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end({"type": "quit"}, CLOSE_PATIENCE_S)

    def _send(self, request: Message) -> None:
        if self._child is not None:
            if self._asked_s is None:
                self._asked_s = time.monotonic()
            self._child.send({**request, "type": "decode", "checkpoint": self._checkpoint})

    def _hear(self, message: Message) -> None:
        match message["type"]:
            case "phrase":
                self._asked_s = None
                steps = self._vocabulary.steps(message["tokens"])
                tokens = message["tokens"]
                self._answered(
                    {"type": "phrase", "id": message["id"], "tokens": tokens, "steps": steps}
                )
            case "ready":
                with self._lock:
                    self._ready = True
                    pending, self._pending = self._pending, None
                    if pending is not None:
                        self._send(pending)
                self._tell(message, time.monotonic() - self._began_s)
            case "refused":
                self._fault(f"engine: {message['text']}")

    def _ended(self) -> None:
        with self._lock:
            self._ready = False
        if self._closing.is_set():
            return
        self._fault("the engine died; the phrase goes on, and a new engine is loading")
        Thread(target=self._start_again, name="engine-restart", daemon=True).start()

    def _start_again(self) -> None:
        if time.monotonic() - self._began_s < AGAIN_S:
            self._closing.wait(RESTART_PAUSE_S)
        self.start()
