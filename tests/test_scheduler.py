"""The scheduler: the bar-line rule, ties, and no note without its end, whatever time does."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP, STEPS_PER_BAR, notes_from_steps
from instrument.clock import ManualClock
from instrument.events import Bar, Decoded, Done, Event, Request, Swap, Swing, Voiced, Wish, Z
from instrument.ledger import NoteEvent
from instrument.offline import Answer, perform_offline
from instrument.scheduler import Scheduler
from instrument.swaps import TICKS_PER_REFRESH, Refresh
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_PHRASE, TICKS_PER_STEP, Timeline
from instrument.voicing import Voicing

BAR, PHRASE, STEP = TICKS_PER_BAR, TICKS_PER_PHRASE, TICKS_PER_STEP
TOKENS = (0,) * PHRASE_STEPS
ORIGIN: Z = (0.0,)


def row(*values: int, then: int = HOLD_STEP) -> tuple[int, ...]:
    """A step row that begins with ``values`` and goes on with ``then``."""
    return (*values, *(then for _ in range(PHRASE_STEPS - len(values))))


def constant(pitch: int) -> tuple[int, ...]:
    """A phrase that strikes one pitch on every beat."""
    return (pitch, HOLD_STEP, HOLD_STEP, HOLD_STEP) * 8


def pitch_of(z: Z) -> int:
    return 60 + int(z[0])


def decode(request: Request) -> Answer:
    """A decoder whose phrase tells its z: every beat strikes pitch 60 + z."""
    return TOKENS, constant(pitch_of(request.z))


@dataclass
class Hands:
    """The controls: whoever plays turns ``z``."""

    z: Z = ORIGIN
    asked_at: list[int] = field(default_factory=list)

    def at(self, tick: int) -> Z:
        self.asked_at.append(tick)
        return self.z


def scheduler(
    steps: Sequence[int] = constant(60),
    z_for: Callable[[int], Z] = lambda _tick: ORIGIN,
    *,
    refresh: Refresh = "bar",
    ports: int = 1,
    bars: int | None = None,
    swing_for: Callable[[int], float] = lambda _tick: 50.0,
) -> Scheduler:
    first = Decoded(ORIGIN, TOKENS, tuple(steps))

    def wish_for(tick: int) -> Wish:
        return Wish(z_for(tick))

    return Scheduler(first, wish_for, refresh=refresh, ports=ports, bars=bars, swing_for=swing_for)


def notes(events: Sequence[Event]) -> list[tuple[int, int, int]]:
    """The note events as ``(tick, pitch, velocity)``."""
    return [(e.tick, e.pitch, e.velocity) for e in events if isinstance(e, NoteEvent)]


def onsets(events: Sequence[Event]) -> list[tuple[int, int]]:
    return [(tick, pitch) for tick, pitch, velocity in notes(events) if velocity]


def swaps(events: Sequence[Event]) -> list[tuple[int, bool]]:
    return [(e.tick, e.late) for e in events if isinstance(e, Swap)]


def bars(events: Sequence[Event]) -> list[Bar]:
    return [e for e in events if isinstance(e, Bar)]


def requests(events: Sequence[Event]) -> list[Request]:
    return [e for e in events if isinstance(e, Request)]


def answer_all(core: Scheduler, events: Sequence[Event]) -> list[Event]:
    for request in requests(events):
        core.answer(request.id, *decode(request))
    return list(events)


def play_to(core: Scheduler, tick: int, *, answered: bool = True) -> list[Event]:
    """Everything up to ``tick``, as an engine that is always (or never) in time makes it."""
    events: list[Event] = []
    while (due := core.next_due_tick) is not None and due <= tick:
        popped = core.pop_due(due)
        events += answer_all(core, popped) if answered else popped
    return events


# --- Steps, ties and order ------------------------------------------------------------------------


def test_a_note_lasts_until_the_next_onset_or_rest() -> None:
    """Onset, HOLD, REST and onset, as the decoder writes them, at 24 ticks a step."""
    core = scheduler(row(60, HOLD_STEP, 62, REST_STEP, 64, then=REST_STEP))
    core.play()
    assert notes(play_to(core, 6 * STEP, answered=False)) == [
        (0, 60, 96),
        (2 * STEP, 60, 0),
        (2 * STEP, 62, 96),
        (3 * STEP, 62, 0),
        (4 * STEP, 64, 96),
        (5 * STEP, 64, 0),
    ]


def test_a_phrase_that_begins_with_hold_carries_the_sounding_note_over() -> None:
    """A tie over a bar line into another phrase: the note goes on, with no second attack."""
    hands = Hands()
    tied = row(HOLD_STEP, HOLD_STEP, 72, then=HOLD_STEP)
    core = scheduler(row(60), hands.at, refresh="phrase", bars=4)
    core.play()
    events: list[Event] = []
    while (due := core.next_due_tick) is not None:
        popped = core.pop_due(due)
        for request in requests(popped):
            core.answer(request.id, TOKENS, tied)
        events += popped
    assert notes(events) == [
        (0, 60, 96),
        (PHRASE + 2 * STEP, 60, 0),
        (PHRASE + 2 * STEP, 72, 96),
        (2 * PHRASE, 72, 0),
    ]


def test_a_hold_with_nothing_sounding_is_a_rest() -> None:
    """A tied-in phrase at the very beginning is silent until its first onset."""
    core = scheduler(row(HOLD_STEP, HOLD_STEP, 60))
    core.play()
    assert notes(play_to(core, 3 * STEP)) == [(2 * STEP, 60, 96)]


def test_at_one_tick_the_old_note_ends_before_the_new_one_begins() -> None:
    """On every output alike, also when the same pitch is struck again."""
    core = scheduler((60,) * PHRASE_STEPS, ports=2)
    core.play()
    core.pop_due(0)
    events = [e for e in core.pop_due(STEP) if isinstance(e, NoteEvent)]
    assert [(e.port, e.velocity) for e in events] == [(0, 0), (1, 0), (0, 96), (1, 96)]


# --- The bar-line rule ----------------------------------------------------------------------------


def test_odd_bars_play_the_first_half_and_even_bars_the_second() -> None:
    """The place in the two-bar cycle is kept, whatever was swapped at the bar line."""
    hands = Hands()
    core = scheduler(row(60), hands.at)
    core.play()
    halves = (*row(*(70,) * STEPS_PER_BAR, then=80),)
    events: list[Event] = []
    for bar in range(6):
        hands.z = (float(bar),)
        while (due := core.next_due_tick) is not None and due < (bar + 1) * BAR:
            popped = core.pop_due(due)
            for request in requests(popped):
                core.answer(request.id, TOKENS, halves)
            events += popped
    assert [b.half for b in bars(events)] == [0, 1, 0, 1, 0, 1]
    pitch_at = dict(onsets(events))
    assert [pitch_at[bar * BAR] for bar in range(1, 6)] == [80, 70, 80, 70, 80]


def test_a_knob_is_heard_at_the_next_bar_line() -> None:
    """Turned in the middle of bar 1, it sounds from the first tick of bar 2."""
    hands = Hands()
    core = scheduler(z_for=hands.at)
    core.play()
    before = play_to(core, BAR // 2)
    hands.z = (7.0,)
    after = play_to(core, BAR)
    assert {pitch for _, pitch in onsets(before)} == {60}
    assert onsets(after)[-1] == (BAR, 67)
    assert bars(after)[-1].phrase.z == (7.0,)


def test_a_phrase_is_asked_for_the_margin_before_the_bar_line() -> None:
    """The knob is read as late as the engine's speed allows; the request names its bar line."""
    hands = Hands()
    core = scheduler(z_for=hands.at)
    core.swaps.margin_ticks = 20
    core.play()
    play_to(core, BAR - 21)
    assert core.next_due_tick == BAR - 20
    (request,) = requests(core.pop_due(BAR - 20))
    assert (request.tick, hands.asked_at) == (BAR, [BAR])


