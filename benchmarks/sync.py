"""Somebody else's clock, followed; and ours, sent. Judged by what arrives. ``make bench-sync``.

    .venv/bin/python -m benchmarks.sync [--length 1.0] [--only CASE] [--dry]

A private JACK server with the dummy driver (period 64). A sender, a JACK client of its own, puts
Start and 24 pulses a beat on exact frames; ``glisser play --clock midi`` follows, with a checkpoint
that strikes at every sixteenth; a third client notes the frame of every note that arrives. Where a
cycle was left out, that bar and its neighbours are not judged. Then ``--clock-out``: its pulses
against an even grid and against Glisser's own notes, beside a bare loop's.

It needs an idle machine, jackd and the extra ``jack``. Writes benchmarks/results/sync.json and
docs/sync.md; ``--dry`` prints the page alone. Eight minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from benchmarks.machine import machine
from benchmarks.sync_cases import CASES, PULSES_PER_BAR, RATE, Case
from benchmarks.sync_figures import Judged, Onset, apart, even, judged, undisturbed
from benchmarks.sync_page import page
from benchmarks.timing import ending, free_port
from benchmarks.timing_checkpoint import write_checkpoint, write_patch
from benchmarks.told import tell
from engine.card import read_card
from engine.wire import Message, read_message
from tests.jack import JackError, JackServer, running_jack

PERIOD_FRAMES = 64
READY_S = 30.0
SETTLE_S = 2.0  # loading an engine stops JACK on some machines
TRIES = 2
OUT_BPM, OUT_BARS = 174.0, 40
BARE_ONSETS = 800
HALF = RATE // 100  # frames: less than half a pulse
PACKAGES = ("JACK-Client", "python-rtmidi", "numpy")


class VoidError(Exception):
    """A run that says nothing; the message says why."""


@dataclass(frozen=True)
class Bench:
    """What all runs share: the server, a folder, and the pitch of each step of the phrase."""

    jack: JackServer
    folder: Path
    pitches: Sequence[int]

    def python(self, *arguments: str, **more: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401
        environment = {**os.environ, **self.jack.environment}
        return subprocess.Popen([sys.executable, *arguments], env=environment, **more)  # noqa: S603


@dataclass
class Client:
    """A JACK client of the bench that speaks in frames of ``engine.wire``."""

    process: "subprocess.Popen[bytes]"
    port: str

    def ask(self, word: bytes = b"") -> Message:
        """Say ``word``, or with none that it is over; its answer. Raises :class:`VoidError`."""
        stdin = cast(BinaryIO, self.process.stdin)
        if word:
            stdin.write(word)
            stdin.flush()
        else:
            stdin.close()
        return _answer(self.process)


def open_client(stack: ExitStack, bench: Bench, *arguments: str) -> Client:
    """Start a client and wait until it is ready."""
    pipe = subprocess.PIPE
    process = stack.enter_context(ending(bench.python(*arguments, stdin=pipe, stdout=pipe)))
    return Client(process, _answer(process)["port"])


def _answer(process: "subprocess.Popen[bytes]") -> Message:
    message = read_message(cast(BinaryIO, process.stdout))
    if message is None or message["type"] == "refused":
        raise VoidError("a client of the bench failed")
    return message


def glisser(stack: ExitStack, bench: Bench, *arguments: str) -> Path:
    """``glisser play`` on the bench's checkpoint; where it writes what it says."""
    said = bench.folder / "said.txt"
    command = [
        *("-m", "instrument.cli", "play", "--checkpoint", str(bench.folder / "onsets")),
        *("--patch", str(bench.folder / "patch.toml"), "--midi-api", "jack"),
        *("--osc", f"127.0.0.1:{free_port()}", *arguments),
    ]
    with said.open("wb") as log:
        running = bench.python(
            *command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    stack.callback(_end, running)
    return said


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(said: Path, words: str, patience_s: float = READY_S) -> None:
    """Until ``words`` were said. Raises :class:`VoidError`."""
    limit_s = time.monotonic() + patience_s
    while words not in (text := said.read_text(encoding="utf-8")):
        if time.monotonic() > limit_s:
            raise VoidError(f"glisser did not say {words!r}; it said {text[-300:]!r}")
        time.sleep(0.05)


def follow(bench: Bench, case: Case, length: float) -> Judged:
    """One case, followed. Raises :class:`VoidError`."""
    score = case.score(length)
    schedule = bench.folder / "schedule.json"
    schedule.write_text(json.dumps([(frame, message.hex()) for frame, message in score.messages]))
    with ExitStack() as stack:
        judge = open_client(stack, bench, "-m", "instrument.jack_listener", "Judge")
        sender = open_client(stack, bench, "-m", "benchmarks.sync_sender", "Sender", str(schedule))
        to_it = ["--clock", "midi", "--in", sender.port, "--out", judge.port]
        said = glisser(stack, bench, *to_it)
        wait_for(said, "clock: waiting for clock")
        wait_for(said, "engine ready")
        time.sleep(SETTLE_S)
        sent = sender.ask(b"!")
        heard = judge.ask()
    stops = [*heard["stops"], *sent["stops"]]
    return judged(score, sent["base"], onsets(heard), bench.pitches, stops)


def lead(bench: Bench, length: float) -> dict[str, Any]:
    """``--clock-out``: pulses and notes, each against an even grid, and against one another."""
    bars = max(3, round(OUT_BARS * length))
    with ExitStack() as stack:
        judge = open_client(stack, bench, "-m", "instrument.jack_listener", "Judge")
        clock = open_client(stack, bench, "-m", "instrument.jack_listener", "Clock")
        to_them = ["--out", judge.port, "--clock-out", clock.port]
        tempo = ["--tempo", f"{OUT_BPM:g}", "--bars", str(bars)]
        said = glisser(stack, bench, *to_them, *tempo)
        wait_for(said, f"bar {bars} ", READY_S + bars * 240.0 / OUT_BPM)
        time.sleep(240.0 / OUT_BPM + 1.0)
        notes, ticks = judge.ask(), clock.ask()
    told = [bytes.fromhex(text) for _, text in ticks["messages"]]
    first = told.index(b"\xfa")
    pulses = [frame for frame, text in ticks["messages"][first:] if text == "f8"]
    stops = [*notes["stops"], *ticks["stops"]]
    pulses = quiet(pulses[: bars * PULSES_PER_BAR], stops)
    played = [f for f, _ in onsets(notes) if pulses[0] - HALF <= f <= pulses[-1] + HALF]
    return {
        "bpm": OUT_BPM,
        "pulses": _told(even(pulses)),
        "notes": _told(even(played)),
        "apart": _told(apart(pulses, played)),
        "start_and_stop": (told.count(b"\xfa"), told.count(b"\xfc")) == (1, 1),
    }


def bare(bench: Bench, length: float) -> dict[str, Any]:
    """The floor through RtMidi: absolute deadlines and nothing else to do."""
    number = max(100, round(BARE_ONSETS * length))
    with ExitStack() as stack:
        judge = open_client(stack, bench, "-m", "instrument.jack_listener", "Judge")
        command = ["-m", "benchmarks.timing_systems", "bare", judge.port, str(number)]
        if bench.python(*command).wait() != 0:
            raise VoidError("the bare loop failed")
        heard = judge.ask()
    return {"notes": _told(even(quiet([frame for frame, _ in onsets(heard)], heard["stops"])))}


def quiet(frames: Sequence[int], stops: Sequence[int]) -> list[int]:
    """The longest stretch in which the machine did not stand still. Raises :class:`VoidError`."""
    try:
        return undisturbed(frames, stops, RATE // 2)
    except ValueError as why:
        raise VoidError(str(why)) from why


def _told(errors: Any) -> Any:  # noqa: ANN401
    return errors and {key: getattr(errors, key) for key in errors.__slots__}


def onsets(heard: Message) -> list[Onset]:
    """The note-ons that arrived: frame, pitch."""
    told = [(frame, bytes.fromhex(text)) for frame, text in heard["messages"]]
    return [(f, m[1]) for f, m in told if len(m) == 3 and m[0] & 0xF0 == 0x90 and m[2] > 0]


def measured(bench: Bench, length: float, only: str | None) -> dict[str, Any]:
    """Every case, or one; what was void is tried once more and then left out."""
    jobs: dict[str, Any] = {c.name: lambda c=c: follow(bench, c, length).as_dict() for c in CASES}
    jobs |= {"clock-out": lambda: lead(bench, length), "bare": lambda: bare(bench, length)}
    found: dict[str, Any] = {}
    for name, job in jobs.items():
        for _ in range(TRIES * (only in (None, name))):
            try:
                found[name] = job()
            except VoidError as why:
                print(f"{name}: void, {why}", flush=True)
                continue
            print(f"{name}: {found[name]}", flush=True)
            break
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, print the page; 2 where JACK or JACK-Client is missing."""
    parser = argparse.ArgumentParser(prog="make bench-sync", description=__doc__.split("\n")[0])
    parser.add_argument("--length", type=float, default=1.0, help="of the whole; 0.2 tries it out")
    parser.add_argument("--only", choices=[*(c.name for c in CASES), "clock-out", "bare"])
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    asked = parser.parse_args(arguments)
    try:
        with (
            tempfile.TemporaryDirectory() as kept,
            running_jack(PERIOD_FRAMES, synchronous=False) as jack,
        ):
            folder = Path(kept)
            write_checkpoint("stage", folder / "onsets")
            write_patch(folder / "patch.toml")
            card = read_card(folder / "onsets")
            pitches = card.spelled().steps(card.start_tokens)
            bench = Bench(jack, folder, pitches)
            results: dict[str, Any] = {"found": measured(bench, asked.length, asked.only)}
    except JackError as error:
        print(error, file=sys.stderr)
        return 2
    results["machine"], results["period"] = machine(*PACKAGES), PERIOD_FRAMES
    tell(results, page(results), "sync", "sync", dry=asked.dry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
