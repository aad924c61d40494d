"""What every output promises, whichever it is: the player knows no more of it than this."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instrument.alsa_out import AlsaOutput
from instrument.clock import InternalClock
from instrument.frames import FrameGrid, FrameQueue
from instrument.jack_out import JackClock, JackLink, JackOutput, clock_for
from instrument.midi_out import Output, Recorder, RtMidiOutput
from instrument.outgoing import Outgoing
from tests.alsa import FakeSequencer

MS = 1_000_000
START_NS = 7_000_000_000_000
ON, OFF = b"\x90\x3c\x60", b"\x80\x3c\x40"


@dataclass
class Bench:
    """An output, time that passes on it, and what has come out at its other end."""

    output: Output
    now_ns: Callable[[], int]
    advance: Callable[[int], None]
    arrived: Callable[[], list[bytes]]


def on_recorder() -> Iterator[Bench]:
    recorder, now = Recorder(), [START_NS]
    yield Bench(
        recorder, lambda: now[0], _adding(now), lambda: [message for _, message in recorder.sent]
    )


class Port:
    """Stands in for ``rtmidi.MidiOut``; a message after the end would take the process down."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_open = True

    def send_message(self, message: bytes) -> None:
        assert self.is_open
        self.sent.append(message)

    def close_port(self) -> None:
        assert self.is_open

    def delete(self) -> None:
        self.is_open = False


def on_rtmidi() -> Iterator[Bench]:
    port, now = Port(), [START_NS]
    output = RtMidiOutput(port, "Synth:in", "alsa", lambda: now[0], lambda _s: None)
    yield Bench(output, lambda: now[0], _adding(now), lambda: list(port.sent))


def on_jack() -> Iterator[Bench]:
    """The player's end of the pipe and the callback's queue, without the server between."""
    (records, to), (status, tell) = os.pipe(), os.pipe()
    for end in (records, to, status):
        os.set_blocking(end, False)
    grid, now, arrived = FrameGrid(48_000, 0, START_NS), [START_NS], list[bytes]()
    queue = FrameQueue(1, grid.rate)
    played = [0]

    def write(_output: int, _frame: int, message: bytes) -> bool:
        arrived.append(message)
        return True

    def play() -> None:
        while True:
            try:
                data = os.read(records, 4096 // 16 * 16)
            except BlockingIOError:
                break
            if not data:
                queue.end(played[0])
                break
            queue.take_in(data)
        while played[0] <= grid.frame_of(now[0]):
            queue.play(played[0], 64, write)
            played[0] += 64

    def advance(duration_ns: int) -> None:
        now[0] += duration_ns
        play()

    def wait(_seconds: float) -> None:
        while not queue.finished:
            advance(2 * MS)

    link = JackLink(to, status, grid, 5 * MS, wait, START_NS)
    yield Bench(
        JackOutput(link, 0, "Synth:in", JackClock(link)),
        lambda: now[0],
        advance,
        lambda: list(arrived),
    )
    link.close()
    os.close(records)
    os.close(tell)


def on_alsa() -> Iterator[Bench]:
    kernel = FakeSequencer()
    output = AlsaOutput(kernel, kernel.perf_ns, kernel.pause)
    yield Bench(output, kernel.perf_ns, kernel.advance, kernel.messages)


def _adding(now: list[int]) -> Callable[[int], None]:
    def advance(duration_ns: int) -> None:
        now[0] += duration_ns

    return advance


OUTPUTS = {"recorder": on_recorder, "rtmidi": on_rtmidi, "jack": on_jack, "alsa": on_alsa}


@pytest.fixture(params=OUTPUTS)
def new_bench(request: pytest.FixtureRequest) -> Iterator[Callable[[], Bench]]:
    """Makes a bench of one kind, as often as a test asks."""
    running = []

    def make() -> Bench:
        running.append(OUTPUTS[request.param]())
        return next(running[-1])

    yield make
    for bench in running:
        next(bench, None)


def test_it_has_a_name_a_system_and_a_lead(new_bench: Callable[[], Bench]) -> None:
    """A person is told the first two; the third is how much earlier the player calls it."""
    output = new_bench().output
    assert output.name
    assert output.api in {"none", "alsa", "jack"}
    assert 0 <= output.lead_ns <= 20 * MS


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=30))
def test_each_message_comes_out_once_and_in_order_of_its_moment(
    new_bench: Callable[[], Bench], notes: list[tuple[int, int]]
) -> None:
    """Given to it as the player does: a lead before it is due, and never before the last one."""
    bench = new_bench()
    outgoing = Outgoing([bench.output])
    wanted: list[bytes] = []
    for number, (after_ms, wait_ms) in enumerate(notes):
        wanted.append(bytes((0xB0, number, 0)))
        outgoing.hand_over(0, wanted[-1], bench.now_ns() + bench.output.lead_ns + after_ms * MS)
        for _ in range(wait_ms):
            bench.advance(MS)
            outgoing.send_due(bench.now_ns())
    for _ in range(4000):
        bench.advance(MS)
        outgoing.send_due(bench.now_ns())
        if outgoing.next_ns is None:
            break
    bench.output.close()
    assert_arrived(bench, wanted)
    assert bench.output.trouble() is None


def assert_arrived(bench: Bench, wanted: Sequence[bytes]) -> None:
    """Each once and in order; at the close note-offs may be said again."""
    arrived = bench.arrived()
    assert arrived[: len(wanted)] == list(wanted)
    assert all(message[0] & 0xF0 == 0x80 for message in arrived[len(wanted) :])
    assert set(arrived[len(wanted) :]) <= set(wanted)


def test_the_last_note_off_gets_out_before_the_port_is_let_go(
    new_bench: Callable[[], Bench],
) -> None:
    """Closed in the very moment in which it was handed over."""
    bench = new_bench()
    due_ns = bench.now_ns() + bench.output.lead_ns
    bench.output.send(ON, due_ns - MS)
    bench.output.send(OFF, due_ns)
    bench.output.close()
    assert_arrived(bench, [ON, OFF])


def test_after_the_close_nothing_happens(new_bench: Callable[[], Bench]) -> None:
    """Neither to a message nor to a second close nor to a question."""
    bench = new_bench()
    bench.output.close()
    bench.output.send(ON, bench.now_ns())
    bench.output.close()
    bench.output.send(OFF, bench.now_ns())
    assert bench.arrived() == []
    assert bench.output.trouble() is None


def test_what_is_late_is_sent_all_the_same(new_bench: Callable[[], Bench]) -> None:
    """The player judged it; a note-off must never be lost."""
    bench = new_bench()
    bench.advance(10 * MS)
    bench.output.send(OFF, bench.now_ns() - 10 * MS)
    bench.advance(2 * MS)
    bench.output.close()
    assert_arrived(bench, [OFF])


def test_all_but_jack_go_by_the_computers_clock(new_bench: Callable[[], Bench]) -> None:
    """``due_ns`` is of that clock; only JACK has one of its own."""
    output = new_bench().output
    assert isinstance(clock_for([output]), InternalClock) == (output.api != "jack")