def test_a_margin_longer_than_a_bar_asks_right_after_the_last_swap() -> None:
    """A very slow engine gets the whole bar, and each bar line still its own request."""
    hands = Hands()
    core = scheduler(z_for=hands.at)
    core.swaps.margin_ticks = 5 * BAR
    core.play()
    events: list[Event] = []
    for bar in range(4):
        hands.z = (float(bar + 1),)
        events += play_to(core, (bar + 1) * BAR - 1)
    assert [request.tick for request in requests(events)] == [BAR, 2 * BAR, 3 * BAR, 4 * BAR]


@pytest.mark.parametrize("refresh", ["bar", "phrase", "step"])
def test_refresh_says_when_a_new_phrase_may_begin(refresh: Refresh) -> None:
    """At every bar line, at the end of the two-bar cycle, or at the next sixteenth."""
    moving = iter(range(1, 1000))
    core = scheduler(z_for=lambda _tick: (float(next(moving)),), refresh=refresh)
    core.play()
    events = play_to(core, 2 * PHRASE)
    every = TICKS_PER_REFRESH[refresh]
    assert swaps(events) == [(tick, False) for tick in range(every, 2 * PHRASE + 1, every)]


def test_every_bar_line_is_told_even_when_nothing_changes() -> None:
    """The display counts bars; a z that has not moved needs no second decode."""
    core = scheduler()
    core.play()
    events = play_to(core, 5 * BAR)
    assert [(b.bar, b.tick) for b in bars(events)] == [(n + 1, n * BAR) for n in range(6)]
    assert len(requests(events)) == 1


