"""How long before a swap its phrase must be asked for. Pure; times are nanoseconds."""

from collections import deque

MS = 1_000_000

# Ask as long before a swap as the slowest of the last answers took
# (of so few, that is the 99th percentile), and something to spare: for the player's own waking,
# a fraction of a millisecond. The margin is rounded up to whole ticks besides, and all of it is
# time by which a knob must be turned earlier.
FIRST_ROUND_TRIP_NS = 40 * MS
SPARE_NS = 2 * MS
ROUND_TRIPS_KEPT = 32
# What takes longer waited for an engine to load, and does not say how long a decode takes.
MAX_ROUND_TRIP_NS = 500 * MS


class RoundTrips:
    """How long the engine's answers took lately."""

    def __init__(self) -> None:
        self._asked_ns: dict[int, int] = {}
        self._taken_ns: deque[int] = deque(maxlen=ROUND_TRIPS_KEPT)

    def asked(self, request_id: int, now_ns: int) -> None:
        """A request left."""
        self._asked_ns[request_id] = now_ns

    def answered(self, request_id: int, now_ns: int) -> None:
        """Its answer came, in time or late; what was asked before it is not waited for any more."""
        taken_ns = now_ns - self._asked_ns.get(request_id, now_ns - MAX_ROUND_TRIP_NS)
        if taken_ns < MAX_ROUND_TRIP_NS:
            self._taken_ns.append(taken_ns)
        self._asked_ns = {n: ns for n, ns in self._asked_ns.items() if n > request_id}

    def margin_ns(self) -> int:
        """How long before a swap to ask."""
        return max(self._taken_ns, default=FIRST_ROUND_TRIP_NS) + SPARE_NS
