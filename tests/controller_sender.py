"""A controller on a JACK port: ``python -m tests.controller_sender NAME``. No test in here.

It says ``open`` once its port is there. Each line of stdin is a stream, JSON: rows of seconds from
now on and a message in hex digits. When the last one was sent it says ``sent``. JACK gives what was
sent within one period to its listeners at the beginning of the next. The end of stdin ends it.
"""

import json
import sys
from time import perf_counter, sleep

import rtmidi

PORT = "out"
SPIN_S = 0.0005  # a sleep is not more exact than that


def play(port: rtmidi.MidiOut, stream: list[tuple[float, str]]) -> None:
    """Send each message at its moment; after one that was late all others are as late."""
    began_s = perf_counter()
    for at_s, text in stream:
        while (left_s := began_s + at_s - perf_counter()) > 0.0:
            sleep(max(0.0, left_s - SPIN_S))
        began_s = max(began_s, perf_counter() - at_s)  # a slow turn is never a quick one
        port.send_message(list(bytes.fromhex(text)))


def say(word: str) -> None:
    """To whoever started this."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(name: str) -> None:
    """Play what stdin asks for, until it ends."""
    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    port.open_virtual_port(PORT)
    say("open")
    for line in sys.stdin:
        play(port, json.loads(line))
        say("sent")
    port.delete()


if __name__ == "__main__":
    main(sys.argv[1])
