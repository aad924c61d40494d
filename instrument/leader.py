"""Somebody else's beat, as main tells the player of it, and where it puts our ticks. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from instrument.tempo import TICKS_PER_BEAT, Timeline

# What is smaller is made up for until about the next word, so that no note jumps; what is larger
# would be heard as dragging for longer than as one step to the right place.
SLEW_NS = 5_000_000
SLEW_TICKS = 4  # a pulse of MIDI clock: over a longer one it would lag behind a ramp
# As long after its last word the leader decides about the tempo; then the performer may.
LEADS_FOR_NS = 1_000_000_000
TELL_BPM = 0.05  # smaller changes of tempo are the clock's jitter and no news
TELL_EVERY_TICKS = TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Follow:
    """The leader's beat: its tick ``song_tick`` falls on ``ns`` (``perf_counter_ns``).

    ``tempo_bpm`` 20..400. ``placed``: song_tick counts from the beginning of the song; else it
    counts from anywhere, and only its pace and phase mean something.
    """

    tempo_bpm: float
    song_tick: int
    ns: int
    placed: bool = True

    def to_message(self) -> dict[str, Any]:
        """The frame to the player."""
        return {"type": "follow", **asdict(self)}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Follow":
        """Read a ``follow``, or a ``transport`` that says where in the song to play."""
        placed = message.get("placed", True)
        return cls(message["tempo_bpm"], message["song_tick"], message["ns"], placed)


class Leader:
    """Whom the player follows, in terms of a performance's own ticks. One thread."""

    def __init__(self) -> None:
        self._newest: Follow | None = None
        self._heard_ns = 0
        self._offset_ticks: int | None = None
        self._told_bpm, self._told_tick = 0.0, 0

    def hear(self, follow: Follow, now_ns: int) -> None:
        """Take the newest word."""
        if self._newest is not None and self._newest.placed != follow.placed:
            self._offset_ticks = None
        self._newest, self._heard_ns = follow, now_ns

    def heard(self, now_ns: int) -> Follow | None:
        """The newest word while it counts: then it and nobody else decides about the tempo."""
        return self._newest if now_ns - self._heard_ns < LEADS_FOR_NS else None

    def begin(self) -> None:
        """A play begins: a leader without a place in the song takes ours, to the nearest tick."""
        self._offset_ticks = None

    def line(self, follow: Follow, ours: Timeline, origin_tick: int) -> Timeline:
        """Where ``follow`` puts our ticks, the song beginning at ``origin_tick`` of ``ours``."""
        if follow.placed:
            offset_ticks = origin_tick
        else:
            if self._offset_ticks is None:
                half_a_tick_ns = (ours.ns_of(1) - ours.ns_of(0)) // 2
                self._offset_ticks = ours.tick_at(follow.ns + half_a_tick_ns) - follow.song_tick
            offset_ticks = self._offset_ticks
        return Timeline(follow.tempo_bpm, follow.song_tick + offset_ticks, follow.ns)

    def news(self, follow: Follow, tick: int) -> bool:
        """Whether its tempo is worth telling at ``tick``."""
        moved = abs(follow.tempo_bpm - self._told_bpm) >= TELL_BPM
        return moved and not 0 <= tick - self._told_tick < TELL_EVERY_TICKS

    def told(self, tempo_bpm: float, tick: int) -> None:
        """The tempo was told at ``tick``, whoever asked for it: no news after."""
        self._told_bpm, self._told_tick = tempo_bpm, tick
