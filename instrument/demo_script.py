"""What hands do in ``glisser demo``: eighty bars, three minutes less two seconds.

Data, to be read from top to bottom. A row is the bar in which something is heard, what a listener
should hear, and the OSC messages that do it (without ``/glisser/``), exactly as Max would send
them. A melody is what a hand plays on a keyboard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

Message = tuple[str | float, ...]  # an address without its root, and its arguments
Note = tuple[int, int, int]  # pitch, the step of its onset, its length in steps


@dataclass(frozen=True, slots=True)
class Move:
    """``messages`` are sent in the middle of the bar before, so they are heard from ``bar`` on."""

    bar: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Melody:
    """Two bars of ``notes`` on the keyboard, from the bar line of ``bar`` on."""

    bar: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """``says`` what a listener should hear from ``bar`` on; a few words of it are the ``title``."""

    bar: int
    title: str
    says: str
    does: tuple[Move | Melody, ...] = ()


def at(bar: int, *messages: Message) -> Move:
    return Move(bar, messages)


def turned(address: str, bars: Sequence[int], positions: Sequence[float]) -> tuple[Move, ...]:
    """One control, somewhere else in each of ``bars``."""
    return tuple(
        at(bar, (address, position)) for bar, position in zip(bars, positions, strict=True)
    )


BARS = 80
SONGS = "demo"  # the folder in patches/: 1-alone, 2-together

# A line of our own, plain enough to be known again when the knobs vary it.
CAPTURED: tuple[Note, ...] = (
    *((67, 0, 4), (67, 4, 2), (69, 6, 2), (71, 8, 4), (74, 12, 4)),
    *((72, 16, 2), (71, 18, 2), (69, 20, 4), (67, 24, 8)),
)

# Found by ear and by a search among random points: what the unnamed coordinates can do.
MIDDLE = (0.0,) * 8  # z5 to z12
STEPWISE = (0.76, -2.47, -0.96, 0.93, 0.42, 0.88, -0.28, 0.51)  # moves on where the theme stands
CLOSE = (-2.42, 0.02, -0.5, 0.0, -0.22, 1.79, 0.22, 0.04, 0.11, 0.11, 0.16, 0.59)  # down to its G
UNDER = (-1.03, -0.88, 0.0, 0.0, 0.69, 0.62, 0.24, -0.1, 0.78, -0.08, -0.49, -0.71)
UNDER_CLOSE = (-2.39, -0.9, 0.0, 0.0, -1.81, -1.2, 1.01, 0.51, 0.59, -0.91, -0.62, 0.06)


def unnamed(point: Sequence[float]) -> tuple[Message, ...]:
    """z5 to z12 stand there."""
    return tuple((f"z/{n}", z) for n, z in enumerate(point, start=5))


def drifting(upper: float, lower: float) -> tuple[Message, ...]:
    """How far coordinates of both voices stray."""
    return (
        *((f"drift/{n}", upper) for n in (3, 5, 6, 8, 10, 12)),
        *((f"voice/2/drift/{n}", lower) for n in range(5, 13)),
    )


def seeded(voice: str, seed: float) -> tuple[Message, ...]:
    """Which way a voice strays, from turn to turn in two bars."""
    return (f"{voice}drift-bars", 2.0), (f"{voice}drift-seed", seed)


SCRIPT: tuple[Section, ...] = (
    Section(
        1, "The phrase", "Two bars, four times: the middle of every knob. Nobody turns anything."
    ),
    Section(
        9,
        "Fewer notes",
        "Knob 1 goes down a little in every second bar. The melody keeps its outline while its"
        " notes go, until three are left.",
        turned("knob/1", (9, 11, 13, 15), (0.38, 0.26, 0.14, 0.02)),
    ),
    Section(
        17,
        "More notes",
        "Knob 1 goes up again, past the middle, to running eighths.",
        turned("knob/1", (17, 18, 19, 20, 21, 23), (0.2, 0.36, 0.52, 0.68, 0.84, 1.0)),
    ),
    Section(
        25,
        "Higher and lower",
        "Another melody, with the notes of the beginning. Knob 2 takes it up, then far down.",
        (
            at(25, ("knob/1", 0.5), *unnamed(STEPWISE)),
            *turned("knob/2", (25, 27, 29, 31), (0.7, 0.95, 0.3, 0.08)),
        ),
    ),
    Section(
        33,
        "Falling and rising",
        "Back in the middle. Knob 3 bends the two bars down, then up; knob 4 moves the notes from"
        " the first bar to the second.",
        (
            at(33, ("knob/2", 0.5), ("knob/1", 0.55), ("knob/3", 0.05), *unnamed(MIDDLE)),
            at(35, ("knob/3", 0.95)),
            at(37, ("knob/3", 0.5), ("knob/4", 0.05)),
            at(39, ("knob/4", 0.95)),
        ),
    ),
    Section(
        41,
        "From one place to another",
        "Two places are kept. The first is still and low, the second quick and high; what is heard"
        " goes from the second to the first over four bars, and back over two.",
        (
            at(41, ("knob/4", 0.5), ("knob/1", 0.2), ("knob/2", 0.2), ("knob/6", 0.7)),
            at(42, ("snapshot/save", "low")),
            at(43, ("knob/1", 0.9), ("knob/2", 0.85), *unnamed(STEPWISE)),
            at(44, ("snapshot/save", "high")),
            at(45, ("snapshot/recall", "low", 4.0)),
            at(49, ("snapshot/recall", "high", 2.0)),
        ),
    ),
    Section(
        51,
        "Played by hand",
        "A hand plays two bars over the music. From bar 54 on they are the phrase, and knob 1"
        " thins and thickens what was played.",
        (
            at(51, ("capture", 1.0)),
            Melody(51, CAPTURED),
            *turned("knob/1", (56, 57, 58, 59), (0.36, 0.2, 0.66, 0.84)),
        ),
    ),
    Section(
        60,
        "Two voices",
        "Another song at the bar line: under the theme a slower voice, an octave lower, in thirds"
        " and sixths. Each has its own knobs.",
        (
            at(60, ("song/next", 1.0)),
            at(60, ("voice/2/z", *UNDER)),  # by itself: only the new song has a voice 2
            *turned("knob/1", (64, 66), (0.62, 0.74)),
            *turned("knob/5", (65, 67), (0.3, 0.42)),
        ),
    ),
    Section(
        69,
        "Straying",
        "Nobody turns: both voices stray by themselves, the upper one over a seventh. A scale"
        " keeps them in G.",
        (
            at(69, *drifting(2.0, 1.4), ("scale", 1.0), ("root", 7.0)),
            at(69, *seeded("", 1.0), *seeded("voice/2/", 4.0)),
        ),
    ),
    Section(
        75,
        "The end",
        "The straying ends, the theme is back. Then both voices lose their notes and come to rest"
        " on G.",
        (
            at(75, *drifting(0.0, 0.0), ("knob/1", 0.5)),
            at(77, ("knob/1", 0.3), ("knob/5", 0.2), ("velocity", 84.0)),
            at(
                79,
                *(("z", *CLOSE), ("voice/2/z", *UNDER_CLOSE)),
                *(("velocity", 74.0), ("voice/2/velocity", 68.0)),
            ),
        ),
    ),
)


def moves(script: Sequence[Section] = SCRIPT) -> tuple[Move | Melody, ...]:
    """All that hands do, in order of bars."""
    return tuple(sorted(chain.from_iterable(each.does for each in script), key=lambda m: m.bar))
