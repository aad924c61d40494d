"""What moves a coordinate when nobody does: a slow drift and an oscillation. Pure.

Both are functions of the place in the song, so the same bar is the same again, on the stage and in
a render.
"""

import math
from functools import cache

from instrument.tempo import TICKS_PER_BAR

_MASK = (1 << 64) - 1


def drift(song_tick: int, bars: float, seed: int, dimension: int) -> float:
    """A smooth walk between -1 and 1 that takes a new direction every ``bars`` bars.

    0 at bar 1, so that a song begins where the knobs stand.
    """
    turn, place = divmod(song_tick / (bars * TICKS_PER_BAR), 1.0)
    ease = (1.0 - math.cos(math.pi * place)) / 2.0
    here, there = (_chance(seed, dimension, int(turn) + n) for n in (0, 1))
    return here * (1.0 - ease) + there * ease


@cache
def _chance(seed: int, dimension: int, turn: int) -> float:
    """An even draw from -1..1, the same for the same numbers anywhere (SplitMix64)."""
    if turn == 0:
        return 0.0
    mixed = (seed * 1_000_003 + dimension * 8_191 + turn) * 0x9E3779B97F4A7C15 & _MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ mixed >> shift) * factor & _MASK
    return (mixed ^ mixed >> 31) / 2**63 - 1.0


def oscillation(song_tick: int, bars: float, phase: float, shape: str) -> float:
    """One swing in ``bars`` bars between -1 and 1, ``phase`` 0..1 of it gone at bar 1.

    "sine" and "triangle" begin in the middle and rise, "saw" falls back at its end, "square" is
    high first.
    """
    place = (song_tick / (bars * TICKS_PER_BAR) + phase) % 1.0
    match shape:
        case "triangle":
            return 4.0 * abs((place + 0.75) % 1.0 - 0.5) - 1.0
        case "saw":
            return 2.0 * ((place + 0.5) % 1.0) - 1.0
        case "square":
            return 1.0 if place < 0.5 else -1.0
    return math.sin(2.0 * math.pi * place)
