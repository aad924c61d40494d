"""Where a performance's ticks lie in time: by its own tempo, or by a leader's. Pure.

Ticks are handed over ``ahead_ns`` before they are due; what was handed over never moves.
"""

from instrument.leader import SLEW_NS, SLEW_TICKS, Follow, Leader
from instrument.tempo import TICKS_PER_STEP, Timeline

NEVER = -(1 << 62)
LATE_NS = 50_000_000  # what is later than this is a suspended machine: its note-ons are dropped


class Course:
    """The timeline of a player, and whom it follows. One thread; time is an argument."""

    def __init__(self, tempo_bpm: float, now_ns: int, ahead_ns: int) -> None:
        self.timeline = Timeline(tempo_bpm, 0, now_ns)
        self.tempo_bpm = tempo_bpm  # what is told; the timeline may lean for a moment
        self._ahead_ns = ahead_ns
        self._settled: tuple[int, Timeline] | None = None
        self._passed = NEVER  # the horizon when the timeline was bent last
        self._leader = Leader()

    def horizon(self, now_ns: int) -> int:
        """The last tick that is handed over by now: what is before it cannot be recalled.

        The timeline begins at its anchor. While that is still to come the tempo before it counts:
        reckoned with a faster one, now would lie in the past.
        """
        return max(self._passed, self.timeline.tick_at(now_ns + self._ahead_ns))

    def sound_from(self, now_ns: int) -> int:
        """The first tick that is not too late to be heard."""
        return self.timeline.tick_at(now_ns - LATE_NS - 1) + 1

    def settle(self, now_ns: int) -> None:
        """End a lean that has come to where it leads."""
        if self._settled is not None and self.horizon(now_ns) >= self._settled[0]:
            self.timeline, self._settled = self._settled[1], None

    def led_by(self, now_ns: int) -> Follow | None:
        """The leader's newest word, while it decides about the tempo."""
        return self._leader.heard(now_ns)

    def begin(self, line: Timeline) -> None:
        """A play begins, its ticks on ``line``."""
        self.timeline, self._settled, self.tempo_bpm = line, None, line.tempo_bpm
        self._passed = NEVER
        self._leader.begin()

    def set_tempo(self, tempo_bpm: float, now_ns: int) -> int | None:
        """The performer's tempo, from the tick that is returned on; ``None``: a leader decides."""
        if self._leader.heard(now_ns) is not None:
            return None
        next_tick = self._next_tick(now_ns)
        self.timeline = self.timeline.at_tempo(tempo_bpm, next_tick)
        self.tempo_bpm, self._settled = tempo_bpm, None
        return next_tick

    def turn(self, tempo_bpm: float, tick: int) -> None:
        """Another tempo from ``tick`` on, of which nothing was handed over yet."""
        self.timeline = self.timeline.at_tempo(tempo_bpm, tick)
        self.tempo_bpm, self._settled = tempo_bpm, None

    def follow(self, follow: Follow, now_ns: int, origin_tick: int | None) -> Timeline | None:
        """Go where the leader is: a little late or early is leant away, more is one step.

        The song began at ``origin_tick``; ``None``: it stands. If the leader is at another place of
        the song, nothing is done, and the line that leads there is returned.
        """
        self._leader.hear(follow, now_ns)
        self.tempo_bpm = round(follow.tempo_bpm, 2)
        next_tick = self._next_tick(now_ns)
        if origin_tick is None:
            self.timeline = self.timeline.at_tempo(follow.tempo_bpm, next_tick)
            return None
        wanted = self._leader.line(follow, self.timeline, origin_tick)
        error_ns = wanted.ns_of(next_tick) - self.timeline.ns_of(next_tick)
        there = wanted.tick_at(now_ns + self._ahead_ns) + 1
        if abs(error_ns) < SLEW_NS:
            self.timeline = self.timeline.towards(wanted, next_tick, SLEW_TICKS)
            self._settled = next_tick + SLEW_TICKS, wanted
        elif abs(there - next_tick) < TICKS_PER_STEP:  # the next step comes sooner or later
            self.timeline, self._settled = wanted, None
        else:
            return wanted
        return None

    def _next_tick(self, now_ns: int) -> int:
        """The first tick whose place in time may change."""
        self._passed = self.horizon(now_ns)
        return max(self._passed + 1, self.timeline.anchor_tick)

    def news(self, follow: Follow, tick: int) -> bool:
        """Whether the leader's tempo is worth telling at ``tick``."""
        return self._leader.news(follow, tick)

    def told(self, tick: int) -> None:
        """The tempo was told at ``tick``, whoever asked for it."""
        self._leader.told(self.tempo_bpm, tick)
