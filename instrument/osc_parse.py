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

from instrument.actions import (
    Action,
    Get,
    Ping,
    SetCoordinate,
    Subscribe,
    Transport,
    Unsubscribe,
)
from instrument.mapping import Mapping
from instrument.parameters import Parameter, parameters

MAX_DATAGRAM_BYTES = 16_384  # a bundle of every parameter is 2 kB; more is not for us
MAX_BUNDLE_DEPTH = 8
DEFAULT_FEEDBACK_PORT = 9130
GETTABLE = ("tempo", "z", "phrase", "bar", "stats")
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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a literal address does. ``newest_wins``: an older value of it need not be looked at.

    ``act`` turns the finite numbers of a message into actions; :class:`RefusedError` when it
    cannot.
    """

    act: Callable[[tuple[float, ...]], list[Action]]
    newest_wins: bool


Addresses: TypeAlias = dict[bytes, Endpoint]


def addresses(mapping: Mapping) -> Addresses:
    """Every address that exists under this patch; literal, so that finding one is one look-up."""
    table = {
        parameter.address.encode(): Endpoint(_setter(parameter), newest_wins=True)
        for parameter in parameters(mapping)
    }
    table[b"/glisser/z"] = Endpoint(_all_coordinates(mapping), newest_wins=True)
    for command in (Transport("play"), Transport("stop"), Transport("panic")):
        table[f"/glisser/{command.do}".encode()] = Endpoint(_button(command), newest_wins=False)
    table[b"/glisser/ping"] = Endpoint(_bare(Ping()), newest_wins=False)
    for what in GETTABLE:
        table[f"/glisser/get/{what}".encode()] = Endpoint(_bare(Get(what)), newest_wins=False)
    table[b"/glisser/subscribe"] = Endpoint(_with_port(Subscribe), newest_wins=False)
    table[b"/glisser/unsubscribe"] = Endpoint(_with_port(Unsubscribe), newest_wins=False)
    return table


def _setter(parameter: Parameter) -> Callable[[tuple[float, ...]], list[Action]]:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 1)
        action = parameter.action(numbers[0])
        if action is None:
            raise RefusedError(
                "out of range",
                f"{numbers[0]:g} is not {parameter.low:g}..{parameter.high:g} {parameter.unit}",
            )
        return [action]

    return act


def _all_coordinates(mapping: Mapping) -> Callable[[tuple[float, ...]], list[Action]]:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, mapping.dimensions)
        return [SetCoordinate(dimension, z) for dimension, z in enumerate(numbers, start=1)]

    return act


def _button(command: Transport) -> Callable[[tuple[float, ...]], list[Action]]:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 0, 1)
        released = numbers == (0.0,)  # a surface's button sends 1 when pressed and 0 when let go
        return [] if released else [command]

    return act


def _bare(action: Action) -> Callable[[tuple[float, ...]], list[Action]]:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 0)
        return [action]

    return act


def _with_port(
    action: Callable[[int], Subscribe | Unsubscribe],
) -> Callable[[tuple[float, ...]], list[Action]]:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 0, 1)
        port = numbers[0] if numbers else float(DEFAULT_FEEDBACK_PORT)
        if not port.is_integer() or not 1 <= port <= 65_535:
            raise RefusedError("out of range", f"{port:g} is not a UDP port, 1..65535")
        return [action(int(port))]

    return act


def _want(numbers: tuple[float, ...], *counts: int) -> None:
    if len(numbers) not in counts:
        wanted = " or ".join(str(count) for count in counts)
        raise RefusedError("wrong arguments", f"wants {wanted} numbers, not {len(numbers)}")


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
        _check_arguments(message, len(address))
        numbers = tuple(float(value) for value in OscMessage(message))
        if not all(math.isfinite(number) for number in numbers):
            raise RefusedError("not finite", "NaN and infinity are no values")
        return endpoint.act(numbers)
    except RefusedError as refusal:
        raise RefusedError(refusal.kind, f"{address.decode()}: {refusal}") from None


def _check_arguments(message: bytes, address_bytes: int) -> None:
    tags_at = _padded(address_bytes)
    if len(message) == tags_at:
        return  # old senders leave the type tags out where there is nothing to tag
    tags, null, _ = message[tags_at:].partition(b"\0")
    if not tags.startswith(b",") or not null:
        raise RefusedError("malformed", "has no type tags")
    if any(tag not in _NUMBER_BYTES for tag in tags[1:]):
        shown = tags.decode("utf-8", "backslashreplace")
        raise RefusedError("wrong arguments", f"takes numbers, not {shown!r}")
    wanted = tags_at + _padded(len(tags)) + sum(_NUMBER_BYTES[tag] for tag in tags[1:])
    if len(message) != wanted:
        raise RefusedError("malformed", f"is {len(message)} bytes long where {wanted} were meant")


def _padded(text_bytes: int) -> int:
    """The bytes an OSC string takes: at least one null, up to a multiple of four."""
    return text_bytes // 4 * 4 + 4
