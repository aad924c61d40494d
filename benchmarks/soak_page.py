"""The soak's section of docs/timing.md, from benchmarks/results/soak.json."""

from typing import Any

from benchmarks.machine import verdict

DRIFT_MS = 1.0
GROWTH_MIB = 5.0


def section(results: dict[str, Any]) -> str:
    """Markdown, with a heading of the second level; what was not run is said so."""
    lines = ["## Soak", "", "By `make soak`.", ""]
    lines += _offline(results["offline"]) if "offline" in results else ["- Offline: not run."]
    lines += _live(results["live"]) if "live" in results else ["- Live: not run."]
    return "\n".join([*lines, ""])


def _offline(found: dict[str, Any]) -> list[str]:
    return [
        f"Offline: {found['bars']:,} bars by the real player on a manual clock, a knob moved in "
        "every bar, a stand-in for the decoder.",
        "",
        f"- drift: {found['drift_ns']} ns ({verdict(found['drift_ns'] == 0)});",
        *_counts(found),
        f"- growth of the process: {found['growth_mib']:.1f} MiB (below {GROWTH_MIB:g}: "
        f"{verdict(found['growth_mib'] < GROWTH_MIB)}).",
        "",
    ]


def _live(found: dict[str, Any]) -> list[str]:
    lines = [
        f"Live: {found['minutes']:g} minutes at 120 bpm ({found['bars']:,} bars) on a private JACK "
        "server that waits for its clients, a knob turned every second, judged at the far end.",
        "",
    ]
    if found.get("beside"):
        lines.append(f"- beside it: {found['beside']};")
    if found.get("halts"):
        lines.append(
            f"- the machine stood still {found['halts']} times for more than 4 ms, "
            f"{found['longest_halt_ms']:.0f} ms at most;"
        )
    if found["stops"]:
        lines.append(
            f"- JACK itself stood still {found['stops']} times; {found['void_share']:.1%} of the "
            "notes lie within a second of that and say nothing of drift, but count below;"
        )
    lines += [
        f"- drift in ten minutes: {found['drift_ms']:+.3f} ms (below "
        f"{DRIFT_MS:g}: {verdict(abs(found['drift_ms']) < DRIFT_MS)});",
        *_counts(found),
    ]
    growth = ", ".join(f"{name} {mib:+.1f} MiB" for name, mib in found["growth_mib"].items())
    met = verdict(all(mib < GROWTH_MIB for mib in found["growth_mib"].values()))
    lines.append(f"- growth: {growth} (each below {GROWTH_MIB:g}: {met}).")
    return lines


def _counts(found: dict[str, Any]) -> list[str]:
    closed = found["note_ons"] == found["note_offs"] and not found["still_open"]
    late = f"- phrases that came too late: {found['misses']} ({verdict(found['misses'] == 0)})"
    if found["misses"] and "misses_elsewhere" in found:
        late += f", {found['misses_elsewhere']} of them while the machine did not stand still"
    return [
        f"{late};",
        f"- {found['note_ons']:,} note-ons, {found['note_offs']:,} note-offs, "
        f"{found['still_open']} left open ({verdict(closed)});",
    ]
