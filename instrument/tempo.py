"""Tick, step, bar and nanosecond arithmetic: exact, in integers, so that no beat drifts. Pure."""

from dataclasses import dataclass

from engine.phrase import BARS_PER_PHRASE, BEATS_PER_BAR, PHRASE_STEPS, STEPS_PER_BEAT

TICKS_PER_BEAT = 96  # four ticks to a MIDI clock pulse, of which a beat has 24
TICKS_PER_STEP = TICKS_PER_BEAT // STEPS_PER_BEAT  # 24
TICKS_PER_EIGHTH = 2 * TICKS_PER_STEP
TICKS_PER_BAR = TICKS_PER_BEAT * BEATS_PER_BAR  # 384
TICKS_PER_PHRASE = TICKS_PER_BAR * BARS_PER_PHRASE  # 768

DEFAULT_TEMPO_BPM = 120.0
MIN_TEMPO_BPM = 20.0
MAX_TEMPO_BPM = 400.0
STRAIGHT = 50.0  # per cent of an eighth that its first sixteenth takes
MAX_SWING = 75.0

# At one beat a minute a tick would last this long; at a tempo of n it lasts an n-th of it.
_TICK_NS_AT_1_BPM = 60_000_000_000 // TICKS_PER_BEAT


def checked_tempo(tempo_bpm: float) -> float:
    """``tempo_bpm`` itself. Raises ``ValueError``, one sentence, unless it lies in 20..400."""
    if not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        raise ValueError(
            f"a tempo of {tempo_bpm:g} bpm is outside {MIN_TEMPO_BPM:g}..{MAX_TEMPO_BPM:g}"
        )
    return tempo_bpm


def bar_of(tick: int) -> int:
    """The bar, counted from 1, that holds ``tick`` of a song that starts at tick 0."""
    return tick // TICKS_PER_BAR + 1


def step_of(tick: int) -> int:
    """The step 0..31 of the two-bar cycle that holds ``tick`` of a song that starts at tick 0."""
    return tick // TICKS_PER_STEP % PHRASE_STEPS


def bar_line_from(tick: int) -> int:
    """The first bar line at or after ``tick``."""
    return -(-tick // TICKS_PER_BAR) * TICKS_PER_BAR


def swung(song_tick: int, swing: float) -> int:
    """Where ``song_tick`` is heard under ``swing`` per cent, 50 (straight) to 75.

    The off-beat sixteenth of every eighth begins after ``swing`` per cent of the eighth, to the
    nearest tick: 24 ticks of 48 at 50, 32 at 66.7 (a triplet). What lies between moves in
    proportion; eighths, beats and bar lines stay. Never falls.
    """
    off_beat = round(TICKS_PER_EIGHTH * swing / 100)
    eighth, place = divmod(song_tick, TICKS_PER_EIGHTH)
    if place <= TICKS_PER_STEP:
        moved = place * off_beat // TICKS_PER_STEP
    else:
        after = (place - TICKS_PER_STEP) * (TICKS_PER_EIGHTH - off_beat) // TICKS_PER_STEP
        moved = off_beat + after
    return eighth * TICKS_PER_EIGHTH + moved


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where ticks lie in time while the tempo is ``tempo_bpm`` (20..400, else ``ValueError``).

    Tick ``anchor_tick`` falls on ``anchor_ns``; every other tick is reckoned from there and never
    from its neighbour, so it is right to the nanosecond after any number of hours.
    """

    tempo_bpm: float
    anchor_tick: int = 0
    anchor_ns: int = 0

    def __post_init__(self) -> None:
        checked_tempo(self.tempo_bpm)

    def ns_of(self, tick: int) -> int:
        """The first nanosecond at which ``tick`` is due."""
        beats, per_beats = self.tempo_bpm.as_integer_ratio()
        ticks = tick - self.anchor_tick
        return self.anchor_ns - (-ticks * _TICK_NS_AT_1_BPM * per_beats // beats)

    def tick_at(self, now_ns: int) -> int:
        """The last tick that is due at ``now_ns``; the exact inverse of :meth:`ns_of`."""
        return self.anchor_tick + self._ticks(now_ns - self.anchor_ns)

    def ticks_for(self, duration_ns: int) -> int:
        """The fewest ticks that last ``duration_ns`` or longer."""
        return -self._ticks(-duration_ns)

    def _ticks(self, duration_ns: int) -> int:
        beats, per_beats = self.tempo_bpm.as_integer_ratio()
        return duration_ns * beats // (_TICK_NS_AT_1_BPM * per_beats)

    def at_tempo(self, tempo_bpm: float, tick: int) -> "Timeline":
        """The same line up to ``tick`` and another tempo after it; ``tick`` itself stays put.

        Choose a ``tick`` that is not due yet, and no note already due moves.
        """
        return Timeline(tempo_bpm, tick, self.ns_of(tick))

    def towards(self, other: "Timeline", tick: int, ticks: int) -> "Timeline":
        """The same line up to ``tick``, and one that meets ``other`` ``ticks`` > 0 later.

        As far as a tempo of 20..400 allows; a small correction that nobody hears as a jump.
        """
        begin_ns = self.ns_of(tick)
        duration_ns = max(1, other.ns_of(tick + ticks) - begin_ns)
        tempo_bpm = ticks * _TICK_NS_AT_1_BPM / duration_ns
        return Timeline(min(MAX_TEMPO_BPM, max(MIN_TEMPO_BPM, tempo_bpm)), tick, begin_ns)
