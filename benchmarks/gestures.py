"""A thousand gestures at random, while it plays, and a judge outside. ``make bench-gestures``.

    .venv/bin/python -m benchmarks.gestures [--actions N] [--seed N] [--dry]

``glisser play --set`` with two shipped checkpoints on a private JACK server at 240 bpm. Hands turn,
set, save, recall, capture, learn, change songs, stop, play and panic
(:mod:`benchmarks.gesture_hands`); what a JACK client hears and what a subscriber is told must agree
(:mod:`benchmarks.gesture_ears`). A watch that knows
nothing of it says whether the machine stood still. Writes benchmarks/results/gestures.json and
docs/gestures.md. Needs the extras ``jack`` and ``bench``.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gesture_ears import (
    BarHeard,
    Listener,
    bars_heard,
    listening,
    missed_bars,
    runs_of,
    sorted_errors,
)
from benchmarks.gesture_hands import BAR_S, HAND, SONGS, TEMPO_BPM, Hands, next_gesture
from benchmarks.gestures_page import page
from benchmarks.live_judge import Stage, on_stage
from benchmarks.machine import machine
from benchmarks.processes import Memory, memory
from benchmarks.soak import RECENT_NS, growth_mib, stats
from benchmarks.standstill import Span, Watch, overlap, watching
from benchmarks.told import ROOT, tell
from benchmarks.torture_faults import asked, until
from instrument.course import LATE_NS

PERIOD = 256  # frames of JACK's: what is judged here is whether notes come, not when
BAR_NS = round(BAR_S * 1e9)
LONGEST_PAUSE_S = 0.4  # between two gestures
LOOK_EVERY_S = 2.0
SUBSCRIBE_EVERY_S = 20.0
CLOSING_S = 1.0
LONG_NS = 15_000_000  # a machine that stood still for so long may have cost a note or a phrase

Found = dict[str, Any]


@dataclass
class Diary:
    """What was looked at now and then.

    ``counted``: late phrases so far, those included that came before; ``elsewhere``: those of
    ``misses`` that came while the machine moved.
    """

    watch: Watch
    counted: int
    weighed: list[dict[str, Memory]] = field(default_factory=list)
    misses: int = 0
    elsewhere: int = 0
    _look_s: float = 0.0
    _subscribe_s: float = 0.0

    def write(self, hands: Hands, *, now: bool = False) -> None:
        """Look at what is due; all of it ``now``."""
        now_s = time.monotonic()
        if now or now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            self.weighed.append(memory(hands.stage.process.pid))
            hands.listen()
            self._count(int(stats(hands.stage)["misses"]))
        bars = hands.listener.bars
        # The full state tells the bar again: in bar 1 it would look like another beginning.
        if now_s >= self._subscribe_s and hands.playing and bars and bars[-1].number > 1:
            self._subscribe_s = now_s + SUBSCRIBE_EVERY_S
            hands.osc("subscribe", hands.listener.port)

    def _count(self, misses: int) -> None:
        if misses > self.counted:
            now_ns = time.perf_counter_ns()
            if not self.watch.stood_still(now_ns - RECENT_NS, now_ns, LONG_NS):
                self.elsewhere += misses - self.counted
            self.misses += misses - self.counted
            self.counted = misses


def stood_still_s(watch: Watch, began_ns: int, end_ns: int) -> float:
    """For how many seconds in all one core or the other did, ``LONG_NS`` or longer at a time."""
    watch.stood_still(began_ns, end_ns)
    covered, until_ns = 0, began_ns
    for begin, end in sorted(span for span in watch.spans if span[1] - span[0] >= LONG_NS):
        begin, end = max(begin, until_ns), min(end, end_ns)
        covered, until_ns = covered + max(0, end - begin), max(until_ns, end)
    return covered / 1e9


def write_set(folder: Path) -> None:
    """Three songs of one tempo: the default patch, another checkpoint, another channel."""
    folder.mkdir()
    text = (ROOT / "patches/default.toml").read_text(encoding="utf-8")
    text = text.replace("program = false", "program = true")
    low = text.replace("[out]\nchannel = 1", "[out]\nchannel = 2").replace(
        "[settings]", "[settings]\noctave = -1"
    )
    for name, song in zip(SONGS, (text, 'checkpoint = "paper-256"\n' + text, low), strict=True):
        (folder / f"{name}.toml").write_text(song, encoding="utf-8")


@contextmanager
def performing(timed: bool) -> Iterator[tuple[Stage, Path]]:
    """It plays, its engine answers, program changes recall snapshots; and its account's file.

    ``timed``: as of :func:`on_stage`.
    """
    with tempfile.TemporaryDirectory() as folder:
        gig, take = Path(folder) / "gig", Path(folder) / "take.mid"
        write_set(gig)
        told = ["--set", str(gig), "--tempo", f"{TEMPO_BPM:g}", "--in", HAND]
        told += ["--take", str(take)]
        with on_stage(*told, hand=HAND, timed=timed, period=PERIOD) as stage:
            judge = stage.judge
            judge.put_back(judge.next_note_on())
            phrase = asked(stage, "phrase")
            stage.osc("/glisser/knob/1", 1.0)
            until(lambda: asked(stage, "phrase") != phrase)
            yield stage, take.with_suffix(".jsonl")


def gesticulate(
    actions: int, seed: int, longest_pause_s: float = LONGEST_PAUSE_S, *, timed: bool = True
) -> Found:
    """Do so many gestures; what was heard, told, missed, and what grew.

    ``timed``: on a server as on a stage; else on one that waits for its clients, and stands still
    for a tenth of a second whenever one comes or goes.
    """
    made: Counter[str] = Counter()
    with watching() as watch, performing(timed) as (stage, account), listening() as listener:
        hands = Hands(stage, listener, random.Random(seed))
        stage.osc("/glisser/subscribe", listener.port)
        before = stats(stage)
        diary = Diary(watch, int(before["misses"]))
        began_ns = time.perf_counter_ns()
        diary.write(hands, now=True)
        for _ in range(actions):
            gesture = next_gesture(hands)
            gesture.does(hands)
            made[gesture.name] += 1
            time.sleep(hands.chance.uniform(0.0, longest_pause_s))
            diary.write(hands)
        diary.write(hands, now=True)
        after = stats(stage)
        end_ns = time.perf_counter_ns()
        stage.process.terminate()  # as a performer would end it: every note is closed
        stage.process.wait(20.0)
        time.sleep(CLOSING_S)
        hands.listen()
        bars = [*bars_of(hands)]
        return {
            "actions": actions,
            "seed": seed,
            "seconds": round((end_ns - began_ns) / 1e9),
            "made": dict(sorted(made.items())),
            **notes_of(hands),
            **sent_of(account),
            **told_of(hands, bars, watch, end_ns),
            "lessons": hands.lessons,
            "unlearned": hands.unlearned,
            "misses": diary.misses,
            "misses_elsewhere": diary.elsewhere,
            "osc_refused": after["osc_refused"] - before["osc_refused"],
            "started_again": {
                name: after[name] - before[name] for name in ("engine_starts", "player_starts")
            },
            "growth_mib": growth_mib(diary.weighed),
            "stood_still_s": stood_still_s(watch, began_ns, end_ns),
        }


def jack_halts(holes: Sequence[tuple[int, int, int]]) -> list[Span]:
    """When JACK called nobody for so long that a note-on, by then too late, was left out."""
    spans = [(begin, end) for _, begin, end in holes]
    return [(begin, end) for begin, end in spans if end - begin >= LATE_NS]


def bars_of(hands: Hands) -> Iterator[BarHeard]:
    """Every bar that was told, with what the judge heard of it."""
    onsets = [hands.stage.judge.when_ns(frame) for frame in hands.sounding.onsets]
    return bars_heard(runs_of(hands.listener.bars), onsets, BAR_NS)


def notes_of(hands: Hands) -> Found:
    """By the judge alone."""
    sounding = hands.sounding
    return {
        "note_ons": sounding.ons.total(),
        "note_offs": sounding.offs.total(),
        "stray_offs": sounding.stray,
        "unequal": [list(key) for key in sounding.unequal],
        "still_open": len(sounding.open),
        "stops": len(hands.left_sounding),
        "sounding_after_a_stop": sum(hands.left_sounding),
    }


def sent_of(account: Path) -> Found:
    """By the take, which holds every note as it was handed over to JACK."""
    lines = map(json.loads, account.read_text(encoding="utf-8").splitlines())
    notes = Counter(
        (bool(line["velocity"]), line["pitch"]) for line in lines if line["type"] == "note"
    )
    pitches = {pitch for _, pitch in notes}
    return {
        "sent_ons": sum(notes[True, pitch] for pitch in pitches),
        "sent_offs": sum(notes[False, pitch] for pitch in pitches),
        "sent_unequal": [p for p in sorted(pitches) if notes[True, p] != notes[False, p]],
    }


def told_of(hands: Hands, bars: Sequence[BarHeard], watch: Watch, end_ns: int) -> Found:
    """What subscribers were told, beside what the judge heard of it."""
    listener: Listener = hands.listener
    runs = runs_of(listener.bars)
    other = [bar for bar in bars if bar.onsets != bar.wanted]
    judge = hands.stage.judge
    halts = jack_halts(judge.holes)
    # Where JACK was late at all, or called nobody for some periods, it may have lost what was sent.
    moments = [judge.when_ns(stop) for stop in judge.stops]
    lost = [(begin, end) for _, begin, end in judge.holes]
    lost += [(round(ns), round(ns)) for ns in moments]
    elsewhere = [
        bar
        for bar in other
        if not watch.stood_still(bar.began_ns, bar.began_ns + BAR_NS, LONG_NS)
        and not overlap(lost, bar.began_ns, bar.began_ns + BAR_NS)
    ]
    expected, still, errors = sorted_errors(listener.errors)
    return {
        "plays": hands.plays,
        "plays_heard": len(runs),
        "bars": len(bars),
        "bars_missed": missed_bars(runs, hands.stops, end_ns, BAR_NS),
        "bars_unlike_their_phrase": len(other),
        "bars_unlike_elsewhere": len(elsewhere),
        "jack_halts_ms": [round((end - begin) / 1e6) for begin, end in halts],
        "unlike": [[bar.number, bar.wanted, bar.onsets] for bar in other],
        "refusals": expected,
        "told_of_standstill": still,
        "errors": errors,
        "captures": hands.captures,
        "captured": listener.captured,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the gestures, write, print the page; 2 where a package is missing."""
    parser = argparse.ArgumentParser(prog="make bench-gestures", description=__doc__.split("\n")[0])
    parser.add_argument("--actions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    told = parser.parse_args(arguments)
    try:
        results = gesticulate(told.actions, told.seed)
    except ImportError as error:
        print(f"{error.name} is not installed: pip install 'glisser[bench,jack]'.", file=sys.stderr)
        return 2
    results["machine"] = machine("torch", "JACK-Client", "python-rtmidi", "python-osc")
    tell(results, page(results), "gestures", "gestures", dry=told.dry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
