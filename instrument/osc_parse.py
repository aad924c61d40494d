"""One OSC datagram -> what a performer asked for, or a counted refusal. Pure.

Structure is checked here before python-osc sees a byte: its parser reads a missing float as 0.0,
skips arguments and elements it does not know with a line on stderr, recurses as deep as a sender
likes, and never returns from a bundle element of negative size. (OSC 1.0 specification.)
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pythonosc.osc_message import OscMessage
from pythonosc.parsing.osc_types import IMMEDIATELY, get_date

from instrument.actions import Action

MAX_DATAGRAM_BYTES = 16_384  # a bundle of every parameter is 2 kB; more is not for us
MAX_BUNDLE_DEPTH = 8
NOW = 0.0  # the due time of what has no timetag

_BUNDLE = b"#bundle\0"
_BUNDLE_HEAD_BYTES = 16  # the name and the timetag
# The type tags that mean a number and their bytes: int32, float32, int64, double, true, false.
_NUMBER_BYTES = {ord("i"): 4, ord("f"): 4, ord("h"): 8, ord("d"): 8, ord("T"): 0, ord("F"): 0}

Kind: TypeAlias = Literal[
    "too long",
    "nested too deep",
    "malformed",
    "unknown address",
    "wrong arguments",
    "not finite",
    "out of range",
    "timetag too far ahead",
    "too many waiting",
    "our fault",
]


class RefusedError(Exception):
    """A datagram or message that changes nothing; ``kind`` is what it is counted under."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind: Kind = kind


Act: TypeAlias = Callable[[tuple[float, ...]], list[Action]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a literal address does. ``newest_wins``: an older value of it need not be looked at.

    ``act`` turns the finite numbers of a message into actions; :class:`RefusedError` when it
    cannot. ``named`` takes the name, the first argument of its messages, besides.
    """

    act: Act
    newest_wins: bool
    named: Callable[[str, tuple[float, ...]], list[Action]] | None = None


Addresses: TypeAlias = dict[bytes, Endpoint]


Refuse: TypeAlias = Callable[[RefusedError], None]


def parse(
    datagram: bytes, table: Addresses, refuse: Refuse
) -> list[tuple[float, tuple[Action, ...]]]:
    """The actions of one datagram, in order, grouped by the wall-clock second they are due at.

    ``NOW`` (0.0) is the due time of everything outside a bundle or tagged "immediately"; times are
    Unix seconds. A damaged datagram is refused whole; of a bundle's messages, one that cannot be
    done is refused and the others stand. Each refusal goes to ``refuse``. Never raises.
    """
    groups: dict[float, list[Action]] = {}
    try:
        for due_s, message in _messages(datagram):
            try:
                actions = _actions(message, table)
            except RefusedError as refusal:
                refuse(refusal)
            else:
                groups.setdefault(due_s, []).extend(actions)
    except RefusedError as refusal:
        refuse(refusal)
        return []
    except Exception as error:  # whatever a datagram does, the next one must still be heard
        refuse(RefusedError("our fault", f"{type(error).__name__}: {error}"))
        return []
    return [(due_s, tuple(actions)) for due_s, actions in sorted(groups.items()) if actions]


def address_of(datagram: bytes) -> bytes:
    """The raw bytes before the first null: a message's address, or ``#bundle``."""
    return datagram[:64].partition(b"\0")[0]


def _messages(datagram: bytes) -> list[tuple[float, bytes]]:
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise RefusedError(
            "too long", f"{len(datagram)} bytes; a datagram has at most {MAX_DATAGRAM_BYTES}"
        )
    # Walked to its end before anything is looked at: a damaged datagram is one refusal, and whole.
    return list(_walk(datagram, NOW, 0))


def _walk(packet: bytes, due_s: float, depth: int) -> Iterator[tuple[float, bytes]]:
    if packet.startswith(b"/"):
        yield due_s, packet
        return
    if not packet.startswith(_BUNDLE) or len(packet) < _BUNDLE_HEAD_BYTES:
        raise RefusedError("malformed", "neither an OSC message nor a bundle")
    if depth == MAX_BUNDLE_DEPTH:
        raise RefusedError("nested too deep", f"bundles nest at most {MAX_BUNDLE_DEPTH} deep")
    tagged_s, at = get_date(packet, len(_BUNDLE))
    if tagged_s != IMMEDIATELY:
        due_s = max(due_s, tagged_s)  # a bundle inside another is never due before it
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], "big", signed=True)
        at += 4
        if size <= 0 or at + size > len(packet):
            raise RefusedError("malformed", f"a bundle element of {size} bytes does not fit")
        yield from _walk(packet[at : at + size], due_s, depth + 1)
        at += size


def _actions(message: bytes, table: Addresses) -> list[Action]:
    address = address_of(message)
    endpoint = table.get(address)
    if endpoint is None:
        shown = address.decode("utf-8", "backslashreplace")
        raise RefusedError("unknown address", f"{shown!r} is no address of this patch")
    try:
        name, numbers = _arguments(message, len(address), endpoint.named is not None)
        if not all(math.isfinite(number) for number in numbers):
            raise RefusedError("not finite", "NaN and infinity are no values")
        if endpoint.named is not None and name is not None:
            return endpoint.named(name, numbers)
        return endpoint.act(numbers)
    except RefusedError as refusal:
        raise RefusedError(refusal.kind, f"{address.decode()}: {refusal}") from None


def _arguments(
    message: bytes, address_bytes: int, named: bool
) -> tuple[str | None, tuple[float, ...]]:
    """The name, where the address wants one, and the numbers after it."""
    _check_arguments(message, address_bytes, named)
    values = list(OscMessage(message))
    if not named or not values:
        return None, tuple(float(value) for value in values)
    first, *numbers = values
    # Max sends the name of snapshot 3 as a whole number, a fader as 3.0.
    name = first if isinstance(first, str) else f"{float(first):g}"
    return name, tuple(float(value) for value in numbers)


def _check_arguments(message: bytes, address_bytes: int, named: bool) -> None:
    tags_at = _padded(address_bytes)
    if len(message) == tags_at:
        return  # old senders leave the type tags out where there is nothing to tag
    tags, null, _ = message[tags_at:].partition(b"\0")
    if not tags.startswith(b",") or not null:
        raise RefusedError("malformed", "has no type tags")
    text_bytes = 0
    numbers = tags[1:]
    if named and numbers[:1] == b"s":
        text_at = tags_at + _padded(len(tags))
        text, null, _ = message[text_at:].partition(b"\0")
        if not null:
            raise RefusedError("malformed", "its name has no end")
        text_bytes, numbers = _padded(len(text)), numbers[1:]
    if any(tag not in _NUMBER_BYTES for tag in numbers):
        shown = tags.decode("utf-8", "backslashreplace")
        first = "a name and numbers" if named else "numbers"
        raise RefusedError("wrong arguments", f"takes {first}, not {shown!r}")
    wanted = tags_at + _padded(len(tags)) + text_bytes
    wanted += sum(_NUMBER_BYTES[tag] for tag in numbers)
    if len(message) != wanted:
        raise RefusedError("malformed", f"is {len(message)} bytes long where {wanted} were meant")


def _padded(text_bytes: int) -> int:
    """The bytes an OSC string takes: at least one null, up to a multiple of four."""
    return text_bytes // 4 * 4 + 4
