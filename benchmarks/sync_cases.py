"""What the sync bench sends, and where its own bar lines lie. Pure: tempi in, frames out."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from instrument.clock_out import (
    CLOCK,
    CONTINUE,
    PULSES_PER_BEAT,
    START,
    STOP,
    song_position,
)
from tests.clocks import Tempo, steady, true_pulses

RATE = 48_000
PULSES_PER_SIXTEENTH, SIXTEENTHS_PER_BAR, PULSES_PER_BAR = 6, 16, 96
START_AHEAD_S = 0.02  # Start before the first pulse
SEED = 1

# locking: the first bar, and the first beat after a Continue. return: the bar after a gap.
Part = Literal["locking", "steady", "ramp", "return"]


@dataclass(frozen=True, slots=True)
class Expected:
    """A sixteenth of the song and the frame at which the sender has it; ``part``: what goes on."""

    frame: int
    sixteenth: int
    part: Part


@dataclass
class Score:
    """A case as sent: ``messages`` rise in frames; ``silent``: spans in which nothing plays."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    silent: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a name, what a person reads, and its score from a length (1 is the whole bench)."""

    name: str
    title: str
    score: Callable[[float], Score]


def frames_of(ns: int) -> int:
    """The nearest frame."""
    return round(ns * RATE / 1e9)


def jittered(frames: Sequence[int], jitter_ms: float) -> list[int]:
    """Each pulse off by up to ``jitter_ms``, every error as likely; the first stays, order kept."""
    chance = random.Random(SEED)
    off = [chance.uniform(-1, 1) * jitter_ms * RATE / 1e3 for _ in frames]
    moved = [round(f + o) for f, o in zip(frames, off, strict=True)]
    return [frames[0], *(max(a, b) for a, b in zip(moved[1:], moved, strict=False))]


def played(
    tempo: Tempo,
    pulses: int,
    jitter_ms: float,
    *,
    ramping: Callable[[float], bool] = lambda _s: False,
    lost: range = range(0),
    stop: int | None = None,
    stop_pulses: int = 0,
    then: int | None = None,
) -> Score:
    """Start, and ``pulses`` pulses at ``tempo`` (of seconds since the first).

    Pulses numbered in ``lost`` are not sent; ``ramping(seconds)`` is whether the tempo changes. At
    pulse ``stop`` the song stands for ``stop_pulses`` pulses, which are sent, and goes on where it
    stopped, or at sixteenth ``then``. A song stops between sixteenths.
    """
    lead = round(START_AHEAD_S * RATE)
    true = [frames_of(ns) + lead for ns in true_pulses(tempo, pulses, start_ns=0)]
    heard = jittered(true, jitter_ms)
    score = Score([(0, START)])
    origin, locking, standing = 0, range(PULSES_PER_BAR), range(0)
    if stop is not None:
        standing = range(stop, stop + stop_pulses)
        score.silent.append((true[stop], true[standing.stop]))
    for pulse, (frame, sent) in enumerate(zip(true, heard, strict=True)):
        if stop is not None and pulse == stop:
            score.messages.append((heard[pulse - 1] + 1, STOP))
        if standing and pulse == standing.stop:
            song = stop if then is None else then * PULSES_PER_SIXTEENTH
            origin, locking = pulse - (song or 0), range(pulse, pulse + PULSES_PER_BEAT)
            placed = [] if then is None else [song_position(then)]
            go = heard[pulse - 1] + 1
            score.messages += [(go, message) for message in (*placed, CONTINUE)]
        if pulse not in lost:
            score.messages.append((sent, CLOCK))
        if pulse in standing or (pulse - origin) % PULSES_PER_SIXTEENTH or pulse in lost:
            continue
        seconds = (frame - lead) / RATE
        sixteenth = (pulse - origin) // PULSES_PER_SIXTEENTH
        part: Part = "ramp" if ramping(seconds) else "steady"
        if pulse in locking:
            part = "locking"
        elif lost and 0 <= pulse - lost.stop < PULSES_PER_BAR:
            part = "return"
        score.expected.append(Expected(frame, sixteenth, part))
    return score


