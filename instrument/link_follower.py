"""Ableton Link's session -> where our song stands. Pure; moments are arguments.

Peers of a Link session share tempo, the phase within a quantum and, if they want, start and stop.
Our quantum is the two-bar cycle, and our song begins at Link's beat 0: both are asked of the
session when a play begins, so a song tick is a beat times 96.
"""

from dataclasses import dataclass
from math import ceil, floor

from instrument.leader import Follow
from instrument.midi_clock import Heard, PlayAt, StopNow
from instrument.tempo import (
    MAX_TEMPO_BPM,
    MIN_TEMPO_BPM,
    TICKS_PER_BEAT,
    TICKS_PER_PHRASE,
    TICKS_PER_STEP,
)

QUANTUM_BEATS = TICKS_PER_PHRASE / TICKS_PER_BEAT
_MINUTE_NS = 60_000_000_000
MOVED_NS = 1_000_000  # a start to come that moved by less is where it was


@dataclass(frozen=True, slots=True)
class LinkMoment:
    """The session at ``ns`` of ``perf_counter_ns``: its beat, tempo, and whether it plays.

    ``beat`` is below 0 while a start waits for the quantum. ``peers``: others in the session.
    """

    ns: int
    beat: float
    tempo_bpm: float
    playing: bool
    peers: int = 0


class LinkFollower:
    """What the player is to be told, moment by moment. One thread."""

    def __init__(self) -> None:
        self._playing = False
        self._start_ns = 0

    def hear(self, moment: LinkMoment) -> list[Heard]:
        """What ``moment`` asks of the player: begin, stop, or go along."""
        # The session may go at up to 999 bpm; we stay at our end of it and leave it alone.
        tempo_bpm = min(MAX_TEMPO_BPM, max(MIN_TEMPO_BPM, moment.tempo_bpm))
        tick_ns = _MINUTE_NS / TICKS_PER_BEAT / tempo_bpm
        song_tick = moment.beat * TICKS_PER_BEAT
        start_ns = round(moment.ns - song_tick * tick_ns)
        began, self._playing = moment.playing and not self._playing, moment.playing
        if not moment.playing:
            stopped, self._start_ns = self._start_ns != 0, 0
            follow = Follow(tempo_bpm, 0, moment.ns, placed=False)
            return [StopNow(), follow] if stopped else [follow]
        if began or (moment.beat < 0.0 and abs(start_ns - self._start_ns) > MOVED_NS):
            self._start_ns = start_ns
            at = max(0, ceil(song_tick / TICKS_PER_STEP) * TICKS_PER_STEP)
            return [PlayAt(Follow(tempo_bpm, at, round(start_ns + at * tick_ns)))]
        if moment.beat < 0.0:
            return []
        at = floor(song_tick)
        return [Follow(tempo_bpm, at, round(start_ns + at * tick_ns))]
