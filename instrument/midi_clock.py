"""Somebody's MIDI clock -> where the song stands and how fast it goes. Pure; times are arguments.

MIDI 1.0, System Real Time and System Common messages: 24 Clocks a beat; the first after Start is
the song's beginning; a Song Position counts sixteenths of six Clocks; Continue resumes there, or
where it stopped, at the next Clock.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal, TypeAlias

from instrument.clock_out import (
    CLOCK,
    CONTINUE,
    PULSES_PER_BEAT,
    PULSES_PER_STEP,
    SONG_POSITION,
    START,
    STOP,
    TICKS_PER_PULSE,
)
from instrument.leader import Follow
from instrument.mapping import Receive
from instrument.pulse_fit import Beat, PulseFit
from instrument.tempo import MAX_TEMPO_BPM, MIN_TEMPO_BPM

CLOCK_MESSAGES = frozenset(m[0] for m in (CLOCK, START, CONTINUE, STOP)) | {SONG_POSITION}
_MINUTE_NS = 60_000_000_000
# A clock is lost when so many pulses are missing; what is shorter is bridged.
LOST_AFTER_PULSES = 12
LOCKED_AFTER_PULSES = 24
# So many surprising arrivals, evenly spaced, are a new tempo and no accident.
SURPRISES = 4
EVEN = 0.3  # of their median
JITTER_NS = 3_000_000  # no surprise, however fast the clock

State: TypeAlias = Literal["waiting", "locking", "locked", "stopped", "lost"]


@dataclass(frozen=True, slots=True)
class ClockState:
    """How the following goes; ``tempo_bpm`` is the newest that is known."""

    state: State
    tempo_bpm: float | None


@dataclass(frozen=True, slots=True)
class PlayAt:
    """The song begins, or jumps, to where ``follow`` says."""

    follow: Follow


@dataclass(frozen=True, slots=True)
class StopNow:
    """The sender stopped."""


Heard: TypeAlias = Follow | PlayAt | StopNow


class ClockFollower:
    """Follows one sender. One thread; ``receive`` says what of it is obeyed.

    Pulses are counted through jitter, doubles and short gaps, by the beat they are expected on. A
    clock that was lost comes back to the place where our own beat went on to, at its nearest pulse:
    how many were missed nobody knows, until the next Start or song position.
    """

    def __init__(self, receive: Receive, tempo_bpm: float) -> None:
        self._receive = receive
        self._fit: PulseFit | None = None  # until the first pulse, and after what breaks the beat
        self._beat: Beat | None = None
        self._guess_ns = _MINUTE_NS / PULSES_PER_BEAT / tempo_bpm
        self._pulse, self._pulse_ns = -1, 0  # the newest pulse and its arrival
        self._heard_ns = 0  # the newest Clock of all, doubles included
        self._surprises: list[int] = []
        self._before = -1  # the pulse before them
        self._known = False  # whether any tempo was ever heard
        self._running = False
        self._origin: int | None = None  # the pulse that is the song's first
        self._armed = False  # whether the next pulse begins or moves the song
        self._next_song_pulse = 0

    def state(self, now_ns: int) -> ClockState:
        """What to tell the performer at ``now_ns``."""
        tempo_bpm = self._tempo_bpm() if self._known else None
        if self._pulse < 0:
            return ClockState("waiting", None)
        if now_ns - self._pulse_ns > LOST_AFTER_PULSES * self._period_ns():
            silent = self._receive.transport and self._origin is not None and not self._running
            return ClockState("stopped" if silent else "lost", tempo_bpm)
        locked = self._fit is not None and self._fit.pulses >= LOCKED_AFTER_PULSES
        return ClockState("locked" if locked else "locking", tempo_bpm)

    def feed(self, time_ns: int, message: bytes) -> list[Heard]:
        """What a message that the driver saw at ``time_ns`` has to say; others say nothing."""
        kind = message[:1]
        if kind == CLOCK and self._receive.clock:
            return self._hear_pulse(time_ns)
        if not self._receive.transport:
            return []
        if kind in (START, CONTINUE):
            if kind == START:
                self._next_song_pulse = 0
            elif self._running:
                return []
            return self._arm(time_ns)
        if kind == STOP:
            return self._hear_stop()
        if message[0] == SONG_POSITION and len(message) == 3:
            self._next_song_pulse = (message[1] | message[2] << 7) * PULSES_PER_STEP
            if self._running:
                return self._arm(time_ns)
        return []

    def _arm(self, time_ns: int) -> list[Heard]:
        self._armed = True
        if self._receive.clock:
            return []
        # Without its beat the song begins now, at our own tempo.
        self._armed, self._running = False, True
        return [PlayAt(Follow(self._tempo_bpm(), self._next_song_pulse * TICKS_PER_PULSE, time_ns))]

    def _hear_stop(self) -> list[Heard]:
        if self._running and self._origin is not None and not self._armed:
            self._next_song_pulse = self._pulse + 1 - self._origin
        was_running, self._running, self._armed = self._running, False, False
        return [StopNow()] if was_running else []

    def _hear_pulse(self, time_ns: int) -> list[Heard]:
        if not self._count(time_ns):
            return []
        beat = self._beat = self._fitted(self._pulse, time_ns)
        if self._armed:
            self._armed, self._running = False, True
            self._origin = self._pulse - self._next_song_pulse
            return [PlayAt(self._follow(beat, placed=True))]
        if not self._known:
            return []
        return [self._follow(beat, placed=self._running)]

    def _count(self, time_ns: int) -> bool:
        """Give the pulse its number; whether it is one."""
        since_any, self._heard_ns = time_ns - self._heard_ns, time_ns
        period_ns = self._period_ns()
        place = (time_ns - self._pulse_ns) / period_ns
        if self._pulse >= 0 and place > LOST_AFTER_PULSES:
            self._begin_anew(max(self._pulse + 1, round(self._expected_at(time_ns))))
        elif self._fit is None or not self._fit.known:  # no tempo to judge by
            self._pulse += 1
        elif self._armed and abs(place - 1) > EVEN:
            self._begin_anew(self._pulse + 1)  # some senders begin their clock anew with the song
        elif abs(since_any - period_ns) <= max(EVEN * period_ns, JITTER_NS):
            self._surprises.clear()
            self._pulse += 1  # whatever the beat says: it may lag behind a sudden tempo
        elif not self._surprised(time_ns):
            number = round(self._expected_at(time_ns))
            if number <= self._pulse:  # a double
                return False
            self._pulse = number
        self._pulse_ns = time_ns
        return True

    def _expected_at(self, time_ns: int) -> float:
        beat = self._beat or Beat(self._pulse, self._pulse_ns, self._guess_ns)
        return beat.pulse_at(time_ns)

    def _surprised(self, time_ns: int) -> bool:
        """Whether the surprises of late are a new tempo, which is then taken up."""
        if not self._surprises:
            self._before = self._pulse
        self._surprises.append(time_ns)
        times = self._surprises[-SURPRISES:]
        spaces = [b - a for a, b in pairwise(times)]
        if len(times) < SURPRISES:
            return False
        space = median(spaces)
        if not all(abs(each - space) <= EVEN * space for each in spaces):
            return False
        first = self._before + 1 + len(self._surprises) - SURPRISES
        self._begin_anew(first + SURPRISES - 1)
        self._guess_ns = space
        for number, each in enumerate(times[:-1], start=first):
            self._fitted(number, each)
        return True

    def _fitted(self, pulse: int, time_ns: int) -> Beat:
        """The beat at ``pulse``; as it came, at the tempo of before, while its tempo is a guess."""
        if self._fit is None:
            self._fit = PulseFit(pulse, time_ns, self._guess_ns)
        else:
            beat = self._fit.add(pulse, time_ns)
            if self._fit.known:
                self._known = True
                return beat
        return Beat(pulse, time_ns, self._guess_ns)

    def _begin_anew(self, pulse: int) -> None:
        """The next pulse is ``pulse``; nothing before it says where it lies."""
        self._guess_ns = self._period_ns()
        self._fit = None
        self._surprises.clear()
        self._beat = None
        self._pulse = pulse

    def _follow(self, beat: Beat, *, placed: bool) -> Follow:
        first = self._origin if placed and self._origin is not None else 0
        song_tick = (beat.pulse - first) * TICKS_PER_PULSE
        return Follow(self._tempo_bpm(), song_tick, round(beat.ns), placed)

    def _period_ns(self) -> float:
        return self._guess_ns if self._beat is None else self._beat.period_ns

    def _tempo_bpm(self) -> float:
        bpm = _MINUTE_NS / PULSES_PER_BEAT / self._period_ns()
        return min(MAX_TEMPO_BPM, max(MIN_TEMPO_BPM, bpm))
