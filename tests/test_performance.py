"""The wiring, as far as it can be seen without starting a process; the rest is in test_live."""

import io
from pathlib import Path
from typing import Any, cast

from engine.wire import Message
from instrument.actions import SetTempo, Transport
from instrument.children import Child
from instrument.display import Display
from instrument.performance import Performance, PlayOptions


class Listening:
    """Stands where the player's process would be, and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


def test_a_bundle_that_sets_the_tempo_and_plays_begins_at_the_new_tempo(
    tiny_checkpoint: Path,
) -> None:
    """The control state reaches the player before the transport that came with it."""
    options = PlayOptions(checkpoint=str(tiny_checkpoint))
    performance: Any = Performance(options, Display(io.StringIO()))
    player = Listening()
    performance._player = cast(Child, player)
    performance._act([SetTempo(200.0), Transport("play")])
    assert [message["type"] for message in player.sent] == ["controls", "transport"]
    assert player.sent[0]["tempo_bpm"] == 200.0
