"""A served namespace and its clients, for the tests of OSCQuery. No test in here."""

import http.client
import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import psutil
from pythonosc.osc_message import OscMessage
from websockets.sync.client import ClientConnection, connect

from engine.wire import Message, read_message, write_message
from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.oscquery import methods
from instrument.oscquery_link import OscQueryLink, Serving
from instrument.parameters import parameters

ROOT = Path(__file__).parent.parent
PATIENCE_S = 30.0
MODULE = "instrument.oscquery_process"
NAME = f"Glisser of test {os.getpid()}"
METHODS = methods(parameters(Mapping()), [address.decode() for address in addresses(Mapping())])

SETTABLE = [node["FULL_PATH"] for node in METHODS if "VALUE" in node]


def serving(host: str = "127.0.0.1", port: int = 0, osc_host: str = "127.0.0.1") -> Serving:
    return Serving(host, port, osc_host, 9129, METHODS, NAME)


class Told:
    """A link, and the lines that it has for a person."""

    def __init__(self, asked: Serving) -> None:
        self.faults: queue.Queue[str] = queue.Queue()
        self.link = OscQueryLink(asked, self.faults.put)

    def until(self, fault: str) -> None:
        while fault not in self.faults.get(timeout=PATIENCE_S):
            pass


@contextmanager
def serving_link() -> Iterator[Told]:
    """A link that serves."""
    told = Told(serving())
    told.link.start()
    try:
        yield told
    finally:
        told.link.close()


class Bare:
    """The process without its link: frames in, frames out."""

    def __init__(self, asked: Serving, **others: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        setup = {name: getattr(asked, name) for name in Serving.__slots__}
        self.say({"type": "serve", "values": {}, **setup, **others})

    def say(self, message: Message) -> None:
        assert self.process.stdin is not None
        write_message(self.process.stdin, message)  # type: ignore[arg-type]

    def next(self, *kinds: str) -> Message:
        """The next frame of one of these kinds."""
        assert self.process.stdout is not None
        while (message := read_message(self.process.stdout)) is not None:  # type: ignore[arg-type]
            if message["type"] in kinds:
                return message
        raise AssertionError(f"it ended without a word of {kinds}")

    def end(self) -> int:
        """Close its stdin, as the end of main does; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_S)


@contextmanager
def bare(**others: Any) -> Iterator[Bare]:
    """A process that is killed if the test has not ended it."""
    one = Bare(serving(), **others)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()
        for pipe in (one.process.stdin, one.process.stdout):
            with suppress(OSError):  # what was still to be said to it
                assert pipe is not None
                pipe.close()


def get(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[int, Any, http.client.HTTPResponse]:
    """Status, JSON or text, and the response itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    is_json = body and response.headers["content-type"] == "application/json"
    return response.status, json.loads(body) if is_json else body.decode(), response


def websocket(port: int, **more: Any) -> AbstractContextManager[ClientConnection]:
    where = f"ws://127.0.0.1:{port}/"
    return cast(
        "AbstractContextManager[ClientConnection]",
        connect(where, open_timeout=PATIENCE_S, proxy=None, **more),
    )


def command(what: str, path: str) -> str:
    return json.dumps({"COMMAND": what, "DATA": path})


def heard(client: ClientConnection) -> tuple[str, float]:
    """The next packet: its address and its one number."""
    packet = client.recv(timeout=PATIENCE_S)
    assert isinstance(packet, bytes)
    message = OscMessage(packet)
    (value,) = message.params
    return message.address, value


def eventually(true: Callable[[], bool]) -> None:
    """Wait until it is so."""
    until_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until_s, "it did not become so"
        time.sleep(0.02)


def process_of_the_link() -> psutil.Process:
    (found,) = (
        child for child in psutil.Process().children() if MODULE in " ".join(child.cmdline())
    )
    return found
