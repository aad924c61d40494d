"""A live performance on real JACK ports, and a judge on the other end. No test in here.

The judge is ``jack_midi_dump``, a program of JACK's own: what it saw, a synth would have heard.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec

from engine.phrase import STEPS_PER_BAR
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP
from tests.jack import JackServer

_SEEN = re.compile(r"^\s*\d+: ([0-9a-f]{2}) ([0-9a-f]{2}) ([0-9a-f]{2})", re.MULTILINE)
_BAR = re.compile(r"^bar (\d+) ")
PATIENCE_S = 60

P = ParamSpec("P")

NoteSeen = tuple[str, int]  # ("on" or "off", pitch)


def free_udp_port() -> int:
    """A UDP port of loopback that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Judge:
    """Everything that arrived at the port ``midi-monitor:input``, told when it is stopped."""

    process: subprocess.Popen[str]
    text: str = ""

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.text = self.process.communicate(timeout=PATIENCE_S)[0]

    @property
    def messages(self) -> list[tuple[int, int, int]]:
        """All in the order of arrival, but for note-offs at the very end that close what is closed
        already: on JACK the last ones are said again.
        """
        heard = [(int(a, 16), int(b, 16), int(c, 16)) for a, b, c in _SEEN.findall(self.text)]
        sounding = set[tuple[int, int]]()
        end = 0
        for place, (status, pitch, _) in enumerate(heard, start=1):
            key = status & 0x0F, pitch
            if status & 0xF0 == 0x90:
                sounding.add(key)
            if status & 0xF0 != 0x80 or key in sounding:
                end = place
            if status & 0xF0 == 0x80:
                sounding.discard(key)
        return heard[:end]

    @property
    def notes(self) -> list[NoteSeen]:
        """Note-ons and note-offs in the order of arrival."""
        kinds = {0x90: "on", 0x80: "off"}
        return [
            (kinds[status & 0xF0], pitch)
            for status, pitch, _ in self.messages
            if status & 0xF0 in kinds
        ]

    def still_sounding(self) -> list[int]:
        """The pitches that were struck and never closed."""
        sounding: list[int] = []
        for kind, pitch in self.notes:
            if kind == "on":
                sounding.append(pitch)
            elif pitch in sounding:
                sounding.remove(pitch)
        return sounding


@contextmanager
def judging(jack: JackServer) -> Iterator[Judge]:
    """A judge that listens until :meth:`Judge.stop`."""
    process = subprocess.Popen(
        ["stdbuf", "-oL", "jack_midi_dump"],
        env={**os.environ, **jack.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for_port(jack, "midi-monitor:input")
        yield Judge(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for_port(jack: JackServer, name: str) -> None:
    """Until JACK lists a port of this name (``jack_lsp`` is asked again and again)."""
    environment = {**os.environ, **jack.environment}
    for _ in range(500):
        listed = subprocess.run(["jack_lsp"], env=environment, capture_output=True, text=True)
        if name in listed.stdout.split("\n"):
            return
    raise AssertionError(f"no port {name} appeared")


@dataclass
class Play:
    """A running ``glisser play``; its printed lines are its clock."""

    process: subprocess.Popen[str]
    osc_port: int
    take: Path
    lines: list[str] = field(default_factory=list)

    def until(self, pattern: str) -> str:
        """Read what it prints until a line matches; that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it ended without {pattern!r}; it said: {self.lines}")

    def until_bar(self, bar: int) -> None:
        self.until(rf"^bar {bar} ")

    def finish(self) -> int:
        """Read to the end; the exit status."""
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        self.lines += rest.splitlines()
        return self.process.returncode

    def children(self) -> dict[str, int]:
        """Module name -> process id of its two children (Linux)."""
        pid = self.process.pid
        threads = Path(f"/proc/{pid}/task").iterdir()
        pids = [int(p) for t in threads for p in (t / "children").read_text().split()]
        found = {}
        for child in pids:
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            found[words[words.index(b"-m") + 1].decode()] = child
        return found

    def stalled(self) -> bool:
        """Whether this machine stood still meanwhile, so that the player left notes out."""
        return any("stood still" in line for line in self.lines)

    def account(self) -> list[dict[str, Any]]:
        """The take's own account, as it was written beside the .mid."""
        text = self.take.with_suffix(".jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]


@contextmanager
def playing(
    take: Path, *arguments: str, jack: JackServer | None = None, out: str | None = "midi-monitor"
) -> Iterator[Play]:
    """``glisser play`` at 400 bpm with a take, on ``jack`` or into the recorder."""
    port = free_udp_port()
    where = ["--out", out] if out and jack else []
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "instrument.cli", "play", *where),
            *("--tempo", "400", "--osc", f"127.0.0.1:{port}", "--take", str(take)),
            *(arguments or ()),
        ],
        env={**os.environ, **(jack.environment if jack else {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Play(process, port, take)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def alive(pid: int) -> bool:
    """Whether there is such a process, and no mere entry that nobody has waited for (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not state.startswith(("Z", "X"))


def notes_by_bar(account: Sequence[dict[str, Any]]) -> dict[int, list[tuple[int, int]]]:
    """For each bar from 1: (step in the bar, pitch) of every note struck in it."""
    struck: dict[int, list[tuple[int, int]]] = {}
    for message in account:
        if message["type"] == "bar":
            struck.setdefault(message["tick"] // TICKS_PER_BAR + 1, [])
        if message["type"] == "note" and message["velocity"]:
            bar, inside = divmod(message["tick"], TICKS_PER_BAR)
            struck.setdefault(bar + 1, []).append((inside // TICKS_PER_STEP, message["pitch"]))
    return struck


def z_by_bar(account: Sequence[dict[str, Any]]) -> dict[int, list[float]]:
    """For each bar from 1: the z whose phrase was in force when it began."""
    return {
        m["tick"] // TICKS_PER_BAR + 1: m["z"]
        for m in reversed(account)
        if m["type"] == "bar" and m["tick"] % TICKS_PER_BAR == 0
    }


def half_of(notes: Sequence[Any], bar: int) -> list[tuple[int, int]]:
    """(step in the bar, pitch) of a phrase's notes that belong to this bar's half."""
    first = (bar - 1) % 2 * STEPS_PER_BAR
    return [
        (note.onset_step - first, note.pitch)
        for note in notes
        if first <= note.onset_step < first + STEPS_PER_BAR
    ]
