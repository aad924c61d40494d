"""Voices under one clock: each is what it would be alone."""

from collections.abc import Sequence
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from instrument.ensemble import Ensemble
from instrument.events import Bar, Begin, Decoded, Done, Event, Heard, Request, Silence, Swap, Wish
from instrument.ledger import NoteEvent
from instrument.scheduler import Scheduler
from instrument.swaps import Refresh
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP
from instrument.voicing import Voicing
from tests.parts import BEATS, TOKENS

BAR, STEP = TICKS_PER_BAR, TICKS_PER_STEP
FIRST = Decoded((0.0,), TOKENS, BEATS)


class Hands:
    """Where the controls of each voice stand, as a test turns them."""

    def __init__(self, voices: int) -> None:
        self.z = [0.0] * voices
        self.gate = [100.0] * voices

    def scheduler(
        self, voice: int, ids: "count[int]", refresh: Refresh = "bar", bars: int | None = None
    ) -> Scheduler:
        return Scheduler(
            FIRST,
            lambda _tick: Wish((self.z[voice],)),
            refresh=refresh,
            channel=1 + voice,
            bars=bars,
            voicing_for=lambda _tick: Voicing(gate=self.gate[voice]),
            ids=ids,
        )

    def ensemble(self, refresh: Refresh = "bar", bars: int | None = None) -> Ensemble:
        ids = count(1)
        voices = [self.scheduler(n, ids, refresh, bars) for n in range(len(self.z))]
        return Ensemble(voices, len(voices))


def steps_of(z: float) -> tuple[int, ...]:
    """What the engine of these tests makes of a point."""
    pitch = 40 + round(z)
    return (pitch, -1, pitch + 2, -2) * 8


def of(voice: int, heard: Sequence[Heard]) -> list[Event]:
    return [each.event for each in heard if each.voice == voice]


happenings = st.lists(
    st.tuples(
        st.integers(0, 2 * BAR),
        st.sampled_from(["z", "z", "z", "gate", "answer", "answer", "stop", "play", "silence"]),
        st.integers(0, 2),
        st.integers(0, 60),
    ),
    max_size=40,
)


def told(event: Event, number_of: dict[int, int]) -> object:
    """Without the ids, which a voice has for itself when it is alone."""
    if isinstance(event, Request):
        number_of[event.id] = len(number_of)
        return event.tick, event.wish
    return (event.tick, event.adopted) if isinstance(event, Swap) else event


