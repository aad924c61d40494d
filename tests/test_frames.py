"""Frames: every tick on its own one, in whole numbers, and nothing that sounds is forgotten."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from instrument.frames import (
    AGAIN_PARTS,
    CLOSE_ALL,
    QUIET_CYCLES,
    RECORD,
    FrameCount,
    FrameGrid,
    FrameQueue,
    LeastLate,
    shift,
)
from instrument.tempo import TICKS_PER_BEAT, Timeline

PERIOD = 64
RATE = 48_000
NOTE_ON, NOTE_OFF = b"\x90\x3c\x60", b"\x80\x3c\x40"

tempi = st.integers(200, 4000).map(lambda tenths: tenths / 10)
rates = st.sampled_from([44_100, 48_000, 88_200, 96_000])


@example(256.0, 48_000, 24, 0, 0)  # 2,812.5 frames: the even one
@example(256.0, 48_000, 72, 1, 1)  # 8,437.5
@example(120.0, 44_100, 24, 7, 3)  # 5,512.5
@given(tempi, rates, st.integers(0, 10**6), st.integers(0, 10**9), st.integers(0, 10**15))
def test_a_tick_falls_on_its_frame_whenever_the_music_began(
    tempo_bpm: float, rate: int, tick: int, began_frame: int, origin_ns: int
) -> None:
    """round(tick x frames per tick) and a constant, for every tenth of a bpm, after hours too."""
    grid = FrameGrid(rate, 1000, origin_ns)
    began_ns = grid.even_ns_before(grid.ns_of(began_frame + 2000))
    timeline = Timeline(tempo_bpm, 0, began_ns)
    per_tick = Fraction(rate * 60, TICKS_PER_BEAT) / Fraction(round(tempo_bpm * 10), 10)
    constant = grid.frame_of(began_ns)
    assert constant % 2 == 0
    assert grid.frame_of(timeline.ns_of(tick)) == constant + round(tick * per_tick)


@given(rates, st.integers(-(10**12), 10**12))
def test_a_frame_is_its_own_nanosecond(rate: int, frame: int) -> None:
    """There and back again, whatever the rate."""
    grid = FrameGrid(rate, 4000, 10**12)
    assert grid.frame_of(grid.ns_of(frame)) == frame
    assert grid.ns_of(frame) - 50_000 < grid.even_ns_before(grid.ns_of(frame)) <= grid.ns_of(frame)


def test_frames_are_counted_past_a_day() -> None:
    """JACK begins again at 2**32; the count goes on, and a step back is no new day."""
    count = FrameCount()
    first = count.whole(0x7FFF_FFFF)
    assert count.whole(0xC000_0000) - first == 0x4000_0001
    assert count.whole(0xFFFF_FFFF) - first == 0x8000_0000
    assert count.whole(0x0000_0003) - first == 0x8000_0004
    assert count.whole(0x0000_0001) - first == 0x8000_0002


class Port:
    """A port that takes ``room`` messages a period and keeps what it got, by absolute frame."""

    def __init__(self, queue: FrameQueue, room: int = 1000) -> None:
        self.queue, self.room = queue, room
        self.got: list[tuple[int, int, bytes]] = []

    def period(self, start: int) -> None:
        left, last = self.room, 0

        def write(output: int, offset: int, message: bytes) -> bool:
            nonlocal left, last
            assert last <= offset < PERIOD  # JACK takes no message out of order
            left, last = left - 1, offset
            if left < 0:
                return False
            self.got.append((start + offset, output, message))
            return True

        self.queue.play(start, PERIOD, write)


def record(frame: int, message: bytes, output: int = 0) -> bytes:
    return RECORD.pack(frame, output, len(message), message)


@given(st.lists(st.integers(0, 2000), max_size=60), st.integers(1, 20))
def test_every_message_sounds_once_at_its_frame_or_after_it(frames: list[int], room: int) -> None:
    """In order, and late only where the port was full."""
    queue = FrameQueue(1, RATE)
    port = Port(queue, room)
    messages = {bytes((0xB0, n, 0)): frame for n, frame in enumerate(frames)}
    queue.take_in(b"".join(record(frame, message) for message, frame in messages.items()))
    for start in range(0, 2000 + 64 * 61, PERIOD):
        port.period(start)
    assert sorted(message for _, _, message in port.got) == sorted(messages)
    late = [frame > messages[message] for frame, _, message in port.got]
    assert all(frame >= messages[message] for frame, _, message in port.got)
    assert sum(late) == queue.late
    if room >= len(frames):
        assert not any(late)


def test_a_late_message_sounds_at_the_next_period_and_is_counted() -> None:
    """A hiccup is heard as one; nothing is lost."""
    queue = FrameQueue(1, RATE)
    port = Port(queue)
    queue.take_in(record(1000, NOTE_ON) + record(2000, NOTE_OFF))
    port.period(1024)
    assert port.got == [(1024, 0, NOTE_ON)]
    assert (queue.late, queue.left_out) == (1, 0)


def test_after_a_standstill_note_offs_come_and_note_ons_do_not() -> None:
    """More than 50 ms late was a suspended machine: no burst of old notes."""
    queue = FrameQueue(1, RATE)
    port = Port(queue)
    queue.take_in(record(0, NOTE_ON) + record(0, NOTE_OFF))
    port.period(RATE // 20 + PERIOD)
    assert [message for _, _, message in port.got] == [NOTE_OFF]
    assert queue.left_out == 1


def test_after_a_server_stood_still_old_notes_are_forgotten_and_all_is_closed() -> None:
    """What was handed over to a server that stood still is no music any more."""
    queue = FrameQueue(1, RATE)
    port = Port(queue)
    queue.take_in(record(0, NOTE_ON))
    port.period(0)
    queue.take_in(record(70, b"\x90\x3d\x60") + CLOSE_ALL + record(80, b"\x90\x3e\x60"))
    port.period(PERIOD)
    assert port.got[1:] == [(64, 0, NOTE_OFF), (80, 0, b"\x90\x3e\x60")]


def test_no_note_overtakes_another_when_the_frames_leap() -> None:
    """A note-off of before the leap stays before the note-on of after it, and comes in time."""
    queue = FrameQueue(1, RATE)
    port = Port(queue)
    queue.take_in(record(10, NOTE_ON) + record(5000, NOTE_OFF))
    port.period(0)
    # For 4,000 frames of time JACK counted none: what was to be at 5,000 is at 1,000 now.
    queue.take_in(shift(-4000) + record(2000, NOTE_ON) + record(2500, NOTE_OFF))
    for start in range(PERIOD, 3000, PERIOD):
        port.period(start)
    assert port.got == [
        (10, 0, NOTE_ON),
        (1000, 0, NOTE_OFF),
        (2000, 0, NOTE_ON),
        (2500, 0, NOTE_OFF),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(-6000, 6000), st.booleans()), max_size=40)
)
def test_messages_sound_in_the_order_they_were_handed_over_whatever_leaps(
    story: list[tuple[int, int, bool]],
) -> None:
    """Time goes on, frames leap, and each message is due after the one before it."""
    queue = FrameQueue(1, RATE)
    port = Port(queue)
    due, messages = 0, list[bytes]()
    for number, (wait, leap, leaps) in enumerate(story):
        if leaps:
            queue.take_in(shift(leap))
            due += leap
        due += wait
        messages.append(bytes((0xB0, number, 0)))
        queue.take_in(record(due, messages[-1]))
        port.period(number * PERIOD)
    for start in range(40 * PERIOD, 500_000, 5_000):
        port.period(start)
    assert [message for _, _, message in port.got] == messages


def test_at_the_end_all_that_was_handed_over_sounds_and_is_closed() -> None:
    """Whoever died at the other end: no note hangs, on any port; one far ahead does not begin."""
    queue = FrameQueue(2, RATE)
    port = Port(queue)
    queue.take_in(
        record(10, NOTE_ON) + record(100, b"\x9f\x7f\x01", 1) + record(200, b"\x90\x3d\x60")
    )
    queue.take_in(record(130, NOTE_OFF) + record(RATE, b"\x90\x3e\x60"))
    queue.end(0)
    starts = iter(range(0, 10_000, PERIOD))
    while not queue.finished:
        port.period(next(starts))
    assert port.got[:6] == [
        (10, 0, NOTE_ON),
        (100, 1, b"\x9f\x7f\x01"),
        (130, 0, NOTE_OFF),
        (200, 0, b"\x90\x3d\x60"),
        (256, 0, b"\x80\x3d\x40"),
        (256, 1, b"\x8f\x7f\x40"),
    ]
    again = [(output, message) for _, output, message in port.got[6:]]
    assert again == [(0, NOTE_OFF), (0, b"\x80\x3d\x40"), (1, b"\x8f\x7f\x40")]
    assert port.got[6][0] >= 256 + RATE // AGAIN_PARTS
    assert next(starts) >= port.got[-1][0] + QUIET_CYCLES * PERIOD


def test_only_the_note_offs_of_the_last_second_are_said_again() -> None:
    """A server may lose the last ones on their way; what was closed long ago is closed."""
    queue = FrameQueue(1, RATE)
    port = Port(queue)
    queue.take_in(record(0, NOTE_ON) + record(10, NOTE_OFF))
    port.period(0)
    queue.end(2 * RATE)
    starts = iter(range(2 * RATE, 3 * RATE, PERIOD))
    while not queue.finished:
        port.period(next(starts))
    assert [message for _, _, message in port.got] == [NOTE_ON, NOTE_OFF]


def test_the_period_called_least_late_says_where_the_frames_lie() -> None:
    """A busy machine calls late, and never early; after a look it begins anew."""
    moment = LeastLate(RATE)
    assert moment.look() is None
    for number, late_ns in enumerate([900_000, 20_000, 3_000_000]):
        start = 48_000 + number * PERIOD
        moment.note(start, round(number * PERIOD * 1e9 / RATE) + late_ns)
    assert moment.look() == (48_000 + PERIOD, round(PERIOD * 1e9 / RATE) + 20_000)
    assert moment.look() is None
