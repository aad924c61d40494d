"""Senders of MIDI clock with all their faults, on paper. No test in here."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PULSE = b"\xf8"
MS = 1_000_000
S = 1_000 * MS
PULSES_PER_BAR = 96

Tempo = Callable[[float], float]  # seconds -> beats a minute


def steady(bpm: float) -> Tempo:
    return lambda _s: bpm


def ramp(start_bpm: float, end_bpm: float, from_s: float, bpm_per_s: float = 10.0) -> Tempo:
    """Steady, then a ramp that begins at ``from_s``, then steady."""
    length_s = abs(end_bpm - start_bpm) / bpm_per_s

    def at(seconds: float) -> float:
        share = min(1.0, max(0.0, (seconds - from_s) / length_s))
        return start_bpm + (end_bpm - start_bpm) * share

    return at


def true_pulses(tempo: Tempo, pulses: int, start_ns: int = 10 * S) -> list[int]:
    """When the sender's pulses lie, in ns, the first at ``start_ns``; small steps of Euler's."""
    times: list[int] = []
    phase, seconds, step_s = 0.0, 0.0, 0.0005
    while len(times) < pulses:
        speed = tempo(seconds + step_s / 2) * 24 / 60
        if phase >= len(times):
            back_s = (phase - len(times)) / speed
            times.append(start_ns + round((seconds - back_s) * S))
        phase += speed * step_s
        seconds += step_s
    return times


@dataclass(frozen=True)
class Cable:
    """What a USB cable makes of pulses: Gaussian jitter, then whole milliseconds, order kept.

    ``uniform``: nothing is off by more than ``jitter_ms``, and every error as likely.
    """

    jitter_ms: float = 1.0
    quantum_ms: float = 1.0
    seed: int = 1
    uniform: bool = False

    def arrivals(self, times: Sequence[int]) -> list[int]:
        chance = random.Random(self.seed)
        arrived, newest = [], 0
        for time_ns in times:
            jitter_ms = self.jitter_ms
            off_ms = (
                chance.uniform(-1, 1) * jitter_ms if self.uniform else chance.gauss(0.0, jitter_ms)
            )
            late_ns = round(off_ms * MS)
            quantum_ns = max(1, round(self.quantum_ms * MS))
            newest = max(newest, -(-(time_ns + late_ns) // quantum_ns) * quantum_ns)
            arrived.append(newest)
        return arrived


CLEAN = Cable(jitter_ms=0.0, quantum_ms=0.0)
JACK_QUANTUM_MS = 64 / 48  # a period: RtMidi on JACK stamps with its start
