"""docs/reliability.md from what torture and fuzz have found. Figures in, Markdown out."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_lines, quantile, verdict

ROOT = Path(__file__).parent.parent
RESULTS, PAGE = ROOT / "benchmarks/results", ROOT / "docs/reliability.md"

Found = dict[str, Any]
Table = dict[str, list[Found]]

INTRODUCTION = """\
# What breaks, and what is heard of it

Made by `make torture` and `make fuzz`, not by hand. A performance on a private JACK server strikes
a note at every sixteenth at 240 bpm, while its processes are killed (SIGKILL) or stopped (SIGSTOP),
its server is killed and started again, its ports go and come back, and OSC rains on it: all at
random moments. A JACK client of the bench, in a process of its own, hears what comes of it and
tells time by the computer's clock, because JACK's frames stand still while its server is late. The
server has periods of 256 frames and waits for its clients (`jackd -S`): one that does not loses
messages, or plays them twice, when the machine is late, and nobody could tell whose fault it was.

A trial survives when no note stays open and all that the fault's own list below asks for holds.
Every trial counts. Two things tell the machine's share from the instrument's. On each core wakes,
every 2 ms, a thread of the highest real-time priority that knows nothing of JACK or Glisser: where
it was more than 4 ms late in a trial that failed, "the machine stood still" (a virtual machine does
when its host puts it aside). "It moved" is how many trials it never did that in: where they are
few, "failed otherwise" says little. And the same is heard, and judged the same, without a fault.
"""
OLDER_SERVER = """\
- Not yet made with the server above: heard through one with periods of 64 frames that waits for
  nobody, by a judge in the bench's own process."""
ENGINE_BACK_S, MAIN_GONE_S, PORT_BACK_S = 5.0, 1.0, 2.0

Line = tuple[str, bool]  # what was found, and whether that is what was asked for


def write_page() -> None:
    """Make the page of the results that there are."""
    found = {}
    for name in ("torture", "fuzz"):
        file = RESULTS / f"{name}.json"
        if file.exists():
            found[name] = json.loads(file.read_text(encoding="utf-8"))
    PAGE.write_text(page(found.get("torture", {}), found.get("fuzz", {})), encoding="utf-8")


def page(torture: Found, fuzz: Found) -> str:
    """The whole document."""
    faults: Table = torture.get("faults", {})
    lines = [INTRODUCTION, *table(faults, fuzz)]
    for name, found in faults.items():
        if found:
            lines += ["", f"## {TITLES[name]}", "", *_list(LINES[name](found))]
    for name, told in STORMS.items():
        if name in fuzz:
            lines += ["", f"## {TITLES[name]}", "", *_list(told(fuzz[name]))]
            lines += [] if fuzz[name].get("waits") else [OLDER_SERVER]
    machine = torture.get("machine") or fuzz.get("machine") or {}
    return "\n".join([*lines, "", "## Made on", "", *machine_lines(machine), ""])


