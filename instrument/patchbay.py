"""Cables that are plugged in again: which connections our ports had, and lost to no hand. Pure.

A port that vanishes takes its connections with it, and so does a process that dies. Who pulls a
cable between two ports that stay is obeyed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from instrument.midi_api import CLIENT_NAME, FEEDBACK_PORT, MidiError, match_port

# A second client of one name is called "Glisser-01" by JACK, "Glisser-1" by others.
_OURS = re.compile(rf"^{CLIENT_NAME}(?P<clock>-clock)?(-\d+)?:(?P<role>.+)$")


def role_of(port_name: str) -> str | None:
    """What a port of ours is for: ``out``, ``out-2``, ``clock-out``, ``in`` or ``feedback``.

    Whatever its client is called now.
    """
    ours = _OURS.match(port_name)
    return None if ours is None else ("clock-" if ours["clock"] else "") + ours["role"]


def roles_of(
    played_to: Sequence[str], *, virtual: bool, listening: bool, showing: bool = False
) -> dict[str, list[str]]:
    """Whose cables are looked after, and the part of a peer's name that was asked for, if any.

    ``played_to``: the outputs' ports, in order; only the clock's where the notes' is ``virtual``.
    ``listening``: inputs were asked for by name; such a one is opened anew instead, and so is the
    way back to it, where ``showing`` asks for one.
    """
    first = "clock-out" if virtual else "out"
    roles: dict[str, list[str]] = {} if listening else {"in": []}
    roles |= {FEEDBACK_PORT: []} if showing and not listening else {}
    roles |= {"out": []} if virtual else {}
    numbered = [first, *(f"{first}-{n}" for n in range(2, len(played_to) + 1))]
    return roles | {role: [name] for role, name in zip(numbered, played_to, strict=False)}


@dataclass(frozen=True, slots=True)
class Cable:
    """Our ``port``, as it is called now, should be connected to ``peer``."""

    port: str
    peer: str


class Patchbay:
    """Remembers the peers of our ports by role. One thread."""

    def __init__(
        self, wanted: Mapping[str, Sequence[str]], peers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """``wanted``: the roles to care for, each with parts of the names of its peers, if any.

        Those that were asked for by name are known again under another number or suffix, too.
        ``peers``: what a patchbay before this one remembered.
        """
        self._wanted = dict(wanted)
        self._peers = {role: set(names) for role, names in (peers or {}).items()}
        self._before: frozenset[str] = frozenset()

    @property
    def peers(self) -> dict[str, list[str]]:
        """What is remembered: the ports that each role is, or was last, connected to."""
        return {role: sorted(names) for role, names in self._peers.items()}

    def made_anew(self, ports: Iterable[str]) -> None:
        """These ports were registered since the last look, though some may have been there then."""
        self._before -= set(ports)

    def missing(
        self, ports: Iterable[str], connections: Mapping[str, Iterable[str]]
    ) -> list[Cable]:
        """What to plug in now that there are these ``ports``, ours with these ``connections``."""
        now = frozenset(ports)
        cables = []
        for port, connected in connections.items():
            role = role_of(port)
            if role is None or role not in self._wanted:
                continue
            present = set(connected)
            kept = self._peers.setdefault(role, set())
            if port in self._before:
                kept -= {peer for peer in kept - present if peer in now and peer in self._before}
            kept |= present
            back = {peer for peer in kept - present if peer in now}
            back |= self._returned(role, now, present)
            cables += [Cable(port, peer) for peer in sorted(back)]
        self._before = now
        return cables

    def _returned(self, role: str, now: frozenset[str], present: set[str]) -> set[str]:
        """Peers asked for by name that are new here, under whatever name they have now."""
        fresh = sorted(now - self._before)
        found = set()
        for part in self._wanted[role]:
            try:
                peer = match_port(fresh, part)
            except MidiError:  # none, or more than one: nobody knows which is meant
                continue
            if peer not in present:
                found.add(peer)
        return found


class Presence:
    """Which of the ports that were asked for are there. One thread."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._there = dict.fromkeys(wanted, True)  # they were, when they were opened

    def changes(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """Which went and which came back, now that there are ``names``."""
        gone, back = list[str](), list[str]()
        for part, was_there in self._there.items():
            try:
                is_there = bool(match_port(names, part))
            except MidiError:
                is_there = False
            if was_there != is_there:
                (back if is_there else gone).append(part)
                self._there[part] = is_there
        return gone, back
