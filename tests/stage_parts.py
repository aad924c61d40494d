"""A stage process, somebody in main's place, and pages without a browser. No test in here."""

import json
import queue
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, cast

import psutil
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from websockets.sync.client import ClientConnection, connect

from engine.card import find_checkpoint
from instrument.actions import Set
from instrument.controls import ControlState, after
from instrument.feedback import encode
from instrument.opening import PlayOptions
from instrument.parameters import values
from instrument.songs import songs_of
from instrument.stage import stage_of
from instrument.stage_link import StageLink, Staging

PATIENCE_S = 30.0
MODULE = "instrument.stage_process"
STEPS = (60, -1, -1, -1, 62, -2, -2, -2) * 4
Message = tuple[str, list[Any]]


class Main:
    """Stands where main's OSC port is: keeps what it hears, tells whoever subscribed last."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.heard: queue.Queue[Message] = queue.Queue()
        self.datagrams = 0
        self._closing = False
        self._subscriber: tuple[str, int] | None = None
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def tell(self, address: str, *arguments: float | str) -> None:
        """Feedback."""
        assert self._subscriber is not None
        self._socket.sendto(encode(address, *arguments), self._subscriber)

    def tell_everything(self, state: ControlState | None = None) -> None:
        """The full state, of the default patch."""
        self.tell("/glisser/bar", 3)
        self.tell("/glisser/phrase", *STEPS)
        mapping = songs_of(PlayOptions()).songs[0].mapping
        for address, value in values(state or ControlState(), mapping).items():
            self.tell(address, value)

    def until(self, address: str) -> list[Any]:
        """What it hears up to a message to ``address``, which is returned."""
        while True:
            heard, arguments = self.heard.get(timeout=PATIENCE_S)
            if heard == address:
                return arguments

    def close(self) -> None:
        """Nobody hears there any more."""
        self._closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(PATIENCE_S)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            datagram, sender = self._socket.recvfrom(65_535)
            if self._closing:
                return
            self.datagrams += 1
            for message in _messages(datagram):
                if message.address == "/glisser/subscribe":
                    self._subscriber = sender[0], message.params[0]
                self.heard.put((message.address, message.params))


def _messages(datagram: bytes) -> list[OscMessage]:
    if OscBundle.dgram_is_bundle(datagram):
        return [cast(OscMessage, each) for each in OscBundle(datagram)]
    return [OscMessage(datagram)]


class Stage:
    """A stage that is served, with somebody in main's place."""

    def __init__(self, checkpoint: str, http_port: int = 0, last_port: int = 0) -> None:
        self.main = Main()
        self.faults: queue.Queue[str] = queue.Queue()
        folder = find_checkpoint(checkpoint)
        self.checkpoint = folder
        where = ("127.0.0.1", http_port, last_port, "127.0.0.1", self.main.port)
        self.link = StageLink(Staging(*where, {checkpoint: str(folder)}), self.faults.put)
        song = songs_of(PlayOptions(checkpoint=checkpoint)).songs[0]
        self.told = json.loads(json.dumps(stage_of(song, 1, ["a door"], "internal")))
        self.link.stage(self.told)

    def until(self, fault: str) -> None:
        while fault not in self.faults.get(timeout=PATIENCE_S):
            pass

    def page(self, **more: Any) -> AbstractContextManager[ClientConnection]:
        """A WebSocket, as a page opens it."""
        where = f"ws://127.0.0.1:{self.link.port}/ws"
        more = {"open_timeout": PATIENCE_S, "proxy": None, **more}
        return cast("AbstractContextManager[ClientConnection]", connect(where, **more))


@contextmanager
def served(checkpoint: str | Path) -> Iterator[Stage]:
    """A stage that is served; it is ended, and all that it started."""
    stage = Stage(str(checkpoint))
    try:
        stage.link.start()
        yield stage
    finally:
        stage.link.close()
        stage.main.close()


def frame(page: ClientConnection, kind: str) -> Any:
    """What the next frame of this kind says."""
    while True:
        found = json.loads(page.recv(timeout=PATIENCE_S))
        if kind in found:
            return found[kind]


def said(page: ClientConnection, address: str) -> list[Any]:
    """The arguments of the next message of main to this address."""
    while True:
        for heard, *arguments in frame(page, "osc"):
            if heard == address:
                return cast("list[Any]", arguments)


def until_closed(page: ClientConnection) -> None:
    """Hear what there is to hear; raises ``ConnectionClosed``."""
    while True:
        page.recv(timeout=PATIENCE_S)


def ask(page: ClientConnection, *messages: list[Any]) -> None:
    page.send(json.dumps({"osc": messages}))


def turned(**controls: float) -> ControlState:
    """Controls by key, with ``_`` for ``/``."""
    return after(ControlState(), [Set(k.replace("_", "/"), v) for k, v in controls.items()])


def process_of_the_stage() -> psutil.Process:
    (found,) = (
        child for child in psutil.Process().children() if MODULE in " ".join(child.cmdline())
    )
    return found
