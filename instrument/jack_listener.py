"""What arrives at a JACK port, by the frame: ``python -m instrument.jack_listener NAME``.

A judge of timing: a client with one input ``NAME:in`` that notes the exact frame of each message
and tells nothing before its stdin ends, so that telling disturbs nothing. It says ``ready`` (or
``refused``), then ``heard``: the messages as ``[frame, bytes in hex]``, ``moment``, a frame and the
``perf_counter_ns`` when it began, and ``stops``, the frames
near which JACK left out cycles or reported an xrun. The machine stood still there, and JACK's
frames may have slipped against time: nothing can be said of what was played around it.
"""

import os
import sys
from time import perf_counter_ns
from typing import Any

import jack

from engine.wire import write_message
from instrument.frames import FrameCount, LeastLate
from instrument.jack_process import open_client
from instrument.urgent import ignore_signals, settle_down

PORT_NAME = "in"


class Listener:
    """The callbacks: keep what arrived in this period, and where JACK itself was late."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - JACK-Client has no type information
        self.port = client.midi_inports.register(PORT_NAME)
        self.heard: list[tuple[int, bytes]] = []
        self.stops: list[int] = []
        self._client = client
        self._count = FrameCount()
        self.moment = LeastLate(client.samplerate)
        self._next_start: int | None = None

    def process(self, frames: int) -> None:
        """One period. Real-time thread of JACK; never waits."""
        start = self._count.whole(self._client.last_frame_time)
        self.moment.note(start, perf_counter_ns())
        if self._next_start not in (start, None):
            self.stops.append(start)
        self._next_start = start + frames
        for offset, message in self.port.incoming_midi_events():
            self.heard.append((start + offset, bytes(message)))

    def xrun(self, _delayed_us: float) -> None:
        """JACK missed its deadline a moment ago. Its thread for notices."""
        if self._next_start is not None:
            self.stops.append(self._next_start)


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
        client.set_xrun_callback(listener.xrun)
        ignore_signals()
        settle_down()
        client.activate()
        write_message(tell, {"type": "ready", "port": listener.port.name})
        while os.read(0, 4096):
            pass
        # Not deactivated: libjack may cancel the callback's thread with Python's lock in its hand.
        heard = [[frame, message.hex()] for frame, message in list(listener.heard)]
        told = {"messages": heard, "stops": list(listener.stops), "moment": listener.moment.look()}
        write_message(tell, {"type": "heard", **told})
    return 0


if __name__ == "__main__":
    os._exit(listen(sys.argv[1]))
