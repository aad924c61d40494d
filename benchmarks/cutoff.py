"""How late a knob may still be moved and be heard at the bar line. ``make bench-cutoff``.

    .venv/bin/python -m benchmarks.cutoff [--bars N] [--tempo BPM] [--dry]

A live performance on a private JACK server. Before each bar line a ladder of points is sent by OSC,
one every 1.5 ms, each with a pitch of its own on the bar line. The pitch that arrives says which
point was the last in time: so every bar measures the cut-off itself. The ladder moves with what it
finds, and its rungs shift a little from bar to bar. Judged with ``refresh`` = ``bar`` and ``step``.
Needs the extra ``jack`` (JACK-Client) and jackd. Writes benchmarks/results/cutoff.json and
docs/cutoff.md; ``--dry`` prints the page alone.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from benchmarks.cutoff_page import page
from benchmarks.live_judge import Stage, on_stage
from benchmarks.machine import machine, quantile
from benchmarks.stretches import RATE, clear_of
from benchmarks.told import ROOT, tell
from engine.phrase import PHRASE_STEPS, STEPS_PER_BAR
from instrument.children import Interview

RUNG_MS = 1.5  # main sends at most one control message a millisecond
WARM_BARS = 40  # until the player has measured the engine
DECODES = 300
SETTLE_S = 1.0
MS = 1e3 / RATE  # of a frame

Z = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """A point, and the pitches that its phrase strikes on its two bar lines."""

    z: Z
    pitches: tuple[int, int]


def ladder(candidates: Sequence[tuple[Z, Sequence[int]]], rungs: int = 12) -> list[Rung]:
    """Points told apart by the pitch on either bar line, in the order of ``candidates``.

    A candidate is a z and its 32 steps. Raises ``ValueError`` when there are fewer than 4.
    """
    found: list[Rung] = []
    for z, steps in candidates:
        pitches = (steps[0], steps[STEPS_PER_BAR])
        fresh = all(rung.pitches[half] != pitches[half] for rung in found for half in (0, 1))
        if min(pitches) >= 0 and fresh and len(found) < rungs:
            found.append(Rung(z, pitches))
    if len(found) < 4:
        raise ValueError("too few phrases that differ on the bar line")
    return found


@dataclass
class Search:
    """Where the ladder stands: its top, milliseconds before the line; and what it found."""

    rungs: int
    top_ms: float = 60.0
    found: list[tuple[float, float]] = field(default_factory=list)  # (bar line's frame, ms)

    def offsets_ms(self, shift: float) -> list[float]:
        """When each rung is sent, before the line; ``shift`` 0 to 1 of a rung later."""
        return [self.top_ms - RUNG_MS * (rung + shift) for rung in range(self.rungs)]

    def heard(self, offsets_ms: Sequence[float], rung: int | None, line: float | None) -> None:
        """``rung`` was heard on the bar line, or none of them; a ``line`` of None does not count.

        The cut-off is when that rung was really sent: a knob at that moment was heard. Beyond the
        ladder it is infinite.
        """
        cutoff_ms = float("inf") if rung is None else offsets_ms[rung]
        if line is not None:
            self.found.append((line, cutoff_ms))
        if rung is None:
            self.top_ms += RUNG_MS * self.rungs / 2
            return
        # The newest cut-offs stay in the lower half, so that a late one is still on the ladder.
        aim_ms = cutoff_ms + RUNG_MS * self.rungs * 0.6
        self.top_ms += (aim_ms - self.top_ms) * (0.5 if aim_ms < self.top_ms else 1.0)


def summary(found: Sequence[tuple[float, float]], stops: Sequence[int]) -> dict[str, float | None]:
    """p50, p99, p99.9 and the largest cut-off in milliseconds; ``None``: beyond the ladder.

    ``found``: bar lines and their cut-offs; those near one of ``stops`` are left out.
    """
    clear = clear_of([line for line, _ in found], stops)
    values = [cutoff_ms for (_, cutoff_ms), keep in zip(found, clear, strict=True) if keep]
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999, "max_ms": 1.0}
    figures = {name: quantile(values, share) for name, share in shares.items()}
    known = {name: value if isfinite(value) else None for name, value in figures.items()}
    beyond = sum(value == float("inf") for value in values)
    return {
        **known,
        "bars": len(values),
        "void": len(found) - len(values),
        "beyond_the_ladder": beyond,
    }


def candidates(count: int = 600) -> list[tuple[Z, Sequence[int]]]:
    """Points of the prior with the steps that the shipped checkpoint plays there."""
    import numpy as np

    from engine.decoding import PhraseDecoder

    decoder = PhraseDecoder.load("stage")
    z = np.random.default_rng(4).standard_normal((count, decoder.dimensions)).round(2).clip(-2, 2)
    rows = decoder.tokens(z).tolist()
    return [
        (tuple(map(float, point)), decoder.vocabulary.steps(row))
        for point, row in zip(z, rows, strict=True)
    ]


def decode_p99_ms() -> float:
    """What one decode takes in the engine process, pipes included. Raises ``RuntimeError``."""
    interview = Interview("engine.service")
    times = []
    try:
        if interview.ask({"type": "load", "checkpoint": "stage"}, 60.0) is None:
            raise RuntimeError("the engine did not load")
        for number in range(DECODES):
            z = [random.gauss(0.0, 1.0) for _ in range(12)]
            began_ns = time.perf_counter_ns()
            asked = {"type": "decode", "id": number, "checkpoint": "stage", "z": z}
            if interview.ask(asked, 10.0) is None:
                raise RuntimeError("the engine did not answer")
            times.append((time.perf_counter_ns() - began_ns) / 1e6)
    finally:
        interview.close()
    return quantile(times, 0.99)


def measure(refresh: str, rungs: list[Rung], tempo: float, bars: int) -> dict[str, Any]:
    """The cut-off of one way to refresh."""
    with tempfile.TemporaryDirectory() as folder:
        patch = Path(folder) / "patch.toml"
        text = (ROOT / "patches/default.toml").read_text(encoding="utf-8")
        patch.write_text(with_refresh(text, refresh), encoding="utf-8")
        with on_stage("--patch", str(patch), "--tempo", str(tempo)) as stage:
            search = climb(stage, rungs, tempo, bars)
            time.sleep(SETTLE_S)  # a stop is told a little later
            return summary(search.found, stage.judge.stops)


def with_refresh(patch: str, refresh: str) -> str:
    """A patch's text with another ``refresh``, whether it has one or not."""
    lines = [line for line in patch.splitlines() if not line.startswith("refresh")]
    return "\n".join([f'refresh = "{refresh}"', *lines, ""])


