"""docs/gestures.md from benchmarks/results/gestures.json, and what of it was not reached."""

from typing import Any

from benchmarks.machine import machine_lines, verdict

GROWTH_MIB = 5.0

INTRODUCTION = """\
# A thousand gestures

Made by `make bench-gestures`, not by hand. `glisser play` plays a set of three songs, with the two
shipped checkpoints and on two channels, at 240 bpm on a private JACK server. Meanwhile hands do
whatever a performer can: {actions:,} gestures in {seconds:,} s, drawn at random with seed {seed}. A
JACK client outside hears every note; a subscriber is told every bar line and its phrase over OSC,
and the two must agree, bar by bar. Any setting of the list is turned but for the tempo and mute,
because the judge counts bar lines and notes. A lesson is a `glisser learn` beside the performance,
in a patch of its own.
"""


def outcomes(found: dict[str, Any]) -> list[tuple[str, bool]]:
    """What was asked for: a sentence with its figure, and whether it holds."""
    growth = ", ".join(f"{name} {mib:+.1f}" for name, mib in found["growth_mib"].items())
    again = found["started_again"]
    return [
        (
            f"{found['note_ons']:,} note-ons, {found['note_offs']:,} note-offs that close one, "
            f"{found['still_open']} left open, {len(found['unequal'])} pitches of a channel uneven",
            found["note_ons"] == found["note_offs"] > 0
            and not found["unequal"]
            and not found["still_open"],
        ),
        (
            f"in the take, which holds every note as it was handed over: {found['sent_ons']:,} "
            f"note-ons, {found['sent_offs']:,} note-offs, {len(found['sent_unequal'])} uneven",
            found["sent_ons"] == found["sent_offs"] and not found["sent_unequal"],
        ),
        (
            f"{found['sounding_after_a_stop']} notes still sounding 0.4 s after one of "
            f"{found['stops']} stops",
            not found["sounding_after_a_stop"],
        ),
        (
            f"{found['plays']} plays, {found['plays_heard']} began; {found['bars']:,} bars played "
            f"to their end, {found['bars_missed']} bar lines missed",
            found["plays"] == found["plays_heard"]
            and not found["bars_missed"]
            and found["bars"] > 0,
        ),
        (
            f"{found['bars_unlike_their_phrase']} bars in which the judge heard another number of "
            f"notes than their phrase has, {found['bars_unlike_elsewhere']} of them while neither "
            "the machine stood still nor JACK was late",
            not found["bars_unlike_their_phrase"],
        ),
        (
            f"phrases that came too late: {found['misses']}, {found['misses_elsewhere']} of them "
            "while the machine did not stand still",
            not found["misses"],
        ),
        (
            f"{found['captures']} captures played to their end, {found['captured']} came to one",
            found["captures"] == found["captured"],
        ),
        (
            f"{found['lessons']} lessons, {len(found['unlearned'])} of them without the control in "
            "the patch",
            not found["unlearned"],
        ),
        (
            f"{len(found['errors'])} lines of error; besides, {found['refusals']} refusals to be "
            "expected (a snapshot that nobody had saved yet) and "
            f"{found['told_of_standstill']} lines saying that the machine stood still",
            not found["errors"],
        ),
        (f"{found['osc_refused']} OSC messages refused", not found["osc_refused"]),
        (
            f"started again: the engine {again['engine_starts']} times, the player "
            f"{again['player_starts']} times",
            not any(again.values()),
        ),
        (
            f"growth of each process's own memory, in MiB: {growth} (each below {GROWTH_MIB:g})",
            all(mib < GROWTH_MIB for mib in found["growth_mib"].values()),
        ),
    ]


def page(found: dict[str, Any]) -> str:
    """The whole document."""
    facts = {name: found[name] for name in ("actions", "seconds", "seed")}
    made = ", ".join(f"{name} {count}" for name, count in found["made"].items())
    lines = [INTRODUCTION.format(**facts), f"What was done: {made}.", ""]
    lines += [f"- {sentence}: {verdict(holds)}." for sentence, holds in outcomes(found)]
    lines += [f"  - {told}" for told in (*found["errors"], *found["unlearned"])]
    lines += [
        "",
        f"The machine itself stood still, for 15 ms or longer at a time, for "
        f"{found['stood_still_s']:.1f} s in all. What fell into that "
        "time counts above like everything else. JACK's dummy driver passes over the periods that "
        "it slept through, and notes with them; the take tells what it was given. JACK itself "
        f"called nobody for 50 ms or longer {len(found['jack_halts_ms'])} times.",
    ]
    return "\n".join([*lines, "", "## Made on", "", *machine_lines(found["machine"]), ""])
