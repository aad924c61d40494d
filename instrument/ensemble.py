"""Several voices under one clock: schedulers that play, stop and change songs together. Pure.

Each is what it would be alone. Here is what they share: the ticks, the ids of their requests, and
one order of all that happens. One thread; time is an argument.
"""

from collections.abc import Sequence
from itertools import chain

from instrument.events import Decoded, Done, Event, Heard
from instrument.ledger import Key, NoteEvent
from instrument.scheduler import Scheduler
from instrument.swaps import Change, Refresh


class Ensemble:
    """The interface of one :class:`Scheduler`, for ``voices`` of them; ``voices[0]`` is voice 1.

    At one tick what a voice lets go comes before what another strikes, so that two songs may
    exchange their voices' channels; else voice 1 comes first.
    """

    def __init__(self, voices: Sequence[Scheduler], present: int) -> None:
        """``voices`` begin at one tick, last as many bars, swing alike and share their ids.

        The song has the first ``present`` of them; whoever made the others keeps them silent.
        """
        self.voices = tuple(voices)
        self._present = present  # as of the song that was told last

    @property
    def _first(self) -> Scheduler:
        return self.voices[0]

    @property
    def playing(self) -> bool:
        """Whether time goes on."""
        return self._first.playing

    @property
    def origin_tick(self) -> int:
        """Where bar 1 begins, or would have begun."""
        return self._first.origin_tick

    @property
    def step_tick(self) -> int:
        """Where the next step to be played lies on the grid."""
        return self._first.step_tick

    @property
    def left_out(self) -> int:
        """Onsets that came too late to be heard."""
        return sum(voice.left_out for voice in self.voices)

    @property
    def sounding(self) -> tuple[Key, ...]:
        """What sounds now."""
        return tuple(chain.from_iterable(voice.ledger.sounding for voice in self.voices))

    @property
    def next_due_tick(self) -> int | None:
        """The tick of the next thing to do; ``None`` while stopped."""
        due = [tick for voice in self.voices if (tick := voice.next_due_tick) is not None]
        return min(due, default=None)

    @property
    def swap_due_tick(self) -> int:
        """When the next swap is heard, which all voices have at one tick."""
        return self._first.swap_due_tick

    def freeze(self, frozen: bool) -> None:
        """Keep the phrases, whatever the knobs do."""
        for voice in self.voices:
            voice.swaps.frozen = frozen

    def ask_before(self, margin_ticks: int) -> None:
        """Begin to ask so long before a swap."""
        for voice in self.voices:
            voice.swaps.margin_ticks = margin_ticks

    def play(self, song_tick: int = 0, end_song_tick: int | None = None) -> int:
        """As :meth:`Scheduler.play`."""
        for voice in self.voices:
            voice.play(song_tick, end_song_tick)
        return self.origin_tick

    def change(
        self, channels: Sequence[int], refresh: Refresh, firsts: Sequence[Decoded]
    ) -> tuple[int, list[Heard]]:
        """Another song begins, as :meth:`Scheduler.change`, with so many voices.

        One that it has not keeps its phrase and its channel. One that was not there before begins
        with its own phrase.
        """
        before, self._present = self._present, len(channels)
        events = list[Heard]()
        tick = self._first.change_tick
        for number, voice in enumerate(self.voices, start=1):
            if number <= len(channels):
                its = channels[number - 1], refresh, firsts[number - 1]
                change = Change(tick, *its, afresh=number > before)
            else:
                change = Change(tick, voice.channel, refresh, voice.phrase)
            events += [Heard(number, event) for event in voice.change_at(change)]
        return tick, events

    def stop(self, tick: int) -> list[Heard]:
        """Close what sounds at ``tick`` and go back to bar 1."""
        return self._all([voice.stop(tick) for voice in self.voices])

    def silence(self, tick: int) -> list[Heard]:
        """Close what sounds at ``tick`` and play on."""
        return self._all([voice.silence(tick) for voice in self.voices])

    def cue(self) -> list[Heard]:
        """What to decode because the knobs have moved; one request of each voice at a time."""
        asked = ((number, voice.cue()) for number, voice in enumerate(self.voices, start=1))
        return [Heard(number, request) for number, request in asked if request is not None]

    def answer(self, request_id: int, tokens: tuple[int, ...], steps: tuple[int, ...]) -> bool:
        """Take the engine's answer for the voice that asked; whether it was still wanted.

        Raises ``ValueError`` for rows that are no phrase.
        """
        return any(voice.answer(request_id, tokens, steps) for voice in self.voices)

    def pop_due(self, tick: int, sound_from: int = 0) -> list[Heard]:
        """Everything due up to ``tick``, as :meth:`Scheduler.pop_due`, tick by tick."""
        events = list[Heard]()
        if len(self.voices) > 1:
            while (due := self.next_due_tick) is not None and due <= tick:
                popped = [voice.pop_due(due, sound_from) for voice in self.voices]
                events += _offs_first(self._all(popped))
        # Also where nothing is due: so far they have come.
        events += self._all([voice.pop_due(tick, sound_from) for voice in self.voices])
        return events

    def _all(self, of_each: Sequence[Sequence[Event]]) -> list[Heard]:
        """What each tells, voice by voice; that the bars are over is told once, at the end."""
        heard = [Heard(n, event) for n, its in enumerate(of_each, start=1) for event in its]
        done = [each for each in heard if isinstance(each.event, Done)]
        return [each for each in heard if not isinstance(each.event, Done)] + done[:1]


def _offs_first(events: Sequence[Heard]) -> list[Heard]:
    return sorted(events, key=lambda each: not _is_off(each.event))


def _is_off(event: Event) -> bool:
    return isinstance(event, NoteEvent) and event.velocity == 0
