"""The engine as the rest of the main process sees it: requests in, phrases out, never absent long.

In the main process, and for planes and previews in the stage's.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from engine.vocabulary import Vocabulary
from engine.wire import Message
from instrument.children import Child

CLOSE_PATIENCE_S = 0.2  # it has nothing to lose, and one that still loads torch cannot listen
RESTART_PAUSE_S = 1.0  # before another engine, when one lived shorter than AGAIN_S
AGAIN_S = 5.0
MAX_SILENCE_S = 5.0  # an answer takes some ms; loading may take long, and is not watched


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint that the engine holds: where it lies, and how its tokens are spelled."""

    folder: Path
    vocabulary: Vocabulary

    @property
    def path(self) -> str:
        """What the engine's process calls it."""
        return str(self.folder.resolve())


@dataclass(frozen=True, slots=True)
class _Owed:
    """A message that the engine has not answered yet; it answers in order, each once."""

    type: str
    id: Any
    sent_s: float
    checkpoint: str
    voice: int


def _nobody(_answer: Message) -> None:
    """Where nobody encodes, nobody listens."""


class EngineLink:
    """The engine process as the player sees it: requests in, phrases out, and a new one if it dies.

    Only the newest request of each voice waits while no engine is ready: an older one would be
    thrown away. What
    is to be encoded never waits: each is answered, or refused, once. All checkpoints are loaded
    before an engine is ready, so that no answer ever waits for another one to load.
    """

    def __init__(
        self,
        checkpoints: Mapping[str, Held],
        answered: Callable[[Message], None],
        ready: Callable[[Message, float], None],
        fault: Callable[[str], None],
        encoded: Callable[[Message], None] = _nobody,
        counted: Callable[[Message], None] = _nobody,
        niceness: int = 0,
    ) -> None:
        """``checkpoints`` by the names that messages call them. ``answered`` gets each phrase, on a
        reader thread; ``ready`` what the engine says once it has loaded, and after how many
        seconds; ``fault`` lines for a person. ``encoded`` gets each answer to :meth:`encode`, on a
        reader thread or, where no engine is ready, at once; ``counted`` likewise each to
        :meth:`count`. ``niceness``: how far the engine stands back for others, 0 to 19.
        """
        self._checkpoints = dict(checkpoints)
        self._answered, self._tell, self._fault = answered, ready, fault
        self._told = {"encode": encoded, "counts": counted}
        self._niceness = niceness
        self._lock = Lock()  # guards the fields below; held for moments only
        self._child: Child | None = None
        self._ready = False
        self._loading = 0  # how many are to be loaded before it is
        self._loaded_one: Message | None = None  # its word about the last that was
        self._pending: dict[int, Message] = {}  # by voice
        self._owed: deque[_Owed] = deque()  # the oldest first
        self._closing = Event()
        self.starts = 0
        self._began_s = 0.0

    def start(self) -> None:
        """Start an engine; it loads the checkpoints and then answers."""
        with self._lock:
            if self._closing.is_set():
                return
            self._ready = False
            self.starts += 1
            self._began_s = time.monotonic()
            self._child = Child("engine.service", self._hear, self._ended)
            if self._niceness:
                _stand_back(self._child.pid, self._niceness)
            paths = dict.fromkeys(held.path for held in self._checkpoints.values())
            self._loading, self._loaded_one = len(paths), None
            for path in paths:
                self._child.send({"type": "load", "checkpoint": path})

    def request(self, message: Message) -> None:
        """Pass a player's request on, or keep the newest until an engine is ready. Never waits.

        ``checkpoint`` of the message is the name of the one that is to decode; ``voice``, where it
        is not the first, comes back with the phrase.
        """
        with self._lock:
            if self._ready:
                self._send("decode", message)
            else:
                self._pending[message.get("voice", 1)] = message

    def encode(self, message: Message) -> None:
        """Have ``message`` encoded by its ``checkpoint``: ``id`` and ``notes``, rows of pitch,
        onset and duration in steps (``engine.service``). Any thread; never waits for the engine.

        ``encoded`` is called once for it: with ``encoded`` {id, checkpoint, z, tokens, heard,
        changes}, or with ``refused`` {id, text}, a sentence.
        """
        self._ask("encode", message)

    def count(self, message: Message) -> None:
        """Have the notes at the points ``z`` of ``message`` counted by its ``checkpoint``; as
        :meth:`encode`.

        ``counted`` is called once for it: with ``counts`` {id, checkpoint, counts}, or with
        ``refused`` {id, text}.
        """
        self._ask("counts", message)

    def watch(self) -> None:
        """End an engine that does not answer; another takes its place."""
        with self._lock:
            owed_since_s = self._owed[0].sent_s if self._owed else None
            child = self._child
        if child and owed_since_s is not None and time.monotonic() - owed_since_s > MAX_SILENCE_S:
            child.kill()

    def close(self) -> None:
        """End the engine; no new one is started."""
        self._closing.set()
        with self._lock:
            child, self._child, self._ready = self._child, None, False
        if child is not None:
            child.end({"type": "quit"}, CLOSE_PATIENCE_S)

    def _ask(self, kind: str, message: Message) -> None:
        with self._lock:
            if ready := self._ready:
                self._send(kind, message)
        if not ready:
            self._refuse(kind, message["id"], "the engine is still loading")

    def _send(self, kind: str, message: Message) -> None:
        """The lock is held."""
        if self._child is not None:
            name = message["checkpoint"]
            voice = message.get("voice", 1)
            self._owed.append(_Owed(kind, message["id"], time.monotonic(), name, voice))
            path = self._checkpoints[name].path
            self._child.send({**message, "type": kind, "checkpoint": path})

    def _hear(self, message: Message) -> None:
        with self._lock:
            owed = self._owed.popleft() if self._owed else None  # none: it loads
        if owed is None:
            self._loaded(message)
            return
        match message["type"]:
            case "phrase":
                tokens = message["tokens"]
                steps = self._checkpoints[owed.checkpoint].vocabulary.steps(tokens)
                voice = {} if owed.voice == 1 else {"voice": owed.voice}
                answer = {"id": message["id"], "tokens": tokens, "steps": steps}
                self._answered({"type": "phrase", **answer, **voice})
            case "encoded" | "counts":
                self._told[owed.type](message)
            case "refused" if owed.type in self._told:
                self._refuse(owed.type, owed.id, message["text"])
            case "refused":
                self._fault(f"engine: {message['text']}")

    def _loaded(self, message: Message) -> None:
        """One checkpoint more, or a refusal: what the others play is heard all the same."""
        if message["type"] == "refused":
            self._fault(f"engine: {message['text']}")
        with self._lock:
            self._loading -= 1
            if message["type"] == "ready":
                self._loaded_one = message
            ready = self._loaded_one
            if self._loading or ready is None:
                return
            self._ready = True
            pending, self._pending = self._pending, {}
            for waiting in sorted(pending.values(), key=lambda each: int(each["id"])):
                self._send("decode", waiting)
        self._tell(ready, time.monotonic() - self._began_s)

    def _refuse(self, kind: str, its_id: Any, text: str) -> None:  # noqa: ANN401 - the asker's own
        self._told[kind]({"type": "refused", "id": its_id, "text": text})

    def _ended(self) -> None:
        with self._lock:
            self._ready = False
            owed = tuple(self._owed)
            self._owed.clear()
        for each in owed:
            if each.type in self._told:
                self._refuse(each.type, each.id, "the engine died")
        if self._closing.is_set():
            return
        self._fault("the engine died; the phrase goes on, and a new engine is loading")
        Thread(target=self._start_again, name="engine-restart", daemon=True).start()

    def _start_again(self) -> None:
        if time.monotonic() - self._began_s < AGAIN_S:
            self._closing.wait(RESTART_PAUSE_S)
        self.start()


def _stand_back(pid: int, niceness: int) -> None:
    """Have a process go after others, and never before this one."""
    with suppress(AttributeError, OSError):  # a system without priorities, or it is gone
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, pid, max(own, niceness))
