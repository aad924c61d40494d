"""The stage's own engine: what comes next, and planes, while somebody looks.

An engine beside the performer's, which stands back for everything else, so that no decode of the
performance ever waits for a picture. Of the asyncio loop of the stage process alone.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.card import read_card
from engine.wire import Message
from instrument.engine_link import EngineLink, Held
from instrument.stage_plane import Axes, Batch, Planes, Point

NICENESS = 15
LOOK_S = 1.0
LOST_S = 10.0  # an answer that takes longer does not come
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Flight:
    """What the engine has been asked for: the phrase of a point, or the notes of a batch."""

    id: int
    sent_s: float
    what: Point | Batch


class StageEngine:
    """Asks for one thing at a time: the phrase of the newest point first, then planes."""

    def __init__(
        self,
        checkpoints: Mapping[str, str],
        phrase: Callable[[Sequence[int]], None],
        plane: Callable[[Axes, dict[str, Any]], None],
        fault: Callable[[str], None],
    ) -> None:
        """``checkpoints``: their folders by what messages call them. ``phrase`` gets the steps that
        the newest point means, ``plane`` each size of each plane as it is known.

        Raises :class:`engine.card.CheckpointError`.
        """
        self._loop = asyncio.get_running_loop()
        self._phrase, self._plane = phrase, plane
        self.planes = Planes()
        self._checkpoint = ""
        self._z: Point = ()
        self._previewed: Point | None = None
        self._flight: _Flight | None = None
        self._ids, self._ready, self._started = 0, False, False
        self._again: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._link = EngineLink(
            {
                name: Held(Path(folder), read_card(Path(folder)).spelled())
                for name, folder in checkpoints.items()
            },
            answered=self._on_loop(self._answered),
            ready=lambda _ready, _seconds: self._call(self._loaded),
            fault=lambda line: self._call(lambda: fault(f"its preview: {line}")),
            counted=self._on_loop(self._counted),
            niceness=NICENESS,
        )

    def begin(self, checkpoint: str, ranges: Iterable[Sequence[float]]) -> None:
        """Another song: its checkpoint, and the range of each coordinate."""
        self._checkpoint, self._z, self._previewed = checkpoint, (), None
        self._flight = None  # an answer of another checkpoint is of no use
        self.planes.begin(ranges)

    def show(self, axes: Iterable[Axes]) -> None:
        """Pages show these planes, one or none each. The first has the engine started."""
        self.planes.show(axes)
        if not self._started and self.planes.shown:
            self._started = True
            self._link.start()
            self._every_second()
        self._next()

    def move(self, z: Point) -> None:
        """The controls stand at ``z``."""
        self._z = z
        self.planes.move(z, self._loop.time())
        self._next()

    def close(self) -> None:
        """End the engine."""
        for timer in (self._again, self._look):
            if timer is not None:
                timer.cancel()
        self._link.close()

    def _next(self) -> None:
        """Ask for what is due, unless an answer is on its way."""
        if self._flight is not None or not self._ready or not self.planes.shown:
            return
        now_s = self._loop.time()
        self._ids += 1
        message: Message = {"id": self._ids, "checkpoint": self._checkpoint}
        if self._z and self._previewed != self._z:
            self._flight = _Flight(self._ids, now_s, self._z)
            self._link.request({**message, "z": list(self._z)})
        elif (batch := self.planes.next(now_s)) is not None:
            self._flight = _Flight(self._ids, now_s, batch)
            self._link.count({**message, "z": [list(point) for point in batch.points]})
        elif (settles_s := self.planes.settles_s()) is not None:
            self._later(settles_s - now_s)

    def _later(self, wait_s: float) -> None:
        if self._again is not None:
            self._again.cancel()
        self._again = self._loop.call_later(max(0.001, wait_s), self._next)

    def _loaded(self) -> None:
        self._ready, self._flight = True, None
        self._next()

    def _answered(self, message: Message) -> None:
        flight = self._land(message)
        if flight is not None and isinstance(flight.what, tuple):
            self._previewed = flight.what
            if flight.what == self._z:
                self._phrase(message["steps"])
        self._next()

    def _counted(self, message: Message) -> None:
        flight = self._land(message)
        if flight is None:
            return
        if message["type"] == "refused":  # it died, and another is loading
            self._later(RETRY_S)
            return
        if isinstance(flight.what, Batch):
            told = self.planes.counted(flight.what, message["counts"])
            if told is not None:
                self._plane(flight.what.axes, told)
        self._next()

    def _land(self, message: Message) -> _Flight | None:
        """What this is the answer to; ``None`` where nobody waits for it any more."""
        flight = self._flight
        if flight is None or flight.id != message["id"]:
            return None
        self._flight = None
        return flight

    def _every_second(self) -> None:
        self._look = self._loop.call_later(LOOK_S, self._every_second)
        self._link.watch()
        if self._flight is not None and self._loop.time() - self._flight.sent_s > LOST_S:
            self._flight = None
        self._next()

    def _on_loop(self, take: Callable[[Message], None]) -> Callable[[Message], None]:
        return lambda message: self._call(lambda: take(message))

    def _call(self, do: Callable[[], None]) -> None:
        """From a thread of the link."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(do)