@given(happenings, st.sampled_from(["bar", "phrase", "step"]), st.sampled_from([None, 3]))
def test_each_voice_is_what_it_would_be_alone(
    story: list[tuple[int, str, int, int]], refresh: Refresh, bars: int | None
) -> None:
    """The same answers at the same ticks: the same events, note for note."""
    hands = Hands(3)
    together = hands.ensemble(refresh, bars)
    alone = [hands.scheduler(voice, count(1), refresh, bars) for voice in range(3)]
    heard = list[Heard]()
    lone: list[list[Event]] = [[], [], []]
    tick = 0
    for wait, what, voice, value in story:
        tick += wait
        heard += together.pop_due(tick)
        for n, one in enumerate(alone):
            lone[n] += one.pop_due(tick)
        match what:
            case "z":
                hands.z[voice] = float(value)
            case "gate":
                hands.gate[voice] = 10.0 + value
            case "answer":
                for answer, events in [
                    (together.answer, of(voice + 1, heard)),
                    (alone[voice].answer, lone[voice]),
                ]:
                    asked = [event for event in events if isinstance(event, Request)]
                    if asked:
                        answer(asked[-1].id, TOKENS, steps_of(asked[-1].z[0]))
            case "stop":
                heard += together.stop(tick)
                for n, one in enumerate(alone):
                    lone[n] += one.stop(tick)
            case "silence":
                heard += together.silence(tick)
                for n, one in enumerate(alone):
                    lone[n] += one.silence(tick)
            case "play":
                together.play()
                for one in alone:
                    one.play()
        heard += together.cue()
        for n, one in enumerate(alone):
            lone[n] += [cued] if (cued := one.cue()) is not None else []
        assert {one.origin_tick for one in alone} == {together.origin_tick}
        assert {one.playing for one in alone} == {together.playing}
    for n in range(3):
        ids: tuple[dict[int, int], dict[int, int]] = {}, {}
        mine = [told(e, ids[0]) for e in of(n + 1, heard) if not isinstance(e, Done)]
        notes = [e for e in lone[n] if not isinstance(e, Done)]
        assert sorted(map(repr, mine)) == sorted(repr(told(e, ids[1])) for e in notes)
        played = [event for event in of(n + 1, heard) if isinstance(event, NoteEvent)]
        assert played == [event for event in notes if isinstance(event, NoteEvent)]
    ticks = [each.event.tick for each in heard if isinstance(each.event, NoteEvent)]
    assert ticks == sorted(ticks)
    numbers = [each.event.id for each in heard if isinstance(each.event, Request)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_one_late_answer_repeats_that_voice_only() -> None:
    """The other one has its phrase at the bar line."""
    hands = Hands(2)
    core = hands.ensemble()
    core.play()
    hands.z = [10.0, 20.0]
    events = core.pop_due(BAR - 1)
    first, _ = (each.event for each in events if isinstance(each.event, Request))
    assert isinstance(first, Request)
    assert core.answer(first.id, TOKENS, steps_of(10.0))
    bars = [e for e in core.pop_due(BAR) if isinstance(e.event, Bar)]
    late = {(voice, bar.late, bar.misses) for voice, bar in bars if isinstance(bar, Bar)}
    assert late == {(1, False, 0), (2, True, 1)}
    assert [voice.phrase.steps[0] for voice in core.voices] == [50, 60]


def test_the_bars_are_over_once() -> None:
    """However many voices they were of; nothing is left open."""
    core = Hands(3).ensemble(bars=1)
    core.play()
    events = core.pop_due(BAR)
    assert [each.voice for each in events if isinstance(each.event, Done)] == [1]
    assert isinstance(events[-1].event, Done)
    assert not core.sounding
    assert not core.playing
    assert core.next_due_tick is None


def test_what_is_let_go_comes_before_what_is_struck() -> None:
    """Two songs exchange their voices' channels, and no note is closed by the other's end."""
    core = Hands(2).ensemble()
    core.play()
    core.pop_due(STEP)
    tick, told_now = core.change((2, 1), "bar", (FIRST, FIRST))
    assert (tick, told_now) == (BAR, [])
    notes = [e.event for e in core.pop_due(BAR) if isinstance(e.event, NoteEvent)][-4:]
    assert [(n.channel, n.velocity > 0) for n in notes] == [
        (1, False),
        (2, False),
        (2, True),
        (1, True),
    ]
    assert {(channel, pitch) for _, channel, pitch in core.sounding} == {(1, 60), (2, 60)}


def test_a_voice_that_was_not_there_begins_with_its_own_phrase() -> None:
    """Not with one that another song left behind."""
    hands = Hands(2)
    ids = count(1)
    core = Ensemble([hands.scheduler(n, ids) for n in range(2)], 1)
    core.play()
    core.pop_due(STEP)
    own = Decoded((0.0,), TOKENS, (70, -1) * 16)
    core.change((1, 5), "bar", (own, own))
    core.pop_due(BAR)
    assert core.voices[0].phrase == FIRST
    assert core.voices[1].phrase == own
    assert (5, 70) in {(channel, pitch) for _, channel, pitch in core.sounding}


def test_silence_and_stop_are_for_all() -> None:
    """Each voice tells its own; nothing sounds."""
    core = Hands(3).ensemble()
    core.play()
    began = core.pop_due(STEP)
    assert [e.voice for e in began if isinstance(e.event, Begin)] == [1, 2, 3]
    assert len(core.sounding) == 3
    silenced = core.silence(STEP + 1)
    assert [e.voice for e in silenced if isinstance(e.event, Silence)] == [1, 2, 3]
    assert not core.sounding
    core.pop_due(4 * STEP)
    assert len(core.sounding) == 3
    core.stop(5 * STEP)
    assert not core.sounding
