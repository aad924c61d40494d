"""What a page asks for, and how it travels on to OSC. Pure.

A page speaks JSON text frames (docs/stage.md). What makes no sense is nothing: no text raises. Out
come messages to ``/glisser/`` addresses and to nowhere else.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from instrument.feedback import encode

MAX_FRAME_BYTES = 1 << 17  # 64 messages of 16 arguments are less
MAX_MESSAGES = 64
MAX_ARGUMENTS = 16
MAX_TEXT_CHARACTERS = 64
MAX_ADDRESS_CHARACTERS = 63
MAX_DIMENSIONS = 64  # that a card may have
MAX_BUNDLE_BYTES = 8_192  # half of what osc_parse takes
LARGEST = 1e9  # of a number; what can be set is far below

_ADDRESS = re.compile(r"/glisser(/[A-Za-z0-9_-]+)+")
# What the server itself says to main, and a page has no business with.
_RESERVED = ("subscribe", "unsubscribe", "ping", "get")
_TRIGGERS = ("play", "stop", "panic", "capture", "snapshot", "song")

Argument: TypeAlias = float | str
OscMessage: TypeAlias = tuple[str, tuple[Argument, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one frame of a page asks for: OSC messages in order, and which plane it shows.

    ``axes``: two dimensions, from 1; ``None`` where it does not say.
    """

    messages: tuple[OscMessage, ...] = ()
    axes: tuple[int, int] | None = None


def asked_by(text: str) -> Asked | None:
    """What the frame asks for; ``None`` when any part of it makes no sense. Never raises."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict) or not frame or frame.keys() - {"osc", "plane"}:
        return None
    messages, axes = _messages(frame.get("osc", [])), None
    if messages is None:
        return None
    if "plane" in frame and (axes := _axes(frame["plane"])) is None:
        return None
    return Asked(messages, axes)


def is_trigger(address: str) -> bool:
    """Whether each message to it does something of its own; of all others the newest will do."""
    return address.split("/")[2] in _TRIGGERS


class Waiting:
    """What a page has asked for and was not sent yet, in order.

    Of the messages to one address the newest is kept, but for triggers, which are all kept; and
    nothing overtakes a trigger. One thread uses it.
    """

    def __init__(self) -> None:
        self._done: list[OscMessage] = []  # up to the newest trigger
        self._since: dict[str, OscMessage] = {}  # after it, by address

    def __len__(self) -> int:
        return len(self._done) + len(self._since)

    def add(self, messages: Iterable[OscMessage]) -> None:
        """These as well, after what waits."""
        for message in messages:
            address = message[0]
            self._since.pop(address, None)
            self._since[address] = message
            if is_trigger(address):
                self._done += self._since.values()
                self._since = {}

    def take(self) -> list[OscMessage]:
        """All of it; nothing waits any more."""
        taken = [*self._done, *self._since.values()]
        self._done, self._since = [], {}
        return taken


def bundles(messages: Sequence[OscMessage]) -> Iterator[bytes]:
    """OSC bundles to be done at once, each of at most ``MAX_BUNDLE_BYTES`` unless one is longer."""
    body = b""
    for address, arguments in messages:
        packet = encode(address, *arguments)
        element = len(packet).to_bytes(4, "big") + packet
        if body and len(body) + len(element) > MAX_BUNDLE_BYTES:
            yield _BUNDLE_HEAD + body
            body = b""
        body += element
    if body:
        yield _BUNDLE_HEAD + body


_BUNDLE_HEAD = b"#bundle\0" + (1).to_bytes(8, "big")  # a timetag that means at once


def _messages(told: Any) -> tuple[OscMessage, ...] | None:  # noqa: ANN401 - whatever JSON can hold
    if not isinstance(told, list) or len(told) > MAX_MESSAGES:
        return None
    messages = [message for message in map(_message, told) if message is not None]
    return tuple(messages) if len(messages) == len(told) else None


def _message(told: Any) -> OscMessage | None:  # noqa: ANN401 - whatever JSON can hold
    if not isinstance(told, list) or not 1 <= len(told) <= 1 + MAX_ARGUMENTS:
        return None
    address, *arguments = told
    if not isinstance(address, str) or len(address) > MAX_ADDRESS_CHARACTERS:
        return None
    if not _ADDRESS.fullmatch(address) or address.split("/")[2] in _RESERVED:
        return None
    if not all(map(_is_argument, arguments)):
        return None
    return address, tuple(arguments)


def _is_argument(value: Any) -> bool:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, str):  # of what is printable, all can be encoded
        return len(value) <= MAX_TEXT_CHARACTERS and value.isprintable()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST  # which NaN is not either


def _axes(told: Any) -> tuple[int, int] | None:  # noqa: ANN401 - whatever JSON can hold
    match told:
        case {"x": int(x), "y": int(y)} if x != y:
            if all(type(each) is int and 1 <= each <= MAX_DIMENSIONS for each in (x, y)):
                return x, y
    return None
