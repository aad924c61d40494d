"""The process with JACK's callback, its client made up: what it tells of the time."""

from types import SimpleNamespace
from typing import Any

import pytest

from instrument.frames import SECOND_NS, STATUS

RATE, PERIOD = 48_000, 64


def test_the_time_is_told_by_the_least_late_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback that the system woke late says nothing of where JACK's frames lie."""
    pytest.importorskip("jack", reason="JACK-Client is not installed", exc_type=ImportError)
    from instrument import jack_process

    ports = SimpleNamespace(register=lambda _name: SimpleNamespace(clear_buffer=lambda: None))
    client = SimpleNamespace(midi_outports=ports, samplerate=RATE, last_frame_time=0)
    told: list[bytes] = []
    late_ns = 0

    def nothing_to_read(_fd: int, _size: int) -> bytes:
        raise BlockingIOError

    def now_ns() -> int:
        return 5 * SECOND_NS + int(client.last_frame_time) * SECOND_NS // RATE + late_ns

    monkeypatch.setattr(jack_process, "perf_counter_ns", now_ns)
    monkeypatch.setattr("os.read", nothing_to_read)
    monkeypatch.setattr("os.write", lambda _fd, data: told.append(data))
    sender = jack_process.Sender(client, 1, lambda: None)
    sender.reporting = True
    for period in range(100):
        late_ns = 20_000 if period in (17, 60) else 900_000
        sender.process(PERIOD)
        client.last_frame_time += PERIOD
    errors_ns = []
    for report in told:
        frame, ns, *_ = STATUS.unpack(report)
        errors_ns.append(ns - 5 * SECOND_NS - frame * SECOND_NS // RATE)
    assert errors_ns == [900_000, 20_000, 20_000]


def test_when_its_player_is_gone_it_ends_whatever_libjack_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end of stdin sets a limit once, and that one needs no Python to be kept."""
    pytest.importorskip("jack", reason="JACK-Client is not installed", exc_type=ImportError)
    from instrument import jack_process

    ports = SimpleNamespace(register=lambda _name: SimpleNamespace(clear_buffer=lambda: None))
    client = SimpleNamespace(midi_outports=ports, samplerate=RATE, last_frame_time=0)
    limits: list[tuple[float, bool]] = []

    def later(seconds: float, **how: Any) -> None:
        limits.append((seconds, how["exit"]))

    monkeypatch.setattr("os.read", lambda _fd, _size: b"")
    monkeypatch.setattr("os.write", lambda _fd, _data: None)
    monkeypatch.setattr("faulthandler.dump_traceback_later", later)
    sender = jack_process.Sender(client, 1, lambda: None)
    sender.reporting = True
    for _ in range(3):
        sender.process(PERIOD)
    assert limits == [(jack_process.END_S, True)]