def hills(
    low: float, high: float, times: int, hold_s: float
) -> tuple[Tempo, Callable[[float], bool]]:
    """Up and down again at 10 bpm a second, ``times`` times; and whether it changes at a second."""
    climb_s = (high - low) / 10.0
    whole_s = 2 * (climb_s + hold_s)

    def place(seconds: float) -> float:
        return seconds % whole_s if seconds < times * whole_s else 0.0

    def tempo(seconds: float) -> float:
        at = place(seconds)
        if at < hold_s:
            return low
        if at < hold_s + climb_s:
            return low + 10.0 * (at - hold_s)
        if at < 2 * hold_s + climb_s:
            return high
        return high - 10.0 * (at - 2 * hold_s - climb_s)

    def ramping(seconds: float) -> bool:
        # With the bar after it: what a ramp breaks is broken where it ends, too.
        at = place(seconds)
        return (
            hold_s <= at < hold_s + climb_s + 2.0
            or 2 * hold_s + climb_s <= at
            or (whole_s <= seconds and at < 2.0)
        )

    return tempo, ramping


def _steady(bpm: float, jitter_ms: float) -> Case:
    def score(length: float) -> Score:
        bars = max(4, round(36.0 * length * bpm / 240.0))
        return played(steady(bpm), bars * PULSES_PER_BAR, jitter_ms)

    of = "no jitter" if jitter_ms == 0 else f"+-{jitter_ms:g} ms jitter"
    return Case(f"steady-{bpm:g}-{jitter_ms:g}", f"steady {bpm:g} bpm, {of}", score)


def _hills(low: float, high: float, jitter_ms: float) -> Case:
    hold_s = 5.3  # no whole number of bars: a ramp begins anywhere

    def score(length: float) -> Score:
        times = max(1, round(4 * length))
        tempo, ramping = hills(low, high, times, hold_s)
        pulses = round(times * ((low + high) * (hold_s + (high - low) / 10.0)) * 24 / 60)
        return played(tempo, pulses // PULSES_PER_BAR * PULSES_PER_BAR, jitter_ms, ramping=ramping)

    title = f"ramps of 10 bpm/s, {low:g} to {high:g} bpm and back, +-{jitter_ms:g} ms jitter"
    return Case(f"ramps-{low:g}-{high:g}", title, score)


def _stops(then: int | None) -> Case:
    def score(length: float) -> Score:
        bars = max(3, round(6 * length))
        stop = bars * PULSES_PER_BAR + 42  # in the middle of a bar
        three_s = 144  # at 120 bpm
        pulses = stop + three_s + bars * PULSES_PER_BAR
        return played(steady(120.0), pulses, 1.0, stop=stop, stop_pulses=three_s, then=then)

    if then is None:
        return Case("continue", "Stop, 3 s later Continue; 120 bpm, +-1 ms jitter", score)
    title = f"Stop, song position {then}, Continue; 120 bpm, +-1 ms jitter"
    return Case("song-position", title, score)


def _vanishes() -> Case:
    def score(length: float) -> Score:
        bars = max(3, round(6 * length))
        gone = bars * PULSES_PER_BAR + 31
        two_s = range(gone, gone + 96)
        return played(steady(120.0), two_s.stop + bars * PULSES_PER_BAR, 1.0, lost=two_s)

    title = "the clock vanishes for 2 s and comes back on its own beat; 120 bpm, +-1 ms jitter"
    return Case("vanishes", title, score)


CASES = (
    *(_steady(bpm, jitter_ms) for bpm in (60.0, 120.0, 174.0) for jitter_ms in (0.0, 1.0)),
    _hills(100.0, 140.0, 1.0),
    _stops(None),
    _stops(148),
    _vanishes(),
)