def test_a_phrase_that_begins_inside_a_bar_is_told_too() -> None:
    """With refresh = step the display follows at the sixteenth; the bar's number stays."""
    moving = iter(range(1, 1000))
    core = scheduler(z_for=lambda _tick: (float(next(moving)),), refresh="step")
    core.play()
    told = bars(play_to(core, 2 * STEP))
    assert [(b.tick, b.bar, b.phrase.z) for b in told] == [
        (0, 1, ORIGIN),
        (STEP, 1, (1.0,)),
        (2 * STEP, 1, (2.0,)),
    ]


def test_the_cards_phrase_is_replaced_by_the_engines_own() -> None:
    """Bar 1 may come from a card; from bar 2 on it is what this machine decodes, z moved or not."""
    core = scheduler(constant(50))
    core.play()
    assert onsets(play_to(core, BAR))[-1] == (BAR, 60)


def test_a_late_answer_repeats_the_phrase_and_counts_a_miss() -> None:
    """The music never waits; the late answer is thrown away and the next bar asks again."""
    hands = Hands()
    core = scheduler(z_for=hands.at)
    core.play()
    hands.z = (5.0,)
    events = play_to(core, BAR, answered=False)
    assert swaps(events) == [(BAR, True)]
    assert (core.misses, bars(events)[-1].late, onsets(events)[-1]) == (1, True, (BAR, 60))
    (late,) = requests(events)
    assert core.answer(late.id, *decode(late)) is False
    events = play_to(core, 2 * BAR)
    assert (swaps(events), core.misses) == ([(2 * BAR, False)], 1)
    assert onsets(events)[-1] == (2 * BAR, 65)


def test_an_answer_with_an_old_id_is_thrown_away() -> None:
    """It was decoded from where the knob no longer stands."""
    hands = Hands(z=(1.0,))
    core = scheduler(z_for=hands.at)
    core.play()
    (old,) = requests(play_to(core, 2 * BAR - 100, answered=False))
    hands.z = (2.0,)
    (new,) = requests(play_to(core, 2 * BAR - 1, answered=False))
    assert new.id > old.id
    assert core.answer(old.id, *decode(old)) is False
    assert core.answer(new.id, *decode(new)) is True
    assert onsets(core.pop_due(2 * BAR)) == [(2 * BAR, 62)]


def test_an_answer_that_is_no_phrase_is_refused_and_counts_as_late() -> None:
    """An engine gone wrong cannot stop the music."""
    core = scheduler()
    core.play()
    (request,) = requests(play_to(core, BAR - 1, answered=False))
    for steps in ((60,) * 31, (128,) * PHRASE_STEPS, (-3,) * PHRASE_STEPS):
        with pytest.raises(ValueError, match=r"steps|step"):
            core.answer(request.id, TOKENS, steps)
    assert swaps(core.pop_due(BAR)) == [(BAR, True)]


# --- Freeze ---------------------------------------------------------------------------------------


def test_frozen_keeps_the_phrase_whatever_the_knobs_do() -> None:
    """No request, no swap and no miss; unfrozen, the next bar follows the knob."""
    hands = Hands(z=(3.0,))
    core = scheduler(z_for=hands.at)
    core.play()
    core.swaps.frozen = True
    events = play_to(core, 4 * BAR - 1)
    assert (requests(events), swaps(events), core.misses) == ([], [], 0)
    assert {pitch for _, pitch in onsets(events)} == {60}
    core.swaps.frozen = False
    assert onsets(play_to(core, 5 * BAR))[-1] == (5 * BAR, 63)


def test_freezing_after_the_question_keeps_the_phrase_too() -> None:
    """What sounds must not change while frozen, even if the answer is already here."""
    core = scheduler(constant(50))
    core.play()
    play_to(core, BAR - 1)
    core.swaps.frozen = True
    events = play_to(core, BAR)
    assert (swaps(events), core.misses, onsets(events)) == ([], 0, [(BAR, 50)])


# --- Transport ------------------------------------------------------------------------------------


def test_stop_closes_the_note_and_goes_back_to_bar_one() -> None:
    """The next play begins with bar 1 and half 0, on the next bar line of the take."""
    core = scheduler()
    core.play()
    play_to(core, BAR + 5)
    assert notes(core.stop(BAR + 7)) == [(BAR + 7, 60, 0)]
    assert (core.next_due_tick, core.pop_due(10 * BAR)) == (None, [])
    assert core.play() == 2 * BAR
    (bar,) = bars(core.pop_due(2 * BAR))
    assert (bar.bar, bar.half, bar.tick) == (1, 0, 2 * BAR)


