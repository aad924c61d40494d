"""Every setting of the instrument, one row each. Pure; stdlib only: the player imports it.

A setting is whatever a performer can turn that is neither a knob of the patch nor a coordinate of
z. A new one is one row here: OSC, controllers, patches, snapshots, sessions, takes and the pages
take it from the list. Whoever acts on it asks for it by name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from instrument.tempo import (
    DEFAULT_TEMPO_BPM,
    MAX_SWING,
    MAX_TEMPO_BPM,
    MIN_TEMPO_BPM,
    STRAIGHT,
)

Outside: TypeAlias = Literal["clamped", "refused"]
Each: TypeAlias = Literal["once", "dimension"]

SCALES: dict[str, tuple[int, ...]] = {
    "off": tuple(range(12)),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
}
ROOTS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
LFO_SHAPES = ("sine", "triangle", "saw", "square")
MAX_VOICES = 4
_VOICE = "voice/"  # what the keys of voice 2 and those after it begin with


@dataclass(frozen=True, slots=True)
class Setting:
    """One number, ``low``..``high`` in ``unit``, that stands at ``default`` until it is turned.

    ``whole``: whole numbers only. ``choices``: what the whole numbers from 0 on are called.
    ``outside`` the range: moved to its nearest end or not taken. ``kept``: a snapshot holds it.
    ``each`` "dimension": there is one for every dimension of z, called ``name/1`` and so on.
    ``shared``: there is one for all voices; else each voice has its own.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str
    description: str
    whole: bool = False
    choices: tuple[str, ...] = ()
    outside: Outside = "clamped"
    kept: bool = True
    each: Each = "once"
    shared: bool = False

    def at_position(self, position: float) -> float:
        """The value of a control that stands at ``position``, 0..1."""
        value = self.low * (1.0 - position) + self.high * position
        return float(round(value)) if self.whole else value

    def position_of(self, value: float) -> float:
        """Where a control of it stands at ``value``, 0..1."""
        return (value - self.low) / (self.high - self.low)

    def keys(self, dimensions: int) -> Iterator[tuple[str, str]]:
        """The key and the name of each of it, under a checkpoint of so many dimensions."""
        if self.each == "once":
            yield self.name, self.name
            return
        for dimension in range(1, dimensions + 1):
            yield f"{self.name}/{dimension}", f"{self.name} {dimension}"


