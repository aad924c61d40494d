"""Following a MIDI clock: counted right, placed right, whatever the cable does to it."""

from collections.abc import Sequence

import pytest

from instrument.leader import Follow
from instrument.mapping import Receive
from instrument.midi_clock import ClockFollower, Heard, PlayAt, StopNow
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_BEAT, Timeline
from tests.clocks import CLEAN, MS, PULSE, PULSES_PER_BAR, Cable, ramp, steady, true_pulses

START, CONTINUE, STOP = b"\xfa", b"\xfb", b"\xfc"
PROMISE_NS = 2 * MS


def follower(receive: Receive = Receive(), tempo_bpm: float = 120.0) -> ClockFollower:  # noqa: B008
    return ClockFollower(receive, tempo_bpm)


def feed(clock: ClockFollower, times: Sequence[int]) -> list[Heard]:
    return [heard for time_ns in times for heard in clock.feed(time_ns, PULSE)]


def line_of(follow: Follow) -> Timeline:
    return Timeline(follow.tempo_bpm, follow.song_tick, follow.ns)


def bar_line_errors(
    clock: ClockFollower, true: Sequence[int], heard_at: Sequence[int]
) -> list[float]:
    """For each bar line from the second on: ms from the sender's to where it was expected.

    Expected one pulse before it, since a note there cannot wait for the pulse.
    """
    errors = []
    newest: Follow | None = None
    for pulse, time_ns in enumerate(heard_at):
        if newest is not None and pulse % PULSES_PER_BAR == 0:
            tick = pulse * 4
            errors.append((line_of(newest).ns_of(tick) - true[pulse]) / MS)
        for heard in clock.feed(time_ns, PULSE):
            newest = heard if isinstance(heard, Follow) else getattr(heard, "follow", newest)
    return errors


def started(tempo_bpm: float = 120.0) -> ClockFollower:
    clock = follower(tempo_bpm=tempo_bpm)
    clock.feed(0, START)
    return clock


# --- The messages ---------------------------------------------------------------------------------


def test_the_first_pulse_after_start_is_the_beginning_of_the_song() -> None:
    """Start itself plays nothing; the pulse after it is tick 0, and each is four ticks further."""
    clock = follower()
    times = true_pulses(steady(120.0), 30)
    assert clock.feed(times[0] - MS, START) == []
    heard = feed(clock, times)
    assert isinstance(heard[0], PlayAt)
    assert (heard[0].follow.song_tick, heard[0].follow.ns) == (0, times[0])
    follows = [each for each in heard if isinstance(each, Follow)]
    assert follows[-1].song_tick == 29 * 4
    assert all(each.placed for each in follows)


def test_continue_goes_on_at_the_pulse_after_the_last() -> None:
    """Stopped after ten pulses, the next is the eleventh: song tick 40."""
    clock = started()
    times = true_pulses(steady(120.0), 40)
    feed(clock, times[:10])
    assert clock.feed(times[9] + MS, STOP) == [StopNow()]
    between = feed(clock, times[10:20])  # the clock runs on while the song stands
    assert all(isinstance(each, Follow) and not each.placed for each in between)
    assert clock.feed(times[19] + MS, CONTINUE) == []
    (play,) = clock.feed(times[20], PULSE)
    assert isinstance(play, PlayAt)
    assert play.follow.song_tick == 40


@pytest.mark.parametrize(("position", "tick"), [((4, 0), 96), ((0, 1), 128 * 24)])
def test_a_song_position_is_where_continue_goes_on(position: tuple[int, int], tick: int) -> None:
    """It counts sixteenths, the low seven bits first."""
    clock = follower()
    assert clock.feed(0, bytes((0xF2, *position))) == []
    assert clock.feed(0, CONTINUE) == []
    (play,) = clock.feed(10 * MS, PULSE)
    assert isinstance(play, PlayAt)
    assert play.follow.song_tick == tick


def test_a_song_position_in_mid_flight_is_a_jump_at_the_next_pulse() -> None:
    """A sender that loops may say so while it plays."""
    clock = started()
    times = true_pulses(steady(120.0), 60)
    feed(clock, times[:50])
    clock.feed(times[49] + MS, b"\xf2\x10\x00")
    heard = feed(clock, times[50:52])
    assert isinstance(heard[0], PlayAt)
    assert heard[0].follow.song_tick == 16 * 24
    assert isinstance(heard[1], Follow)
    assert heard[1].song_tick == 16 * 24 + 4


def test_a_start_while_it_plays_begins_again() -> None:
    """The next pulse is tick 0 once more."""
    clock = started()
    times = true_pulses(steady(120.0), 60)
    feed(clock, times[:50])
    clock.feed(times[49] + MS, START)
    heard = feed(clock, times[50:51])
    assert [each.follow.song_tick for each in heard if isinstance(each, PlayAt)] == [0]


