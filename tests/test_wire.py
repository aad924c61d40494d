"""Frames between the processes: what is written is read, and anything else is refused."""

import io
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wire import MAX_FRAME_BYTES, BrokenStreamError, read_message, write_message

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
MESSAGES = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.text(),
    st.dictionaries(st.text(), JSON, max_size=5),
)


def framed(body: bytes) -> io.BytesIO:
    return io.BytesIO(struct.pack(">I", len(body)) + body)


@given(st.lists(MESSAGES, max_size=4))
def test_messages_arrive_whole_and_in_order(messages: list[dict[str, Any]]) -> None:
    """Any number of messages on one stream come out as they went in, then end of file is None."""
    stream = io.BytesIO()
    for message in messages:
        write_message(stream, message)
    stream.seek(0)
    assert [read_message(stream) for _ in messages] == messages
    assert read_message(stream) is None


@given(MESSAGES, st.data())
def test_a_truncated_frame_is_a_broken_stream(message: dict[str, Any], data: st.DataObject) -> None:
    """A peer that dies in the middle of a frame never yields half a message."""
    stream = io.BytesIO()
    write_message(stream, message)
    whole = stream.getvalue()
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(BrokenStreamError, match="stream ended inside"):
        read_message(io.BytesIO(whole[:cut]))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_broken_stream(noise: bytes) -> None:
    """Noise on the pipe raises BrokenStreamError and nothing else."""
    for stream in (io.BytesIO(noise), framed(noise)):
        try:
            message = read_message(stream)
        except BrokenStreamError:
            continue
        assert message is None or isinstance(message["type"], str)


def test_an_oversized_frame_is_refused_before_it_is_read() -> None:
    """A length over the limit is refused without taking the bytes that follow it."""
    stream = io.BytesIO(struct.pack(">I", MAX_FRAME_BYTES + 1) + b"x" * 100)
    with pytest.raises(BrokenStreamError, match="over the limit"):
        read_message(stream)
    assert stream.tell() == 4


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"1", b'{"type": 1}', b'{"kind": "x"}', b"{", b'"\xff"', b"[" * 100_000],
    ids=["empty", "list", "number", "type-1", "no-type", "half", "not-utf8", "deep"],
)
def test_a_frame_that_is_no_message_is_refused(body: bytes) -> None:
    """A body that is not one JSON object with a text as its type raises BrokenStreamError."""
    with pytest.raises(BrokenStreamError):
        read_message(framed(body))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_message_carries_nan_or_infinity(number: float) -> None:
    """JSON has no NaN: the writer refuses it, and the stream stays usable."""
    stream = io.BytesIO()
    with pytest.raises(ValueError, match="JSON"):
        write_message(stream, {"type": "decode", "z": [number]})
    assert stream.getvalue() == b""
