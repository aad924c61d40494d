"""What the driver's own clock says of a message, and how that lies to ours. Pure.

python-rtmidi gives each message the seconds since the one before it, as the driver saw them: spaced
without the delays of our own threads, but their sum drifts. Our clock does not drift, but sees
each message some time after the driver did, never before. So the sum is laid under the arrivals as
high as it goes without passing one: the least delayed message of late says where it lies. Whoever
reckons with spaces takes the sum alone: it is right from the first message on, when nobody knows
yet which arrival was delayed.
"""

from collections import deque

_WINDOW_NS = 2_000_000_000
# Within this the sum may stray from the arrivals; beyond, its seconds mean something else.
MAX_DELAY_NS = 100_000_000


class DriverTime:
    """The times of one input port's messages. One thread."""

    def __init__(self) -> None:
        self._sum_ns = 0.0
        # (arrival, arrival - sum), rising in the second: the first is the least of the window.
        self._offsets: deque[tuple[int, float]] = deque()

    @property
    def offset_ns(self) -> int:
        """What makes the driver's time our own; 0 before the first message."""
        return round(self._offsets[0][1]) if self._offsets else 0

    def stamp(self, delta_s: float, arrival_ns: int) -> int:
        """The driver's time of the message that arrived at ``arrival_ns``, of our own clock.

        ``delta_s`` >= 0 is since the port's message before it. With ``offset_ns`` added it is our
        time, never later than the arrival.
        """
        self._sum_ns += delta_s * 1e9
        offset_ns = arrival_ns - self._sum_ns
        if not self._offsets or not abs(offset_ns - self._offsets[-1][1]) <= MAX_DELAY_NS:
            # The first; or a suspended machine, or a driver that says nonsense.
            self._sum_ns, offset_ns = float(arrival_ns), 0.0
            self._offsets.clear()
        while self._offsets and self._offsets[-1][1] >= offset_ns:
            self._offsets.pop()
        self._offsets.append((arrival_ns, offset_ns))
        while self._offsets[0][0] < arrival_ns - _WINDOW_NS:
            self._offsets.popleft()
        return round(self._sum_ns)