def test_a_sender_that_begins_its_pulses_anew_with_the_song() -> None:
    """The first pulse after Start comes when it comes: no double, no gap, and it is tick 0."""
    clock = follower()
    times = true_pulses(steady(120.0), 100)
    feed(clock, times)
    clock.feed(times[-1] + 5 * MS, START)
    anew = true_pulses(steady(120.0), 200, start_ns=times[-1] + 7 * MS)
    heard = feed(clock, anew)
    assert isinstance(heard[0], PlayAt)
    assert (heard[0].follow.song_tick, heard[0].follow.ns) == (0, anew[0])
    assert isinstance(heard[-1], Follow)
    assert heard[-1].song_tick == 199 * 4
    assert abs(heard[-1].ns - anew[-1]) < MS // 10


def test_each_switch_is_its_own() -> None:
    """Beat without transport has no place; transport without beat plays at once, at our tempo."""
    beat_only = follower(Receive(clock=True, transport=False))
    times = true_pulses(steady(90.0), 60)
    assert beat_only.feed(times[0] - MS, START) == []
    follows = [each for each in feed(beat_only, times) if isinstance(each, Follow)]
    assert follows
    assert not any(each.placed for each in follows)
    assert beat_only.feed(times[-1], STOP) == []
    hands_only = follower(Receive(clock=False, transport=True), tempo_bpm=100.0)
    assert hands_only.feed(5, START) == [PlayAt(Follow(100.0, 0, 5))]
    assert feed(hands_only, times) == []
    assert hands_only.feed(times[-1], STOP) == [StopNow()]


@pytest.mark.parametrize("message", [b"\xb0\x14\x40", b"\xfe", b"\xf2\x00", b"\xff"])
def test_other_messages_say_nothing(message: bytes) -> None:
    """Knobs, active sensing, half a song position and reset are not the clock's."""
    assert follower().feed(0, message) == []


# --- The beat -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bpm", [30.0, 97.3, 300.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_within_two_milliseconds_of_the_bar_lines_after_one_bar(bpm: float, seed: int) -> None:
    """Jitter of 1 ms and USB's whole milliseconds; every bar line from the second on."""
    true = true_pulses(steady(bpm), 12 * PULSES_PER_BAR)
    errors = bar_line_errors(started(), true, Cable(seed=seed).arrivals(true))
    assert len(errors) == 11
    assert max(abs(error) for error in errors) <= 2.0


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("bpms", [(60.0, 100.0), (100.0, 60.0), (90.0, 150.0), (200.0, 140.0)])
def test_a_ramp_of_ten_bpm_a_second_is_followed(bpms: tuple[float, float], seed: int) -> None:
    """Two ms at every bar line from the second on, also the first after it began or ended."""
    low, high = bpms
    true = true_pulses(ramp(low, high, from_s=12.0 + seed / 3), 16 * PULSES_PER_BAR)
    cable = Cable(quantum_ms=0.0, seed=seed, uniform=True)
    errors = bar_line_errors(started(low), true, cable.arrivals(true))
    assert len(errors) == 15
    assert max(abs(error) for error in errors) <= 2.0


def test_a_clean_clock_is_followed_exactly() -> None:
    """Without jitter a bar line is right to a twentieth of a millisecond."""
    true = true_pulses(steady(123.4), 8 * PULSES_PER_BAR)
    errors = bar_line_errors(started(), true, CLEAN.arrivals(true))
    assert max(abs(error) for error in errors) <= 0.05


def counted(heard: Sequence[Heard]) -> int:
    """The song tick of the newest pulse, in pulses."""
    newest = heard[-1]
    assert isinstance(newest, Follow)
    return newest.song_tick // 4


def follows(heard: list[Heard]) -> list[Follow]:
    """What was told of the beat."""
    return [each for each in heard if isinstance(each, Follow)]


def test_pulses_that_get_lost_are_counted_all_the_same() -> None:
    """One in fifty is missing, and once five in a row: the song stays where the sender is."""
    true = true_pulses(steady(120.0), 10 * PULSES_PER_BAR + 1)
    arrived = Cable().arrivals(true)
    kept = [t for n, t in enumerate(arrived) if n % 50 != 30 and not 400 <= n < 405]
    assert counted(feed(started(), kept)) == 10 * PULSES_PER_BAR


def test_doubles_are_counted_once() -> None:
    """A sender heard over two ways: each tenth pulse comes again within 5 ms."""
    true = true_pulses(steady(120.0), 10 * PULSES_PER_BAR + 1)
    arrived = Cable().arrivals(true)
    doubled = sorted(
        [*arrived, *(t + (n % 5 + 1) * MS for n, t in enumerate(arrived) if n % 10 == 5)]
    )
    assert counted(feed(started(), doubled)) == 10 * PULSES_PER_BAR


