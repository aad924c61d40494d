"""A port as a person names it, with its nudge: ``NAME`` or ``NAME@+3.5``. Pure.

The nudge stands where the port is named because it belongs to a cable and what hangs on it, not to
the music: a patch travels to another rig, the slow synth does not.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

MAX_NUDGE_MS = 50.0
_NS_PER_MS = 1_000_000


class NudgeError(ValueError):
    """What follows the @ is no nudge; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class NudgedPort:
    """``name``: a part of a port's name. ``nudge_ms``: later by so much, earlier if negative."""

    name: str
    nudge_ms: float = 0.0

    @property
    def nudge_ns(self) -> int:
        """The nudge in nanoseconds."""
        return round(self.nudge_ms * _NS_PER_MS)


def nudged_port(text: str) -> NudgedPort:
    """Read ``NAME`` or ``NAME@MS``, -50..50 ms. Raises :class:`NudgeError`."""
    name, at, number = text.rpartition("@")
    if not at:
        return NudgedPort(text)
    try:
        nudge_ms = float(number)
    except ValueError:
        nudge_ms = math.nan
    if not abs(nudge_ms) <= MAX_NUDGE_MS:  # NaN is not within either
        raise NudgeError(
            f"port {text!r}: after the @ stands a nudge in ms, -{MAX_NUDGE_MS:g} to "
            f"+{MAX_NUDGE_MS:g}, such as {name or 'NAME'}@+3.5"
        )
    return NudgedPort(name, nudge_ms)


def output_by_alias(text: str, aliases: Mapping[str, str]) -> str:
    """``text``, or what a patch says that its name stands for; a nudge in ``text`` itself wins.

    Both are ports as :func:`nudged_port` reads them.
    """
    port = nudged_port(text)
    named = _by_alias(port.name, aliases)
    if named is None:
        return text
    return f"{nudged_port(named).name}@{port.nudge_ms:+g}" if "@" in text else named


def input_by_alias(name: str, aliases: Mapping[str, str]) -> str:
    """``name``, or what a patch says that it stands for; an input has no nudge."""
    named = _by_alias(name, aliases)
    return name if named is None else nudged_port(named).name


def _by_alias(name: str, aliases: Mapping[str, str]) -> str | None:
    known = {alias.casefold(): named for alias, named in aliases.items()}
    return known.get(name.casefold())
