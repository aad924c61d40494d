"""The scheduler: from phrases and a moving z to notes at their ticks. Pure; time is an argument.

The same core plays on the stage, where the player calls :meth:`Scheduler.pop_due` as time passes,
and headlessly, where :func:`perform_offline` calls it as fast as the decoder answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP
from instrument.ledger import Ledger, NoteEvent
from instrument.tempo import (
    TICKS_PER_BAR,
    TICKS_PER_PHRASE,
    TICKS_PER_STEP,
    bar_line_from,
    bar_of,
    step_of,
)

Z: TypeAlias = tuple[float, ...]
Refresh: TypeAlias = Literal["bar", "phrase", "step"]

# How often a new phrase may be adopted; all of them divide the two-bar cycle.
TICKS_PER_REFRESH: dict[Refresh, int] = {
    "bar": TICKS_PER_BAR,
    "phrase": TICKS_PER_PHRASE,
    "step": TICKS_PER_STEP,
}
DEFAULT_MARGIN_TICKS = 8  # 40 ms at 120 bpm, until the player has measured the engine


@dataclass(frozen=True, slots=True)
class Decoded:
    """A phrase as it is played, with the z it was decoded from: 32 ``tokens``, 32 ``steps``.

    Raises ``ValueError`` for a row of another length, or a step that is no pitch, HOLD or REST.
    """

    z: Z
    tokens: tuple[int, ...]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != PHRASE_STEPS or len(self.steps) != PHRASE_STEPS:
            raise ValueError(f"a phrase has {PHRASE_STEPS} tokens and {PHRASE_STEPS} steps")
        if not all(REST_STEP <= step <= 127 for step in self.steps):
            raise ValueError("a step is a pitch up to 127, -1 for HOLD or -2 for REST")

    @property
    def onsets(self) -> int:
        """How many notes begin in the phrase."""
        return sum(step >= 0 for step in self.steps)


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody should decode ``z``; the phrase is wanted by ``tick``. Ids only ever grow."""

    id: int
    tick: int
    z: Z


@dataclass(frozen=True, slots=True)
class Swap:
    """At ``tick`` the answer to ``request`` was adopted, or was ``late`` (then ``None``)."""

    tick: int
    request: Request
    adopted: Decoded | None

    @property
    def late(self) -> bool:
        """The answer did not come in time, so the old phrase is repeated."""
        return self.adopted is None


@dataclass(frozen=True, slots=True)
class Bar:
    """At ``tick`` a bar (from 1) begins, or inside it another phrase.

    ``half`` 0 or 1 of ``phrase`` plays in this bar; ``late``: the phrase is repeated here because
    the answer was late; ``misses`` counts those since the scheduler was made.
    """

    tick: int
    bar: int
    half: int
    phrase: Decoded
    late: bool
    misses: int


@dataclass(frozen=True, slots=True)
class Done:
    """The bars that were asked for are over; every note is closed."""

    tick: int


Event: TypeAlias = NoteEvent | Request | Swap | Bar | Done