def test_every_play_begins_with_the_first_half() -> None:
    """Also when the take has an odd number of bars behind it."""
    core = scheduler(row(*(70,) * STEPS_PER_BAR, then=80))
    core.play()
    play_to(core, STEP, answered=False)
    core.stop(STEP)
    assert core.play() == BAR
    assert onsets(core.pop_due(BAR)) == [(BAR, 70)]


def test_stop_forgets_what_was_asked() -> None:
    """The answer on its way was for a bar that will not come; bar 1 gets a question of its own."""
    core = scheduler()
    core.play()
    (asked,) = requests(play_to(core, BAR - 1, answered=False))
    core.stop(BAR - 1)
    assert core.answer(asked.id, *decode(asked)) is False
    cued = core.cue()
    assert cued is not None
    assert cued.tick == core.origin_tick


def test_play_while_playing_changes_nothing() -> None:
    """A second play message is no restart."""
    core = scheduler()
    core.play()
    play_to(core, BAR + STEP)
    assert (core.play(), core.next_due_tick) == (0, BAR + 2 * STEP)


def test_knobs_set_while_stopped_are_heard_from_bar_one() -> None:
    """While it stands still, one question at a time is asked for the bar 1 to come."""
    hands = Hands(z=(4.0,))
    core = scheduler(z_for=hands.at)
    cued = core.cue()
    assert cued is not None
    hands.z = (5.0,)
    assert core.cue() is None
    core.answer(cued.id, *decode(cued))
    newer = core.cue()
    assert newer is not None
    core.answer(newer.id, *decode(newer))
    assert core.cue() is None
    core.play()
    events = core.pop_due(0)
    assert (onsets(events), swaps(events)) == ([(0, 65)], [(0, False)])


def test_nothing_is_cued_before_the_margin_or_while_frozen() -> None:
    """Then the bar-line rule decides, or nothing may change."""
    core = scheduler()
    core.swaps.frozen = True
    assert core.cue() is None
    core.swaps.frozen = False
    core.play()
    play_to(core, STEP)
    assert core.cue() is None


class Approach:
    """A performance inside the margin before bar 2: asked for z = 1 there, not answered."""

    def __init__(self) -> None:
        self.hands = Hands()
        self.core = scheduler(z_for=self.hands.at)
        cued = self.core.cue()
        assert cued is not None
        self.core.answer(cued.id, *decode(cued))
        self.core.swaps.margin_ticks = 20
        self.core.play()
        self.hands.z = (1.0,)
        (self.first,) = requests(play_to(self.core, BAR - 10, answered=False))

    def turn(self, z: float) -> Request | None:
        self.hands.z = (z,)
        return self.core.cue()

    def answer(self, request: Request | None) -> None:
        assert request is not None
        assert self.core.answer(request.id, *decode(request))

    def bar_line(self) -> tuple[int, bool | None, int]:
        """What is struck on it, whether it was late (None: no swap), the misses."""
        events = self.core.pop_due(BAR)
        late = next((late for _, late in swaps(events)), None)
        return onsets(events)[-1][1], late, self.core.misses


def test_a_knob_that_moves_within_the_margin_is_asked_for_again() -> None:
    """As soon as the engine is free; so the margin may be wide and the cut-off narrow."""
    stage = Approach()
    assert stage.turn(2.0) is None  # one request at a time
    stage.answer(stage.first)
    again = stage.turn(3.0)
    assert again is not None
    assert (again.tick, again.z) == (BAR, (3.0,))
    stage.answer(again)
    assert stage.core.cue() is None
    assert stage.bar_line() == (63, False, 0)


def test_a_knob_that_moves_too_late_is_no_miss() -> None:
    """What was answered by then is played; a miss is an answer that was owed."""
    stage = Approach()
    stage.answer(stage.first)
    too_late = stage.turn(2.0)
    assert stage.bar_line() == (61, False, 0)
    assert too_late is not None
    assert stage.core.answer(too_late.id, *decode(too_late)) is False


def test_a_first_move_that_comes_too_late_is_no_miss_either() -> None:
    """Nothing was asked at the margin, so nothing was owed."""
    stage = Approach()
    stage.answer(stage.first)
    assert stage.turn(0.0) is None
    assert stage.turn(2.0) is not None
    assert stage.bar_line() == (60, None, 0)


def test_an_engine_that_is_too_slow_for_the_margin_is_a_miss() -> None:
    """However the knobs move meanwhile."""
    stage = Approach()
    assert stage.turn(2.0) is None
    assert stage.bar_line() == (60, True, 1)


