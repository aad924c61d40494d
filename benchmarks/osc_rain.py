"""OSC without mercy, by a process of its own: ``python -m benchmarks.osc_rain KIND PORT N RATE``.

KIND ``broken``: datagrams that are almost right. ``knobs``: knob 2 from end to end, again and
again; stdout says where it was left, 0..1.
"""

import socket
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice

from benchmarks.broken_osc import broken
from benchmarks.timing_loads import datagram

BURST_S = 0.01
POSITIONS = 4_096


def send(datagrams: Iterator[bytes], port: int, count: int, rate: int) -> None:
    """Send ``count`` of ``datagrams``, ``rate`` a second, in bursts of 10 ms."""
    burst = max(1, round(rate * BURST_S))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        began_s = time.monotonic()
        for number in range(-(-count // burst)):
            ready = list(islice(datagrams, min(burst, count - number * burst)))
            time.sleep(max(0.0, began_s + number * BURST_S - time.monotonic()))
            for each in ready:
                sender.sendto(each, ("127.0.0.1", port))


def main() -> None:
    """Send what the arguments ask for."""
    kind, port, count, rate = sys.argv[1], *(int(text) for text in sys.argv[2:5])
    if kind == "broken":
        send(broken(seed=0), port, count, rate)
        return
    turn = [datagram("/glisser/knob/2", n / POSITIONS) for n in range(POSITIONS)]
    send(cycle(turn), port, count, rate)
    print((count - 1) % POSITIONS / POSITIONS)


if __name__ == "__main__":
    main()
