"""MIDI clock on its way out: pulses at ticks, Start, Stop and Song Position. Pure.

MIDI 1.0, System Real Time and System Common messages: 24 pulses a beat; the first after Start is
the first beat; a song position counts sixteenths and is where the first pulse after Continue lies.
"""

from engine.phrase import STEPS_PER_BEAT
from instrument.tempo import TICKS_PER_BEAT, TICKS_PER_STEP

PULSES_PER_BEAT = 24
TICKS_PER_PULSE = TICKS_PER_BEAT // PULSES_PER_BEAT
PULSES_PER_STEP = PULSES_PER_BEAT // STEPS_PER_BEAT

CLOCK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
SONG_POSITION = 0xF2
# Fourteen bits of sixteenths are 1,024 bars, a whole number of two-bar cycles: further positions
# begin again at 0, and the cycle keeps its phase.
SONG_POSITIONS = 1 << 14

Pulse = tuple[int, bytes]  # the tick at which it is due, the message


def song_position(sixteenth: int) -> bytes:
    """A Song Position Pointer: three bytes, the low seven bits first."""
    position = sixteenth % SONG_POSITIONS
    return bytes((SONG_POSITION, position & 0x7F, position >> 7))


class ClockSender:
    """The clock of one performance: what is due up to a tick, each once, in order.

    Pulses go on while the song stands, so that a follower has the tempo when it begins. They begin
    with :meth:`run` or :meth:`begin`, and end with :meth:`silence`.
    """

    def __init__(self) -> None:
        self._next_tick: int | None = None
        self._playing = False

    @property
    def next_due_tick(self) -> int | None:
        """The tick of the next pulse; ``None`` while it is silent."""
        return self._next_tick

    def run(self, tick: int) -> None:
        """Send pulses from ``tick`` on, though the song stands."""
        self._next_tick = tick

    def silence(self) -> None:
        """Send no more pulses."""
        self._next_tick = None

    def begin(self, tick: int, song_tick: int) -> list[Pulse]:
        """Start, or a song position and Continue; ``song_tick`` of the song lies at ``tick``.

        The first pulse comes at the first sixteenth from there on, since a song position can name
        no other place.
        """
        step = -(-song_tick // TICKS_PER_STEP)
        self._next_tick = tick + step * TICKS_PER_STEP - song_tick
        self._playing = True
        if step == 0:
            return [(self._next_tick, START)]
        return [(self._next_tick, song_position(step)), (self._next_tick, CONTINUE)]

    def end(self, tick: int) -> list[Pulse]:
        """Stop; nothing when it is stopped."""
        was_playing, self._playing = self._playing, False
        return [(tick, STOP)] if was_playing else []

    def skip_to(self, tick: int, origin_tick: int) -> list[Pulse]:
        """After a sleep: Stop, the song's position at ``tick`` and Continue, instead of a burst.

        Nothing when no pulse is overdue, or the song stands. It begins at ``origin_tick``.
        """
        if self._next_tick is None or self._next_tick >= tick:
            return []
        if not self._playing:
            self._next_tick += -((self._next_tick - tick) // TICKS_PER_PULSE) * TICKS_PER_PULSE
            return []
        return [*self.end(self._next_tick), *self.begin(tick, tick - origin_tick)]

    def pop_due(self, tick: int) -> list[Pulse]:
        """The pulses due up to ``tick``."""
        pulses = []
        while self._next_tick is not None and self._next_tick <= tick:
            pulses.append((self._next_tick, CLOCK))
            self._next_tick += TICKS_PER_PULSE
        return pulses
