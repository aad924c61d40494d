"""Notes on JACK to the very frame: records to the JACK process, and JACK's frames as the clock.

Lives in the player process. Whatever becomes of the server, nothing here waits for it once music
plays: what cannot be handed over is dropped, and :meth:`JackOutput.trouble` says so once.
"""

import importlib.util
import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter_ns
from typing import IO, BinaryIO, cast

from engine.wire import BrokenStreamError, Message, read_message, write_message
from instrument.clock import Clock, InternalClock
from instrument.frames import (
    CLOSE_ALL,
    MAX_MESSAGE_BYTES,
    PAGE_BYTES,
    RECORD,
    SECOND_NS,
    STATUS,
    FrameGrid,
    shift,
)
from instrument.midi_api import CLIENT_NAME
from instrument.urgent import may_be_real_time

PACKAGE = "jack"  # what JACK-Client is called when imported
OPEN_PATIENCE_S = 5.0
CLOSE_PATIENCE_S = 1.0  # the callback plays what it has, a few periods, and closes what sounds
# A message has to lie in the pipe before the period begins in which it sounds, and the player may
# wake a little late: less so where it goes before ordinary processes. All of it is time by which a
# knob must be turned earlier.
LEAD_PERIODS = 1
PLAYER_LATE_NS = {True: 1_000_000, False: 3_000_000}  # by whether it is real-time
POLL_EVERY_NS = 20_000_000
MAX_SILENCE_NS = 500_000_000  # the callback tells the time 20 times a second
# Quartzes part by some millionths. More than this between two reports is a server that stood still,
# or left out much: the music goes on where it is, at other frames.
LEAP_NS = 50_000_000

GONE = "JACK: the server is gone; nothing is heard until it is back"
STANDS = "JACK: the server stands still; nothing is heard until it goes on"


class JackUnavailableError(Exception):
    """No sample-accurate output here; the message says why, without a full stop."""


def has_package() -> bool:
    """Whether the optional package JACK-Client is installed; it is not imported here."""
    return importlib.util.find_spec(PACKAGE) is not None


