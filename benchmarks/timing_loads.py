"""What the machine of the timing bench does besides: ``python -m benchmarks.timing_loads KIND``.

``knob HOST PORT`` turns knob 1 of a Glisser over OSC, faster than a sixteenth; ``flood HOST PORT
FROZEN`` sends it 5,000 messages a second, with 1 a freeze among them; ``busy`` keeps the last core
busy. For systems that neither decode nor hear OSC, ``decode CHECKPOINT`` and ``hear PORT`` do it
beside them: Glisser's own engine at every sixteenth, and its own receiver. All run until ended.
"""

import os
import socket
import sys
import time
from collections.abc import Iterator
from itertools import count

from pythonosc.osc_message_builder import OscMessageBuilder

from benchmarks.timing_figures import BPM
from instrument.children import Interview
from instrument.controls import Controls, ControlState
from instrument.osc_addresses import addresses
from instrument.osc_in import OscInput
from instrument.patch import load_patch

STEP_S = 60 / BPM / 4
MESSAGES_A_SECOND = 5_000
KNOB_EVERY_S = 0.015  # more than twice a sixteenth, so that z differs at every one
POSITIONS = 997


def beats(every_s: float) -> Iterator[int]:
    """0, 1, 2 ... at absolute times ``every_s`` apart; what is late follows at once."""
    began_s = time.perf_counter()
    for number in count():
        time.sleep(max(0.0, began_s + number * every_s - time.perf_counter()))
        yield number


def datagram(address: str, value: float) -> bytes:
    """One OSC message as it goes over the wire."""
    message = OscMessageBuilder(address)
    message.add_arg(value)
    return bytes(message.build().dgram)


def turn(knob: int) -> list[bytes]:
    """A slow turn of ``knob``, each position another."""
    return [datagram(f"/glisser/knob/{knob}", n / POSITIONS) for n in range(POSITIONS)]


def send(host: str, port: str, datagrams: list[bytes], every_s: float) -> None:
    """Send ``datagrams``, again and again, to whoever listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in beats(every_s):
            sender.sendto(datagrams[number % len(datagrams)], (host, int(port)))


def decode(checkpoint: str) -> None:
    """Let an engine decode another z at every sixteenth."""
    engine = Interview("engine.service")
    engine.ask({"type": "load", "checkpoint": checkpoint}, 120.0)
    for number in beats(STEP_S):
        z = [number % POSITIONS / POSITIONS] + [0.0] * 11
        engine.ask({"type": "decode", "id": number, "checkpoint": checkpoint, "z": z}, 10.0)


def hear(port: str) -> None:
    """Receive, parse and apply OSC as the instrument does."""
    controls = Controls(ControlState())
    table = addresses(load_patch("default"))
    osc = OscInput(
        "127.0.0.1", int(port), lambda: table, lambda a, _: controls.apply(a), lambda _: None
    )
    osc.start()
    while True:
        time.sleep(60)


def busy() -> None:
    """Keep one core busy, the last one."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    while True:
        pass


def main() -> None:
    """Be the load that the first argument names."""
    match sys.argv[1:]:
        case ["knob", host, port]:
            send(host, port, turn(1), KNOB_EVERY_S)
        case ["flood", host, port, frozen]:
            freeze = [datagram("/glisser/freeze", 1.0)] if frozen == "1" else []
            send(host, port, [*freeze, *turn(2)], 1 / MESSAGES_A_SECOND)
        case ["decode", checkpoint]:
            decode(checkpoint)
        case ["hear", port]:
            hear(port)
        case ["busy"]:
            busy()
        case other:
            sys.exit(f"no such load: {other}")


if __name__ == "__main__":
    main()
