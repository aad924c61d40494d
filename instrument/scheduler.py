"""The scheduler: from phrases and a moving z to notes at their ticks. Pure; time is an argument.

The same core plays on the stage, where the player calls :meth:`Scheduler.pop_due` as time passes,
and headlessly, where :mod:`instrument.offline` calls it as fast as the decoder answers.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from engine.phrase import HOLD_STEP
from instrument.events import (
    Bar,
    Begin,
    Decoded,
    Done,
    End,
    Event,
    Gap,
    Request,
    Silence,
    Swap,
    Swing,
    Z,
)
from instrument.ledger import Ledger
from instrument.tempo import (
    STRAIGHT,
    TICKS_PER_BAR,
    TICKS_PER_EIGHTH,
    TICKS_PER_PHRASE,
    TICKS_PER_STEP,
    bar_line_from,
    bar_of,
    step_of,
    swung,
)

Refresh: TypeAlias = Literal["bar", "phrase", "step"]

# How often a new phrase may be adopted; all of them divide the two-bar cycle.
TICKS_PER_REFRESH: dict[Refresh, int] = {
    "bar": TICKS_PER_BAR,
    "phrase": TICKS_PER_PHRASE,
    "step": TICKS_PER_STEP,
}
DEFAULT_MARGIN_TICKS = 8  # 40 ms at 120 bpm, until the player has measured the engine


class Scheduler:
    """One monophonic line that keeps its place in the two-bar cycle while its phrase changes.

    Ticks only ever grow: a stop freezes them, and the next play starts bar 1 on the next bar line,
    so a take of several starts is one line of bars. Notes come at swung ticks, all else on the
    grid. Of the events, those that are neither a note nor a bar say all that decided the notes: see
    :mod:`instrument.replay`. One thread; nothing here waits or fails late.
    """

    def __init__(
        self,
        first: Decoded,
        z_for: Callable[[int], Z],
        *,
        refresh: Refresh = "bar",
        channel: int = 1,
        velocity: int = 96,
        ports: int = 1,
        bars: int | None = None,
        swing_for: Callable[[int], float] = lambda _tick: STRAIGHT,
        start_tick: int = 0,
        last_id: int = 0,
    ) -> None:
        """Play ``first`` until something else was decoded, on every one of ``ports`` outputs.

        ``z_for(tick)`` is the z the controls ask for at the swap at ``tick``; ``bars`` is how many
        bars a play lasts (``None``: until stopped); ``swing_for(tick)`` is the swing, 50..75 per
        cent, of the eighth that begins at ``tick``; ``start_tick``, a bar line, is the first tick;
        requests have ids above ``last_id``.
        """
        self.phrase = first
        self.playing = False
        self.frozen = False  # keep the phrase, whatever the knobs do
        self.margin_ticks = DEFAULT_MARGIN_TICKS  # how long before a swap asking for it begins
        self.misses = 0
        self.left_out = 0  # onsets that came too late to be heard
        self.origin_tick = start_tick  # where bar 1 begins, or would have begun
        self.ledger = Ledger()
        self._z_for = z_for
        self._refresh_ticks = TICKS_PER_REFRESH[refresh]
        self._channel, self._velocity, self._ports = channel, velocity, range(ports)
        self._bars = bars
        self._end_song_tick: int | None = None
        self._swing_for, self._swing = swing_for, swing_for(start_tick)
        # ``first`` may come from a card that another machine wrote; what this engine makes of the
        # same z counts, so no z is "unchanged" before the first answer.
        self._z_decoded: Z | None = None
        self._step_tick = start_tick  # the next step to be played, on the grid
        self._step_due = start_tick  # when that is heard
        self._reached = start_tick  # how far it was played; nothing is closed before
        self._began = False  # whether the next step is the first of this play
        self._untold: Begin | None = None  # what the next events begin with
        self._swap_tick = start_tick  # the next moment at which a phrase may be adopted
        self._asking = False  # whether it is so near that its phrase is asked for
        self._last_id = last_id
        self._request: Request | None = None  # what the engine has not answered yet
        self._asked_early = False  # so early that its answer is owed at the swap
        self._answer: tuple[Request, Decoded] | None = None  # the newest, kept for the swap

    @property
    def next_due_tick(self) -> int | None:
        """The tick of the next thing to do; ``None`` while stopped."""
        if not self.playing:
            return None
        return self._step_due if self._asking else min(self._step_due, self._ask_tick)

    @property
    def _ask_tick(self) -> int:
        # Only a swap at the next step can be swung: longer refreshes swap at bar lines.
        swap_due = self._step_due if self._swap_tick == self._step_tick else self._swap_tick
        return swap_due - max(1, min(self.margin_ticks, self._refresh_ticks))

    @property
    def step_tick(self) -> int:
        """Where the next step to be played lies on the grid."""
        return self._step_tick

    def play(self, song_tick: int = 0, end_song_tick: int | None = None) -> int:
        """Start at the first step from ``song_tick`` >= 0 on; the tick of the song's bar 1.

        That is bar 1 unless the song begins elsewhere; then its tick may be negative. Goes on when
        playing already. An answer to :meth:`cue` that has come by now is what is played first.
        The song ends at ``end_song_tick``, or after as many bars as were asked for.
        """
        if not self.playing:
            first = -(-song_tick // TICKS_PER_STEP) * TICKS_PER_STEP
            bar_tick = first // TICKS_PER_BAR * TICKS_PER_BAR
            if end_song_tick is not None:
                self._end_song_tick = end_song_tick
            elif self._bars is not None:
                self._end_song_tick = bar_tick + self._bars * TICKS_PER_BAR
            self.playing = self._began = True
            self._swap_tick, self._asking = self.origin_tick + first - bar_tick, True
            self.origin_tick -= bar_tick
            self._swing = self._swing_for(self._swap_tick)
            self._go_to(self._swap_tick)
            self._untold = Begin(self._step_tick, first, self._swing)
        return self.origin_tick

    def stop(self, tick: int) -> list[Event]:
        """Close what sounds at ``tick`` and go back to bar 1."""
        return self._stop(max(tick, self._reached)) if self.playing else []

    def silence(self, tick: int) -> list[Event]:
        """Close what sounds at ``tick`` and play on: a HOLD that follows is a rest."""
        if not self.playing:
            return []
        tick = max(tick, self._reached)
        return [Silence(tick, self._step_tick), *self.ledger.close_all(tick)]

    def _stop(self, tick: int) -> list[Event]:
        ended: list[Event] = [] if self._untold else [End(tick, self._step_tick)]
        self._untold = None
        self.playing = False
        self.origin_tick = self._step_tick = bar_line_from(self._step_tick)
        self._step_due = self._step_tick
        self._request = self._answer = None
        return [*ended, *self.ledger.close_all(tick)]

    def cue(self) -> Request | None:
        """What to decode because the knobs have moved; one request at a time.

        While stopped for bar 1; while playing for the swap to come, from the margin before it on.
        So the knob is heard as late as the engine can follow, however wide the margin.
        """
        if self._request is not None or (self.playing and not self._asking):
            return None
        return self._ask(self._swap_tick if self.playing else self.origin_tick, not self.playing)

    def answer(self, request_id: int, tokens: tuple[int, ...], steps: tuple[int, ...]) -> bool:
        """Take the engine's answer to keep it for its swap; whether it was the one still wanted.

        Raises ``ValueError`` for rows that are no phrase.
        """
        wanted = self._request
        if wanted is None or wanted.id != request_id:
            return False
        self._answer, self._request = (wanted, Decoded(wanted.z, tokens, steps)), None
        return True

    def pop_due(self, tick: int, sound_from: int = 0) -> list[Event]:
        """Everything due up to ``tick``, each once, in order; a tick seen before gives nothing.

        Steps before ``sound_from`` come too late to be heard: their note-offs are given, their
        note-ons dropped, and the place in the cycle is kept.
        """
        events: list[Event] = []
        if self._untold is not None:
            events.append(self._untold)
            self._untold = None
        self._reached = max(self._reached, tick)
        gap = False
        while (due := self.next_due_tick) is not None and due <= tick:
            if due < self._step_due:
                audible = self._swap_tick >= sound_from
                request = self._ask(self._swap_tick, True) if audible else None
                self._asking = True
                events += [request] if request else []
            else:
                if self._step_due < sound_from and not gap:
                    gap = True
                    events.append(Gap(self._step_tick, sound_from))
                self._leap(sound_from, events)
                self._step(self._step_due >= sound_from, events)
        return events

    def _ask(self, swap_tick: int, early: bool) -> Request | None:
        """Ask for the z in force at ``swap_tick`` unless its phrase is here already."""
        z = self._z_for(swap_tick)
        if self.frozen or (self._answer is not None and z == self._answer[1].z):
            return None
        if z == self._z_decoded:  # the knob is back where it was
            self._request = self._answer = None
            return None
        self._last_id += 1
        self._request, self._asked_early = Request(self._last_id, swap_tick, z), early
        return self._request

    def _leap(self, sound_from: int, events: list[Event]) -> None:
        """After a sleep of more than a phrase, close all and pass over whole phrases."""
        behind = sound_from - self._step_tick
        if behind <= TICKS_PER_PHRASE:
            return
        events += self.ledger.close_all(self._step_tick)
        leap = behind - behind % TICKS_PER_PHRASE
        self._step_tick += leap
        self._step_due += leap
        self._swap_tick += leap
        self._asking = False

    def _step(self, audible: bool, events: list[Event]) -> None:
        tick = self._step_tick
        song_tick = tick - self.origin_tick
        if self._end_song_tick is not None and song_tick >= self._end_song_tick:
            events += [*self._stop(tick), Done(tick)]
            return
        if song_tick % TICKS_PER_EIGHTH == 0 and (swing := self._swing_for(tick)) != self._swing:
            self._swing = swing
            events.append(Swing(tick, swing))
        swap = self._swap(tick) if tick == self._swap_tick else None
        if swap is not None:
            events.append(swap)
        another = swap is not None and not swap.late
        if song_tick % TICKS_PER_BAR == 0 or another or self._began:
            bar = bar_of(song_tick)
            late = swap is not None and swap.late
            events.append(Bar(tick, bar, (bar - 1) % 2, self.phrase, late, self.misses))
        self._began = False
        self._sound(self._step_due, self.phrase.steps[step_of(song_tick)], audible, events)
        self._go_to(tick + TICKS_PER_STEP)

    def _go_to(self, step_tick: int) -> None:
        """The next step is that at ``step_tick``; a swing turned inside an eighth waits for it."""
        self._step_tick = step_tick
        self._step_due = self.origin_tick + swung(step_tick - self.origin_tick, self._swing)

    def _swap(self, tick: int) -> Swap | None:
        """Adopt the answer if it is here, else repeat; ``None`` when nothing was asked for."""
        request, answer = self._request, self._answer
        self._request = self._answer = None
        since = (tick - self.origin_tick) % self._refresh_ticks
        self._swap_tick, self._asking = tick + self._refresh_ticks - since, False
        if self.frozen:
            return None
        if answer is not None:
            answered, self.phrase = answer
            self._z_decoded = answered.z
            return Swap(tick, answered, self.phrase)
        if request is None or not self._asked_early:  # no knob moved, or one after the cut-off
            return None
        self.misses += 1
        return Swap(tick, request, None)

    def _sound(self, tick: int, step: int, audible: bool, events: list[Event]) -> None:
        if step == HOLD_STEP:  # a sounding note goes on, whichever phrase began it
            return
        events += self.ledger.close_all(tick)
        if step >= 0 and not audible:
            self.left_out += 1
        elif step >= 0:
            for port in self._ports:
                events += self.ledger.note_on(tick, (port, self._channel, step), self._velocity)
