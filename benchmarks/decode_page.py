"""docs/decoding.md from benchmarks/results/decode.json. Figures in, Markdown out."""

from typing import Any

from benchmarks.machine import machine_lines, verdict

FLOOR_TIME = 0.6  # of onnxruntime's time, for a 2x512 decoder
FLOOR_EQUAL = 0.999  # of tokens

INTRODUCTION = """\
# How fast a phrase is decoded

Made by `make bench-decode`, not by hand. One phrase at a time on one thread, as on the stage. In
every round each system decodes the same points, in turn; a cell is the median over {rounds} rounds
of {points} points each, p99 is over all of them. Ratios are taken within a round.

At batch 1 a large LSTM waits for its weights. From 384 units a layer on, `engine/quick.py` reads
them in half precision and adds up in float32; in a batch the same rounded weights are used, so the
same z is the same phrase. Smaller decoders keep their weights and torch's own LSTM.
"""

HEAD = (
    "| decoder | system | p50 ms | p99 ms | times onnxruntime |",
    "|---|---|---|---|---|",
)


def page(results: dict[str, Any]) -> str:
    """The whole document."""
    lines = [INTRODUCTION.format(**results), *HEAD]
    for decoder, found in results["decoders"].items():
        for system, times in found["systems"].items():
            lines.append(
                f"| {decoder} | {system} | {times['p50_ms']:.2f} | {times['p99_ms']:.2f} "
                f"| {times['ratio']:.2f} |"
            )
    lines += ["", "## Floors", "", *floors(results), "", "## Many at once", ""]
    for decoder, found in results["decoders"].items():
        batch = found["batch"]
        lines.append(
            f"- {decoder}: {batch['together_per_s']:.0f} phrases/s in batches of {batch['size']}, "
            f"{batch['alone_per_s']:.0f} one by one: "
            f"{batch['together_per_s'] / batch['alone_per_s']:.1f} times as many."
        )
    lines += ["", "## Made on", "", *machine_lines(results["machine"]), ""]
    return "\n".join(lines)


def floors(results: dict[str, Any]) -> list[str]:
    """What was asked, what was measured, met or not; a line each."""
    lines = []
    for decoder, found in results["decoders"].items():
        if found["floor"]:
            ratio = found["systems"]["Glisser"]["ratio"]
            lines.append(
                f"- {decoder}: {ratio:.2f} of onnxruntime's time "
                f"(at most {FLOOR_TIME}: {verdict(ratio <= FLOOR_TIME)})."
            )
        equal = found["equal_tokens"] / found["tokens"]
        lines.append(
            f"- {decoder}: {100 * equal:.4f} % of {found['tokens']:,} tokens "
            f"({found['draws']:,} draws) are the float32 argmax "
            f"(at least {100 * FLOOR_EQUAL:g} %: {verdict(equal >= FLOOR_EQUAL)}); "
            f"{found['tokens'] - found['alone_alike']} differ between alone and in a batch."
        )
    return lines
