"""What a listener hears of a steady beat around a fault: missing, struck twice, beside. Pure.

Moments are ``perf_counter_ns``, not JACK's frames: those stand still while the server is late, and
the beat shall not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

Hole = tuple[float, float]  # JACK called nobody from here to there


@dataclass(frozen=True, slots=True)
class Beat:
    """``missing`` places of the beat have no onset; of these, ``unheard`` are due in a hole.

    ``again``: onsets of a place that has one. ``gap_ms``: how much longer than a step it is quiet
    at most. ``beside_ms``: how far the onset that lies worst lies from its place.
    """

    missing: int
    unheard: int
    again: int
    gap_ms: float
    beside_ms: float

    def as_dict(self) -> dict[str, float]:
        """For the results."""
        return asdict(self)


def beat(onsets: Sequence[float], fault: float, step: float, holes: Sequence[Hole] = ()) -> Beat:
    """The beat at ``onsets`` (ns) with a ``fault``; the onsets before it say where the places are.

    Raises ``ValueError`` when nothing was struck before the fault.
    """
    before = [onset for onset in onsets if onset < fault]
    if not before:
        raise ValueError("nothing was struck before the fault")
    first = before[0] + _middle([_off(onset, before[0], step) for onset in before])
    places = [round((onset - first) / step) for onset in onsets]
    struck = Counter(places)
    missing = [place for place in range(places[0], places[-1]) if place not in struck]
    near = step / 4
    unheard = [
        place
        for place in missing
        if any(begin - near <= first + place * step <= end + near for begin, end in holes)
    ]
    longest = max((b - a for a, b in pairwise(onsets)), default=step)
    return Beat(
        missing=len(missing),
        unheard=len(unheard),
        again=sum(struck.values()) - len(struck),
        gap_ms=max(0.0, longest - step) / 1e6,
        beside_ms=max(abs(_off(onset, first, step)) for onset in onsets if onset >= fault) / 1e6
        if onsets[-1] >= fault
        else float("inf"),
    )


def _off(onset: float, first: float, step: float) -> float:
    """How far from its place; early is negative."""
    return (onset - first + step / 2) % step - step / 2


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
