"""A sender of MIDI clock that is never late: ``python -m benchmarks.sync_sender NAME FILE``.

A JACK client with one output ``NAME:out``. The file is JSON, a list of ``[frame, bytes in
hex]``, rising, from frame 0 on. It says ``ready``; a byte on its stdin sets it off. Each message
leaves at its frame, written by the callback, which is the only Python that runs. At the end it says
``sent``: the frame of JACK's that was its 0, and the frames at which a cycle was left out.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from engine.wire import write_message
from instrument.frames import FrameCount
from instrument.jack_process import open_client
from instrument.urgent import ignore_signals, settle_down

AHEAD_FRAMES = 9_600  # from the word to frame 0
TAIL_S = 0.5


class Sender:
    """The callback: what is due in this period."""

    def __init__(self, client: Any, schedule: list[tuple[int, bytes]]) -> None:  # noqa: ANN401 - untyped
        self.port = client.midi_outports.register("out")
        self.base: int | None = None
        self.stops: list[int] = []
        self.sent = 0
        self._client, self._schedule = client, schedule
        self._count = FrameCount()
        self._asked = False
        self._next_start: int | None = None

    def set_off(self) -> None:
        """Let frame 0 be soon."""
        self._asked = True

    def process(self, frames: int) -> None:
        """One period. Real-time thread of JACK; never waits."""
        start = self._count.whole(self._client.last_frame_time)
        if self._next_start not in (start, None):
            self.stops.append(start)
        self._next_start = start + frames
        self.port.clear_buffer()
        if self._asked and self.base is None:
            self.base = start + AHEAD_FRAMES
        if self.base is None:
            return
        while self.sent < len(self._schedule):
            frame, message = self._schedule[self.sent]
            if frame + self.base >= start + frames:
                break
            self.port.write_midi_event(max(0, frame + self.base - start), message)
            self.sent += 1


def send(name: str, file: Path) -> int:
    """Send the schedule of ``file``; the exit status."""
    with os.fdopen(os.dup(1), "wb") as tell:
        read = [(frame, bytes.fromhex(text)) for frame, text in json.loads(file.read_text())]
        client = open_client(name)
        sender = Sender(client, read)
        client.set_process_callback(sender.process)
        ignore_signals()
        settle_down()
        client.activate()
        write_message(tell, {"type": "ready", "port": sender.port.name})
        if not os.read(0, 1):
            return 1
        sender.set_off()
        while sender.sent < len(read):
            time.sleep(0.05)
        time.sleep(TAIL_S)
        client.deactivate()
        write_message(tell, {"type": "sent", "base": sender.base, "stops": sender.stops})
    return 0


if __name__ == "__main__":
    os._exit(send(sys.argv[1], Path(sys.argv[2])))
