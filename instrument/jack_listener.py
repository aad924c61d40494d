"""What arrives at a JACK port, by the frame: ``python -m instrument.jack_listener NAME``.

A judge of timing: a client with one input ``NAME:in`` that notes the exact frame of each message
and tells nothing before its stdin ends, so that telling disturbs nothing. One thread of Python
runs, the callback. It says ``ready`` (or ``refused``), then ``heard``: the messages as
``[frame, bytes in hex]``, how often it skipped cycles, and at which frames it went on after that:
there the machine stood still.
"""

import os
import sys
from typing import Any

import jack

from engine.wire import write_message
from instrument.frames import FrameCount
from instrument.jack_process import open_client
from instrument.urgent import ignore_signals, settle_down

PORT_NAME = "in"


class Listener:
    """The callback: keeps what arrived in this period."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - JACK-Client has no type information
        self.port = client.midi_inports.register(PORT_NAME)
        self.heard: list[tuple[int, bytes]] = []
        self.gaps: list[int] = []  # where it went on after cycles that were left out
        self._client = client
        self._count = FrameCount()
        self._next_start: int | None = None

    def process(self, frames: int) -> None:
        """One period. Real-time thread of JACK; never waits."""
        start = self._count.whole(self._client.last_frame_time)
        if self._next_start not in (start, None):
            self.gaps.append(start)
        self._next_start = start + frames
        for offset, message in self.port.incoming_midi_events():
            self.heard.append((start + offset, bytes(message)))


def listen(name: str) -> int:
    """Listen until stdin ends; the exit status."""
    with os.fdopen(os.dup(1), "wb") as tell:
        try:
            client = open_client(name)
        except jack.JackError:
            write_message(tell, {"type": "refused", "text": "its server does not answer"})
            return 2
        listener = Listener(client)
        client.set_process_callback(listener.process)
        ignore_signals()
        settle_down()
        client.activate()
        write_message(tell, {"type": "ready", "port": listener.port.name})
        while os.read(0, 4096):
            pass
        client.deactivate()
        heard = [[frame, message.hex()] for frame, message in listener.heard]
        skipped = {"skipped": len(listener.gaps), "gaps": listener.gaps}
        write_message(tell, {"type": "heard", "messages": heard, **skipped})
    return 0


if __name__ == "__main__":
    os._exit(listen(sys.argv[1]))
