"""A child process that speaks frames: started, written to, read from, ended. Main process only.

A child's death is news, never an exception.
"""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

from engine.wire import BrokenStreamError, Message, read_message
from instrument.pipes import Outbox

QUIT_PATIENCE_S = 2.0  # a child closes its notes and ports in far less


class Child:
    """``python -m module`` with ``arguments``, and frames on its stdin and stdout.

    ``hear(message)`` is called for every frame on a reader thread, in order; then ``ended()`` once,
    when the child's stdout has closed. Both must not raise.
    """

    def __init__(
        self,
        module: str,
        hear: Callable[[Message], None],
        ended: Callable[[], None],
        *arguments: str,
    ) -> None:
        self.module = module
        self._hear, self._ended = hear, ended
        # A session of its own keeps the terminal's Ctrl-C and hang-up for the main process alone.
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a child has pipes")
        self._stdout = self._process.stdout
        self._outbox = Outbox(self._process.stdin)  # type: ignore[arg-type]  # IO[bytes] is one
        self._reader = Thread(target=self._read, name=f"from-{module}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def send(self, message: Message) -> None:
        """Queue one frame; never blocks, and a child that is gone swallows it. Any thread."""
        self._outbox.post(message)

    def kill(self) -> None:
        """SIGKILL, for a child that no longer answers."""
        with suppress(OSError):
            self._process.kill()

    def end(self, farewell: Message, patience_s: float) -> int:
        """Say ``farewell``, wait, and kill if that was not enough. Returns the exit status."""
        self.send(farewell)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
        status = self._process.wait()
        self._reader.join(timeout=1.0)
        self._outbox.close()
        return status

    def _read(self) -> None:
        try:
            while (message := read_message(self._stdout)) is not None:  # type: ignore[arg-type]
                self._hear(message)
        except (BrokenStreamError, OSError, ValueError):
            self.kill()
        self._process.wait()
        self._ended()


class Interview:
    """A child that is asked one thing at a time and answers each with one frame."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._told: SimpleQueue[Message | None] = SimpleQueue()
        self._child = Child(module, self._told.put, lambda: self._told.put(None), *arguments)

    def listen(self, patience_s: float) -> Message | None:
        """The next frame; None when the child has ended or stays silent that long."""
        try:
            return self._told.get(timeout=patience_s)
        except Empty:
            return None

    def ask(self, message: Message, patience_s: float) -> Message | None:
        """Send one frame and wait for the answer."""
        self._child.send(message)
        return self.listen(patience_s)

    def close(self) -> None:
        """End the child."""
        self._child.end({"type": "quit"}, QUIT_PATIENCE_S)