def test_a_knob_that_comes_back_within_the_margin_keeps_the_phrase() -> None:
    """Its phrase is here; what was decoded on the way is forgotten."""
    stage = Approach()
    stage.answer(stage.first)
    assert stage.turn(0.0) is None
    assert stage.bar_line() == (60, None, 0)


def test_panic_closes_the_note_and_the_beat_goes_on() -> None:
    """A HOLD after it is a rest, the next onset sounds in its place."""
    core = scheduler()
    core.play()
    play_to(core, STEP)
    assert notes(core.silence(STEP + 3)) == [(STEP + 3, 60, 0)]
    assert notes(play_to(core, 4 * STEP)) == [(4 * STEP, 60, 96)]


def test_the_last_bar_ends_on_its_bar_line() -> None:
    """Every note is closed at the end, nothing begins there, and Done is said once."""
    core = scheduler(bars=2)
    core.play()
    events = play_to(core, 100 * BAR)
    assert events[-1] == Done(2 * BAR)
    assert notes(events)[-1] == (2 * BAR, 60, 0)
    assert len(bars(events)) == 2
    assert not core.playing
    assert core.play() == 2 * BAR


# --- Swing ----------------------------------------------------------------------------------------


def test_swing_delays_every_second_sixteenth_and_nothing_else() -> None:
    """At 66.7 % the off-beat comes on the triplet, 32 ticks of 48; offs move with their step."""
    core = scheduler((60, 62) * 16, swing_for=lambda _tick: 66.7)
    core.play()
    assert notes(play_to(core, 4 * STEP - 1)) == [
        (0, 60, 96),
        (32, 60, 0),
        (32, 62, 96),
        (48, 62, 0),
        (48, 60, 96),
        (80, 60, 0),
        (80, 62, 96),
    ]


def test_a_swing_turned_inside_an_eighth_waits_for_the_next() -> None:
    """The off-beat that is on its way comes where the eighth began to put it; then it is told."""
    swing = [75.0]
    core = scheduler((60,) * PHRASE_STEPS, swing_for=lambda _tick: swing[0])
    core.play()
    core.pop_due(30)
    swing[0] = 50.0
    events = core.pop_due(2 * 48)
    assert [tick for tick, _ in onsets(events)] == [36, 48, 72, 96]
    assert [event for event in events if isinstance(event, Swing)] == [Swing(48, 50.0)]


def test_a_phrase_for_an_off_beat_is_asked_for_before_its_swung_moment() -> None:
    """With refresh = step the knob may be moved as long before the off-beat as before the beat."""
    core = scheduler(refresh="step", z_for=lambda tick: (float(tick),), swing_for=lambda _t: 75.0)
    core.swaps.margin_ticks = 10
    core.play()
    asked = [(due, r.tick) for due in range(49) for r in requests(core.pop_due(due))]
    assert asked == [(26, 24), (38, 48)]


# --- A song that begins elsewhere -----------------------------------------------------------------


def test_a_play_inside_the_song_keeps_the_place_in_the_cycle() -> None:
    """From song position 2 1/2 bars: step 8 of the first half, told as bar 3, then bars 4, 5."""
    steps = tuple(range(40, 40 + PHRASE_STEPS))
    core = scheduler(steps)
    origin = core.play(2 * BAR + 8 * STEP)
    assert origin == -2 * BAR
    events = play_to(core, 2 * BAR - 1)
    assert onsets(events)[0] == (8 * STEP, 48)
    assert [(bar.tick, bar.bar, bar.half) for bar in bars(events)] == [
        (8 * STEP, 3, 0),
        (BAR, 4, 1),
    ]


def test_a_play_between_two_steps_begins_at_the_next() -> None:
    """A song position that is no sixteenth loses less than one."""
    core = scheduler(tuple(range(40, 40 + PHRASE_STEPS)))
    core.play(5 * STEP + 1)
    assert onsets(play_to(core, 6 * STEP)) == [(6 * STEP, 46)]


def test_after_a_play_inside_a_bar_swaps_fall_on_bar_lines_again() -> None:
    """The first bar line after it follows the knob, as any other."""
    core = scheduler(z_for=lambda _tick: (3.0,))
    core.play(BAR + 4 * STEP)
    assert swaps(play_to(core, 2 * BAR)) == [(BAR, False)]


def test_bars_are_counted_from_where_the_play_began() -> None:
    """Two bars from bar 5 end at bar 7; ticks go on from the bar line after."""
    core = scheduler(bars=2)
    core.play(4 * BAR)
    events = play_to(core, 10 * BAR)
    assert [bar.bar for bar in bars(events)] == [5, 6]
    assert events[-1] == Done(2 * BAR)
    assert core.play() == 2 * BAR


