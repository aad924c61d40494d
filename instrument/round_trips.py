"""How long the engine takes, and so how early it must be asked. Pure; times are nanoseconds."""

from collections import deque

MS = 1_000_000

# Asking begins as long before a swap as the slowest of the last answers took (of so few, that is
# the 99th percentile), and time to spare for one that is slower. A knob that moves after that is
# asked for again, so what is spared costs the performer nothing.
FIRST_ROUND_TRIP_NS = 40 * MS
SPARE_NS = 10 * MS
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

    def slowest_ns(self) -> int:
        """What an answer may take: a knob that moves this long before a swap is in time."""
        return max(self._taken_ns, default=FIRST_ROUND_TRIP_NS)

    def margin_ns(self) -> int:
        """How long before a swap to begin asking."""
        return self.slowest_ns() + SPARE_NS
