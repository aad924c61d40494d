"""What a performer can ask for, whatever the protocol it came by. Pure; stdlib only.

An input room (``osc_in``, ``midi_in``, the keys of the terminal) turns bytes into these; it has
already refused what is not finite or out of range, so an action may be trusted.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from instrument.settings import knob_key, z_key


@dataclass(frozen=True, slots=True)
class Set:
    """The control ``key`` shall stand at ``value``.

    ``knob/1``: the position 0..1 of a knob, which the patch gives its meaning. ``z/1``: a latent
    coordinate, clamped later by the patch. All others are in :mod:`instrument.settings`.
    """

    key: str
    value: float


@dataclass(frozen=True, slots=True)
class Transport:
    """Play, stop, or silence everything; never dropped and never merged with its neighbours."""

    do: Literal["play", "stop", "panic"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``save`` what stands now under ``name``, or ``recall`` it over ``bars`` bars.

    ``bars`` ``None``: as many as the setting ``morph-bars`` says. Of a save it means nothing.
    """

    do: Literal["save", "recall"]
    name: str
    bars: float | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Listen to the keyboard: the two bars that are played now become the point knobs vary.

    ``on`` ``False``: listen no more.
    """

    on: bool = True


@dataclass(frozen=True, slots=True)
class ChangeSong:
    """Play the song ``to`` which the set goes next, or the one called or numbered ``name``."""

    to: Literal["next", "previous", "named"]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there?"""


@dataclass(frozen=True, slots=True)
class Get:
    """Tell the sender the present value of ``what`` (``tempo``, ``z``, ``phrase``, ...)."""

    what: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Send feedback to UDP ``port`` of the sender's host from now on."""

    port: int


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Send no more feedback to UDP ``port`` of the sender's host."""

    port: int


Action: TypeAlias = (
    Set | Transport | Snapshot | Capture | ChangeSong | Ping | Get | Subscribe | Unsubscribe
)


def set_knob(knob: int, position: float) -> Set:
    """Knob ``knob``, from 1, now stands at ``position``, 0..1."""
    return Set(knob_key(knob), position)


def set_coordinate(dimension: int, z: float, voice: int = 1) -> Set:
    """Latent dimension ``dimension``, from 1, of ``voice`` shall be ``z``."""
    return Set(z_key(dimension, voice), z)


def set_tempo(bpm: float) -> Set:
    """Play at ``bpm`` quarters a minute, 20..400."""
    return Set("tempo", bpm)


def set_freeze(on: bool) -> Set:
    """Keep the phrase that sounds for as long as ``on``."""
    return Set("freeze", float(on))