def table(faults: Table, fuzz: Found) -> list[str]:
    """Fault, trials, survived, how the machine was where they did not, worst gap, command."""
    rows = [
        "| fault | trials | it moved | survived | failed, and the machine stood still "
        "| failed otherwise | worst gap | made by |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, every in faults.items():
        if not every:
            continue
        failed = [each for each in every if not survives(name, each)]
        stood_still = sum(each["stood_still"] for each in failed)
        gaps = [gap for each in every if (gap := _gap_ms(each)) is not None]
        worst = f"{max(gaps):,.0f} ms" if gaps else "none to hear"
        moved = sum(not each["stood_still"] for each in every)
        counts = f"{len(every)} | {moved} | {len(every) - len(failed)} | {stood_still} "
        counts += f"| {len(failed) - stood_still}"
        rows.append(f"| {TITLES[name]} | {counts} | {worst} | `make torture` |")
    for name, lines_of in STORMS.items():
        if name in fuzz:
            found = fuzz[name]
            good = all(good for _, good in lines_of(found))
            gap_ms = found["missing"] * 62.5
            told_good = "yes" if good else "**no**"
            rows.append(
                f"| {TITLES[name]} | {found['sent']:,} | | {told_good} | | | {gap_ms:.0f} ms "
                "| `make fuzz` |"
            )
    return rows


def survives(name: str, trial: Found) -> bool:
    """Whether a trial of the fault ``name`` found all that is asked for."""
    return all(good for _, good in LINES[name]([trial]))


def _gap_ms(found: Found) -> float | None:
    """How much later than it should a note began; after a return, how long until the first one."""
    if "gap_ms" in found:
        return float(found["gap_ms"])
    return found["back_s"] * 1e3 if "silent_first" in found else None


def _list(told: Sequence[Line]) -> list[str]:
    return [f"- {text}: {verdict(good)}." for text, good in told]


def _beat(found: Sequence[Found]) -> Line:
    missing, again, unheard = (
        sum(each[what] for each in found) for what in ("missing", "again", "unheard")
    )
    return (
        f"{missing} onsets of the looping phrase are missing (none), {unheard} of them where JACK "
        f"called nobody, and {again} are struck twice (none)",
        missing == again == 0,
    )


def _nothing(found: Sequence[Found]) -> list[Line]:
    return [_beat(found), _open(found)]


def _engine(found: Sequence[Found]) -> list[Line]:
    back_s = _values(found, "back_s")
    return [
        _beat(found),
        (
            f"another engine has the knobs after {_spread(back_s)} (at most {ENGINE_BACK_S:g} s)",
            max(back_s) <= ENGINE_BACK_S,
        ),
        _open(found),
    ]


def _player(found: Sequence[Found]) -> list[Line]:
    gaps, off = _values(found, "gap_ms"), max(_values(found, "beside_ms"))
    return [
        (
            f"the gap is {quantile(gaps, 0.5):.0f} ms on the median, {max(gaps):.0f} ms at most, "
            f"and then the beat goes on to {off:.1f} ms (another player plays, within 3 ms)",
            max(gaps) < 2000.0 and off <= 3.0,
        ),
        _open(found),
    ]


def _main(found: Sequence[Found]) -> list[Line]:
    gone_s, orphans = _values(found, "gone_s"), sum(len(each["orphans"]) for each in found)
    return [
        (
            f"the player has closed its notes and is gone after {_spread(gone_s)} "
            f"(at most {MAIN_GONE_S:g} s)",
            max(gone_s) <= MAIN_GONE_S,
        ),
        (f"{orphans} processes are left over (none)", orphans == 0),
        _open(found),
    ]


def _output(found: Sequence[Found]) -> list[Line]:
    back_s, off = _values(found, "back_s"), max(_values(found, "beside_ms"))
    silent = all(each["silent_first"] for each in found)
    return [
        (
            f"under another name it has notes again after {_spread(back_s)} "
            f"(at most {PORT_BACK_S:g} s), on the beat to {off:.1f} ms",
            max(back_s) <= PORT_BACK_S,
        ),
        ("what sounded when it went is silenced before the first note", silent),
        _open(found),
    ]


def _input(found: Sequence[Found]) -> list[Line]:
    back_s = _values(found, "back_s")
    text = f"under another number it is heard after {_spread(back_s)} (at most {PORT_BACK_S:g} s)"
    return [(text, max(back_s) <= PORT_BACK_S)]


def _server(found: Sequence[Found]) -> list[Line]:
    back_s, off = _values(found, "back_s"), max(_values(found, "beside_ms"))
    hung, orphans = (sum(each["hung"] for each in found), sum(len(e["orphans"]) for e in found))
    return [
        (f"{hung} processes hang (none)", hung == 0),
        (f"{orphans} processes are left over at the end (none)", orphans == 0),
        (
            f"notes again {_spread(back_s)} after the server and the listener are back, then in "
            f"phase with those before to {off:.1f} ms (within 5 ms)",
            off <= 5.0,
        ),
        ("silence is sent before the first note", all(each["silent_first"] for each in found)),
        _open(found),
    ]


def _broken(found: Found) -> list[Line]:
    return [
        (
            f"{found['sent']:,} broken datagrams, {found['refused']:,.0f} of them refused with a "
            "count, no crash (none)",
            True,
        ),
        *_played_through(found),
    ]


def _knobs(found: Found) -> list[Line]:
    return [
        (
            f"{found['moves_a_second']:,} knob moves a second, {found['sent']:,} in all; the last "
            "one sent is where the knob stands",
            found["left"],
        ),
        *_played_through(found),
    ]


def _midi(found: Found) -> list[Line]:
    return [
        (
            f"{found['sent']:,} messages cut off, run on, exclusive or mere noise at a MIDI input; "
            "the controller is heard after them, once the last exclusive message has ended (RtMidi "
            "on JACK takes whatever follows for a part of it)",
            found["left"],
        ),
        *_played_through(found),
    ]


def _played_through(found: Found) -> list[Line]:
    grown = max(found["growth_mib"].values())
    return [
        (
            f"of {found['onsets']:,} onsets meanwhile {found['missing']} are missing, and the "
            f"worst lies {found['beside_ms']:.2f} ms beside its place (none, within 1 ms)",
            found["missing"] == 0 and found["beside_ms"] <= 1.0,
        ),
        (f"no process has grown by more than {grown:.1f} MiB (at most 5)", grown <= 5.0),
    ]


def _open(found: Sequence[Found]) -> Line:
    still_open = sum(each["still_open"] for each in found)
    return f"{still_open} notes stay open (none)", still_open == 0


def _values(found: Sequence[Found], key: str) -> list[float]:
    return [float(each[key]) for each in found]


def _spread(seconds: Sequence[float]) -> str:
    return f"{quantile(seconds, 0.5):.2f} s on the median, {max(seconds):.2f} s at most"


TITLES = {
    "nothing": "No fault, to compare",
    "engine": "Engine killed",
    "player": "Player killed",
    "stopped player": "Player stopped",
    "main": "Main killed",
    "output port": "Output port pulled",
    "input port": "Input port pulled",
    "server": "JACK server killed",
    "broken": "Broken OSC",
    "knobs": "A storm of knobs",
    "midi": "Broken MIDI",
}
LINES: dict[str, Callable[[Sequence[Found]], list[Line]]] = {
    "nothing": _nothing,
    "engine": _engine,
    "player": _player,
    "stopped player": _player,
    "main": _main,
    "output port": _output,
    "input port": _input,
    "server": _server,
}
STORMS: dict[str, Callable[[Found], list[Line]]] = {
    "broken": _broken,
    "knobs": _knobs,
    "midi": _midi,
}
