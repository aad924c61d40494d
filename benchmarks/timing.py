"""How even the beat is, judged by what arrives. ``make bench-timing``.

    .venv/bin/python -m benchmarks.timing [--rounds N] [--onsets N] [--quick] [--only SYSTEM/LOAD]

A private JACK server with the dummy driver (period 64, 48,000 frames a second), a judge that is a
JACK client in a process of its own and notes the frame of whatever arrives, and five systems that
play sixteenths at 400 bpm to it, in turn, under four loads. Where JACK itself was late, a second
around says nothing. What is done is kept, so an interrupted bench goes on where it was.

It needs an idle machine, jackd, and isobar (the optional extra ``bench``).
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from benchmarks.machine import machine
from benchmarks.stretches import clear_of
from benchmarks.timing_checkpoint import write_checkpoint, write_patch
from benchmarks.timing_figures import BPM, LOADS, STEP_FRAMES, SYSTEMS, Timing, timing
from benchmarks.timing_page import RESULTS, write_page
from engine.files import write_atomically
from engine.wire import Message, read_message
from tests.jack import JackError, JackServer, running_jack

ONSETS, ROUNDS = 4_400, 3  # of which JACK itself voids about a fifth
QUICK_ONSETS = 320
TRIES = 5
PERIOD_FRAMES = 64
ONSETS_PER_BAR, TICKS_PER_ONSET = 16, 24
WARM_BARS = {"glisser": 40, "others": 8}  # 24 s: the engine is loaded by then
PACKAGES = ("isobar", "JACK-Client", "mido", "numpy", "python-rtmidi", "torch")


class VoidError(Exception):
    """A run that says nothing about the system; the message says why."""


@dataclass(frozen=True)
class Bench:
    """What all runs share: the server, and where checkpoint and patch lie."""

    jack: JackServer
    folder: Path
    onsets: int
    warm_bars: dict[str, int]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.jack.environment}

    def python(self, *arguments: str, **more: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401
        environment = {**self.environment, **more.pop("environment", {})}
        return subprocess.Popen([sys.executable, *arguments], env=environment, **more)  # noqa: S603


def free_port() -> int:
    """A UDP port of loopback that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ending(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """End this very process, however the block is left."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def run(bench: Bench, system: str, load: str) -> Timing:
    """One system under one load. A void run raises :class:`VoidError` or ``ValueError``."""
    pipe = subprocess.PIPE
    warm_bars = bench.warm_bars["glisser" if system.startswith("glisser") else "others"]
    warm, wishes = warm_bars * ONSETS_PER_BAR, list[tuple[int, bool]]()
    with ExitStack() as stack:
        listening = bench.python("-m", "instrument.jack_listener", "Judge", stdin=pipe, stdout=pipe)
        judge = stack.enter_context(ending(listening))
        port = _hear(judge)["port"]
        osc = str(free_port())
        for arguments in loads_of(system, load, osc, bench.folder):
            process = bench.python("-m", "benchmarks.timing_loads", *arguments)
            stack.enter_context(ending(process))
        if system.startswith("glisser"):
            wishes = _glisser(bench, system, port, osc, warm + bench.onsets)
        else:
            command = ["-m", "benchmarks.timing_systems", system, port, str(warm + bench.onsets)]
            if bench.python(*command).wait() != 0:
                raise VoidError(f"{system} failed")
        cast(BinaryIO, judge.stdin).close()
        heard = _hear(judge)
    frames = [frame for frame, text in heard["messages"] if _is_onset(bytes.fromhex(text))][warm:]
    found = timing(frames, bench.onsets, heard["stops"])
    if not system.startswith("glisser"):
        return found
    places = np.array([place - warm for place, _ in wishes], dtype=np.float64)
    clear = clear_of(frames[0] + places * STEP_FRAMES, heard["stops"])
    judged = (places >= 0) & clear
    late = judged & np.array([late for _, late in wishes], dtype=np.bool_)
    return replace(found, asked=int(judged.sum()), late=int(late.sum()))


def loads_of(system: str, load: str, osc: str, folder: Path) -> list[list[str]]:
    """The processes that run beside ``system``; Glisser decodes and hears OSC itself."""
    glisser, host = system.startswith("glisser"), "127.0.0.1"
    wanted: list[list[str]] = []
    if load in ("decode", "all"):
        wanted.append(["knob", host, osc] if glisser else ["decode", str(folder / "onsets")])
    if load in ("osc", "all"):
        # Frozen, it hears every message and decodes none.
        flood = ["flood", host, osc, "0" if load == "all" else "1"]
        wanted += [flood] if glisser else [["hear", osc], flood]
    return wanted + ([["busy"]] if load == "all" else [])


def _glisser(bench: Bench, system: str, port: str, osc: str, onsets: int) -> list[tuple[int, bool]]:
    """``glisser play`` as it is; for which sixteenth each phrase was asked, and if it was late."""
    take, patch = bench.folder / "take.mid", write_patch(bench.folder / "patch.toml")
    command = [
        *("-m", "instrument.cli", "play", "--checkpoint", str(bench.folder / "onsets")),
        *("--patch", str(patch), "--out", port, "--midi-api", "jack", "--tempo", f"{BPM:g}"),
        *("--bars", str(onsets // ONSETS_PER_BAR), "--osc", f"127.0.0.1:{osc}"),
        *("--take", str(take)),
    ]
    environment = {}
    if system == "glisser-rtmidi":  # as on a machine without the optional package
        environment["PYTHONPATH"] = os.pathsep.join([str(_without_jack(bench.folder)), "."])
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with ending(bench.python(*command, environment=environment, **silent)) as play:
        said = play.communicate()[0].decode()
    if play.returncode != 0 or ("not exact" in said and system == "glisser-jack"):
        raise VoidError(f"glisser play: {said.splitlines()[-1:]}")
    account = [json.loads(line) for line in take.with_suffix(".jsonl").read_text().splitlines()]
    wishes = [m["request"] for m in account if m["type"] == "take"]
    return [(int(wish["tick"]) // TICKS_PER_ONSET, bool(wish["late"])) for wish in wishes]


def _without_jack(folder: Path) -> Path:
    shim = folder / "without-jack"
    shim.mkdir(exist_ok=True)
    (shim / "sitecustomize.py").write_text('import sys\nsys.modules["jack"] = None\n')
    return shim


def _is_onset(message: bytes) -> bool:
    return len(message) == 3 and message[0] & 0xF0 == 0x90 and message[2] > 0


def _hear(process: "subprocess.Popen[bytes]") -> Message:
    message = read_message(cast(BinaryIO, process.stdout))
    if message is None or message["type"] == "refused":
        raise VoidError("the judge does not hear")
    return message


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, write the results after every run, then the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--onsets", type=int, default=ONSETS, help="in each round of a cell")
    parser.add_argument("--quick", action="store_true", help="try it out: few onsets, no page")
    parser.add_argument("--only", metavar="SYSTEM/LOAD", help="this cell alone")
    parser.add_argument("--out", type=Path, default=RESULTS)
    told = parser.parse_args(arguments)
    if told.quick and told.out == RESULTS:
        told.out = Path(tempfile.mkdtemp()) / "quick.json"
    onsets = QUICK_ONSETS if told.quick else -(-told.onsets // ONSETS_PER_BAR) * ONSETS_PER_BAR
    results = json.loads(told.out.read_text()) if told.out.exists() else {"cells": {}}
    results |= {"machine": machine(*PACKAGES), "period": PERIOD_FRAMES}
    try:
        with (
            tempfile.TemporaryDirectory() as kept,
            running_jack(PERIOD_FRAMES, synchronous=False) as jack,
        ):
            folder = Path(kept)
            write_checkpoint("stage", folder / "onsets")
            bench = Bench(jack, folder, onsets, WARM_BARS)
            for number in range(1 if told.quick else told.rounds):
                _round(bench, number, results, told.out, told.only)
    except JackError as error:
        sys.exit(str(error))
    if told.out == RESULTS:
        write_page()
    return 0


def _round(bench: Bench, number: int, results: dict[str, Any], out: Path, only: str | None) -> None:
    for load in LOADS:
        for system in SYSTEMS:
            cell = f"{system}/{load}"
            rounds = results["cells"].setdefault(cell, [])
            if len(rounds) > number or only not in (None, cell):
                continue
            for _ in range(TRIES):
                try:
                    figures = run(bench, system, load)
                except (VoidError, ValueError) as why:
                    print(f"round {number + 1}  {cell}: void, {why}", flush=True)
                    continue
                rounds.append(figures.as_dict())
                out.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(out, (json.dumps(results, indent=1) + "\n").encode())
                print(f"round {number + 1}  {cell}: {rounds[-1]}", flush=True)
                break


if __name__ == "__main__":
    sys.exit(main())
