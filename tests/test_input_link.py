"""The listener process and its link: real ports, arrivals in time, ports that come and go."""

import os
import queue
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import pytest
import rtmidi

from instrument.children import Child
from instrument.input_link import InputLink, Listening
from instrument.midi_api import MidiError
from instrument.midi_in import Arrival
from instrument.patchbay import roles_of

PATIENCE_S = 20.0
JACK = ["jackd", "jack_wait"]


class Told:
    """What the link hears and says."""

    def __init__(self) -> None:
        self.arrivals: queue.Queue[Arrival] = queue.Queue()
        self.outputs: queue.Queue[Sequence[str]] = queue.Queue()
        self.faults: queue.Queue[str] = queue.Queue()

    def hear(self, arrivals: Sequence[Arrival]) -> None:
        for each in arrivals:
            self.arrivals.put(each)

    def link(self, *inputs: str, clock: bool = False) -> InputLink:
        cables = roles_of([], virtual=True, listening=bool(inputs))
        return InputLink(
            Listening("jack", inputs, clock, cables),
            self.hear,
            self.outputs.put,
            self.faults.put,
        )

    def next(self) -> bytes:
        return self.arrivals.get(timeout=PATIENCE_S).message

    def until(self, fault: str) -> None:
        while fault not in self.faults.get(timeout=PATIENCE_S):
            pass


@contextmanager
def started(link: InputLink) -> Iterator[InputLink]:
    link.start()
    try:
        yield link
    finally:
        link.close()


@contextmanager
def controller(name: str = "Controller", port_name: str = "knobs") -> Iterator[rtmidi.MidiOut]:
    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    port.open_virtual_port(port_name)
    try:
        yield port
    finally:
        port.delete()


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_a_listener_that_is_told_to_quit_ends_by_itself() -> None:
    """At once: nobody who ends a performance waits until it is killed."""
    opened: queue.Queue[str] = queue.Queue()
    child = Child("instrument.midi_listener", lambda m: opened.put(m["type"]), lambda: None)
    child.send({"type": "listen", **asdict(Listening("jack", (), False)), "peers": {}})
    assert opened.get(timeout=PATIENCE_S) == "opened"
    assert child.end({"type": "quit"}, PATIENCE_S) == 0


def turn_until_heard(
    port: rtmidi.MidiOut, told: Told, message: Sequence[int], heard: list[Arrival] | None = None
) -> None:
    """Send until it arrives: a port that was just opened is not connected at once.

    What was sent before, and comes late, is passed over; all of it goes to ``heard``.
    """
    arrivals = [] if heard is None else heard
    for _ in range(200):
        port.send_message(list(message))
        try:
            arrivals.append(told.arrivals.get(timeout=0.1))
            while arrivals[-1].message != bytes(message):
                arrivals.append(told.arrivals.get(timeout=0.1))
        except queue.Empty:
            continue
        return
    raise AssertionError("it did not arrive")


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_a_controller_asked_for_by_a_part_of_its_name_is_heard() -> None:
    """In order, with the time of its arrival and the seconds since the message before."""
    told = Told()
    with controller() as knobs, started(told.link("KNOBS")) as link:
        assert link.ports == ("Controller:knobs",)
        turn_until_heard(knobs, told, [0xB0, 20, 127])
        heard: list[Arrival] = []
        for value in range(100):  # one by one: RtMidi's own sender on JACK garbles bursts
            turn_until_heard(knobs, told, [0xB0, 21, value], heard)
        # What JACK lost was sent again, and what only came late is there twice.
        values = [each.message[2] for each in heard if each.message[1] == 21]
        assert list(dict.fromkeys(values)) == list(range(100))
        assert [each.ns for each in heard] == sorted(each.ns for each in heard)
        assert {each.port for each in heard} == {"Controller:knobs"}


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_without_a_name_there_is_a_virtual_port() -> None:
    """Anything can be connected to it; our own output is nothing to listen to."""
    told = Told()
    with started(told.link()) as link:
        assert link.ports == ("Glisser:in",)
        hand = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Hand")
        hand.open_port([name.endswith(":in") for name in hand.get_ports()].index(True))
        turn_until_heard(hand, told, [0xB5, 31, 64])
        hand.delete()
    with controller("Glisser", "out"):
        link = told.link("Glisser")
        with pytest.raises(MidiError, match="no MIDI port matches"):
            link.start()


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_a_controller_that_is_unplugged_is_heard_again_when_it_is_back() -> None:
    """Also under another number; each is told in one line."""
    told = Told()
    with controller() as knobs, started(told.link("Controller")):
        turn_until_heard(knobs, told, [0xB0, 20, 1])
        knobs.delete()
        told.until("Controller:knobs is gone")
        with controller("Controller-02") as again:
            told.until("Controller-02:knobs is back")
            turn_until_heard(again, told, [0xB0, 20, 9])


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_ports_to_play_to_are_told_as_they_come_and_go() -> None:
    """Once at first, then at every change."""
    told = Told()
    with started(told.link()):
        assert "Synth:in" not in told.outputs.get(timeout=PATIENCE_S)
        synth = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Synth")
        synth.open_virtual_port("in")
        assert "Synth:in" in told.outputs.get(timeout=PATIENCE_S)
        synth.delete()
        assert "Synth:in" not in told.outputs.get(timeout=PATIENCE_S)


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_listener_that_dies_or_falls_silent_is_replaced(number: signal.Signals) -> None:
    """The controller is heard again; nothing but a line tells of it."""
    told = Told()
    with controller() as knobs, started(told.link("knobs")) as link:
        turn_until_heard(knobs, told, [0xB0, 20, 1])
        os.kill(listener_of(os.getpid()), number)
        for _ in range(400):
            link.watch()
            try:
                if "open again" in told.faults.get(timeout=0.05):
                    break
            except queue.Empty:
                continue
        else:
            raise AssertionError("no other listener")
        turn_until_heard(knobs, told, [0xB0, 20, 7])


def listener_of(pid: int) -> int:
    found = subprocess.run(
        ["pgrep", "-P", str(pid), "-f", "instrument.midi_listener"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout.split()[0])
