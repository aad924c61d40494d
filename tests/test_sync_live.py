"""Two Glissers and a cable: one sends its clock, the other follows it, on a private JACK server."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import rtmidi

from tests.live import Play, playing


@contextmanager
def a_cable() -> Iterator[None]:
    """A client ``Cable`` that passes on from its port ``plug`` to its port ``socket``."""
    there = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Cable-end")
    there.open_virtual_port("socket")
    here = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="Cable")
    here.ignore_types(timing=False)
    here.set_callback(lambda event, _data: there.send_message(event[0]))
    here.open_virtual_port("plug")
    try:
        yield
    finally:
        here.delete()
        there.delete()


def bars_of(play: Play) -> list[int]:
    account: list[dict[str, Any]] = play.account()
    return [m["bar"] for m in account if m["type"] == "bar" and m["tick"] % 384 == 0]


@pytest.mark.real(needs=["jackd", "jack_wait"])
@pytest.mark.usefixtures("jack_server")
def test_the_bars_of_the_second_are_those_of_the_first(tmp_path: Path) -> None:
    """It waits for Start, plays every bar in order, and stops with the sender."""
    api = ["--midi-api", "jack"]
    with a_cable():
        led = playing(tmp_path / "led.mid", *api, "--clock", "midi", "--in", "Cable-end:socket")
        with led as second:
            second.until("clock: waiting for clock")
            to_it = ["--clock-out", "Cable:plug", "--bars", "8", "--tempo", "240"]
            leads = playing(tmp_path / "leads.mid", *api, *to_it)
            with leads as first:
                second.until("clock: locked at ")
                assert first.finish() == 0
            second.until("clock: clock stopped")
            second.process.send_signal(signal.SIGINT)
            assert second.finish() == 0
    assert bars_of(first) == list(range(1, 9))
    # Stop comes when bar 9 is due: whichever is first by a hair.
    assert bars_of(second)[:8] == bars_of(first)
    assert bars_of(second)[8:] in ([], [9])
