"""How much of two bars comes back when a hand plays them and they are captured.

``make bench-capture``.

    .venv/bin/python -m benchmarks.capture [--windows N] [--streams N] [--dry]

Windows of the test side, as ``stage`` learns them, are played into ``Capture`` with a human error
on every onset and every release, once while the song plays and once while it stands still; beside
them the same without error, and with twice as much. A real engine process encodes what was
captured. Then streams of nonsense go the same way: nothing may raise, and the engine must answer
each. Time is made up, so a busy machine changes no figure. Writes benchmarks/results/capture.json
and docs/capture.md; ``--dry`` prints the page alone. Reads the chorales, which takes two minutes
the first time.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.capture_page import page
from benchmarks.machine import machine
from benchmarks.told import tell
from engine.appraisal import take_apart
from engine.card import find_checkpoint
from engine.measures.metrics import note_f1
from engine.phrase import STEPS_PER_BAR, Note
from engine.vocabulary import REST_ID, Vocabulary
from engine.wire import Message
from instrument.capture import Capture, Played, TickLine
from instrument.children import Interview
from instrument.tempo import Timeline
from instrument.training import chorales

CHECKPOINT = "stage"
TEMPO_BPM = 120.0
STEP_MS = 15_000.0 / TEMPO_BPM
ERROR_MS = 30.0  # what the floor is asked at
ERRORS_MS = (0.0, ERROR_MS, 2 * ERROR_MS)
KEY_RETURN_MS = 1.0  # a key comes up at least so long before it is struck again
FLOOR = 0.8  # of a window's tokens
PATIENCE_S = 120.0
MS = 1_000_000  # nanoseconds

Event = tuple[int, int, int]  # nanoseconds, pitch, velocity
Tokens = Sequence[int]


def line_of(playing: bool) -> TickLine:
    """A song that began at 0, or one that stands still."""
    return TickLine(Timeline(TEMPO_BPM), 0 if playing else None)


def performed(notes: Sequence[Note], error_ms: float, chance: random.Random) -> list[Event]:
    """``notes`` as a hand plays them from bar 3 on, each end up to ``error_ms`` early or late.

    A key is let go before it is struck again, as on every keyboard.
    """
    begin_ms = 2 * STEPS_PER_BAR * STEP_MS
    strokes = []
    for note in notes:
        onset_ms = note.onset_step * STEP_MS + chance.uniform(-error_ms, error_ms)
        end_ms = (note.onset_step + note.duration_steps) * STEP_MS
        strokes.append((note.pitch, onset_ms, end_ms + chance.uniform(-error_ms, error_ms)))
    events: list[Event] = []
    for place, (pitch, onset_ms, end_ms) in enumerate(strokes):
        again = [on for other, on, _ in strokes[place + 1 :] if other == pitch]
        let_go_ms = min([end_ms, *(on - KEY_RETURN_MS for on in again[:1])])
        events.append((round((begin_ms + onset_ms) * MS), pitch, 90))
        events.append((round((begin_ms + let_go_ms) * MS), pitch, 0))
    return sorted(events)


def captured(events: Sequence[Event], line: TickLine) -> Played | None:
    """What ``Capture`` makes of them, armed before the first."""
    capture = Capture()
    capture.arm(line, min([0, *(ns for ns, _, _ in events)]))
    for ns, pitch, velocity in events:
        capture.note(pitch, velocity, ns)
    return None if capture.due_ns is None else capture.pop(capture.due_ns)


def figures(truth: Sequence[Tokens], made: Sequence[Tokens]) -> dict[str, float]:
    """How much of the windows ``truth`` [N][32] comes back in ``made``; tokens, or steps.

    ``mean``, ``median`` and ``worst`` share of a window; how many windows reach the floor, and how
    many are ``whole``.
    """
    rows, others = np.asarray(truth), np.asarray(made)
    shares = (rows == others).mean(-1)
    return {
        "mean": float(shares.mean()),
        "median": float(statistics.median(shares.tolist())),
        "worst": float(shares.min()),
        "reaching": int((shares >= FLOOR).sum()),
        "whole": int((shares == 1.0).sum()),
    }


def measure(
    windows: Sequence[Tokens],
    vocabulary: Vocabulary,
    encode: Callable[[Played], Message],
    *,
    playing: bool,
    error_ms: float,
) -> dict[str, Any]:
    """Every window played once, in one way. Raises ``RuntimeError`` for one that is refused."""
    chance = random.Random(1)
    played, answers = [], []
    for window in windows:
        events = performed(vocabulary.phrase(window).notes, error_ms, chance)
        found = captured(events, line_of(playing))
        if found is None:
            raise RuntimeError("a window that was played was not captured")
        answer = encode(found)
        if answer["type"] != "encoded":
            raise RuntimeError(answer["text"])
        played.append(found)
        answers.append(answer)
    tokens, heard = ([answer[what] for answer in answers] for what in ("tokens", "heard"))
    return {
        "playing": playing,
        "error_ms": error_ms,
        "mean_moved_ms": statistics.mean(each.mean_moved_ms for each in played),
        "max_moved_ms": max(each.max_moved_ms for each in played),
        "tokens": compared(windows, tokens, vocabulary),
        "heard": compared(windows, heard, vocabulary),
        "heard_of_captured": compared(tokens, heard, vocabulary),
        "weak_onsets": [weak_onsets(rows) for rows in (windows, tokens, heard)],
    }


def weak_onsets(rows: Sequence[Tokens]) -> int:
    """How many notes of [N][32] tokens are struck on the second or fourth sixteenth of a beat."""
    return int((np.asarray(rows)[:, 1::2] > REST_ID).sum())


def compared(
    truth: Sequence[Tokens], made: Sequence[Tokens], vocabulary: Vocabulary
) -> dict[str, Any]:
    """The figures by ``name`` (tokens) and by ``sound`` (pitches); ``note_f1`` is by name."""
    sounds = [[vocabulary.steps(row) for row in rows] for rows in (truth, made)]
    return {
        "name": figures(truth, made),
        "sound": figures(*sounds),
        "note_f1": note_f1(np.asarray(made), np.asarray(truth)),
    }


def nonsense(kind: str, chance: random.Random) -> list[Event]:
    """A stream that no melody is. ``kind``: one of ``KINDS``."""
    count = chance.randrange(1, 80)

    def moment() -> int:
        return chance.randrange(6_000) * MS

    match kind:
        case "notes at random, in no order of time":
            return [(moment(), chance.randrange(128), chance.randrange(128)) for _ in range(count)]
        case "keys that are never let go":
            return sorted((moment(), chance.randrange(128), 90) for _ in range(count))
        case "all keys at one moment":
            return [(1_000 * MS, pitch, 90) for pitch in range(128)] * chance.randrange(1, 9)
        case "one key, thousands of times":
            return [(ms * MS, 60, 90 * (ms % 2)) for ms in range(chance.randrange(5_000))]
        case "keys let go that were never struck":
            return [(moment(), chance.randrange(128), 0) for _ in range(count)]
        case "pitches, velocities and times that are none":
            return [
                (chance.randrange(-(2**63), 2**63), chance.randrange(-999, 999), moment())
                for _ in range(count)
            ]
    return []


KINDS = (
    "notes at random, in no order of time",
    "keys that are never let go",
    "all keys at one moment",
    "one key, thousands of times",
    "keys let go that were never struck",
    "pitches, velocities and times that are none",
    "nothing at all",
)


def storm(streams: int, encode: Callable[[Played], Message]) -> dict[str, dict[str, int]]:
    """``streams`` of nonsense, each kind in turn: how many windows they made, and the answers."""
    chance = random.Random(2)
    found = {kind: {"streams": 0, "windows": 0, "encoded": 0, "refused": 0} for kind in KINDS}
    for number in range(streams):
        kind = KINDS[number % len(KINDS)]
        told = found[kind]
        told["streams"] += 1
        played = captured(nonsense(kind, chance), line_of(chance.random() < 0.5))
        if played is not None:
            told["windows"] += 1
            told[encode(played)["type"]] += 1
    return found


def held_out(count: int) -> tuple[Vocabulary, list[list[int]]]:
    """``count`` different windows of the test side, drawn with seed 0, and their vocabulary."""
    it = take_apart(find_checkpoint(CHECKPOINT), chorales(Console(stderr=True)))
    windows = np.unique(it.corpus.sides["test"].tokens, axis=0).tolist()
    return it.corpus.vocabulary, random.Random(0).sample(windows, count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, print the page."""
    parser = argparse.ArgumentParser(prog="make bench-capture", description=__doc__.split("\n")[0])
    parser.add_argument("--windows", type=int, default=50, help="held-out windows to be played")
    parser.add_argument("--streams", type=int, default=1000, help="streams of nonsense")
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    asked = parser.parse_args(arguments)
    vocabulary, windows = held_out(asked.windows)
    engine = Interview("engine.service")

    def encode(played: Played) -> Message:
        message = {"id": 0, "checkpoint": CHECKPOINT, "notes": [list(n) for n in played.notes]}
        answer = engine.ask({"type": "encode", **message}, PATIENCE_S)
        if answer is None:
            raise RuntimeError("the engine died or was silent")
        return answer

    try:
        results = {
            "checkpoint": CHECKPOINT,
            "tempo_bpm": TEMPO_BPM,
            "error_ms": ERROR_MS,
            "floor": FLOOR,
            "windows": len(windows),
            "begin_without_a_note": sum(vocabulary.steps(row)[0] < 0 for row in windows),
            "played": [
                measure(windows, vocabulary, encode, playing=playing, error_ms=error_ms)
                for playing in (True, False)
                for error_ms in ERRORS_MS
            ],
            "nonsense": storm(asked.streams, encode),
            "machine": machine("torch", "numpy", "music21"),
        }
    finally:
        engine.close()
    tell(results, page(results), "capture", "capture", dry=asked.dry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
