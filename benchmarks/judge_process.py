"""A judge at the far end of a performance: ``python -m benchmarks.judge_process``.

A JACK client in a process of its own, so that nothing the bench does makes its callback late. It
notes the frame of each message that arrives, where the frames lie in time, and where JACK left out
frames or called nobody; it can play a controller too. Frames of ``engine.wire``: it says ``ready``
or ``refused``, then does what it is asked and answers each time (:class:`benchmarks.judge.Judge`).
The end of stdin ends it.
"""

import os
import sys
from collections import deque
from contextlib import suppress
from time import perf_counter_ns, sleep
from typing import Any, BinaryIO, TypeVar, cast

import jack

from benchmarks.judge import EAR, NAME
from engine.wire import Message, read_message, write_message
from instrument.frames import FrameCount, LeastLate
from instrument.jack_process import open_client
from instrument.urgent import ignore_signals, settle_down

SPANS_A_SECOND = 10  # in each, one callback says where the frames lie in time
HOLE_PERIODS = 4  # nobody is called for so long: whoever was due in it could not be heard
AT_ONCE = 1  # messages of the controller in a period: more, and the judge itself is late
A_LOT = 200  # told at once; more, and telling it holds the callback up
SETTLE_S = 0.01  # whoever is in a period is through with it

Each = TypeVar("Each")


class Callback:
    """What JACK's thread does: note, and play what the controller has to say."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - JACK-Client has no type information
        self.ear = client.midi_inports.register(EAR)
        self.hand: Any = None
        self.sending: deque[bytes] = deque()
        self.heard: deque[tuple[int, str]] = deque()
        self.stops: deque[int] = deque()
        self.moments: deque[tuple[int, int]] = deque()  # a frame and its perf_counter_ns
        self.holes: deque[tuple[int, int, int]] = deque()  # the first frame after; ns from and to
        self.told: dict[str, deque[Any]] = {
            "messages": self.heard,
            "stops": self.stops,
            "moments": self.moments,
            "holes": self.holes,
        }
        self._client, self._rate = client, client.samplerate
        self._count, self._span = FrameCount(), LeastLate(self._rate)
        self._span_ends = 0
        self._last: tuple[int, int] | None = None  # the next frame, and when it was called last

    def process(self, frames: int) -> None:
        """One period. Real-time thread of JACK; never waits."""
        now_ns = perf_counter_ns()
        start = self._count.whole(self._client.last_frame_time)
        if self._last is not None:
            self._look_for_stops(start, now_ns, frames)
        self._last = start + frames, now_ns
        if start >= self._span_ends:
            self._new_span(start)
        self._span.note(start, now_ns)
        if (hand := self.hand) is not None:
            hand.clear_buffer()
            for _ in range(min(AT_ONCE, len(self.sending))):
                hand.write_midi_event(0, self.sending.popleft())
        if (ear := self.ear) is not None:
            for offset, message in ear.incoming_midi_events():
                self.heard.append((start + offset, bytes(message).hex()))

    def late(self, _delayed_us: float) -> None:
        """JACK missed its deadline a moment ago. Its thread for notices."""
        if self._last is not None:
            self.stops.append(self._last[0])

    def _look_for_stops(self, start: int, now_ns: int, frames: int) -> None:
        due, last_ns = self._last or (start, now_ns)
        if start != due:
            self.stops.append(due)
        if (now_ns - last_ns) * self._rate > HOLE_PERIODS * frames * 1_000_000_000:
            self.holes.append((start, last_ns, now_ns))
            self._new_span(start)  # the frames may lie elsewhere now

    def _new_span(self, start: int) -> None:
        self._span_ends = start + self._rate // SPANS_A_SECOND
        if (moment := self._span.look()) is not None:
            self.moments.append(moment)


def taken(kept: deque[Each], most: int = A_LOT) -> list[Each]:
    """The first of what is there now; another thread may go on adding."""
    return [kept.popleft() for _ in range(min(most, len(kept)))]


def answer(client: Any, callback: Callback, asked: Message) -> Message:  # noqa: ANN401
    """Do what is asked."""
    match asked["type"]:
        case "hear":
            return {"type": "heard"} | {name: taken(kept) for name, kept in callback.told.items()}
        case "send":
            callback.sending.extend(bytes.fromhex(text) for text in asked["messages"])
        case "plug_in" if asked["port"] == EAR:
            callback.ear = client.midi_inports.register(asked["name"])
        case "plug_in":
            callback.hand = client.midi_outports.register(asked["name"])
        case "unplug":
            slot = "ear" if asked["port"] == EAR else "hand"
            port = getattr(callback, slot)
            setattr(callback, slot, None)
            sleep(SETTLE_S)
            port.unregister()
    return {"type": "done", "unsent": len(callback.sending)}


def main() -> int:
    """Judge until stdin ends; the exit status."""
    with os.fdopen(os.dup(1), "wb") as tell:
        try:
            client = open_client(NAME)
        except jack.JackError:
            write_message(tell, {"type": "refused", "text": "its server does not answer"})
            return 2
        callback = Callback(client)
        client.set_process_callback(callback.process)
        client.set_xrun_callback(callback.late)
        ignore_signals()
        settle_down()
        client.activate()
        with suppress(BrokenPipeError):
            write_message(tell, {"type": "ready", "port": callback.ear.name})
            while (asked := read_message(cast(BinaryIO, sys.stdin.buffer))) is not None:
                write_message(tell, answer(client, callback, asked))
    return 0


if __name__ == "__main__":
    os._exit(main())
