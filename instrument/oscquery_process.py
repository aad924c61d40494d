"""The OSCQuery process: ``python -m instrument.oscquery_process``. HTTP, WebSocket, zeroconf.

A process of its own, because parsing what the network sends must never make the music wait.

Frames in: first ``serve`` {host, http_port (0: any free one), osc_host, osc_port, name, methods,
values}; then ``values`` {values}, by address, or ``still``, where nothing has changed; the end of
stdin means main is gone. Frames out: ``opened`` {port} or ``refused`` {text}; ``told`` after each
of the others; ``announced`` {name}; ``fault`` {text}.
"""

import asyncio
import os
import sys
from contextlib import suppress

from engine.wire import Message
from instrument.oscquery import Host
from instrument.oscquery_announcement import Announcement, host_name
from instrument.oscquery_server import QueryServer
from instrument.pipes import END, Inbox, Outbox
from instrument.web_serving import Door, Faults, be_the_process, server_of

MAX_MESSAGE_BYTES = 4_096  # LISTEN and a path is a hundred


async def announce(announcement: Announcement, outbox: Outbox) -> None:
    """Tell main what became of it; without it a client has to be told host and port."""
    try:
        outbox.post({"type": "announced", "name": await announcement.open()})
    except Exception as error:  # a network without multicast is no reason to serve nobody
        outbox.post({"type": "fault", "text": f"it could not be announced (zeroconf): {error!r}"})


async def serve(told: Message, door: Door, outbox: Outbox) -> None:
    """Serve until main is gone, then take the announcement back."""
    host = Host(told["name"], door.osc[1][0], told["osc_port"], door.port)
    queries = QueryServer(told["methods"], host, bound_to=door.bound_to, announced_as=host_name())
    queries.tell(told["values"])
    opened: Message = {"type": "opened", "port": door.port}
    server = server_of(queries, lambda: outbox.post(opened), MAX_MESSAGE_BYTES)
    loop = asyncio.get_running_loop()

    def arrived() -> None:
        with suppress(RuntimeError):  # the loop has ended before its inbox
            loop.call_soon_threadsafe(take)

    def take() -> None:
        for message in inbox.take():
            if message["type"] in {"quit", END["type"]}:
                server.should_exit = True
                continue
            if message["type"] == "values":
                queries.tell(message["values"])
            outbox.post({"type": "told"})

    inbox = Inbox(sys.stdin.buffer, arrived)
    announcement = Announcement(host, door.bound_to)
    announcing = asyncio.create_task(announce(announcement, outbox))
    try:
        await server.serve(sockets=[door.listening])
    finally:
        announcing.cancel()
        with suppress(asyncio.CancelledError):
            await announcing
        await announcement.close()


def main() -> int:
    """Be the OSCQuery process; the exit status. 2 when it is refused."""

    def run(told: Message, door: Door, outbox: Outbox, _faults: Faults) -> None:
        asyncio.run(serve(told, door, outbox))

    return be_the_process("OSCQuery", "--oscquery", run)


if __name__ == "__main__":
    # Not sys.exit: a thread that reads stdin must not keep the process.
    os._exit(main())
