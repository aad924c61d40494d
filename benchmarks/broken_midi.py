"""MIDI messages that are almost right. Pure; the same seed gives the same ones."""

import random
from collections.abc import Iterator

LONG = 1_000  # bytes of a system exclusive message; JACK takes it whole
KNOB_1 = b"\xb0\x14"


def broken(seed: int) -> Iterator[bytes]:
    """Without end: cut off, running status, real time, system exclusive without its end, noise."""
    chance = random.Random(seed)
    while True:
        match chance.randrange(8):
            case 0:
                yield chance.randbytes(chance.randint(1, 12))
            case 1:
                yield KNOB_1 + chance.randbytes(chance.randint(0, 2))
            case 2:  # running status: data bytes alone
                yield bytes(chance.randrange(128) for _ in range(chance.randint(1, 4)))
            case 3:  # active sensing, clock, reset, and what MIDI leaves undefined
                yield bytes([chance.randint(0xF8, 0xFF)])
            case 4:
                yield b"\xf0" + bytes(chance.randrange(128) for _ in range(chance.randint(0, LONG)))
            case 5:
                yield b"\xf7"
            case 6:
                yield bytes([chance.randint(0xF1, 0xF6)]) + chance.randbytes(chance.randint(0, 2))
            case _:
                yield bytes([chance.randint(0x80, 0xEF)]) + chance.randbytes(chance.randint(0, 3))
