"""What stands behind the pages: main over OSC, an engine, and what both have told.

Of the asyncio loop of the stage process alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from engine.wire import Message
from instrument.stage_engine import StageEngine
from instrument.stage_messages import Argument, OscMessage
from instrument.stage_osc import MainOsc
from instrument.stage_plane import Axes
from instrument.stage_server import StageServer
from instrument.stage_state import PHRASE, Told, heard
from instrument.web_serving import Door, Faults

BATCH_S = 0.01  # so long feedback is gathered into one frame


class Backstage:
    """One instrument as all pages see it; ``server`` is the application that serves them."""

    def __init__(self, serving: Message, door: Door, own_name: str, faults: Faults) -> None:
        """``serving`` is the frame ``serve``: ``checkpoints``, and what :meth:`take` wants.

        Raises :class:`engine.card.CheckpointError`.
        """
        self._loop = asyncio.get_running_loop()
        self._faults, self._told = faults, Told()
        self.server = StageServer(own_name, self)
        self._main = MainOsc(door.osc, self._hear, self._lost, self._renewed)
        self._engine = StageEngine(serving["checkpoints"], self._coming, self._drawn, self.fault)
        self._stage: dict[str, Any] = {}
        self._snapshots = list[str]()
        self._steps: tuple[int, ...] = ()  # of the phrase that sounds
        self._next: dict[str, Any] | None = None
        self._pages = 0
        self._feedback: list[list[Argument]] = []  # waits for its frame
        self._since_ms = 0.0
        self.take(serving)

    async def open(self) -> None:
        """Begin to hear main."""
        await self._main.open()

    def close(self) -> None:
        """End the engine, and the subscription."""
        self._main.close()
        self._engine.close()

    def take(self, message: Message) -> None:
        """A ``stage`` frame of main: the stage object, of a song that may be another."""
        if message["stage"] == self._stage:
            return
        another = message["stage"].get("song") != self._stage.get("song")
        self._stage = message["stage"]
        if another:
            self._told.begin()
            self._begin()
            if self._pages:
                self._main.subscribe()
        self.server.tell(self._stage_frame())

    def send(self, messages: Sequence[OscMessage]) -> None:
        """What a page asks for."""
        if messages:
            self._main.send(messages)

    def greeting(self, axes: Axes) -> Iterator[dict[str, Any]]:
        """The stage, how things stand, and the pictures, as far as all that is known."""
        yield self._stage_frame()
        if self._main.gone:
            yield {"main": False}
        present = [[address, *arguments] for address, arguments in self._told.present()]
        if present:
            yield {"osc": present, "at_ms": self._now_ms()}
        if self._steps:
            yield self._heard_frame()
        if self._next is not None:
            yield self._next
        if (known := self.known(axes)) is not None:
            yield known

    def known(self, axes: Axes) -> dict[str, Any] | None:
        """The finest picture that is known of this plane."""
        told = self._engine.planes.known(axes)
        return None if told is None else {"plane": told}

    def shown(self, axes: Sequence[Axes]) -> None:
        """So many pages are open. Nobody's interest costs main nothing."""
        before, self._pages = self._pages, len(axes)
        if self._pages and not before:
            self._main.listen()
        elif before and not self._pages:
            self._main.rest()
            self._told.forget()
            self._steps = ()
            self._begin()
        self._engine.show(axes)

    def fault(self, line: str) -> None:
        """A line for a person."""
        self._faults.tell(line)

    def _begin(self) -> None:
        """Nothing is known any more of where the controls stand."""
        self._next = None
        self._engine.begin(self._stage["checkpoint"], self._stage["z_ranges"])

    def _hear(self, address: str, arguments: tuple[Argument, ...]) -> None:
        if not self._told.hear(address, arguments, self._loop.time()):
            return
        if not self._feedback:
            self._since_ms = self._now_ms()
            self._loop.call_later(BATCH_S, self._flush)
        self._feedback.append([address, *arguments])

    def _flush(self) -> None:
        """Pass on what has gathered, and what follows from it."""
        said, self._feedback = self._feedback, []
        self.server.tell({"osc": said, "at_ms": self._since_ms})
        addresses = {str(address) for address, *_ in said}
        if PHRASE in addresses and (steps := self._told.steps()) != self._steps and steps:
            self._steps = steps
            self.server.tell(self._heard_frame())
        if (snapshots := self._told.snapshots()) != self._snapshots:
            self._snapshots = snapshots
            self.server.tell(self._stage_frame())
        z = self._told.z(self._stage["dimensions"])
        if z is not None and any(address.startswith("/glisser/z/") for address in addresses):
            self._engine.move(z)

    def _coming(self, steps: Sequence[int]) -> None:
        self._next = {"next": {"steps": list(steps), "heard": heard(self._stage["knobs"], steps)}}
        self.server.tell(self._next)

    def _drawn(self, axes: Axes, plane: dict[str, Any]) -> None:
        self.server.tell({"plane": plane}, axes)

    def _lost(self, gone: bool) -> None:
        self.server.tell({"main": not gone})

    def _renewed(self) -> None:
        self._told.renew(self._loop.time())

    def _stage_frame(self) -> dict[str, Any]:
        return {"stage": {**self._stage, "snapshots": self._snapshots}}

    def _heard_frame(self) -> dict[str, Any]:
        return {"heard": heard(self._stage["knobs"], self._steps)}

    def _now_ms(self) -> float:
        return self._loop.time() * 1000.0
