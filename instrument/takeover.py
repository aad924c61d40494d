"""How a knob of the hardware takes over one that has been moved elsewhere since. Pure.

A knob with two ends stands where the hand left it. When OSC, a snapshot or another controller has
moved the value meanwhile, the two disagree, and the next turn would make the melody leap.
"""

from collections.abc import Callable

from instrument.mapping import TakeoverKind

NEAR = 1 / 127  # as close as seven bits can tell: the same place
GREATEST_GAIN = 3.0  # of a scaled knob; more would be a leap


class Takeover:
    """One control of the hardware. Positions are 0..1.

    ``none``: the value leaps to the knob. ``pick-up``: nothing moves before the knob comes to, or
    past, the value. ``scaling``: the value moves at once, in the knob's direction, and so much
    faster or slower that both arrive at the end together (at most three times as fast); once they
    meet, they stay together.
    """

    def __init__(
        self, kind: TakeoverKind, place: Callable[[float], float] = lambda position: position
    ) -> None:
        """``place(position)``: where the value is told to stand that was set to ``position``."""
        self._kind, self._place = kind, place
        self._knob: float | None = None  # where the knob was seen last
        self._made: float | None = None  # what its last turn made of the value
        self._together = False

    def turned(self, knob: float, value: float) -> float | None:
        """The new value, now that the knob stands at ``knob`` and the value at ``value``.

        ``None``: it does not move.
        """
        before, self._knob = self._knob, knob
        if self._kind == "none":
            return knob
        if self._made is None or abs(value - self._made) > NEAR / 2:
            self._together = False  # somebody else has moved it, or nobody knows who
        self._together |= abs(knob - value) <= NEAR or _between(before, value, knob)
        if self._together:
            made = knob
        elif self._kind == "scaling" and before is not None:
            made = value + _scaled(before, knob, value)
        else:
            return None
        self._made = self._place(made)
        return made


def _between(before: float | None, value: float, now: float) -> bool:
    return before is not None and (before - value) * (now - value) <= 0.0


def _scaled(before: float, now: float, value: float) -> float:
    """How far the value goes while the knob goes from ``before`` to ``now``."""
    room, knob_room = (1.0 - value, 1.0 - before) if now > before else (value, before)
    if knob_room == 0.0:
        return 0.0
    return (now - before) * min(GREATEST_GAIN, room / knob_room)
