"""A JACK server of our own, with the dummy driver: real MIDI ports without any hardware."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

import psutil
import pytest

PRIORITY = 70
# What is judged here is order and frames, which are exact in a period of any length. A machine that
# is put aside for some milliseconds, as a virtual one is, makes a server with short periods late,
# and one that does not wait for its clients then loses messages or plays them twice.
PERIOD_FRAMES = 256
START_S = 10
FULL = "Too many servers already active"
REGISTRY = Path("/dev/shm/jack-shm-registry")  # noqa: S108 - JACK's own, on Linux
STOP_S = 5.0

_numbers = count(1)


class JackError(Exception):
    """No JACK server could be started; the message holds what jackd said."""


@dataclass(slots=True)
class JackServer:
    """A running ``jackd``, started with ``command``.

    ``environment`` leads a client to it; timing may be judged only where it is ``realtime``.
    """

    process: subprocess.Popen[bytes]
    command: tuple[str, ...]
    environment: dict[str, str]
    realtime: bool
    log: IO[bytes]

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Another server of the same name. Raises :class:`JackError`."""
        self.process = _run(self.command, self.log.name)
        if not _answers(self):
            raise JackError(f"jackd does not start again; it said: {self.said()}")

    def said(self) -> str:
        """Everything that jackd has written so far."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def xruns(self) -> int:
        """How often it missed its own deadline; a timing measured meanwhile means nothing."""
        return self.said().count("XRun")


@contextmanager
def running_jack(
    period_frames: int = PERIOD_FRAMES, *, synchronous: bool = True
) -> Iterator[JackServer]:
    """Run a server at 48,000 frames a second, ``period_frames`` at a time, under a name of its own.

    ``synchronous``: it waits for its clients, so that nothing is lost when one is late.
    Where the kernel refuses real-time scheduling it runs without, and stderr says so. At the end
    this very process is stopped and no other. Raises :class:`JackError`.
    """
    name = f"glisser-{os.getpid()}-{next(_numbers)}"
    environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    realtime = _realtime_allowed()
    if not realtime:
        sys.stderr.write("no real-time scheduling here: JACK's own timing is rough\n")
    scheduling = ["-R", f"-P{PRIORITY}"] if realtime else ["-r"]
    waiting = ["-S"] if synchronous else []
    driver = ["-d", "dummy", "-r", "48000", "-p", str(period_frames)]
    command = ("jackd", *scheduling, *waiting, "-n", name, *driver)
    with tempfile.NamedTemporaryFile("ab") as written, open(written.name, "rb") as log:
        server = JackServer(_run(command, log.name), command, environment, realtime, log)
        try:
            if not _answers(server) and FULL in server.said():
                _free_places(server)
                server.process = _run(command, log.name)
            if not _answers(server):
                raise JackError(f"jackd does not start here; it said: {server.said()}")
            yield server
        finally:
            _retire(server)


@pytest.fixture(scope="module")
def jack_server() -> Iterator[dict[str, str]]:
    """A server for all tests of a module; gives the environment that leads clients to it.

    The tests' own process and its children find it without further ado. A test that asks for it is
    marked ``real(needs=["jackd", "jack_wait", ...])``.
    """
    with running_jack() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server.environment


def _realtime_allowed() -> bool:
    # When it is refused jackd goes on without, in a mode that counts xruns for ever.
    try:
        tried = subprocess.run(
            ["chrt", "--fifo", str(PRIORITY), "true"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def _run(command: tuple[str, ...], log: str) -> subprocess.Popen[bytes]:
    with open(log, "ab") as written:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=written, stderr=written)


def _answers(server: JackServer) -> bool:
    waited = subprocess.run(
        ["jack_wait", "-s", server.environment["JACK_DEFAULT_SERVER"], "-w", "-t", str(START_S)],
        capture_output=True,
        check=False,
    )
    return waited.returncode == 0 and server.process.poll() is None


def _retire(server: JackServer) -> None:
    """End it. JACK knows eight servers at once, and one that was killed stays among them until
    another of its name has come and gone.
    """
    if (server.process.poll() or 0) < 0:
        server.process = _run(server.command, server.log.name)
        _answers(server)
    _stop(server.process)


def _free_places(server: JackServer) -> None:
    """Let the places go of servers that tests left behind which were killed themselves."""
    for name, owner in re.findall(rb"(glisser-(\d+)-\d+)", REGISTRY.read_bytes()):
        if not psutil.pid_exists(int(owner)):
            own = server.environment["JACK_DEFAULT_SERVER"]
            command = tuple(name.decode() if part == own else part for part in server.command)
            place = JackServer(
                _run(command, server.log.name),
                command,
                {**server.environment, "JACK_DEFAULT_SERVER": name.decode()},
                server.realtime,
                server.log,
            )
            _answers(place)
            _stop(place.process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
