"""The way back to a controller: which port it is, what arrives there, what comes and goes."""

import os
import queue
import signal
from collections.abc import Sequence

import pytest
import rtmidi

from instrument.feedback_ports import way_back
from instrument.input_link import InputLink, Listening
from instrument.midi_in import Arrival
from instrument.patchbay import roles_of
from tests.rings import HEARD, JACK, PATIENCE_S, Device, device
from tests.test_input_link import listener_of, started

ALSA = ["Twister:Twister MIDI 1 28:0", "Twister:Twister MIDI 2 28:1"]
SYSTEM = ["system:midi_playback_1", "system:midi_playback_2"]
BRIDGE = [
    "a2j:Twister [28] (playback): Twister MIDI 1",
    "a2j:Synth [32] (playback): Synth MIDI 1",
]


@pytest.mark.parametrize(
    ("heard", "outputs", "found"),
    [
        (ALSA[1], ALSA, ALSA[1]),
        ("system:midi_capture_2", SYSTEM, SYSTEM[1]),
        ("system:midi_capture_3", SYSTEM, None),
        ("system:midi_capture_3", SYSTEM[:1], None),
        ("a2j:Twister [28] (capture): Twister MIDI 1", BRIDGE, BRIDGE[0]),
        ("a2j:Twister [28] (capture): Twister MIDI 1", BRIDGE[1:], None),
        ("Midi Fighter Twister 0", ["Synth 1", "Midi Fighter Twister 2"], "Midi Fighter Twister 2"),
        ("Controller:knobs", ["Synth:in", "Controller:rings"], "Controller:rings"),
        ("Controller:knobs", ["Controller:a", "Controller:b"], None),
        ("Knobs", ["Synth"], None),
        ("Knobs", [], None),
    ],
)
def test_the_way_back_is_the_same_devices(
    heard: str, outputs: Sequence[str], found: str | None
) -> None:
    """And never another device's: better nothing than a synth that is told of rings."""
    assert way_back(heard, outputs) == found


class Told:
    """What the link says."""

    def __init__(self) -> None:
        self.arrivals: queue.Queue[bytes] = queue.Queue()
        self.shows: queue.Queue[tuple[str, bool]] = queue.Queue()
        self.faults: queue.Queue[str] = queue.Queue()

    def link(self, *inputs: str, feedback: bool = True) -> InputLink:
        cables = roles_of([], virtual=True, listening=bool(inputs), showing=feedback)

        def hear(arrivals: Sequence[Arrival]) -> None:
            for each in arrivals:
                self.arrivals.put(each.message)

        return InputLink(
            Listening("jack", inputs, False, cables, feedback),
            hear,
            lambda _names: None,
            self.faults.put,
            lambda port, is_open: self.shows.put((port, is_open)),
        )

    def next(self) -> tuple[str, bool]:
        return self.shows.get(timeout=PATIENCE_S)


def reach(link: InputLink, port: str, controller: Device) -> None:
    """Send until it arrives: a port that was just opened is not connected at once."""
    for number in range(100):
        assert link.show(port, [bytes([0xB0, 100, number])])
        try:
            while controller.told.get(timeout=0.2) != f"b064{number:02x}":
                pass
        except queue.Empty:
            continue
        return
    raise AssertionError("nothing arrived")


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_what_is_shown_arrives_at_the_device_that_is_heard() -> None:
    """Whole and in order, many at once; and it is heard meanwhile."""
    told = Told()
    with device() as controller, started(told.link("Twister")) as link:
        assert link.ports == (HEARD,)
        assert told.next() == (HEARD, True)
        reach(link, HEARD, controller)
        sent = list[str]()
        for value in range(50):
            messages = [bytes([0xB0, number, value]) for number in range(16)]
            assert link.show(HEARD, messages)
            sent += [message.hex() for message in messages]
            controller.knobs.send_message([0xB0, 1, value])
            assert told.arrivals.get(timeout=PATIENCE_S) == bytes([0xB0, 1, value])
        assert [controller.told.get(timeout=PATIENCE_S) for _ in sent] == sent


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_a_device_that_comes_back_is_shown_everything_again() -> None:
    """Main is told when what it showed is gone, and when it arrives again."""
    told = Told()
    with device() as controller, started(told.link("Twister")) as link:
        assert told.next() == (HEARD, True)
        controller.unplug()
        assert told.next() == (HEARD, False)
        assert link.show(HEARD, [b"\xb0\x01\x01"])  # to nobody
        with device() as again:
            assert told.next() == (HEARD, True)
            reach(link, HEARD, again)


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_a_device_without_a_way_back_is_told_of_once() -> None:
    """It is heard as well as ever."""
    told = Told()
    knobs = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Knobs")
    knobs.open_virtual_port("only")
    with started(told.link("Knobs")):
        fault = told.faults.get(timeout=PATIENCE_S)
        assert fault == "MIDI feedback: nothing leads back to Knobs:only"
        with pytest.raises(queue.Empty):
            told.faults.get(timeout=1.5)
        with device(), pytest.raises(queue.Empty):  # another device is no way back either
            told.shows.get(timeout=1.0)
    knobs.delete()


def our_feedback_ports() -> list[str]:
    looking = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Looking")
    try:
        return [name for name in looking.get_ports() if name.endswith(":feedback")]
    finally:
        looking.delete()


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_beside_a_virtual_input_there_is_a_virtual_way_back() -> None:
    """Anything can be connected to it, and is shown everything then."""
    pytest.importorskip("jack")  # what is connected, only the optional package knows
    told = Told()
    with started(told.link()) as link:
        assert told.next() == ("Glisser:in", True)
        (ours,) = our_feedback_ports()
        with device(connected_to=ours) as controller:
            assert told.next() == ("Glisser:in", True)
            reach(link, "Glisser:in", controller)


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
def test_nothing_is_opened_that_was_not_asked_for() -> None:
    """Without feedback in the patch there is no such port."""
    told = Told()
    with device() as controller, started(told.link("Twister", feedback=False)):
        for value in range(100):  # it hears, so it has looked
            controller.knobs.send_message([0xB0, 1, value])
            try:
                told.arrivals.get(timeout=0.2)
                break
            except queue.Empty:
                continue
        assert our_feedback_ports() == []
        assert told.shows.empty()


@pytest.mark.real(needs=JACK)
@pytest.mark.usefixtures("jack_server")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_listener_that_hangs_is_replaced_and_shows_again(number: signal.Signals) -> None:
    """Whoever sends never waits for it."""
    told = Told()
    with device() as controller, started(told.link("Twister")) as link:
        assert told.next() == (HEARD, True)
        os.kill(listener_of(os.getpid()), number)
        for _ in range(400):
            link.watch()
            link.show(HEARD, [b"\xb0\x01\x01"] * 16)
            try:
                assert told.shows.get(timeout=0.05) == (HEARD, True)
                break
            except queue.Empty:
                continue
        reach(link, HEARD, controller)
