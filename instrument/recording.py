"""The take of a performance, where one was asked for. A full disk never stops the music."""

from collections.abc import Callable
from pathlib import Path

from engine.wire import Message
from instrument.take import Take, TakeError, check_writable


class Recording:
    """Writes down what main hears of a performance. Main thread only."""

    def __init__(
        self, file: Path | None, say: Callable[[str], None], fault: Callable[[str], None]
    ) -> None:
        """``file`` (.mid) or ``None`` for no take. Raises :class:`TakeError` if it cannot be."""
        self._file, self._say, self._fault = file, say, fault
        self._take: Take | None = None
        if file is not None:
            check_writable(file)

    def begin(self, head: Callable[[], Message]) -> None:
        """Begin with ``head()``. Raises :class:`TakeError`."""
        if self._file is None:
            return
        self._take = Take(self._file, head())
        if self._take.put_aside is not None:
            self._say(f"a take that was cut off is kept: {self._take.put_aside}")

    def add(self, message: Message) -> None:
        """Write down one message; a disk that will not have it is told once."""
        try:
            if self._take is not None:
                self._take.add(message)
        except TakeError as error:
            self._fault(str(error))

    def finish(self) -> bool:
        """Whether there is a whole take, or nobody asked for one."""
        take = self._take
        if take is None:
            return True
        try:
            take.finish()
        except TakeError as error:
            self._fault(str(error))
            return False
        self._say(f"take: {take.file}  ({take.bars} bars, {take.onsets} notes)")
        return take.whole
