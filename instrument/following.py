"""The leader of a performance, in the main process: MIDI clock in, ``follow`` and transport out.

Which input port is the leader: the first that sends a Clock, a Start or a Continue. One leader is
enough; a second sender is named once and passed over.
"""

from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from engine.wire import Message
from instrument.driver_time import DriverTime
from instrument.leader import Follow
from instrument.mapping import Receive
from instrument.midi_clock import ClockFollower, ClockState, Heard, PlayAt
from instrument.midi_in import Arrival

WORDS = {
    "waiting": "waiting for clock",
    "locking": "clock heard",
    "stopped": "clock stopped",
    "lost": "clock lost; the music goes on",
}
_STOP, _SONG_POSITION = 0xFC, 0xF2


def clock_words(told: ClockState) -> str:
    """``locked at 120.3 bpm``, ``waiting for clock``, ``clock lost; the music goes on``."""
    if told.state == "locked" and told.tempo_bpm is not None:
        return f"locked at {told.tempo_bpm:.1f} bpm"
    return WORDS[told.state]


class Following:
    """Follows one sender of MIDI clock and tells the player by ``send``.

    ``hear`` is called by the thread of the MIDI input, ``state`` by any. ``say`` gets one line
    about a second sender.
    """

    def __init__(
        self,
        receive: Receive,
        tempo_bpm: float,
        send: Callable[[Message], None],
        say: Callable[[str], None],
    ) -> None:
        self._send, self._say = send, say
        self._follower = ClockFollower(receive, tempo_bpm)
        self._owner: str | None = None
        self._named: set[str] = set()
        self._times: dict[str, DriverTime] = {}
        self._lock = Lock()  # the display asks while the input's thread feeds

    def hear(self, arrival: Arrival) -> None:
        """A message of a port, whatever it is: every one of them tells the driver's time."""
        with self._lock:
            times = self._times.setdefault(arrival.port, DriverTime())
            driver_ns = times.stamp(arrival.delta_s, arrival.ns)
        kind = arrival.message[0]
        if kind < _SONG_POSITION or not self._leads(arrival.port, kind):
            return
        with self._lock:
            heard = self._follower.feed(driver_ns, arrival.message)
        for each in heard:
            self._send(message_of(_by_our_clock(each, times.offset_ns)))

    def words(self, now_ns: int) -> str:
        """How it goes, for a person."""
        return clock_words(self.state(now_ns))

    def state(self, now_ns: int) -> ClockState:
        """How it goes, at ``now_ns`` of ``perf_counter_ns``."""
        with self._lock:
            times = self._times.get(self._owner or "")
            return self._follower.state(now_ns - (times.offset_ns if times else 0))

    def _leads(self, port: str, kind: int) -> bool:
        if self._owner is None and kind not in (_STOP, _SONG_POSITION):
            self._owner = port
        if self._owner in (None, port):
            return True
        if port not in self._named:
            self._named.add(port)
            self._say(f"{port} sends clock too; {self._owner} was first and is followed")
        return False


def _by_our_clock(heard: Heard, offset_ns: int) -> Heard:
    match heard:
        case Follow():
            return replace(heard, ns=heard.ns + offset_ns)
        case PlayAt(follow):
            return PlayAt(replace(follow, ns=follow.ns + offset_ns))
        case _:
            return heard


def message_of(heard: Heard) -> Message:
    """The frame that tells the player."""
    match heard:
        case Follow():
            return heard.to_message()
        case PlayAt(follow):
            return {**follow.to_message(), "type": "transport", "do": "play"}
        case _:
            return {"type": "transport", "do": "stop"}
