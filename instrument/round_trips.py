"""How long the engine takes, and so how early it must be asked. Pure; times are nanoseconds."""

from collections import deque
from statistics import median

MS = 1_000_000

# Asking begins as long before a swap as the slowest of the last answers took (of so few, that is
# the 99th percentile), and time to spare for one that is slower. A knob that moves after that is
# asked for again, so what is spared costs the performer nothing.
FIRST_ROUND_TRIP_NS = 40 * MS
SPARE_NS = 10 * MS
ROUND_TRIPS_KEPT = 32
# What takes longer waited for an engine to load, and does not say how long a decode takes.
MAX_ROUND_TRIP_NS = 500 * MS
# An answer that takes longer than so many usual ones is an accident and no rule.
ACCIDENT = 1.5


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
        return max(self._of_all(), default=FIRST_ROUND_TRIP_NS * self.voices)

    def _median_ns(self) -> float:
        return median(self._of_all() or [FIRST_ROUND_TRIP_NS * self.voices])

    def _of_all(self) -> list[int]:
        """What each would have taken had all voices asked."""
        voices = self.voices
        return [ns * voices // min(place, voices) for ns, place in self._taken]

    def held_until(self, now_ns: int, due_ns: int) -> int | None:
        """When to ask last for an answer that is due at ``due_ns``, if asking now is too early.

        Whoever asks between two and one answer's time before ``due_ns`` keeps the engine busy past
        the last moment at which the newest knob could still have been asked for. ``None``: ask.
        """
        usual_ns = min(self.slowest_ns(), round(ACCIDENT * self._median_ns()))
        last_ns = due_ns - usual_ns
        return last_ns if last_ns - usual_ns < now_ns < last_ns else None

    def margin_ns(self) -> int:
        """How long before a swap to begin asking."""
        return self.slowest_ns() + SPARE_NS
