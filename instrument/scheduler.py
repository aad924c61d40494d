"""The scheduler: from phrases and a moving z to notes at their ticks. Pure; time is an argument.

The same core plays on the stage, where the player calls :meth:`Scheduler.pop_due` as time passes,
and headlessly, where :mod:`instrument.offline` calls it as fast as the decoder answers.
"""

from collections.abc import Callable, Iterator
from itertools import count

from engine.phrase import HOLD_STEP
from instrument.events import (
    Bar,
    Begin,
    Changed,
    Decoded,
    Done,
    End,
    Event,
    Gap,
    Request,
    Silence,
    Swap,
    Swing,
    Voiced,
    Wish,
)
from instrument.sounding import Sounding
from instrument.swaps import Change, Refresh, Swaps
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
from instrument.voicing import PLAIN, Voicing, steps_held


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
        wish_for: Callable[[int], Wish | None],
        *,
        refresh: Refresh = "bar",
        channel: int = 1,
        ports: int = 1,
        bars: int | None = None,
        swing_for: Callable[[int], float] = lambda _tick: STRAIGHT,
        voicing_for: Callable[[int], Voicing] = lambda _tick: PLAIN,
        start_tick: int = 0,
        ids: Iterator[int] | None = None,
    ) -> None:
        """Play ``first`` until something else was decoded, on every one of ``ports`` outputs.

        ``wish_for(tick)`` is what is asked for at the swap at ``tick``, if anything; ``bars`` how
        many bars a play lasts (``None``: until stopped); ``swing_for(tick)`` the swing, 50..75 per
        cent, of the eighth that begins at ``tick``, ``voicing_for(tick)`` how the step there is
        sounded; ``start_tick``, a bar line, is the first tick; ``ids`` are those of requests.
        """
        self.phrase = first
        self.playing = False
        self.misses = 0
        self.left_out = 0  # onsets that came too late to be heard
        self.origin_tick = start_tick  # where bar 1 begins, or would have begun
        self._line = Sounding(ports, channel)
        self.ledger = self._line.ledger
        self.swaps = Swaps(wish_for, refresh, start_tick, ids or count(1))  # what is asked for
        self._bars = bars
        self._end_song_tick: int | None = None
        self._swing_for, self._swing = swing_for, swing_for(start_tick)
        self._voicing_for, self._voicing = voicing_for, voicing_for(start_tick)
        self._step_tick = start_tick  # the next step to be played, on the grid
        self._step_due = start_tick  # when that is heard
        self._reached = start_tick  # how far it was played; nothing is closed before
        self._began = False  # whether the next step is the first of this play
        self._untold: Begin | None = None  # what the next events begin with
        self._gap_told = start_tick  # what was due before that came too late, as was told

    @property
    def next_due_tick(self) -> int | None:
        """The tick of the next thing to do; ``None`` while stopped."""
        if not self.playing:
            return None
        ask_due = self.swaps.ask_tick(self.swap_due_tick)
        due = self._step_due if self.swaps.asking else min(self._step_due, ask_due)
        return due if self._line.let_go is None else min(due, self._line.let_go)

    @property
    def swap_due_tick(self) -> int:
        """When the next swap is heard; only one at the next step can be swung."""
        return self._step_due if self.swaps.tick == self._step_tick else self.swaps.tick

    @property
    def channel(self) -> int:
        """Where notes are struck from now on, 1..16."""
        return self._line.channel

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
            first_tick = self.origin_tick + first - bar_tick
            self.swaps.begin(first_tick)
            self._reached = min(self._reached, first_tick)  # a song's end may lie far behind now
            self.origin_tick -= bar_tick
            self._swing = self._swing_for(first_tick)
            self._voicing = self._voicing_for(first_tick)
            self._go_to(first_tick)
            self._untold = Begin(self._step_tick, first, self._swing, self._voicing)
        return self.origin_tick

    @property
    def change_tick(self) -> int:
        """Where a song begins that is told now: where its phrase can still be asked for."""
        if not self.playing:
            return self.origin_tick
        return self.swaps.bar_line(self._step_tick, self._reached, self.origin_tick)

    def change_at(self, change: Change) -> list[Event]:
        """Another song begins at the step of ``change``, still to come; what happens now.

        While stopped at once, with its first phrase. Of two before a bar line the later begins.
        """
        self.swaps.announce(change, self._step_tick, self.origin_tick)
        return [] if self.playing else self._stand_before_next()

    def stop(self, tick: int) -> list[Event]:
        """Close what sounds at ``tick`` and go back to bar 1."""
        return self._stop(max(tick, self._reached)) if self.playing else []

    def silence(self, tick: int) -> list[Event]:
        """Close what sounds at ``tick`` and play on: a HOLD that follows is a rest."""
        if not self.playing:
            return []
        tick = max(tick, self._reached)
        return [Silence(tick, self._step_tick), *self._line.close(tick)]

    def _stop(self, tick: int) -> list[Event]:
        ended: list[Event] = [] if self._untold else [End(tick, self._step_tick)]
        self._untold = None
        self.playing = False
        self.origin_tick = self._step_tick = bar_line_from(self._step_tick)
        self._step_due = self._step_tick
        self.swaps.wanted.forget()
        return [*ended, *self._line.close(tick), *self._stand_before_next()]

    def _stand_before_next(self) -> list[Event]:
        """Where another song was told, it is the one that stands still."""
        if (change := self.swaps.next_song()) is None:
            return []
        self._line.channel, self.phrase = change.channel, change.first
        self.swaps.wanted.begin_anew()
        return [Changed(self.origin_tick, change.channel, change.first)]

    def cue(self) -> Request | None:
        """What to decode because the knobs have moved; one request at a time.

        While stopped for bar 1; while playing for the swap to come, from the margin before it on.
        So the knob is heard as late as the engine can follow, however wide the margin.
        """
        return self.swaps.cue(None if self.playing else self.origin_tick)

    def answer(self, request_id: int, tokens: tuple[int, ...], steps: tuple[int, ...]) -> bool:
        """Take the engine's answer to keep it for its swap; whether it was the one still wanted.

        Raises ``ValueError`` for rows that are no phrase.
        """
        return self.swaps.wanted.answer(request_id, tokens, steps)

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
        while (due := self.next_due_tick) is not None and due <= tick:
            if due == self._line.let_go:  # at most when the next step is due
                events += self._line.close(due)
            elif due < self._step_due:
                request = self.swaps.ask(sound_from)
                events += [request] if request else []
            else:
                if self._step_due < sound_from and sound_from != self._gap_told:
                    self._gap_told = sound_from
                    events.append(Gap(self._step_tick, sound_from))
                self._leap(sound_from, events)
                self._step(self._step_due >= sound_from, events)
        return events

    def _leap(self, sound_from: int, events: list[Event]) -> None:
        """After a sleep of more than a phrase, close all and pass over whole phrases."""
        behind = sound_from - self._step_tick
        if behind <= TICKS_PER_PHRASE:
            return
        events += self._line.close(self._step_tick)
        leap = behind - behind % TICKS_PER_PHRASE
        self._step_tick += leap
        self._step_due += leap
        self.swaps.leap(leap)

    def _step(self, audible: bool, events: list[Event]) -> None:
        tick = self._step_tick
        song_tick = tick - self.origin_tick
        if self._end_song_tick is not None and song_tick >= self._end_song_tick:
            events += [*self._stop(tick), Done(tick)]
            return
        if (change := self.swaps.song_at(tick)) is not None:
            events += self._begin_song(change)
        if song_tick % TICKS_PER_EIGHTH == 0 and (swing := self._swing_for(tick)) != self._swing:
            self._swing = swing
            events.append(Swing(tick, swing))
        if (swap := self._swap(tick)) is not None:
            events.append(swap)
        another = swap is not None and not swap.late
        if song_tick % TICKS_PER_BAR == 0 or another or self._began:
            bar = bar_of(song_tick)
            late = swap is not None and swap.late
            events.append(Bar(tick, bar, (bar - 1) % 2, self.phrase, late, self.misses))
        self._began = False
        if (voicing := self._voicing_for(tick)) != self._voicing:
            self._voicing = voicing
            events.append(Voiced(tick, voicing))
        self._sound(step_of(song_tick), audible, events)
        self._go_to(tick + TICKS_PER_STEP)

    def _go_to(self, step_tick: int) -> None:
        """The next step is that at ``step_tick``; a swing turned inside an eighth waits for it."""
        self._step_tick = step_tick
        self._step_due = self.origin_tick + swung(step_tick - self.origin_tick, self._swing)

    def _begin_song(self, change: Change) -> list[Event]:
        """Its notes come on its own channel; those of the one before end here on theirs."""
        another = change.channel != self._line.channel
        closed = self._line.close(self._step_due) if another else []
        self._line.channel = change.channel
        if change.afresh:
            self.phrase = change.first
        own = change.first if change.afresh else None
        return [Changed(self._step_tick, change.channel, own), *closed]

    def _swap(self, tick: int) -> Swap | None:
        """Adopt the answer if it is here, else repeat; ``None`` when nothing was asked for."""
        swap = self.swaps.swap(tick, self.origin_tick)
        if swap is not None and swap.adopted is not None:
            self.phrase = swap.adopted
        elif swap is not None:
            self.misses += 1
        return swap

    def _sound(self, place: int, audible: bool, events: list[Event]) -> None:
        """Play the step at ``place`` 0..31 of the phrase."""
        line, tick, step = self._line, self._step_due, self.phrase.steps[place]
        if self._voicing.mute:
            events += line.close(tick)
        elif step != HOLD_STEP:  # a sounding note goes on, whichever phrase began it
            events += line.close(tick)
            if step >= 0 and not audible:
                self.left_out += 1
            elif step >= 0:
                events += line.strike(tick, step, place, self._voicing)
                line.hold(tick, self._whole_ticks(place), self._voicing)

    def _whole_ticks(self, place: int) -> int:
        """How long the note that begins now is written."""
        end = self._step_tick + steps_held(self.phrase.steps, place) * TICKS_PER_STEP
        return self.origin_tick + swung(end - self.origin_tick, self._swing) - self._step_due