@pytest.mark.parametrize("stood_ms", [15, 40, 90])
def test_pulses_that_come_in_a_burst_all_count(stood_ms: int) -> None:
    """Our machine stood still: what it missed comes at once, and neither place nor tempo moves."""
    true = true_pulses(steady(174.0), 20 * PULSES_PER_BAR + 1)
    stood_ns = true[1000]
    until_ns = stood_ns + stood_ms * MS
    arrived = [until_ns if stood_ns <= t < until_ns else t for t in Cable().arrivals(true)]
    told = feed(started(), arrived)
    assert counted(told) == 20 * PULSES_PER_BAR
    after = [f.tempo_bpm for f in follows(told) if f.ns > stood_ns]
    assert 174 * 0.97 < min(after) <= max(after) < 174 * 1.03


@pytest.mark.parametrize("slipped_ms", [2, 4, 5, 10, 20, 40, 90])
def test_a_sender_that_stood_still_goes_on_with_the_next_pulse(slipped_ms: int) -> None:
    """Its beat is later from then on: none is passed over, and half a bar later we are back."""
    pulses, half_a_bar = 20 * PULSES_PER_BAR + 1, PULSES_PER_BAR // 2
    even = true_pulses(steady(174.0), pulses)
    true = [t + slipped_ms * MS * (n >= 1000) for n, t in enumerate(even)]
    told = feed(started(), Cable().arrivals(true))
    assert counted(told) == pulses - 1
    errors = {f.song_tick // 4: f.ns - true[f.song_tick // 4] for f in follows(told)}
    late = {n: e for n, e in errors.items() if n > 1000 + half_a_bar and abs(e) > 1.5 * MS}
    assert late == {}


@pytest.mark.parametrize(("before", "after"), [(90.0, 180.0), (180.0, 90.0), (120.0, 150.0)])
def test_a_sudden_tempo_loses_no_pulse(before: float, after: float) -> None:
    """From one pulse to the next, also to the double or the half: counted right, locked again."""
    first = true_pulses(steady(before), 4 * PULSES_PER_BAR)
    period_ns = first[1] - first[0]
    second = true_pulses(steady(after), 4 * PULSES_PER_BAR + 1, start_ns=first[-1] + period_ns)
    heard = feed(started(), Cable(jitter_ms=0.3).arrivals([*first, *second]))
    assert counted(heard) == 8 * PULSES_PER_BAR
    newest = heard[-1]
    assert isinstance(newest, Follow)
    assert newest.tempo_bpm == pytest.approx(after, rel=0.01)
    assert abs(newest.ns - second[-1]) <= PROMISE_NS


def test_a_clock_that_vanishes_is_lost_and_comes_back_at_another_tempo() -> None:
    """Told as lost; back, it is locked within a bar, its phase its own, our place the nearest."""
    first = true_pulses(steady(120.0), 4 * PULSES_PER_BAR)
    clock = started()
    feed(clock, Cable().arrivals(first))
    assert clock.state(first[-1]).state == "locked"
    lost = clock.state(first[-1] + 1_000 * MS)
    assert lost.state == "lost"
    assert lost.tempo_bpm == pytest.approx(120.0, abs=0.5)
    gap_beats = 20
    back_ns = first[-1] + gap_beats * 500 * MS + 3 * MS
    second = true_pulses(steady(100.0), PULSES_PER_BAR, start_ns=back_ns)
    heard = feed(clock, Cable(seed=2).arrivals(second))
    newest = heard[-1]
    assert isinstance(newest, Follow)
    assert clock.state(second[-1]).state == "locked"
    assert newest.tempo_bpm == pytest.approx(100.0, abs=0.5)
    assert abs(newest.ns - second[-1]) <= PROMISE_NS
    placed = (4 * PULSES_PER_BAR - 1 + gap_beats * 24 + PULSES_PER_BAR - 1) * 4
    assert abs(newest.song_tick - placed) <= 4


def test_what_the_performer_is_told() -> None:
    """Waiting, locking, locked; and after Stop a silent clock is no lost one."""
    clock = follower()
    assert clock.state(0).state == "waiting"
    times = true_pulses(steady(120.3), 2 * PULSES_PER_BAR)
    clock.feed(times[0] - MS, START)
    feed(clock, times[:10])
    assert clock.state(times[9]).state == "locking"
    feed(clock, times[10:])
    told = clock.state(times[-1])
    assert told.state == "locked"
    assert told.tempo_bpm == pytest.approx(120.3, abs=0.05)
    clock.feed(times[-1] + MS, STOP)
    assert clock.state(times[-1] + 5_000 * MS).state == "stopped"


def test_a_tempo_out_of_range_stays_at_its_end() -> None:
    """A sender at 10 bpm is nobody to follow, and nothing breaks."""
    follows = [h for h in feed(follower(), true_pulses(steady(10.0), 60)) if isinstance(h, Follow)]
    assert {follow.tempo_bpm for follow in follows} == {20.0}


def test_ticks_of_bars_are_those_of_the_player() -> None:
    """Four ticks a pulse, 96 a beat, 384 a bar."""
    assert (PULSES_PER_BAR * 4, 24 * 4) == (TICKS_PER_BAR, TICKS_PER_BEAT)