def _choice(name: str, choices: tuple[str, ...], description: str) -> Setting:
    last = float(len(choices) - 1)
    return Setting(name, 0.0, last, 0.0, "", description, whole=True, choices=choices)


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "tempo",
        MIN_TEMPO_BPM,
        MAX_TEMPO_BPM,
        DEFAULT_TEMPO_BPM,
        "bpm",
        "Quarters a minute, from the next tick on; a clock that is followed wins.",
        outside="refused",
        kept=False,
        shared=True,
    ),
    Setting(
        "swing",
        STRAIGHT,
        MAX_SWING,
        STRAIGHT,
        "% of an eighth",
        "Where the off-beat sixteenths begin: 50 is straight, 66.7 a triplet.",
        shared=True,
    ),
    Setting(
        "freeze",
        0.0,
        1.0,
        0.0,
        "",
        "Keeps the phrase that sounds, whatever the knobs do.",
        whole=True,
        choices=("off", "on"),
        kept=False,
        shared=True,
    ),
    Setting(
        "mute",
        0.0,
        1.0,
        0.0,
        "",
        "Strikes no note; the phrase goes on unheard.",
        whole=True,
        choices=("off", "on"),
    ),
    Setting("velocity", 1.0, 127.0, 96.0, "", "How hard a note is struck.", whole=True),
    Setting(
        "accent",
        0.0,
        100.0,
        0.0,
        "%",
        "How much harder the strong places of the bar are struck than the weak ones.",
    ),
    Setting("gate", 5.0, 100.0, 100.0, "% of a note", "How long a note is held; 100 is legato."),
    Setting("transpose", -24.0, 24.0, 0.0, "semitones", "Moves every note.", whole=True),
    Setting("octave", -3.0, 3.0, 0.0, "octaves", "Moves every note by octaves.", whole=True),
    _choice("scale", tuple(SCALES), "Notes outside this scale go to the nearest one inside."),
    _choice("root", ROOTS, "The note that the scale begins on."),
    Setting(
        "temperature",
        0.0,
        2.0,
        0.0,
        "",
        "0 plays the most likely phrase; above, one is drawn anew every two bars, the wilder the "
        "higher.",
    ),
    Setting(
        "seed", 0.0, 9999.0, 0.0, "", "Which phrases are drawn; the same, the same.", whole=True
    ),
    Setting(
        "offset",
        0.0,
        1.0,
        0.0,
        "",
        "On: a knob's middle is the captured phrase, and it goes from there.",
        whole=True,
        choices=("off", "on"),
    ),
    Setting(
        "morph-bars",
        0.0,
        64.0,
        0.0,
        "bars",
        "How long a snapshot takes to come that is recalled by a button or a program change.",
        kept=False,
        shared=True,
    ),
    Setting(
        "pad-x",
        0.0,
        1.0,
        0.5,
        "",
        "Left to right between the pad's snapshots.",
        kept=False,
        shared=True,
    ),
    Setting(
        "pad-y",
        0.0,
        1.0,
        0.5,
        "",
        "Up and down between the pad's snapshots.",
        kept=False,
        shared=True,
    ),
    Setting(
        "capture-voice",
        1.0,
        float(MAX_VOICES),
        1.0,
        "",
        "Which voice goes on from a captured phrase; the last one where there are fewer.",
        whole=True,
        kept=False,
        shared=True,
    ),
    Setting(
        "drift", 0.0, 3.0, 0.0, "", "How far the coordinate strays by itself.", each="dimension"
    ),
    Setting("drift-bars", 1.0, 64.0, 8.0, "bars", "How long a straying takes from turn to turn."),
    Setting("drift-seed", 0.0, 9999.0, 0.0, "", "Which way it strays.", whole=True),
    Setting(
        "lfo", 0.0, 3.0, 0.0, "", "How far the coordinate swings to and fro.", each="dimension"
    ),
    Setting("lfo-bars", 0.25, 64.0, 8.0, "bars", "How long one swing takes.", each="dimension"),
    Setting(
        "lfo-phase",
        0.0,
        1.0,
        0.0,
        "of a swing",
        "Where in its swing bar 1 finds it.",
        each="dimension",
    ),
    _choice("lfo-shape", LFO_SHAPES, "How it swings."),
)


def knob_key(knob: int) -> str:
    """What knob ``knob``, from 1, is called."""
    return f"knob/{knob}"


def z_key(dimension: int, voice: int = 1) -> str:
    """What coordinate ``dimension``, from 1, of a voice is called."""
    return voice_key(voice, f"z/{dimension}")


def voice_key(voice: int, key: str) -> str:
    """What ``key`` of voice 1 is called for ``voice``."""
    return key if voice == 1 else f"{_VOICE}{voice}/{key}"


@cache
def voice_of(key: str) -> tuple[int, str]:
    """The voice of ``key``, and what it is called for voice 1.

    Of what is no voice's own it is voice 1 and ``key`` itself.
    """
    if not key.startswith(_VOICE):
        return 1, key
    number, _, of_one = key.removeprefix(_VOICE).partition("/")
    known = [n for n in range(2, MAX_VOICES + 1) if number == str(n)]
    return (known[0], of_one) if known else (1, key)


@cache
def setting_of(key: str) -> Setting | None:
    """The setting of ``key``, of those that come once for each dimension or voice too."""
    voice, of_one = voice_of(key)
    found = _setting_of(of_one)
    return None if voice > 1 and found is not None and found.shared else found


def _setting_of(key: str) -> Setting | None:
    name, slash, number = key.partition("/")
    each: Each = "dimension" if slash else "once"
    if slash and not (number.isdecimal() and number == str(int(number)) and number != "0"):
        return None
    return next((s for s in SETTINGS if s.name == name and s.each == each), None)
