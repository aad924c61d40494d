"""What the sync bench sends, and what it makes of what arrives."""

from itertools import pairwise
from typing import Any

import pytest

from benchmarks.sync_cases import CASES, RATE, Score, played
from benchmarks.sync_figures import apart, even, judged, undisturbed
from benchmarks.sync_page import page
from instrument.leader import Follow
from instrument.mapping import Receive
from instrument.midi_clock import ClockFollower, PlayAt
from instrument.tempo import TICKS_PER_STEP
from tests.clocks import steady

MS = RATE // 1000
BASE = 1_000_000
PITCHES = [60 + step for step in range(32)]


def followed(score: Score, late: int = 0) -> list[tuple[int, int]]:
    """A follower that is ``late`` frames late everywhere and always at the right step."""
    return [(BASE + e.frame + late, PITCHES[e.sixteenth % 32]) for e in score.expected]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_is_sent_in_order_and_judges_a_perfect_follower(case: Any) -> None:
    """Frames never fall; the follower who knows everything makes no error and misses nothing."""
    score = case.score(0.3)
    frames = [frame for frame, _ in score.messages]
    assert frames == sorted(frames)
    assert all(a.frame < b.frame for a, b in pairwise(score.expected))
    found = judged(score, BASE, followed(score), PITCHES, [])
    assert (found.missing, found.misplaced, found.while_stopped, found.voided) == (0, 0, 0, 0)
    assert found.notes is not None
    assert found.notes.max == 0


def test_a_constant_lateness_is_an_error_with_its_sign() -> None:
    """1.5 ms late: within the promise; 2.5 ms: never locked."""
    score = played(steady(120.0), 8 * 96, 1.0)
    found = judged(score, BASE, followed(score, late=3 * MS // 2), PITCHES, [])
    assert (found.bar_lines and found.bar_lines.p50, found.locked_after_bars) == (1.5, 0)
    found = judged(score, BASE, followed(score, late=5 * MS // 2), PITCHES, [])
    assert found.locked_after_bars is None


def test_a_song_stands_between_stop_and_continue_and_goes_on_at_its_position() -> None:
    """Pulses go on meanwhile; Stop, position and Continue come right after a pulse."""
    score = played(steady(120.0), 6 * 96, 0.0, stop=200, stop_pulses=96, then=148)
    told = [message for _, message in score.messages if message != b"\xf8"]
    assert told == [b"\xfa", b"\xfc", b"\xf2\x14\x01", b"\xfb"]
    assert [message for _, message in score.messages].count(b"\xf8") == 6 * 96
    ((begin, end),) = score.silent
    assert end - begin == 96 * RATE // 48
    after = [e for e in score.expected if e.frame >= end]
    assert (after[0].frame, after[0].sixteenth) == (end, 148)
    noise = (BASE + begin + 500 * MS, 60)
    heard = sorted([*followed(score), noise])
    assert judged(score, BASE, heard, PITCHES, []).while_stopped == 1


def test_missing_and_misplaced_notes_are_told_apart() -> None:
    """One left out, one with the pitch of another step; the first bar counts for neither."""
    score = played(steady(120.0), 4 * 96, 0.0)
    heard = followed(score)
    heard[3] = (heard[3][0], 1)
    heard[20] = (heard[20][0], 1)
    del heard[40]
    found = judged(score, BASE, heard, PITCHES, [])
    assert (found.missing, found.misplaced) == (1, 1)


def test_where_the_machine_stood_still_the_bar_and_its_neighbours_are_void() -> None:
    """What is wrong there is not judged, and how much was left out is told."""
    score = played(steady(120.0), 8 * 96, 0.0)
    heard = followed(score)
    heard[64] = (heard[64][0] + 10 * MS, heard[64][1])
    stop = BASE + score.expected[66].frame
    found = judged(score, BASE, heard, PITCHES, [stop])
    assert found.voided == 3 * 16
    assert found.notes is not None
    assert found.notes.max == 0
    assert (found.first_bar, found.locked_after_bars) == (0, 0)
    assert judged(score, BASE, heard, PITCHES, [BASE - 2 * RATE]).voided == 0
    assert judged(score, BASE, heard, PITCHES, [BASE]).first_bar == 2
    assert judged(score, BASE, heard, PITCHES, []).locked_after_bars == 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_follower_on_paper_is_where_the_sender_is(case: Any) -> None:
    """Every case, fed to the follower: the right pulse of the song, within 2 ms, once locked."""
    score = case.score(0.4)
    follower, told_ms = ClockFollower(Receive(), 100.0), {}
    for frame, message in score.messages:
        for heard in follower.feed(10**9 + frame * 10**9 // RATE, message):
            told = heard.follow if isinstance(heard, PlayAt) else heard
            if isinstance(told, Follow) and told.placed:
                told_ms[told.song_tick] = (told.ns - 10**9) / 1e6
    for e in score.expected:
        if e.part != "locking":
            assert abs(told_ms[e.sixteenth * TICKS_PER_STEP] - e.frame * 1e3 / RATE) <= 2.0


def test_a_stop_leaves_the_longer_side() -> None:
    """A second around it is left out; too little is told instead of judged."""
    frames = [1_000 * n for n in range(400)]
    left = undisturbed(frames, [100_000], RATE // 2)
    assert (left[0], left[-1]) == (125_000, 399_000)
    with pytest.raises(ValueError, match="in a stretch without a stop"):
        undisturbed(frames, [100_000, 200_000, 300_000], RATE // 2)


def test_pulses_are_judged_against_an_even_grid_and_the_notes() -> None:
    """Wherever and however fast the grid lies; a note 2 ms from its pulse is told."""
    pulses = [12_345 + 1_000 * n for n in range(200)]
    assert even(pulses).max == pytest.approx(0, abs=1e-3)
    notes = pulses[::6]
    notes[5] += 2 * MS
    found = apart(pulses, notes)
    assert found is not None
    assert (found.p50, found.max) == (0, 2)


def test_the_page_says_what_is_met_and_what_was_not_run() -> None:
    """3 ms at a bar line is not met; a bench without its second half says so."""
    score = CASES[0].score(0.3)
    good = judged(score, BASE, followed(score), PITCHES, []).as_dict()
    bad = judged(score, BASE, followed(score, late=3 * MS), PITCHES, []).as_dict()
    machine = {"cores": "2"}
    told = page({"found": {CASES[0].name: good}, "machine": machine, "period": 64})
    assert "every bar line within 2 ms: met" in told
    assert "`--clock-out`: not run." in told
    told = page({"found": {CASES[0].name: bad}, "machine": machine, "period": 64})
    assert "within 2 ms: **not met**; locked never" in told
    even_pulses = {"notes": 9, "p50": 0.0, "p99": 0.01, "max": 0.02}
    sent: dict[str, Any] = {"bpm": 174.0, "start_and_stop": True}
    sent |= dict.fromkeys(("pulses", "notes", "apart"), even_pulses)
    bare = {"notes": even_pulses}
    told = page({"found": {"clock-out": sent, "bare": bare}, "machine": machine, "period": 64})
    assert "Following: not run." in told
    assert "bare loop's + 1 ms: met" in told
