"""The two thin threads between a timing loop and its pipes: neither ever makes the loop wait."""

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import BinaryIO

from engine.wire import BrokenStreamError, Message, read_message, write_messages

END: Message = {"type": "end"}  # what an inbox gives once its stream has ended


class Inbox:
    """Reads frames on a thread of its own and keeps them until they are taken.

    Of the ``controls`` messages only the newest is kept; it comes first. Of the ``follow`` messages
    only the newest is kept, in its place. All others keep their order. After the last comes
    ``END``. ``arrived`` is called from the reader thread.
    """

    def __init__(self, stream: BinaryIO, arrived: Callable[[], None]) -> None:
        self._stream, self._arrived = stream, arrived
        self._lock = Lock()  # held for a few instructions, never while reading
        self._controls: Message | None = None
        self._others: deque[Message] = deque()
        Thread(target=self._read, name="inbox", daemon=True).start()

    def take(self) -> list[Message]:
        """What has arrived since the last call; never waits for more."""
        with self._lock:
            newest = [] if self._controls is None else [self._controls]
            taken = [*newest, *self._others]
            self._controls = None
            self._others.clear()
        return taken

    def _read(self) -> None:
        message: Message | None = {}
        while message is not None:
            try:
                message = read_message(self._stream)
            except (BrokenStreamError, OSError):  # a peer that talks nonsense is as good as gone
                message = None
            with self._lock:
                if message is None:
                    self._others.append(END)
                elif message["type"] == "controls":
                    self._controls = message
                elif message["type"] == "follow":
                    others = (each for each in self._others if each["type"] != "follow")
                    self._others = deque([*others, message])
                else:
                    self._others.append(message)
            self._arrived()


class Outbox:
    """Writes messages on a thread of its own, so that a stuck reader never delays a note.

    Messages wait without limit (some 300 bytes a note) while nobody reads.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: SimpleQueue[tuple[Message, ...] | None] = SimpleQueue()
        self._thread = Thread(target=self._write, name="outbox", daemon=True)
        self._thread.start()

    def post(self, *messages: Message) -> None:
        """Hand over messages to be written in order, and at once; returns at once. Any thread.

        A process that is killed has told all of them or, up to 4 KiB (a pipe's promise), none.
        """
        self._waiting.put(messages)

    def close(self, patience_s: float = 1.0) -> None:
        """Write what waits, for at most ``patience_s`` seconds."""
        self._waiting.put(None)
        self._thread.join(patience_s)

    def _write(self) -> None:
        while (messages := self._waiting.get()) is not None:
            try:
                write_messages(self._stream, messages)
            except OSError:  # nobody listens any more; the end of stdin will tell the loop
                return
