"""How fast one phrase is decoded, against onnxruntime on the same weights. ``make bench-decode``.

    .venv/bin/python -m benchmarks.decode [--rounds N] [--points N] [--draws N] [--dry]

Batch 1, one thread. Two decoders: the shipped ``stage`` (2x256), and one of the paper's size
(2x512) that plays the same phrases: ``stage`` with every unit divided in two
(:func:`benchmarks.decode_rivals.widened`). The systems take turns within a round. Then equality
with the float32 argmax is counted over ``--draws`` points of the prior. Needs the extra ``bench``
(onnx, onnxruntime). Writes benchmarks/results/decode.json and docs/decoding.md; ``--dry`` prints
the page alone.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.decode_page import page
from benchmarks.decode_rivals import onnxruntime_decoder, widened
from benchmarks.machine import machine, quantile
from benchmarks.told import tell
from engine.card import find_checkpoint
from engine.checkpoint import load_decoder
from engine.decoding import PhraseDecoder
from engine.model import Decoder
from engine.phrase import PHRASE_STEPS

RIVAL, OURS = "onnxruntime, float32", "Glisser"
BATCH = 256
CHUNK = 250

Array = npt.NDArray[np.float32]
Decode = Callable[[Array], object]


def summary(times_ms: dict[str, list[list[float]]]) -> dict[str, dict[str, float]]:
    """For each system, from its milliseconds by round: p50, p99, and its time over the rival's.

    The ratio is the median over rounds of (median of the round / the rival's of the same round).
    """
    rival = [median(turn) for turn in times_ms[RIVAL]]
    found = {}
    for system, turns in times_ms.items():
        every = [value for turn in turns for value in turn]
        ratios = [median(turn) / other for turn, other in zip(turns, rival, strict=True)]
        found[system] = {
            "p50_ms": median(every),
            "p99_ms": quantile(every, 0.99),
            "ratio": median(ratios),
            "lowest_ratio": min(ratios),
            "highest_ratio": max(ratios),
        }
    return found


def timed(systems: dict[str, Decode], points: Array, rounds: int) -> dict[str, list[list[float]]]:
    """Milliseconds of each system by round and point; who begins changes from round to round."""
    names = list(systems)
    for decode in systems.values():
        decode(points[:1])
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    for turn in range(rounds):
        place = turn % len(names)
        for name in names[place:] + names[:place]:
            decode, times = systems[name], []
            for row in points:
                began_ns = time.perf_counter_ns()
                decode(row[None])
                times.append((time.perf_counter_ns() - began_ns) / 1e6)
            found[name].append(times)
    return found


def equality(ours: PhraseDecoder, plain: Decoder, points: Array) -> dict[str, float]:
    """How many tokens of ``points``, decoded one by one, are the float32 argmax of ``plain``.

    ``alone_alike``: how many of those decoded one by one are as in a batch (all, by promise).
    """
    equal = alike = 0
    for start in range(0, len(points), CHUNK):
        chunk = points[start : start + CHUNK]
        with torch.inference_mode():
            exact = plain(torch.from_numpy(chunk), PHRASE_STEPS).argmax(-1).numpy()
        alone = np.concatenate([ours.tokens(row) for row in chunk])
        equal += int((alone == exact).sum())
        alike += int((alone == ours.tokens(chunk)).sum())
    tokens = len(points) * PHRASE_STEPS
    counts = {"draws": len(points), "tokens": tokens}
    return {**counts, "equal_tokens": equal, "alone_alike": alike, "quick": ours.quick is not None}


def batched(ours: PhraseDecoder, points: Array, rounds: int) -> dict[str, float]:
    """Phrases a second: ``points`` as one batch, and one by one; medians of rounds in turn."""
    together, alone = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        ours.tokens(points)
        middle = time.perf_counter()
        for row in points:
            ours.tokens(row)
        together.append(len(points) / (middle - began))
        alone.append(len(points) / (time.perf_counter() - middle))
    return {
        "size": len(points),
        "together_per_s": median(together),
        "alone_per_s": median(alone),
    }


def examined(ours: PhraseDecoder, plain: Decoder, asked: argparse.Namespace) -> dict[str, Any]:
    """All figures of one decoder."""
    chance = np.random.default_rng(1)
    points = chance.standard_normal((asked.draws, ours.dimensions), dtype=np.float32)

    def torch_plain(z: Array) -> object:
        with torch.inference_mode():
            return plain(torch.from_numpy(z), PHRASE_STEPS).argmax(-1).numpy()

    rival = onnxruntime_decoder(plain)
    systems: dict[str, Decode] = {
        RIVAL: lambda z: rival(z).argmax(-1),
        "torch, float32": torch_plain,
        OURS: ours.tokens,
    }
    times = timed(systems, points[: asked.points], asked.rounds)
    return {
        "systems": summary(times),
        **equality(ours, plain, points),
        "batch": batched(ours, points[:BATCH], max(1, asked.rounds // 5)),
    }


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """The content of decode.json."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    folder = find_checkpoint("stage")
    card, small = load_decoder(folder)
    decoders: dict[str, Any] = {}
    for name, plain, floor in (
        ("2x512 (stage, widened)", widened(small), True),
        ("2x256 (stage)", small, False),
    ):
        decoders[name] = {**examined(PhraseDecoder(folder, card, plain), plain, asked)}
        decoders[name]["floor"] = floor
    return {
        "rounds": asked.rounds,
        "points": min(asked.points, asked.draws),
        "machine": machine("torch", "onnxruntime", "numpy"),
        "decoders": decoders,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and print the page; 2 where a package is missing."""
    parser = argparse.ArgumentParser(prog="make bench-decode", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--points", type=int, default=20, help="points decoded in a round")
    parser.add_argument("--draws", type=int, default=10_000, help="points for equality")
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    asked = parser.parse_args(arguments)
    try:
        results = measured(asked)
    except ImportError as error:
        print(f"{error.name} is not installed: pip install 'glisser[bench]'.", file=sys.stderr)
        return 2
    tell(results, page(results), "decode", "decoding", dry=asked.dry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
