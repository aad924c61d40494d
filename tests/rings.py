"""A controller with LED rings on real JACK ports. No test in here."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import rtmidi

PATIENCE_S = 20.0
JACK = ["jackd", "jack_wait"]
HEARD = "Twister out:ring"  # as an input of ours calls it


class Device:
    """A controller with both directions, on JACK. ``told`` is what it was told, as hex digits."""

    def __init__(self, connected_to: str | None = None) -> None:
        """``connected_to``: a port of ours, which a person has connected to its rings."""
        self.told: queue.Queue[str] = queue.Queue()
        self.knobs = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Twister out")
        self.knobs.open_virtual_port("ring")
        self.rings = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Twister in")
        self.rings.set_callback(lambda event, _: self.told.put(bytes(event[0]).hex()))
        if connected_to is None:
            self.rings.open_virtual_port("ring")
        else:
            self.rings.open_port(self.rings.get_ports().index(connected_to))

    def until(self, message: str) -> None:
        """Until it is told ``message``; what comes before is passed over."""
        while self.told.get(timeout=PATIENCE_S) != message:
            pass

    def unplug(self) -> None:
        self.knobs.delete()
        self.rings.delete()


@contextmanager
def device(connected_to: str | None = None) -> Iterator[Device]:
    controller = Device(connected_to)
    try:
        yield controller
    finally:
        controller.unplug()