def climb(stage: Stage, rungs: list[Rung], tempo: float, bars: int) -> Search:
    """Send a ladder before each of ``bars`` bar lines and hear what comes of it."""
    bar_frames = RATE * 240.0 / tempo
    first = stage.judge.next_note_on().frame  # step 0 of bar 1: the card's phrase begins with it
    search = Search(len(rungs))
    bar = int((stage.judge.frame() - first) / bar_frames) + 2
    last = bar + WARM_BARS + bars
    while bar < last:
        order = random.sample(rungs, len(rungs))
        offsets_ms = search.offsets_ms(random.random())
        line = first + bar * bar_frames
        sent_ms = send_ladder(stage, order, offsets_ms, line)
        pitch = pitch_at(stage, line, bar_frames / PHRASE_STEPS)
        half = bar % 2
        heard = next((n for n, rung in enumerate(order) if rung.pitches[half] == pitch), None)
        search.heard(sent_ms, heard, line if bar >= last - bars else None)
        bar = max(bar + 1, int((stage.judge.frame() - first) / bar_frames + 0.5) + 1)
    return search


def send_ladder(
    stage: Stage, order: Sequence[Rung], offsets_ms: Sequence[float], line: float
) -> list[float]:
    """Send each point at its moment; when each was really sent, milliseconds before the line."""
    sent = []
    for rung, offset_ms in zip(order, offsets_ms, strict=True):
        due = line - offset_ms / MS
        while (left := due - stage.judge.frame()) > 0:
            time.sleep(max(0.0, left / RATE - 0.0003))
        sent.append((line - stage.judge.frame()) * MS)
        stage.osc("/glisser/z", *rung.z)
    return sent


def pitch_at(stage: Stage, line: float, tolerance: float) -> int | None:
    """The pitch struck within ``tolerance`` frames of ``line``."""
    while (event := stage.judge.next_note_on()).frame < line - tolerance:
        pass
    if event.frame > line + tolerance:
        stage.judge.put_back(event)
        return None
    return event.note_on


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both refreshes, write, print the page; 2 where JACK-Client is missing."""
    parser = argparse.ArgumentParser(prog="make bench-cutoff", description=__doc__.split("\n")[0])
    parser.add_argument("--bars", type=int, default=1200, help="bar lines judged for each refresh")
    parser.add_argument("--tempo", type=float, default=400.0)
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    asked = parser.parse_args(arguments)
    random.seed(0)
    rungs = ladder(candidates())
    try:
        results = {
            "tempo_bpm": asked.tempo,
            "rungs": len(rungs),
            "decode_p99_ms": decode_p99_ms(),
            "refresh": {
                name: measure(name, rungs, asked.tempo, asked.bars) for name in ("bar", "step")
            },
            "machine": machine("torch", "JACK-Client", "python-rtmidi", "python-osc"),
        }
    except ImportError as error:
        print(f"{error.name} is not installed: pip install 'glisser[jack]'.", file=sys.stderr)
        return 2
    tell(results, page(results), "cutoff", "cutoff", dry=asked.dry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
