"""Somebody's MIDI clock -> where the song stands and how fast it goes. Pure; times are arguments.

MIDI 1.0, System Real Time and System Common messages: 24 Clocks a beat; the first after Start is
the song's beginning; a Song Position counts sixteenths of six Clocks; Continue resumes there, or
where it stopped, at the next Clock.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import mean
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
# So many surprising arrivals, evenly spaced, are a new beat and no accident.
SURPRISES = 4
EVEN = 0.3  # of a pulse; what is further off the beat is a surprise
JITTER_NS = 3_000_000  # no surprise, however fast the clock
FASTEST_NS = _MINUTE_NS / PULSES_PER_BEAT / MAX_TEMPO_BPM * (1 - EVEN)
SAME_TEMPO = 0.1  # of a pulse: a beat whose pace is new by less has only moved
WHOLE = 0.15  # of a pulse: what is at most so far from whole pulses may be whole ones

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

    What falls off the beat is only counted, and our own beat goes on, until the pulses are even
    again. Then they are whole pulses late or early, so some were lost or came twice and are
    numbered anew; or by anything else: a machine stood still, every pulse counts, and the beat has
    moved; or they have another pace. A clock that was lost comes back to the place where our own
    beat went on to, at its nearest pulse: how many were missed nobody knows, until the next Start
    or song position.
    """

    def __init__(self, receive: Receive, tempo_bpm: float) -> None:
        self._receive = receive
        self._fit: PulseFit | None = None  # until the first pulse, and after what breaks the beat
        self._beat: Beat | None = None
        self._guess_ns = _MINUTE_NS / PULSES_PER_BEAT / tempo_bpm
        self._pulse, self._pulse_ns = -1, 0  # the newest pulse and its arrival
        self._surprises: list[int] = []
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
        self._count(time_ns)
        if not self._on_the_beat(time_ns):
            if not self._armed:
                return []
            self._begin_anew(self._pulse)  # some senders begin their clock anew with the song
        beat = self._beat = self._fitted(self._pulse, time_ns)
        if self._armed:
            self._armed, self._running = False, True
            self._origin = self._pulse - self._next_song_pulse
            return [PlayAt(self._follow(beat, placed=True))]
        if not self._known:
            return []
        return [self._follow(beat, placed=self._running)]

    def _count(self, time_ns: int) -> None:
        """Give the pulse its number."""
        lost_ns = LOST_AFTER_PULSES * self._period_ns()
        if self._pulse >= 0 and time_ns - self._pulse_ns > lost_ns:
            self._begin_anew(max(self._pulse + 1, round(self._expected_at(time_ns))))
        else:
            self._pulse += 1
        self._pulse_ns = time_ns

    def _expected_at(self, time_ns: int) -> float:
        beat = self._beat or Beat(self._pulse, self._pulse_ns, self._guess_ns)
        return beat.pulse_at(time_ns)

    def _on_the_beat(self, time_ns: int) -> bool:
        """Whether the newest pulse belongs to the beat: ours, or a new one that is then taken."""
        if self._fit is None or not self._fit.known:  # no tempo to judge by
            return True
        period_ns = self._period_ns()
        off_ns = (self._expected_at(time_ns) - self._pulse) * period_ns
        if abs(off_ns) <= max(EVEN * period_ns, JITTER_NS):
            self._surprises.clear()
            return True
        self._surprises.append(time_ns)
        return len(self._surprises) >= SURPRISES and self._taken_up(period_ns)

    def _taken_up(self, period_ns: float) -> bool:
        """Whether the newest surprises are even pulses; they are then where the beat goes on."""
        times = self._surprises[1 - SURPRISES :]  # the one before may be a double
        spaces_ns = [b - a for a, b in pairwise(times)]
        space_ns = mean(spaces_ns)
        if space_ns < FASTEST_NS:  # a burst
            return False
        if any(abs(each - space_ns) > max(EVEN * space_ns, JITTER_NS) for each in spaces_ns):
            return False
        self._surprises.clear()
        if self._fit is None or abs(space_ns - period_ns) > SAME_TEMPO * period_ns:
            self._begin_anew(self._pulse)
            self._guess_ns = space_ns
            for back, each in enumerate(times[:-1], start=1 - len(times)):
                self._fitted(self._pulse + back, each)
            return True
        late_ns = self._fit.late_ns(self._pulse, times)
        number = round(late_ns / period_ns)
        unsure_ns = min(WHOLE * period_ns, self._fit.unsure_ns(len(times)))
        if abs(late_ns - number * period_ns) <= unsure_ns:
            self._pulse += number
        else:
            self._fit.move(late_ns, len(times))
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