# --- Time that misbehaves -------------------------------------------------------------------------


def test_a_tick_seen_twice_or_going_back_does_nothing() -> None:
    """A duplicate MIDI clock pulse is no second swap and no second note."""
    core = scheduler()
    core.play()
    assert notes(core.pop_due(0)) != []
    play_to(core, BAR)
    assert (core.pop_due(BAR), core.pop_due(BAR - 50), core.pop_due(0)) == ([], [], [])


def test_late_steps_are_closed_but_not_struck_and_the_place_is_kept() -> None:
    """After a pause of two beats the missed onsets stay silent; the beat is where it should be."""
    core = scheduler((60, 61, 62, 63) * 8)
    core.play()
    core.pop_due(0)
    events = core.pop_due(7 * STEP, sound_from=7 * STEP)
    assert notes(events) == [(STEP, 60, 0), (7 * STEP, 63, 96)]
    assert core.next_due_tick == 8 * STEP


def test_a_night_asleep_is_passed_over_at_once() -> None:
    """No burst, no flood of questions; the place in the cycle is the one of a clock that ran on."""
    night = 1_000_000 * PHRASE + 3 * STEP
    core = scheduler((60, 61, 62, 63) * 8, lambda tick: (float(tick // BAR % 40),))
    core.play()
    core.pop_due(0)
    events = core.pop_due(night, sound_from=night)
    assert notes(events) == [(STEP, 60, 0), (night, 63, 96)]
    assert len(events) < 20
    assert core.next_due_tick == night + STEP
    later = play_to(core, night + BAR)
    assert swaps(later) == [(1_000_000 * PHRASE + BAR, False)]


def test_after_a_night_the_knob_is_asked_for_anew() -> None:
    """What was asked before it may never be answered; the first bar line after follows the knob."""
    core = scheduler(z_for=lambda _tick: (7.0,))
    core.swaps.margin_ticks = 4 * STEP
    core.play()
    assert len(requests(play_to(core, BAR - 3 * STEP, answered=False))) == 1
    night = 10 * PHRASE + BAR - 2 * STEP
    answer_all(core, core.pop_due(night, sound_from=night))
    assert onsets(play_to(core, 10 * PHRASE + BAR))[-1] == (10 * PHRASE + BAR, 67)


def test_nothing_is_asked_for_a_moment_that_is_over() -> None:
    """After a pause the engine is spared a question for every sixteenth that was missed."""
    core = scheduler(z_for=lambda tick: (float(tick // STEP % 60),), refresh="step")
    core.play()
    core.pop_due(0)
    events = core.pop_due(20 * STEP, sound_from=20 * STEP)
    assert [request.tick for request in requests(events)] == [20 * STEP]


def test_bars_that_were_slept_through_count() -> None:
    """Eight bars are over when their time is over."""
    core = scheduler(bars=8)
    core.play()
    core.pop_due(0)
    events = core.pop_due(100 * BAR, sound_from=100 * BAR)
    assert isinstance(events[-1], Done)
    assert core.ledger.sounding == ()


# --- For any music --------------------------------------------------------------------------------

step_values = st.one_of(st.just(HOLD_STEP), st.just(REST_STEP), st.integers(58, 62))
step_rows = st.lists(step_values, min_size=PHRASE_STEPS, max_size=PHRASE_STEPS).map(tuple)
refreshes: st.SearchStrategy[Refresh] = st.sampled_from(["bar", "phrase", "step"])


@settings(deadline=None)  # a busy machine fails no promise about music
@given(
    st.lists(step_rows, min_size=1, max_size=6),
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    refreshes,
    st.integers(0, 2 * BAR),
)
def test_what_sounds_is_that_part_of_the_phrase_of_the_z_in_force(
    phrases: list[tuple[int, ...]], knob: list[int], refresh: Refresh, margin_ticks: int
) -> None:
    """An independent reading: lay the phrases' parts end to end, and the notes are those."""

    def z_for(tick: int) -> Z:
        place = tick // TICKS_PER_REFRESH[refresh]
        return (float(knob[place % len(knob)] % len(phrases)),)

    def engine(request: Request) -> Answer:
        return TOKENS, phrases[int(request.z[0])]

    last_bar = 6
    core = scheduler(phrases[0], z_for, refresh=refresh, bars=last_bar)
    core.swaps.margin_ticks = margin_ticks
    events = list(perform_offline(core, engine))

    every = TICKS_PER_REFRESH[refresh]
    line = []
    for step in range(last_bar * STEPS_PER_BAR):
        in_force = z_for(step * STEP // every * every)
        line.append(phrases[int(in_force[0])][step % PHRASE_STEPS])
    expected = [
        (note.onset_step * STEP, (note.onset_step + note.duration_steps) * STEP, note.pitch)
        for note in notes_from_steps(line)
    ]
    assert sounded(events) == expected
    for bar in bars(events):
        assert bar.phrase.steps == phrases[int(z_for(bar.tick)[0])]
        assert bar.phrase.z == z_for(bar.tick)


def sounded(events: Sequence[Event]) -> list[tuple[int, int, int]]:
    """``(on, off, pitch)`` of every note; asserts one note at a time, each with its off."""
    finished: list[tuple[int, int, int]] = []
    sounding: tuple[int, int] | None = None
    for tick, pitch, velocity in notes(events):
        if velocity:
            assert sounding is None, "two notes at once"
            sounding = (tick, pitch)
        else:
            assert sounding is not None, "an off without its on"
            assert sounding[1] == pitch
            finished.append((sounding[0], tick, pitch))
            sounding = None
    assert sounding is None, "a note was left sounding"
    return finished


@dataclass(frozen=True)
class Happening:
    """``forward`` ticks pass (or less than none), then something happens."""

    forward: int
    what: str


happenings = st.lists(
    st.builds(
        Happening,
        st.one_of(st.integers(-50, 60), st.integers(0, BAR), st.integers(0, 20 * PHRASE)),
        st.sampled_from(
            ["nothing"] * 4 + ["answer", "answer", "knob", "freeze", "play", "stop", "panic", "old"]
        ),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(step_rows, step_rows, happenings, refreshes, st.integers(1, 500), st.integers(0, 200))
def test_no_note_is_left_sounding_whatever_happens(
    first: tuple[int, ...],
    second: tuple[int, ...],
    story: list[Happening],
    refresh: Refresh,
    margin_ticks: int,
    late_ticks: int,
) -> None:
    """Jumps, duplicate ticks, late and stale answers, stop, panic, freeze in any order."""
    hands = Hands()
    core = scheduler(first, hands.at, refresh=refresh)
    core.swaps.margin_ticks = margin_ticks
    core.play()
    events: list[Event] = []
    open_requests: list[Request] = []
    tick = 0
    for happening in story:
        tick += happening.forward
        popped: list[Event] = core.pop_due(tick, max(0, tick - late_ticks))
        if (cued := core.cue()) is not None:
            popped.append(cued)
        events += popped
        open_requests += requests(popped)
        if core.swaps.frozen:
            assert not any(isinstance(event, Swap | Request) for event in popped)
        match happening.what:
            case "answer" if open_requests:
                core.answer(open_requests[-1].id, TOKENS, second)
            case "old" if len(open_requests) > 1:
                assert core.answer(open_requests[0].id, TOKENS, second) is False
            case "knob":
                hands.z = (hands.z[0] + 1,)
            case "freeze":
                core.swaps.frozen = not core.swaps.frozen
            case "play":
                tick = max(tick, core.play())
            case "stop":
                events += core.stop(tick)
                assert core.ledger.sounding == ()
            case "panic":
                events += core.silence(tick)
    events += core.stop(tick)

    sounded(events)
    ids = [request.id for request in requests(events)]
    assert ids == sorted(set(ids))
    once = Counter(tick for tick, _ in swaps(events))
    assert all(count == 1 for count in once.values())
    if refresh == "bar":
        assert all(tick % BAR == 0 for tick in once)


def perform_live(core: Scheduler, delay_ns: int, tempo_bpm: float) -> list[Event]:
    """Play under a clock, the engine answering ``delay_ns`` after each question."""
    clock, events = ManualClock(12_345), list[Event]()
    coming: list[tuple[int, Request]] = []

    def note_down(popped: Sequence[Event]) -> None:
        events.extend(popped)
        coming.extend((clock.now_ns() + delay_ns, request) for request in requests(popped))

    if (cued := core.cue()) is not None:
        events.append(cued)
        core.answer(cued.id, *decode(cued))
    timeline = Timeline(tempo_bpm, core.play(), clock.now_ns())
    while (due := core.next_due_tick) is not None:
        arrivals = [at_ns for at_ns, _ in coming]
        clock.wait_until(min([timeline.ns_of(due), *arrivals]))
        for at_ns, request in list(coming):
            if at_ns <= clock.now_ns():
                coming.remove((at_ns, request))
                core.answer(request.id, *decode(request))
        note_down(core.pop_due(timeline.tick_at(clock.now_ns())))
    return events


@settings(deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=20),
    refreshes,
    st.floats(20, 400),
    st.integers(0, 4),
    st.lists(st.floats(50, 75), min_size=1, max_size=20),
)
def test_the_stage_and_the_headless_render_play_the_same(
    knob: list[int], refresh: Refresh, tempo_bpm: float, delay_ticks: int, swings: list[float]
) -> None:
    """With answers in time, a clock changes nothing: the same events in the same order."""

    def z_for(tick: int) -> Z:
        return (float(knob[tick // STEP % len(knob)]),)

    def swing_for(tick: int) -> float:
        return swings[tick // (2 * STEP) % len(swings)]

    def core() -> Scheduler:
        return scheduler(z_for=z_for, refresh=refresh, bars=5, swing_for=swing_for)

    delay_ns = Timeline(tempo_bpm).ns_of(delay_ticks)
    live = perform_live(core(), delay_ns, tempo_bpm)
    assert live == list(perform_offline(core(), decode))
    assert not any(late for _, late in swaps(live))


def voiced(voicing_for: Callable[[int], Voicing], steps: Sequence[int], bars: int = 2) -> Scheduler:
    first = Decoded(ORIGIN, TOKENS, tuple(steps))
    return Scheduler(first, lambda _tick: Wish(ORIGIN), bars=bars, voicing_for=voicing_for)


def test_a_gate_lets_go_before_the_next_note() -> None:
    """Half of a quarter is an eighth; the last of a gated note is its end, not the bar's."""
    core = voiced(lambda _tick: Voicing(gate=50.0), constant(60))
    core.play()
    assert notes(core.pop_due(2 * BAR))[:4] == [
        (0, 60, 96),
        (2 * STEP, 60, 0),
        (4 * STEP, 60, 96),
        (6 * STEP, 60, 0),
    ]


def test_a_gated_note_follows_the_swing() -> None:
    """A swung sixteenth is longer on the beat, and so is its half."""
    first = Decoded(ORIGIN, TOKENS, (60, 62) * 16)
    core = Scheduler(
        first,
        lambda _tick: Wish(ORIGIN),
        bars=2,
        swing_for=lambda _tick: 66.7,
        voicing_for=lambda _tick: Voicing(gate=50.0),
    )
    core.play()
    assert notes(core.pop_due(47)) == [(0, 60, 96), (16, 60, 0), (32, 62, 96), (40, 62, 0)]


def test_a_hold_that_comes_after_a_note_was_let_go_is_silent() -> None:
    """Even where another phrase would have carried the note on."""
    core = voiced(lambda _tick: Voicing(gate=10.0), row(60))
    core.play()
    assert notes(core.pop_due(BAR)) == [(0, 60, 96), (77, 60, 0)]
    assert core.silence(BAR)[1:] == []


def test_a_voicing_is_told_where_it_changes_and_not_again() -> None:
    """From the bar line on, before the first note that it shapes; the pitch is moved."""
    up = Voicing(transpose=12.0)
    core = voiced(lambda tick: up if tick >= BAR else Voicing(), constant(60))
    core.play()
    events = core.pop_due(2 * BAR)
    assert [event for event in events if isinstance(event, Voiced)] == [Voiced(BAR, up)]
    assert onsets(events)[3:5] == [(12 * STEP, 60), (BAR, 72)]
    told = events.index(Voiced(BAR, up))
    assert (BAR, 72, 96) in notes(events[told:])
    assert (BAR, 72, 96) not in notes(events[:told])


@given(
    st.lists(st.integers(-2, 80), min_size=32, max_size=32),
    st.floats(5.0, 100.0),
    st.floats(50.0, 75.0),
    st.lists(st.integers(1, 100), min_size=1, max_size=40),
)
def test_whatever_the_gate_every_note_ends_once_and_none_overlap(
    steps: list[int], gate: float, swing: float, strides: list[int]
) -> None:
    """However time is cut into turns, the notes are the same, and one sounds at a time."""

    def play(strides: Sequence[int]) -> list[tuple[int, int, int]]:
        core = Scheduler(
            Decoded(ORIGIN, TOKENS, tuple(steps)),
            lambda _tick: Wish(ORIGIN),
            bars=3,
            swing_for=lambda _tick: swing,
            voicing_for=lambda _tick: Voicing(gate=gate),
        )
        core.play()
        events, tick = list[Event](), 0
        while core.playing:
            tick += strides[len(events) % len(strides)]
            events += core.pop_due(tick)
        return notes(events)

    played = play(strides)
    assert played == play([1])
    sounding: int | None = None
    for _, pitch, velocity in played:
        assert sounding == (None if velocity else pitch)
        sounding = pitch if velocity else None
    assert sounding is None
    assert [tick for tick, _, _ in played] == sorted(tick for tick, _, _ in played)
