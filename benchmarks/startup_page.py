"""The start's section of docs/timing.md, from benchmarks/results/startup.json."""

from typing import Any

from benchmarks.machine import verdict

FLOOR_S, FLOOR_MIB = 2.0, 60.0
PLAYER = "instrument.player"


def section(results: dict[str, Any]) -> str:
    """Markdown, with a heading of the second level and both floors; empty: not run."""
    lines = ["## Start", "", "By `make bench-startup`.", ""]
    if not results:
        return "\n".join([*lines, "- Not run.", ""])
    for kind, found in results["first_note_s"].items():
        met = verdict(found["median"] <= FLOOR_S)
        lines.append(
            f"- First note, {kind} start: {found['median']:.2f} s (slowest {found['slowest']:.2f}; "
            f"at most {FLOOR_S:g} s: {met})."
        )
    player = results["memory_mib"][PLAYER]
    lines.append(
        f"- The player's resident memory: {player['own']:.0f} MiB of its own (at most "
        f"{FLOOR_MIB:g}: {verdict(player['own'] <= FLOOR_MIB)}), and {player['shared']:.0f} MiB "
        "that the JACK server shares with each of its clients."
    )
    others = {name: mib for name, mib in results["memory_mib"].items() if name != PLAYER}
    told = ", ".join(f"{name} {mib['own']:.0f} MiB" for name, mib in others.items())
    lines.append(f"- The others: {told}.")
    return "\n".join(lines) + "\n"
