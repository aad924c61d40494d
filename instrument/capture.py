"""Two bars played on a keyboard -> notes in steps, from the bar line they belong to. Pure.

Where the notes go on the grid, the engine decides (``engine.fitting``); here is only when each one
was struck and let go.
"""

from dataclasses import dataclass
from math import floor

from engine.phrase import PHRASE_STEPS
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_PHRASE, TICKS_PER_STEP, Timeline

MAX_NOTES = 512  # a hand plays some fifty in two bars; what comes after that many is ignored
HIGHEST_PITCH = 127
HALF_STEP = 0.5
HALF_STEP_TICKS = TICKS_PER_STEP // 2
_STEP_MS_AT_1_BPM = 15_000.0  # four steps to a beat

PlayedNote = tuple[int, float, float]
"""Pitch 0..127, onset and duration in steps: onset >= 0 and before 31.5, their sum at most 32."""


@dataclass(frozen=True, slots=True)
class TickLine:
    """Where the song lies in time. ``origin_tick``: the tick on which bar 1 begins; ``None``: the
    transport stands still, and of ``timeline`` only the tempo counts.
    """

    timeline: Timeline
    origin_tick: int | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """Two bars as they were played; at least one note.

    ``notes`` in the order of their striking. ``moved_ms``: for each of them the way from its onset
    to the nearest step, negative where it was late. ``step_ms``: how long a step was.
    """

    notes: tuple[PlayedNote, ...]
    moved_ms: tuple[float, ...]
    step_ms: float

    @property
    def mean_moved_ms(self) -> float:
        """How far onsets are moved to the grid, on average, either way."""
        return sum(map(abs, self.moved_ms)) / len(self.moved_ms)

    @property
    def max_moved_ms(self) -> float:
        return max(map(abs, self.moved_ms))

    @property
    def sentence(self) -> str:
        """For a person: how many notes, and what the grid did to them."""
        count = len(self.notes)
        return (
            f"{count} note{'' if count == 1 else 's'} captured; moved to the nearest sixteenth by "
            f"{self.mean_moved_ms:.0f} ms on average, {self.max_moved_ms:.0f} ms at most"
        )


@dataclass(slots=True)
class _Struck:
    """A note of the window, in steps from its beginning; without an ``end``: it is held."""

    pitch: int
    onset: float
    end: float | None = None


class Capture:
    """Listens for two bars once it is armed. One thread; time (``perf_counter_ns``) is an argument.

    While the song plays, the window begins on the bar line of the bar in which the first note
    falls; a note at most half a step before a bar line belongs to that bar line. While it stands
    still, the first note is step 0. Nothing raises, whatever is played.
    """

    def __init__(self) -> None:
        self._line: TickLine | None = None  # None: not armed
        self._armed_ns = 0
        self._window: _Window | None = None  # None: no note yet

    @property
    def armed(self) -> bool:
        """Whether notes are listened to: from :meth:`arm` to :meth:`disarm` or a full window."""
        return self._line is not None

    @property
    def due_ns(self) -> int | None:
        """When the window is over: two bars and half a step after it began; ``None``: no note
        yet.
        """
        return None if self._window is None else self._window.due_ns

    def arm(self, line: TickLine, now_ns: int) -> None:
        """Listen from ``now_ns`` on, and forget what was captured before."""
        self._line, self._armed_ns, self._window = line, now_ns, None

    def disarm(self) -> None:
        """Listen no more; what was captured is forgotten."""
        self._line = self._window = None

    def follow(self, line: TickLine) -> None:
        """The tempo has changed, or the transport. A window that has begun follows the tempo of its
        own song; where that stops or jumps, and where there was none, it keeps what it began with.
        """
        if self._line is None:
            return
        self._line = line
        if self._window is not None:
            self._window.follow(line)

    def note(self, pitch: int, velocity: int, ns: int) -> None:
        """A note-on at ``ns``, or with ``velocity`` 0 a note-off.

        A pitch that is struck again while it is held ends there and begins anew. Ignored: what was
        struck before arming or after the window, and the note-off of what was not captured.
        """
        if self._line is None or not 0 <= pitch <= HIGHEST_PITCH:
            return
        if velocity <= 0:
            if self._window is not None:
                self._window.let_go(pitch, ns)
        elif ns >= self._armed_ns:
            if self._window is None:
                self._window = _Window(self._line, ns)
            self._window.strike(pitch, ns)

    def pop(self, now_ns: int) -> Played | None:
        """The window, once it is over at ``now_ns``; then no more is listened to.

        ``None``: it goes on, or nothing was played yet, or it is not armed.
        """
        if self._window is None or now_ns < self._window.due_ns:
            return None
        played = self._window.played()
        self.disarm()
        return played


class _Window:
    """Two bars from ``_begin_tick`` of a timeline on, and the notes in them."""

    def __init__(self, line: TickLine, first_ns: int) -> None:
        self._origin_tick = line.origin_tick
        if line.origin_tick is None:
            self._timeline = Timeline(line.timeline.tempo_bpm, 0, first_ns)
            self._begin_tick = 0
        else:
            self._timeline = line.timeline
            song_tick = line.timeline.tick_at(first_ns) - line.origin_tick
            bar = (song_tick + HALF_STEP_TICKS) // TICKS_PER_BAR
            self._begin_tick = line.origin_tick + bar * TICKS_PER_BAR
        self._struck: list[_Struck] = []
        self._moved_steps: list[float] = []
        self._held: dict[int, _Struck] = {}

    @property
    def due_ns(self) -> int:
        return self._timeline.ns_of(self._begin_tick + TICKS_PER_PHRASE + HALF_STEP_TICKS)

    def follow(self, line: TickLine) -> None:
        if line.origin_tick is not None and line.origin_tick == self._origin_tick:
            self._timeline = line.timeline

    def strike(self, pitch: int, ns: int) -> None:
        self.let_go(pitch, ns)
        place = self._steps_at(ns)
        inside = -HALF_STEP <= place < PHRASE_STEPS - HALF_STEP
        if not inside or len(self._struck) == MAX_NOTES:
            return
        note = self._held[pitch] = _Struck(pitch, max(0.0, place))
        self._struck.append(note)
        self._moved_steps.append(floor(place + HALF_STEP) - place)

    def let_go(self, pitch: int, ns: int) -> None:
        note = self._held.pop(pitch, None)
        if note is not None:
            note.end = self._steps_at(ns)

    def played(self) -> Played:
        """What was captured; what is still held is cut at the end."""
        notes = []
        for note in self._struck:
            end = PHRASE_STEPS if note.end is None else min(note.end, float(PHRASE_STEPS))
            notes.append((note.pitch, note.onset, max(0.0, end - note.onset)))
        step_ms = _STEP_MS_AT_1_BPM / self._timeline.tempo_bpm
        return Played(tuple(notes), tuple(m * step_ms for m in self._moved_steps), step_ms)

    def _steps_at(self, ns: int) -> float:
        """``ns`` in steps from the window's beginning, finer than a tick."""
        tick = self._timeline.tick_at(ns)
        from_ns, until_ns = self._timeline.ns_of(tick), self._timeline.ns_of(tick + 1)
        ticks = tick - self._begin_tick + (ns - from_ns) / (until_ns - from_ns)
        return ticks / TICKS_PER_STEP
