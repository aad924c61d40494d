"""What a performer can ask for, whatever the protocol it came by. Pure; stdlib only.

An input room (``osc_in``, ``midi_in``, the keys of the terminal) turns bytes into these; it has
already refused what is not finite or out of range, so an action may be trusted.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class SetKnob:
    """Knob ``knob`` (from 1) now stands at ``value``, 0..1; the patch says what that means."""

    knob: int
    value: float


@dataclass(frozen=True, slots=True)
class SetCoordinate:
    """Latent dimension ``dimension`` (from 1) shall be ``value``, clamped later by the patch."""

    dimension: int
    value: float


@dataclass(frozen=True, slots=True)
class SetTempo:
    """Play at ``bpm`` quarters a minute, 20..400."""

    bpm: float


@dataclass(frozen=True, slots=True)
class SetSwing:
    """Play the off-beat sixteenths after ``percent`` of their eighth, 50..75."""

    percent: float


@dataclass(frozen=True, slots=True)
class SetFreeze:
    """Keep the phrase that sounds, whatever the knobs do, for as long as ``on``."""

    on: bool


@dataclass(frozen=True, slots=True)
class Transport:
    """Play, stop, or silence everything; never dropped and never merged with its neighbours."""

    do: Literal["play", "stop", "panic"]


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
    SetKnob
    | SetCoordinate
    | SetTempo
    | SetSwing
    | SetFreeze
    | Transport
    | Ping
    | Get
    | Subscribe
    | Unsubscribe
)