class JackLink:
    """The JACK process as the player sees it: a pipe to it, its frames, and when it last spoke."""

    def __init__(
        self,
        to: int,
        status: int,
        grid: FrameGrid,
        lead_ns: int,
        wait: Callable[[float], object],
        now_ns: int,
    ) -> None:
        """``to`` and ``status`` are pipe ends that never block; ``wait(seconds)`` is its end.

        ``now_ns`` is ``perf_counter_ns()``.
        """
        self.grid, self.lead_ns = grid, lead_ns
        self.late = self.left_out = self.skipped = 0
        self.offset_ns = 0  # JACK's nanoseconds less those of perf_counter
        self.alive = True
        self._to, self._status, self._wait = to, status, wait
        self._polled_ns = self._heard_ns = now_ns
        self._stands = False
        self._trouble: str | None = None
        self._closed = False

    def hand_over(self, output: int, message: bytes, due_ns: int) -> None:
        """Let ``message`` sound on ``output`` at the frame of ``due_ns``; never waits."""
        if len(message) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
        if not (self._closed or self._stands) and self.alive:
            self._write(RECORD.pack(self.grid.frame_of(due_ns), output, len(message), message))

    def poll(self, perf_ns: int) -> None:
        """Hear what the callback has told by ``perf_ns``; looks every 20 ms, never waits."""
        if perf_ns - self._polled_ns < POLL_EVERY_NS or self._closed or not self.alive:
            return
        self._polled_ns = perf_ns
        try:
            told = os.read(self._status, PAGE_BYTES // STATUS.size * STATUS.size)
        except BlockingIOError:
            if perf_ns - self._heard_ns > MAX_SILENCE_NS and not self._stands:
                self._stands, self._trouble = True, STANDS
            return
        if not told:
            self._lost()
            return
        self._heard_ns = perf_ns
        frame, ns, self.late, self.left_out, self.skipped = STATUS.unpack(told[-STATUS.size :])
        if abs(self.grid.ns_of(frame) - ns - self.offset_ns) > LEAP_NS:
            was = self.grid.frame_of(ns + self.offset_ns)
            self.grid = self.grid.through(frame, ns + self.offset_ns)
            self._write(shift(frame - was))
        if self._stands:  # what was dropped meanwhile were note-offs, too
            self._stands = False
            self._write(CLOSE_ALL)
        self.offset_ns = self.grid.ns_of(frame) - ns

    def trouble(self) -> str | None:
        """A sentence about what went wrong since the last call."""
        trouble, self._trouble = self._trouble, None
        return trouble

    def close(self) -> None:
        """Let what was handed over sound, and everything be closed; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        os.close(self._to)
        self._wait(CLOSE_PATIENCE_S)
        os.close(self._status)

    def _write(self, record: bytes) -> None:
        with suppress(BlockingIOError):  # 4,096 messages wait already: the server stands still
            try:
                os.write(self._to, record)
            except BrokenPipeError:
                self._lost()

    def _lost(self) -> None:
        self.alive, self._trouble = False, GONE


class JackClock:
    """JACK's frames as a clock: its moments are even frames, so ticks are reckoned from a frame.

    Its nanoseconds are the sound card's; they begin as those of ``perf_counter_ns`` and part from
    them as the two quartzes do. One thread; any thread may ``wake``.
    """

    def __init__(self, link: JackLink, perf_ns: Callable[[], int] = perf_counter_ns) -> None:
        self._link, self._perf_ns = link, perf_ns
        self._inner = InternalClock()
        self._now_ns = 0

    def now_ns(self) -> int:
        """The moment of the last even frame; never goes back."""
        perf_ns = self._perf_ns()
        self._link.poll(perf_ns)
        now_ns = self._link.grid.even_ns_before(perf_ns + self._link.offset_ns)
        self._now_ns = max(self._now_ns, now_ns)
        return self._now_ns

    def of_perf_ns(self, perf_ns: int) -> int:
        """A recent moment of ``perf_counter_ns`` on this clock."""
        return perf_ns + self._link.offset_ns

    def perf_ns(self, ns: int) -> int:
        """A recent moment of this clock by ``perf_counter_ns``."""
        return ns - self._link.offset_ns

    def wait_until(self, deadline_ns: int) -> None:
        """Return at ``deadline_ns``, at once if it has passed, or earlier after a ``wake``."""
        self._inner.wait_until(deadline_ns - self._link.offset_ns)

    def wake(self) -> None:
        """End the present wait, or the next one if nobody waits."""
        self._inner.wake()


class JackOutput:
    """One port of the JACK process. A message sounds at its frame, whenever it is handed over.

    One that comes too late sounds at the start of the next period, and is counted.
    """

    api = "jack"

    def __init__(self, link: JackLink, number: int, name: str, clock: JackClock) -> None:
        self.name, self.clock, self.link = name, clock, link
        self.lead_ns = link.lead_ns
        self._number = number

    def send(self, message: bytes, due_ns: int, /) -> None:
        """Hand over one message of 1..6 bytes; never waits, whatever the server does."""
        self.link.hand_over(self._number, message, due_ns)

    @property
    def lost(self) -> bool:
        """Whether the server is gone: another one is known to another process only."""
        return not self.link.alive

    def trouble(self) -> str | None:
        """A sentence about what went wrong since the last call."""
        return self.link.trouble()

    def close(self) -> None:
        """Let what was handed over sound, close what still does, and let go of the port."""
        self.link.close()


def clock_for(outputs: Sequence[object]) -> Clock:
    """The clock that the player goes by: JACK's, where notes are placed by its frames."""
    clocks = (output.clock for output in outputs if isinstance(output, JackOutput))
    return next(clocks, None) or InternalClock()


def open_jack(
    choose: Callable[[Sequence[str]], Sequence[str]], client_name: str = CLIENT_NAME
) -> list[JackOutput]:
    """An output for each port that ``choose`` takes of those on offer; a virtual one for none.

    Raises :class:`JackUnavailableError`, and whatever ``choose`` raises.
    """
    if not has_package():
        raise JackUnavailableError("JACK-Client is not installed")
    process = subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "instrument.jack_process", client_name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a child has pipes")
    try:
        ready = hear(process.stdout, "ready")
        chosen = list(choose(ready["inputs"]))
        write_message(process.stdin, {"type": "connect", "to": chosen})  # type: ignore[arg-type]
        opened = hear(process.stdout, "opened")
    except BaseException:
        process.kill()
        process.wait()
        raise
    rate, period = ready["rate"], ready["period"]
    late_ns = PLAYER_LATE_NS[may_be_real_time()]
    lead_ns = LEAD_PERIODS * period * SECOND_NS // rate + late_ns
    to, status = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
    process.stdin.close()
    process.stdout.close()
    os.set_blocking(to, False)
    os.set_blocking(status, False)
    grid = FrameGrid(rate, 0, 0).through(opened["frame"], opened["ns"])
    now_ns = perf_counter_ns()
    link = JackLink(to, status, grid, lead_ns, lambda s: _end(process, s), now_ns)
    clock = JackClock(link)
    names = chosen or opened["ports"]
    return [JackOutput(link, number, name, clock) for number, name in enumerate(names)]


def hear(stream: IO[bytes], wanted: str) -> Message:
    """The next frame of a child, ``wanted``; else :class:`JackUnavailableError`. Waits 5 s."""
    readable, _, _ = select.select([stream], [], [], OPEN_PATIENCE_S)
    if not readable:
        raise JackUnavailableError("it does not answer")
    try:
        message = read_message(cast(BinaryIO, stream))
    except BrokenStreamError as error:
        raise JackUnavailableError(str(error)) from error
    if message is None or message["type"] != wanted:
        raise JackUnavailableError(message["text"] if message else "its process died at once")
    return message


def _end(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
