"""The JACK process: ``python -m instrument.jack_process NAME``. It holds the callback, no more.

In it one thread of Python runs, the callback; the main thread sits in a system call until all is
over. So the callback never waits for the interpreter's lock, and a busy player is no xrun. stdlib,
JACK-Client and pure rooms only.

Frames of ``engine.wire`` at first: it says ``ready`` (or ``refused``), is told what to ``connect``,
and says ``opened``. From then on stdin brings records and stdout takes reports, both laid out in
``frames``. The end of stdin, whoever died, closes every note.
"""

import ctypes
import faulthandler
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter_ns, sleep
from typing import Any

import jack

from engine.wire import BrokenStreamError, Message, read_message, write_message
from instrument.frames import PAGE_BYTES, STATUS, FrameCount, FrameQueue, LeastLate
from instrument.urgent import ignore_signals, settle_down

REPORTS_A_SECOND = 20
SETTLE_PERIODS = 8  # of the first ones, that which was called least late says where the frames lie
END_S = 3.0  # half a second is played yet, and its note-offs said again; then all is over
PORT_NAME = "out"
_OVER, _SERVER_GONE = b"o", b"g"


def open_client(name: str) -> Any:  # noqa: ANN401 - JACK-Client has no type information
    """A client of the server that runs; quiet. Raises ``jack.JackError`` where none answers."""
    # libjack calls this from its real-time threads, so none of Python may run there: strlen takes a
    # text and does nothing with it.
    nothing = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value
    quiet = jack._ffi.cast("void (*)(const char *)", nothing)
    jack._lib.jack_set_error_function(quiet)
    jack._lib.jack_set_info_function(quiet)
    return jack.Client(name, no_start_server=True)


class Sender:
    """The callback: reads what is to come, writes what is due, tells the time now and then."""

    def __init__(self, client: Any, outputs: int, over: Callable[[], None]) -> None:  # noqa: ANN401
        """Make ``outputs`` ports of ``client``; ``over()``: all is played and closed."""
        names = [PORT_NAME, *(f"{PORT_NAME}-{n}" for n in range(2, outputs + 1))]
        self.ports = [client.midi_outports.register(name) for name in names]
        self.reporting = False
        self._client, self._over = client, over
        self._count = FrameCount()
        self._queue = FrameQueue(outputs, client.samplerate)
        self._next_start: int | None = None
        self._report_frame = 0
        self._rate = client.samplerate
        self._report_every = self._rate // REPORTS_A_SECOND
        self._moment = LeastLate(self._rate)
        self._skipped = 0

    def process(self, frames: int) -> None:
        """One period of ``frames``. Real-time thread of JACK; never waits."""
        queue, now_ns = self._queue, perf_counter_ns()
        start = self._count.whole(self._client.last_frame_time)
        self._moment.note(start, now_ns)
        if self._next_start not in (start, None):
            self._skipped += 1
        self._next_start = start + frames
        for port in self.ports:
            port.clear_buffer()
        if not self.reporting:
            return
        with suppress(BlockingIOError):
            if data := os.read(0, PAGE_BYTES):
                queue.take_in(data)
            elif not queue.ending:
                queue.end(start)
                _end_within(END_S)
        queue.play(start, frames, self._write)
        if start >= self._report_frame:
            self._report_frame = start + self._report_every
            self._report()
        if queue.finished:
            self._over()

    def moment(self) -> tuple[int, int]:
        """A frame and its ``perf_counter_ns``."""
        return self._moment.look() or (self._client.frame_time, perf_counter_ns())

    def _write(self, output: int, offset: int, message: bytes) -> bool:
        try:
            self.ports[output].write_midi_event(offset, message)
        except jack.JackError:  # the port's buffer is full
            return False
        return True

    def _report(self) -> None:
        frame, ns = self.moment()
        told = STATUS.pack(frame, ns, self._queue.late, self._queue.left_out, self._skipped)
        with suppress(OSError):  # nobody reads: the end of stdin will tell
            os.write(1, told)


def serve(name: str) -> int:
    """Be the JACK process under the client name ``name``; the exit status."""
    with os.fdopen(os.dup(0), "rb", buffering=0) as told, os.fdopen(os.dup(1), "wb") as tell:
        try:
            client = open_client(name)
        except jack.JackError:
            write_message(tell, {"type": "refused", "text": "its server does not answer"})
            return 2
        inputs = [port.name for port in client.get_ports(is_midi=True, is_input=True)]
        period = {"rate": client.samplerate, "period": client.blocksize}
        write_message(tell, {"type": "ready", "inputs": inputs, **period})
        try:
            wanted = read_message(told)
        except BrokenStreamError:
            wanted = None
        if wanted is None:
            return 0
        return _serve(client, wanted, lambda message: write_message(tell, message))


def _serve(client: Any, wanted: Message, tell: Callable[[Message], None]) -> int:  # noqa: ANN401
    until, ended = os.pipe()
    sender = Sender(client, max(1, len(wanted["to"])), lambda: _tell(ended, _OVER))
    client.set_process_callback(sender.process)
    client.set_shutdown_callback(lambda _status, _why: _tell(ended, _SERVER_GONE))
    ignore_signals()
    settle_down()
    client.activate()
    try:
        for port, name in zip(sender.ports, wanted["to"], strict=False):
            client.connect(port, name)
    except jack.JackError as error:
        tell({"type": "refused", "text": f"a port could not be connected: {error}"})
        return 2
    sleep(SETTLE_PERIODS * client.blocksize / client.samplerate)
    frame, ns = sender.moment()
    names = [port.name for port in sender.ports]
    tell({"type": "opened", "ports": names, "frame": frame, "ns": ns})
    os.set_blocking(0, False)
    os.set_blocking(1, False)
    sender.reporting = True
    if os.read(until, 1) == _SERVER_GONE:
        return 1
    client.deactivate()
    client.close()
    return 0


def _end_within(seconds: float) -> None:
    """End this process then, come what may, if it has not ended before.

    libjack cancels the callback's thread when a client is deactivated or its server goes, at any
    instruction: if it holds the interpreter's lock just then, no Python runs any more.
    """
    nowhere = open(os.devnull, "wb")  # noqa: SIM115 - open to the end of the process
    faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)


def _tell(pipe: int, what: bytes) -> None:
    os.write(pipe, what)


if __name__ == "__main__":
    # Not sys.exit: a client whose server has died cannot be closed, and need not be.
    os._exit(serve(sys.argv[1]))
