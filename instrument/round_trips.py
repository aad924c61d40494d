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
    """How long the engine's answers took lately.

    The engine answers one after another. So where several voices ask at one bar line, what counts
    is the last of their answers: it takes as long as that many.
    """

    def __init__(self) -> None:
        self.voices = 1  # how many may ask at once
        self._asked: dict[int, tuple[int, int]] = {}  # when, and as which in the engine's queue
        # How long each took, and how many answers that was.
        self._taken: deque[tuple[int, int]] = deque(maxlen=ROUND_TRIPS_KEPT)

    def asked(self, request_id: int, now_ns: int) -> None:
        """A request left."""
        self._asked[request_id] = now_ns, len(self._asked) + 1

    def answered(self, request_id: int, now_ns: int) -> None:
        """Its answer came, in time or late; what was asked before it is not waited for any more."""
        asked_ns, place = self._asked.get(request_id, (now_ns - MAX_ROUND_TRIP_NS, 1))
        if now_ns - asked_ns < MAX_ROUND_TRIP_NS:
            self._taken.append((now_ns - asked_ns, place))
        self._asked = {n: asked for n, asked in self._asked.items() if n > request_id}

    def slowest_ns(self) -> int:
        """What an answer may take: a knob that moves this long before a swap is in time."""
        voices = self.voices
        taken = (ns * voices // min(place, voices) for ns, place in self._taken)
        return max(taken, default=FIRST_ROUND_TRIP_NS * voices)

    def margin_ns(self) -> int:
        """How long before a swap to begin asking."""
        return self.slowest_ns() + SPARE_NS
