"""Length-framed JSON messages on byte streams: how our processes speak to each other.

A frame is a 4-byte big-endian length, then that many bytes of UTF-8 JSON: one object with a
``"type"``. Plain data only; nothing that could run code on loading. Pure stdlib, because the
player process imports it.
"""

import json
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

Message = dict[str, Any]

_LENGTH = struct.Struct(">I")
MAX_FRAME_BYTES = 1 << 22  # a batch of a thousand phrases is 200 kB; more is a broken stream


class BrokenStreamError(Exception):
    """The peer sent something that is not a frame."""


def write_message(stream: BinaryIO, message: Message) -> None:
    """Write and flush one frame. Raises ``OSError`` (``BrokenPipeError``) when the peer is gone.

    Not thread-safe: one writer per stream.
    """
    write_messages(stream, (message,))


def write_messages(stream: BinaryIO, messages: Iterable[Message]) -> None:
    """Write frames and flush them together. Raises as :func:`write_message`."""
    bodies = [
        json.dumps(each, separators=(",", ":"), allow_nan=False).encode() for each in messages
    ]
    stream.write(b"".join(_LENGTH.pack(len(body)) + body for body in bodies))
    stream.flush()


def read_message(stream: BinaryIO) -> Message | None:
    """The next frame; ``None`` at end of file, which on stdin means that the parent is gone.

    Blocks. Raises :class:`BrokenStreamError` for a truncated, oversized or malformed frame.
    """
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise BrokenStreamError("the stream ended inside a frame's length")
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise BrokenStreamError(f"a frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
    body = stream.read(length)
    if len(body) < length:
        raise BrokenStreamError("the stream ended inside a frame")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenStreamError(f"a frame is not JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BrokenStreamError("a frame is not an object with a type")
    return message
