"""OSC datagrams that are almost right. Pure; the same seed gives the same ones.

None of them can stop, start or slow the music, unless by chance a hundred bits fall into place:
what they begin from moves knobs and asks questions.
"""

import random
from collections.abc import Iterator

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

NASTY = (
    b"",
    b"\0",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xc0\0\0",
    b"#bundle\0",
    b",ffff",
    b"/",
)
LONG = 20_000


def _message(address: str, *values: float | str) -> OscMessageBuilder:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder


def _bundle(*parts: OscMessageBuilder) -> bytes:
    builder = OscBundleBuilder(IMMEDIATELY)
    for part in parts:
        builder.add_content(part.build())
    return bytes(builder.build().dgram)


def whole() -> list[bytes]:
    """What they begin from: valid ones."""
    messages = [
        *(_message(f"/glisser/knob/{n}", 0.5) for n in range(1, 13)),
        *(_message(f"/glisser/z/{n}", 0.5) for n in range(1, 13)),
        _message("/glisser/z", *[0.5] * 12),
        _message("/glisser/ping"),
        _message("/glisser/get/stats"),
        _message("/glisser/knob/1", "a text"),
        _message("/glisser/nothing", 1.0),
    ]
    bundles = [_bundle(*messages[:3]), _bundle(messages[0], messages[-1]), _bundle()]
    return [*(bytes(message.build().dgram) for message in messages), *bundles]


def broken(seed: int) -> Iterator[bytes]:
    """Without end: bytes changed, cut out, put in or doubled; some nothing but noise."""
    chance = random.Random(seed)
    good = whole()
    while True:
        kind = chance.random()
        if kind < 0.1:
            yield chance.randbytes(chance.randrange(64))
        elif kind < 0.11:
            yield chance.choice(good) * (LONG // 32)
        else:
            data = bytearray(chance.choice(good))
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data) + 1)
                end = min(len(data), at + chance.randint(0, 4))
                data[at:end] = chance.choice([chance.randbytes(chance.randint(0, 4)), *NASTY])
            yield bytes(data)