class Scheduler:
    """One monophonic line that keeps its place in the two-bar cycle while its phrase changes.

    Ticks only ever grow: a stop freezes them, and the next play starts bar 1 on the next bar line,
    so a take of several starts is one line of bars. One thread; nothing here waits or fails late.
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
    ) -> None:
        """Play ``first`` until something else was decoded, on every one of ``ports`` outputs.

        ``z_for(tick)`` is the z the controls ask for at the swap at ``tick``; ``bars`` is how many
        bars a play lasts (``None``: until stopped).
        """
        self.phrase = first
        self.playing = False
        self.frozen = False  # keep the phrase, whatever the knobs do
        self.margin_ticks = DEFAULT_MARGIN_TICKS  # how long before a swap its phrase is asked for
        self.misses = 0
        self.left_out = 0  # onsets that came too late to be heard
        self.origin_tick = 0  # where bar 1 begins
        self.ledger = Ledger()
        self._z_for = z_for
        self._refresh_ticks = TICKS_PER_REFRESH[refresh]
        self._channel, self._velocity, self._ports = channel, velocity, range(ports)
        self._bars = bars
        # ``first`` may come from a card that another machine wrote; what this engine makes of the
        # same z counts, so no z is "unchanged" before the first answer.
        self._z_decoded: Z | None = None
        self._step_tick = 0  # the next step to be played
        self._swap_tick = 0  # the next moment at which a phrase may be adopted
        self._asked = False  # whether the phrase for that moment has been considered
        self._last_id = 0
        self._request: Request | None = None
        self._answer: Decoded | None = None

    @property
    def next_due_tick(self) -> int | None:
        """The tick of the next thing to do; ``None`` while stopped."""
        if not self.playing:
            return None
        return self._step_tick if self._asked else min(self._step_tick, self._ask_tick)

    @property
    def _ask_tick(self) -> int:
        return self._swap_tick - max(1, min(self.margin_ticks, self._refresh_ticks))

    def play(self) -> int:
        """Start at bar 1, or go on when playing already; returns the tick of bar 1.

        An answer to :meth:`cue` that has come by now is what bar 1 plays.
        """
        if not self.playing:
            self.playing = True
            self._swap_tick, self._asked = self.origin_tick, True
        return self.origin_tick

    def stop(self, tick: int) -> list[NoteEvent]:
        """Close what sounds at ``tick`` and go back to bar 1."""
        if self.playing:
            self.playing = False
            self.origin_tick = self._step_tick = bar_line_from(self._step_tick)
            self._request = self._answer = None
        return self.silence(tick)

    def silence(self, tick: int) -> list[NoteEvent]:
        """Close what sounds and play on: a HOLD that follows is a rest."""
        return self.ledger.close_all(tick)

    def cue(self) -> Request | None:
        """While stopped: what to decode so that bar 1 will follow the knobs; one at a time."""
        unanswered = self._request is not None and self._answer is None
        if self.playing or unanswered:
            return None
        return self._ask(self.origin_tick)

    def answer(self, request_id: int, tokens: tuple[int, ...], steps: tuple[int, ...]) -> bool:
        """Take the engine's answer to keep it for its swap; whether it was the one still wanted.

        Raises ``ValueError`` for rows that are no phrase.
        """
        wanted = self._request
        if wanted is None or wanted.id != request_id:
            return False
        self._answer = Decoded(wanted.z, tokens, steps)
        return True

    def pop_due(self, tick: int, sound_from: int = 0) -> list[Event]:
        """Everything due up to ``tick``, each once, in order; a tick seen before gives nothing.

        Steps before ``sound_from`` come too late to be heard: their note-offs are given, their
        note-ons dropped, and the place in the cycle is kept.
        """
        events: list[Event] = []
        while (due := self.next_due_tick) is not None and due <= tick:
            if due < self._step_tick:
                request = None if self._swap_tick < sound_from else self._ask(self._swap_tick)
                self._asked = True
                events += [request] if request else []
            else:
                self._leap(sound_from, events)
                self._step(self._step_tick >= sound_from, events)
        return events

    def _ask(self, swap_tick: int) -> Request | None:
        """Ask for the z in force at ``swap_tick`` unless its phrase is here already."""
        z = self._z_for(swap_tick)
        here = self._z_decoded if self._answer is None else self._answer.z
        if self.frozen or z == here:
            return None
        self._last_id += 1
        self._request, self._answer = Request(self._last_id, swap_tick, z), None
        return self._request

    def _leap(self, sound_from: int, events: list[Event]) -> None:
        """After a sleep of more than a phrase, close all and pass over whole phrases."""
        behind = sound_from - self._step_tick
        if behind <= TICKS_PER_PHRASE:
            return
        events += self.silence(self._step_tick)
        leap = behind - behind % TICKS_PER_PHRASE
        self._step_tick += leap
        self._swap_tick += leap
        self._asked = False

    def _step(self, audible: bool, events: list[Event]) -> None:
        tick = self._step_tick
        song_tick = tick - self.origin_tick
        if self._bars is not None and song_tick >= self._bars * TICKS_PER_BAR:
            events += [*self.stop(tick), Done(tick)]
            return
        swap = self._swap(tick) if tick == self._swap_tick else None
        if swap is not None:
            events.append(swap)
        if song_tick % TICKS_PER_BAR == 0 or (swap is not None and not swap.late):
            bar = bar_of(song_tick)
            late = swap is not None and swap.late
            events.append(Bar(tick, bar, (bar - 1) % 2, self.phrase, late, self.misses))
        self._sound(tick, self.phrase.steps[step_of(song_tick)], audible, events)
        self._step_tick = tick + TICKS_PER_STEP

    def _swap(self, tick: int) -> Swap | None:
        """Adopt the answer if it is here, else repeat; ``None`` when nothing was asked for."""
        request, answer = self._request, self._answer
        self._request = self._answer = None
        self._swap_tick, self._asked = tick + self._refresh_ticks, False
        if request is None or self.frozen:
            return None
        if answer is None:
            self.misses += 1
        else:
            self.phrase, self._z_decoded = answer, answer.z
        return Swap(tick, request, answer)

    def _sound(self, tick: int, step: int, audible: bool, events: list[Event]) -> None:
        if step == HOLD_STEP:  # a sounding note goes on, whichever phrase began it
            return
        events += self.ledger.close_all(tick)
        if step >= 0 and not audible:
            self.left_out += 1
        elif step >= 0:
            for port in self._ports:
                events += self.ledger.note_on(tick, (port, self._channel, step), self._velocity)


Answer: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]  # tokens, steps


def perform_offline(core: Scheduler, decode: Callable[[Request], Answer]) -> Iterator[Event]:
    """Every event of a performance that ``bars`` ends, with each phrase decoded on the spot.

    The z at the start is heard from bar 1 on. Without ``bars`` it never ends.
    """
    if (cued := core.cue()) is not None:
        core.answer(cued.id, *decode(cued))
        yield cued
    core.play()
    while (due := core.next_due_tick) is not None:
        for event in core.pop_due(due):
            if isinstance(event, Request):
                core.answer(event.id, *decode(event))
            yield event
