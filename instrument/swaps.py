"""When another phrase may be adopted, and from when on it is asked for. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from instrument.asking import Asking
from instrument.events import Decoded, Request, Swap, Wish
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_PHRASE, TICKS_PER_STEP, bar_line_from

Refresh: TypeAlias = Literal["bar", "phrase", "step"]

# How often a new phrase may be adopted; all of them divide the two-bar cycle.
TICKS_PER_REFRESH: dict[Refresh, int] = {
    "bar": TICKS_PER_BAR,
    "phrase": TICKS_PER_PHRASE,
    "step": TICKS_PER_STEP,
}
DEFAULT_MARGIN_TICKS = 8  # 40 ms at 120 bpm, until the player has measured the engine


@dataclass(frozen=True, slots=True)
class Change:
    """From the bar line at ``tick`` on another song is played, on ``channel``.

    ``first``: what it begins with should the song stand still by then; with ``afresh`` what it
    begins with in any case, until something else is decoded.
    """

    tick: int
    channel: int
    refresh: Refresh
    first: Decoded
    afresh: bool = False


class Swaps:
    """Where the next swap lies, what is asked for it, and what becomes of that. One thread.

    ``margin_ticks``: how long before a swap asking for it begins. For the swap with which another
    song begins it begins at once, and ``frozen`` keeps it from nothing.
    """

    def __init__(
        self,
        wish_for: Callable[[int], Wish | None],
        refresh: Refresh,
        tick: int,
        ids: Iterator[int],
    ) -> None:
        """``wish_for`` and ``ids`` as of :class:`Asking`; the first swap is at ``tick``."""
        self.wanted = Asking(wish_for, ids)
        self.margin_ticks = DEFAULT_MARGIN_TICKS
        self.frozen = False  # keep the phrase, whatever the knobs do
        self.tick = tick
        self.asking = False  # whether it is so near that its phrase is asked for
        self._change: Change | None = None
        self._every = TICKS_PER_REFRESH[refresh]

    @property
    def _begins_a_song(self) -> bool:
        """Whether the next swap is another song's first."""
        return self._change is not None and self._change.tick == self.tick

    def cue(self, standing_at: int | None) -> Request | None:
        """What to decode because the knobs have moved, for the swap to come if it is near.

        While the song stands, for its bar 1 at ``standing_at``.
        """
        if self.wanted.waits:
            return None
        if standing_at is not None:
            return self._ask(standing_at, early=True)
        # The phrase with which a song begins is owed from the moment it is asked for.
        return self._ask(self.tick, early=self._begins_a_song) if self.asking else None

    def ask(self, sound_from: int) -> Request | None:
        """Begin to ask, but for a swap before ``sound_from``, which nobody hears."""
        self.asking = True
        return self._ask(self.tick, early=True) if self.tick >= sound_from else None

    def _ask(self, tick: int, *, early: bool) -> Request | None:
        if self.frozen and not self._begins_a_song:
            return None
        return self.wanted.ask(tick, early)

    def swap(self, tick: int, origin_tick: int) -> Swap | None:
        """What becomes of the swap at ``tick``, if it is one and something was asked for."""
        if tick != self.tick:
            return None
        since = (tick - origin_tick) % self._every
        self._go_to(tick + self._every - since)
        if self.frozen:
            self.wanted.forget()
            return None
        return self.wanted.swap(tick)

    def ask_tick(self, due_tick: int) -> int:
        """When asking begins for a swap that is heard at ``due_tick``."""
        return due_tick - max(1, min(self.margin_ticks, self._every))

    def begin(self, tick: int) -> None:
        """A play begins with a swap at ``tick``."""
        self.tick, self.asking = tick, True

    def leap(self, ticks: int) -> None:
        """So many ticks were passed over."""
        self.tick += ticks
        self.asking = False

    def bar_line(self, step_tick: int, reached: int, origin_tick: int) -> int:
        """The first bar line from ``step_tick`` on whose phrase can still be asked for.

        ``reached`` is the last tick that is past.
        """
        margin = max(1, min(self.margin_ticks, TICKS_PER_BAR))
        first = max(step_tick, reached + margin + 1)
        return origin_tick + bar_line_from(first - origin_tick)

    def announce(self, change: Change, step_tick: int, origin_tick: int) -> None:
        """Another song comes; the next step is that at ``step_tick``.

        Of two that are announced the later comes.
        """
        was_first = self._begins_a_song
        self._change = change
        if change.afresh:
            self.wanted.begin_anew()
        if was_first or change.tick <= self.tick:  # what was asked for is of no more use
            self.wanted.forget()
            since = (step_tick - origin_tick) % self._every
            self._go_to(step_tick + (self._every - since) % self._every)

    def song_at(self, tick: int) -> Change | None:
        """The song that begins with the step at ``tick``, if one does: then a swap is here."""
        if self._change is None or tick < self._change.tick:
            return None
        self.tick = tick
        return self.next_song()

    def next_song(self) -> Change | None:
        """The song that was announced, wherever that was; from now on it is the one."""
        change, self._change = self._change, None
        if change is not None:
            self.frozen, self._every = False, TICKS_PER_REFRESH[change.refresh]
        return change

    def _go_to(self, tick: int) -> None:
        self.tick, self.asking = tick, False
        if self._change is not None and self._change.tick <= tick:
            self.tick, self.asking = self._change.tick, True
