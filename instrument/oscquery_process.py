"""The OSCQuery process: ``python -m instrument.oscquery_process``. HTTP, WebSocket, zeroconf.

A process of its own, because parsing what the network sends must never make the music wait.

Frames in: first ``serve`` {host, http_port (0: any free one), osc_host, osc_port, name, methods,
values}; then ``values`` {values}, by address; the end of stdin means main is gone. Frames out:
``opened`` {port} or ``refused`` {text}; ``told`` after every ``values``; ``announced`` {name};
``fault`` {text}.
"""

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from engine.wire import BrokenStreamError, Message, read_message
from instrument.oscquery import Host
from instrument.oscquery_access import too_open
from instrument.oscquery_announcement import Announcement, host_name
from instrument.oscquery_server import QueryServer
from instrument.pipes import END, Inbox, Outbox
from instrument.urgent import ignore_signals

MAX_CONNECTIONS = 64
MAX_HEAD_BYTES = 16_384
MAX_MESSAGE_BYTES = 4_096  # LISTEN and a path is a hundred
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


class Faults(logging.Handler):
    """What the libraries call an error becomes a line for a person, at most one in two seconds."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(logging.ERROR)
        self._outbox = outbox
        self._from_s = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        if time.monotonic() >= self._from_s:
            self._from_s = time.monotonic() + FAULT_EVERY_S
            line = record.getMessage().strip().partition("\n")[0]
            if record.exc_info and record.exc_info[1]:
                line += f": {record.exc_info[1]!r}"
            self._outbox.post({"type": "fault", "text": line[:500]})


def address_of(host: str, port: int, kind: socket.SocketKind) -> tuple[socket.AddressFamily, Any]:
    """The family and the address that a host's name means here. Raises :class:`ServeError`."""
    try:
        found = socket.getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"OSCQuery: {host} is no address of this machine: {error}") from error
    return found[0][0], found[0][4]  # as osc_in does: of localhost's two the same


def open_socket(told: Message) -> tuple[socket.socket, Host, str]:
    """The listening socket, what is where, and the IP address we are bound to.

    Raises :class:`ServeError` for one that is taken, or more open than OSC.
    """
    family, address = address_of(told["host"], told["http_port"], socket.SOCK_STREAM)
    _, osc = address_of(told["osc_host"], told["osc_port"], socket.SOCK_DGRAM)
    refused = too_open(address[0], osc[0])
    if refused is not None:
        raise ServeError(refused)
    try:
        listening = socket.create_server(address[:2], family=family)
    except OSError as error:
        where = f"{told['host']}:{told['http_port']}"
        raise ServeError(f"OSCQuery: {where} did not open: {error.strerror or error}") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    host = Host(told["name"], osc[0], told["osc_port"], listening.getsockname()[1])
    return listening, host, address[0]


def server_of(queries: QueryServer, opened: Callable[[], None]) -> Server:
    """An HTTP server with our bounds that writes no line."""
    config = uvicorn.Config(
        queries,
        http=HttpConnection,
        ws=ListenerConnection,
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=GOODBYE_PATIENCE_S,
    )
    return Server(config, opened)


async def announce(announcement: Announcement, outbox: Outbox) -> None:
    """Tell main what became of it; without it a client has to be told host and port."""
    try:
        outbox.post({"type": "announced", "name": await announcement.open()})
    except Exception as error:  # a network without multicast is no reason to serve nobody
        outbox.post({"type": "fault", "text": f"it could not be announced (zeroconf): {error!r}"})


async def serve(told: Message, outbox: Outbox, opened: tuple[socket.socket, Host, str]) -> None:
    """Serve until main is gone, then take the announcement back."""
    listening, host, bound_to = opened
    queries = QueryServer(told["methods"], host, bound_to=bound_to, announced_as=host_name())
    queries.tell(told["values"])
    server = server_of(queries, lambda: outbox.post({"type": "opened", "port": host.http_port}))
    loop = asyncio.get_running_loop()

    def arrived() -> None:
        with suppress(RuntimeError):  # the loop has ended before its inbox
            loop.call_soon_threadsafe(take)

    def take() -> None:
        for message in inbox.take():
            if message["type"] == "values":
                queries.tell(message["values"])
                outbox.post({"type": "told"})
            elif message["type"] in {"quit", END["type"]}:
                server.should_exit = True

    inbox = Inbox(sys.stdin.buffer, arrived)
    announcement = Announcement(host, bound_to)
    announcing = asyncio.create_task(announce(announcement, outbox))
    try:
        await server.serve(sockets=[listening])
    finally:
        announcing.cancel()
        with suppress(asyncio.CancelledError):
            await announcing
        await announcement.close()


def main() -> int:
    """Be the OSCQuery process; the exit status. 2 when it is refused."""
    ignore_signals()
    with suppress(AttributeError, OSError):
        os.nice(POLITENESS)
    outbox = Outbox(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no frame
    logging.getLogger().addHandler(Faults(outbox))
    try:
        told = read_message(sys.stdin.buffer)
        if told is None:
            return 0
        opened = open_socket(told)
    except (ServeError, BrokenStreamError, KeyError) as error:
        outbox.post({"type": "refused", "text": str(error)})
        outbox.close()
        return 2
    asyncio.run(serve(told, outbox, opened))
    outbox.close()
    return 0


if __name__ == "__main__":
    # Not sys.exit: a thread that reads stdin must not keep the process.
    os._exit(main())
