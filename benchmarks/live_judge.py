"""A performance on a private JACK server, and a judge at its other end: its word, never ours."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pythonosc.osc_message_builder import OscMessageBuilder

from benchmarks.judge import INPUT, Judge, judging
from tests.jack import JackServer, running_jack

PERIOD_FRAMES = 64


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
    """With a judge."""

    judge: Judge


def osc_bytes(address: str, *values: float) -> bytes:
    """One OSC message with float arguments."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(float(value), "f")
    return bytes(builder.build().dgram)


@contextmanager
def on_stage(
    *arguments: str, hand: str | None = None, timed: bool = True, period: int = PERIOD_FRAMES
) -> Iterator[Stage]:
    """``glisser play`` with ``arguments``, into the judge. ``ImportError``: no JACK-Client.

    Everything is ended at the end; the server is a private one with the dummy driver. ``hand``: the
    name of a controller's port that is there from the beginning. ``timed``: the server is quick
    and waits for nobody, as on a stage; else it loses nothing when the machine stands still.
    ``period``: of a timed one, in frames. The shorter, the more often JACK loses one, and with it
    what was played in it.
    """
    kind = running_jack(period, synchronous=False) if timed else running_jack()
    with kind as server:
        environment = {**os.environ, **server.environment}
        with judging(environment, hand=hand) as judge, played(server, *arguments) as play:
            yield Stage(**vars(play), judge=judge)


@contextmanager
def played(server: JackServer, *arguments: str) -> Iterator[Played]:
    """``glisser play`` with ``arguments`` into ``INPUT``; ended at the end.

    What it keeps of its session, and its snapshots, go to a folder of its own.
    """
    osc_port = _free_udp_port()
    command = [*(sys.executable, "-m", "instrument.cli", "play", "--out", INPUT)]
    command += ["--osc", f"127.0.0.1:{osc_port}", *arguments]
    nowhere = subprocess.DEVNULL
    with tempfile.TemporaryDirectory() as kept, _udp() as sender:
        folders = {"XDG_STATE_HOME": kept, "XDG_DATA_HOME": kept}
        environment = {**os.environ, **server.environment, **folders}
        began_ns = time.perf_counter_ns()
        child = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
        try:
            yield Played(server, child, began_ns, osc_port, sender)
        finally:
            _end(child)


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
