"""The curve of a true knob: how much it plays at each place, and which places play so much. Pure.

The player imports it, so it needs the standard library only. The values come from a card, which has
checked them.
"""

from bisect import bisect_left, bisect_right
from typing import TypeAlias

LOWEST_Z, HIGHEST_Z = -3.0, 3.0  # where a card's curve begins and ends

# What is played on average, in the attribute's unit, at even places from LOWEST_Z to HIGHEST_Z: two
# values or more that never fall.
Curve: TypeAlias = tuple[float, ...]


def played_at(curve: Curve, z: float) -> float:
    """How much the curve plays at coordinate ``z``, in straight lines between its values.

    Beyond its ends it plays what it plays there.
    """
    steps = len(curve) - 1
    place = min(1.0, max(0.0, (z - LOWEST_Z) / (HIGHEST_Z - LOWEST_Z))) * steps
    left = min(int(place), steps - 1)
    low, high = curve[left], curve[left + 1]
    return min(high, low + (place - left) * (high - low))


def where_it_plays(curve: Curve, amount: float) -> tuple[float, float]:
    """The lowest and the highest coordinate that play ``amount``.

    They differ where the curve is flat. An amount that it never plays counts as the nearest that it
    does.
    """
    amount = min(curve[-1], max(curve[0], amount))
    left, right = bisect_left(curve, amount), bisect_right(curve, amount)
    if left < right:
        return _z_of(curve, left), _z_of(curve, right - 1)
    below, above = curve[left - 1], curve[left]
    low, high = _z_of(curve, left - 1), _z_of(curve, left)
    z = min(high, low + (amount - below) / (above - below) * (high - low))
    return z, z


def _z_of(curve: Curve, index: int) -> float:
    return LOWEST_Z + (HIGHEST_Z - LOWEST_Z) * index / (len(curve) - 1)
