"""A performance on a private JACK server, and a judge at its other end: frames, never our word."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder

from tests.jack import JackServer, running_jack

INPUT = "glisser-judge:in"
PATIENCE_S = 60.0
AT_ONCE = 1  # messages of the controller in a period: more, and the judge itself is late
SETTLE_S = 0.01  # whoever is in a period is through with it


@dataclass(frozen=True, slots=True)
class Heard:
    """One MIDI message as it arrived: ``frame`` of JACK's clock."""

    frame: int
    message: bytes

    @property
    def note_on(self) -> int | None:
        """The pitch that it strikes, or None."""
        status, *rest = self.message
        return rest[0] if status & 0xF0 == 0x90 and rest[1] > 0 else None

    @property
    def note_off(self) -> int | None:
        """The pitch that it closes, or None."""
        status, *rest = self.message
        closes = status & 0xF0 == 0x80 or (status & 0xF0 == 0x90 and rest[1] == 0)
        return rest[0] if closes else None


@dataclass
class Judge:
    """A JACK client of the bench. ``heard`` grows on JACK's thread; take from its left.

    ``stops``: the frames near which JACK itself was late; see :mod:`benchmarks.stretches`.
    """

    client: Any
    port: Any  # the input; None while it is unplugged
    knobs: Any = None  # an output, once it is plugged in, and what it is to send
    sending: deque[bytes] = field(default_factory=deque)
    heard: deque[Heard] = field(default_factory=deque)
    stops: list[int] = field(default_factory=list)

    def frame(self) -> int:
        """JACK's present frame, to a few microseconds."""
        return int(self.client.frame_time)

    def plug_in(self, name: str) -> None:
        """Have a controller's port of that name."""
        self.knobs = self.client.midi_outports.register(name)

    def unplug(self) -> None:
        """The controller is gone."""
        port, self.knobs = self.knobs, None
        time.sleep(SETTLE_S)
        port.unregister()

    def next_note_on(self, patience_s: float = PATIENCE_S) -> Heard:
        """The next note-on, in order of arrival. Raises ``TimeoutError``."""
        limit_s = time.monotonic() + patience_s
        while time.monotonic() < limit_s:
            while self.heard:
                event = self.heard.popleft()
                if event.note_on is not None:
                    return event
            time.sleep(0.0005)
        raise TimeoutError("no note arrived")


@dataclass
class Played:
    """A running ``glisser play`` on a private server."""

    jack: JackServer
    process: subprocess.Popen[bytes]
    began_ns: int  # perf_counter_ns just before the command was started
    osc_port: int
    _socket: socket.socket

    def osc(self, address: str, *values: float) -> None:
        """Send one OSC message to the performance."""
        self._socket.sendto(osc_bytes(address, *values), ("127.0.0.1", self.osc_port))

    def answer(self, patience_s: float = 5.0) -> bytes:
        """The next OSC message that comes back. Raises ``TimeoutError``."""
        self._socket.settimeout(patience_s)
        return self._socket.recv(65536)


@dataclass
class Stage(Played):
    """With a judge in this process."""

    judge: Judge


def osc_bytes(address: str, *values: float) -> bytes:
    """One OSC message with float arguments."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(float(value), "f")
    return bytes(builder.build().dgram)


@contextmanager
def on_stage(*arguments: str, knobs: str | None = None) -> Iterator[Stage]:
    """``glisser play`` with ``arguments``, into the judge. ``ImportError``: no JACK-Client.

    Everything is ended at the end; the server is a private one with the dummy driver. ``knobs``:
    the name of a controller's port that is there from the beginning.
    """
    import jack

    sys.setswitchinterval(0.0005)  # JACK's thread shall not wait for the bench's own
    with running_jack() as server:
        os.environ.update(server.environment)
        client = jack.Client("glisser-judge", no_start_server=True)
        judge = Judge(client, client.midi_inports.register("in"))

        next_start: list[int] = []

        def process(frames: int) -> None:
            began = client.last_frame_time
            if next_start not in ([], [began]):
                judge.stops.append(began)
            next_start[:] = [began + frames]
            if (knobs := judge.knobs) is not None:
                knobs.clear_buffer()
                for _ in range(min(AT_ONCE, len(judge.sending))):
                    knobs.write_midi_event(0, judge.sending.popleft())
            if (port := judge.port) is not None:
                for offset, data in port.incoming_midi_events():
                    judge.heard.append(Heard(began + offset, bytes(data)))

        client.set_process_callback(process)
        client.set_xrun_callback(lambda _delayed: judge.stops.append(client.last_frame_time))
        if knobs is not None:
            judge.plug_in(knobs)
        with client, played(server, *arguments) as play:
            yield Stage(**vars(play), judge=judge)


@contextmanager
def played(server: JackServer, *arguments: str) -> Iterator[Played]:
    """``glisser play`` with ``arguments`` into ``INPUT``; ended at the end.

    What it keeps of its session goes to a folder of its own.
    """
    osc_port = _free_udp_port()
    command = [*(sys.executable, "-m", "instrument.cli", "play", "--out", INPUT)]
    command += ["--osc", f"127.0.0.1:{osc_port}", *arguments]
    nowhere = subprocess.DEVNULL
    with tempfile.TemporaryDirectory() as kept, _udp() as sender:
        environment = {**os.environ, **server.environment, "XDG_STATE_HOME": kept}
        began_ns = time.perf_counter_ns()
        child = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
        try:
            yield Played(server, child, began_ns, osc_port, sender)
        finally:
            _end(child)


def matching(sequence: Sequence[Heard]) -> tuple[int, int, int]:
    """Note-ons, note-offs that close one, and how many pitches are still open at the end."""
    ons = offs = 0
    still: set[int] = set()
    for event in sequence:
        if (pitch := event.note_on) is not None:
            ons += 1
            still.add(pitch)
        elif (pitch := event.note_off) is not None:
            offs += pitch in still  # at the end of all they are said twice
            still.discard(pitch)
    return ons, offs, len(still)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10.0)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _free_udp_port() -> int:
    with _udp() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
