"""The stage process: ``python -m instrument.stage_process``. The stage page and its WebSockets.

A process of its own, because parsing what the network sends must never make the music wait.

Frames in: first ``serve`` {host, http_port (0: any free one), last_port, osc_host, osc_port,
checkpoints, stage}; then ``stage`` {stage}, or ``still``, where nothing has changed; the end of
stdin means main is gone. ``stage`` is the object of :func:`instrument.stage.stage_of`,
``checkpoints`` are folders by what it calls them. Frames out: ``opened`` {port} or ``refused``
{text}; ``told`` after each of the others; ``fault`` {text}. All else it says and hears by OSC, as
any other client.
"""

import asyncio
import os
import socket
import sys
from contextlib import suppress

from engine.wire import Message
from instrument.backstage import Backstage
from instrument.pipes import END, Inbox, Outbox
from instrument.stage_messages import MAX_FRAME_BYTES
from instrument.web_serving import Door, Faults, be_the_process, server_of


async def serve(told: Message, door: Door, outbox: Outbox, faults: Faults) -> None:
    """Serve until main is gone."""
    stage = Backstage(told, door, socket.gethostname(), faults)
    await stage.open()
    opened: Message = {"type": "opened", "port": door.port}
    server = server_of(stage.server, lambda: outbox.post(opened), MAX_FRAME_BYTES)
    loop = asyncio.get_running_loop()

    def arrived() -> None:
        with suppress(RuntimeError):  # the loop has ended before its inbox
            loop.call_soon_threadsafe(take)

    def take() -> None:
        for message in inbox.take():
            if message["type"] in {"quit", END["type"]}:
                server.should_exit = True
                continue
            if message["type"] == "stage":
                stage.take(message)
            outbox.post({"type": "told"})

    inbox = Inbox(sys.stdin.buffer, arrived)
    try:
        await server.serve(sockets=[door.listening])
    finally:
        stage.close()


def main() -> int:
    """Be the stage process; the exit status. 2 when it is refused."""

    def run(told: Message, door: Door, outbox: Outbox, faults: Faults) -> None:
        asyncio.run(serve(told, door, outbox, faults))

    return be_the_process("the stage", "--stage-at", run)


if __name__ == "__main__":
    # Not sys.exit: a thread that reads stdin must not keep the process.
    os._exit(main())
