"""Between a timing loop and its pipes: nothing is lost that counts, and nobody waits."""

import io
import os
from threading import Event
from typing import BinaryIO

from engine.wire import Message, read_message, write_message
from instrument.pipes import END, Inbox, Outbox
from tests.parts import knob, transport


def frames(*messages: Message) -> BinaryIO:
    stream = io.BytesIO()
    for message in messages:
        write_message(stream, message)
    stream.seek(0)
    return stream


def read_all(stream: BinaryIO) -> list[Message]:
    """Every message of ``stream`` at once, as a loop that was busy finds them."""
    length = len(stream.read())
    stream.seek(0)
    ended = Event()

    def arrived() -> None:
        if stream.tell() == length:
            ended.set()

    inbox = Inbox(stream, arrived)
    ended.wait()
    taken: list[Message] = []
    while END not in taken:
        taken += inbox.take()
    return taken


def test_of_the_controls_only_the_newest_is_taken() -> None:
    """A flood of knob moves costs the loop one message; transport is never dropped."""
    stream = frames(
        knob(0.1), transport("play"), knob(0.2), transport("panic"), knob(0.3), transport("stop")
    )
    taken = read_all(stream)
    assert taken == [knob(0.3), *map(transport, ("play", "panic", "stop")), END]


def test_nonsense_on_the_pipe_is_the_end() -> None:
    """A main that no longer speaks in frames is gone."""
    assert read_all(io.BytesIO(b"\x00\x00\x00\x05hello")) == [END]


def test_posting_never_waits_for_a_reader() -> None:
    """A stuck main delays no note; what was posted arrives in order once it reads again."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as writer:
        outbox = Outbox(writer)
        for n in range(5000):  # several times what a pipe holds
            outbox.post({"type": "note", "tick": n})
        arrived = [read_message(reader) for _ in range(5000)]
        outbox.close()
    assert [message["tick"] for message in arrived if message] == list(range(5000))
