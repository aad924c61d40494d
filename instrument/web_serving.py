"""What our processes that serve HTTP and WebSockets have in common: bounds, faults, the socket.

uvicorn, held to what a stage needs: bounded in connections and in what waits, no signals, no lines.
Only in processes of their own: parsing what the network sends must never make the music wait.
"""

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from engine.wire import BrokenStreamError, Message, read_message
from instrument.pipes import Outbox
from instrument.urgent import ignore_signals
from instrument.web_access import too_open

MAX_CONNECTIONS = 64
MAX_HEAD_BYTES = 16_384
MAX_UNREAD_BYTES = 1 << 17  # what we keep for a client that sends and does not read
SEND_BUFFER_BYTES = 1 << 16  # small, so that it is soon seen who does not read
READ_PATIENCE_S = 5.0
GOODBYE_PATIENCE_S = 1
FAULT_EVERY_S = 2.0
POLITENESS = 5  # whoever plays goes before whoever looks


class ServeError(Exception):
    """What was asked for cannot be served; the message is one sentence."""


class HttpConnection(H11Protocol):
    """One connection of at most ``MAX_CONNECTIONS``; one that says nothing is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:  # the first byte that arrives takes this back
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


class ListenerConnection(WebSocketsSansIOProtocol):
    """A WebSocket that is dropped when it does not read what it is sent."""

    _impatience: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._impatience = self.loop.call_later(READ_PATIENCE_S, self.transport.abort)

    def resume_writing(self) -> None:
        self._be_patient()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:  # a flood of pings
            self.transport.abort()
        else:
            super().data_received(data)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None


class Server(uvicorn.Server):
    """uvicorn, but signals are main's affair; ``opened`` is called when it hears."""

    def __init__(self, config: uvicorn.Config, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self._opened = opened

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._opened()


def server_of(app: ASGIApp, opened: Callable[[], None], max_message_bytes: int) -> Server:
    """An HTTP server with our bounds that writes no line; a longer WebSocket message ends it."""
    config = uvicorn.Config(
        app,
        http=HttpConnection,
        ws=ListenerConnection,
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        ws_max_size=max_message_bytes,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=GOODBYE_PATIENCE_S,
    )
    return Server(config, opened)


class Faults(logging.Handler):
    """What goes wrong becomes a line for a person, at most one in two seconds.

    As a logging handler it takes what the libraries call an error.
    """

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(logging.ERROR)
        self._outbox = outbox
        self._from_s = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage().strip().partition("\n")[0]
        if record.exc_info and record.exc_info[1]:
            line += f": {record.exc_info[1]!r}"
        self.tell(line)

    def tell(self, line: str) -> None:
        """Tell main, unless a line went out shortly before."""
        if time.monotonic() >= self._from_s:
            self._from_s = time.monotonic() + FAULT_EVERY_S
            self._outbox.post({"type": "fault", "text": line[:500]})


@dataclass(frozen=True)
class Door:
    """An open listening socket, the IP address that it is bound to, and where OSC is heard."""

    listening: socket.socket
    bound_to: str
    port: int
    osc: tuple[socket.AddressFamily, Any]


def address_of(
    what: str, host: str, port: int, kind: socket.SocketKind
) -> tuple[socket.AddressFamily, Any]:
    """The family and the address that a host's name means here. Raises :class:`ServeError`."""
    try:
        found = socket.getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"{what}: {host} is no address of this machine: {error}") from error
    return found[0][0], found[0][4]  # as osc_in does: of localhost's two the same


def open_door(what: str, option: str, told: Message) -> Door:
    """Listen where the ``serve`` frame ``told`` says: host, http_port, osc_host, osc_port.

    With a ``last_port`` it is the first port from http_port to there that can be had. Raises
    :class:`ServeError` for ports that are taken, and for a host more open than OSC; ``option`` is
    where another can be chosen.
    """
    family, address = address_of(what, told["host"], told["http_port"], socket.SOCK_STREAM)
    osc = address_of(what, told["osc_host"], told["osc_port"], socket.SOCK_DGRAM)
    refused = too_open(what, address[0], osc[1][0])
    if refused is not None:
        raise ServeError(refused)
    first = told["http_port"]
    last = max(first, told.get("last_port", first))
    for port in range(first, last + 1):
        try:
            listening = socket.create_server((address[0], port), family=family)
            break
        except OSError as error:
            reason = error.strerror or str(error)
    else:
        where = f"{told['host']}:{first}" + (f"-{last}" if last > first else "")
        raise ServeError(f"{what}: {where} did not open: {reason}; choose with {option} HOST:PORT")
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return Door(listening, address[0], listening.getsockname()[1], osc)


def be_the_process(
    what: str, option: str, serve: Callable[[Message, Door, Outbox, Faults], None]
) -> int:
    """Be a serving process: the first frame opens the door, then ``serve``. The exit status.

    2 when it is refused, and then main is told why. ``option`` of the command line asks for it.
    """
    ignore_signals()
    with suppress(AttributeError, OSError):
        os.nice(POLITENESS)
    outbox = Outbox(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no frame
    faults = Faults(outbox)
    logging.getLogger().addHandler(faults)
    try:
        told = read_message(sys.stdin.buffer)
        if told is None:
            return 0
        door = open_door(what, option, told)
    except (ServeError, BrokenStreamError, KeyError) as error:
        outbox.post({"type": "refused", "text": str(error)})
        outbox.close()
        return 2
    serve(told, door, outbox, faults)
    outbox.close()
    return 0
