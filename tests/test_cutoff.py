"""The arithmetic of ``make bench-cutoff``, and what its page says of it."""

from typing import Any

import pytest

from benchmarks.cutoff import RUNG_MS, Rung, Search, ladder, summary, with_refresh
from benchmarks.cutoff_page import page
from benchmarks.judge import Heard, matching
from engine.phrase import HOLD_STEP, PHRASE_STEPS, STEPS_PER_BAR


def phrase(first: int, second: int) -> list[int]:
    steps = [HOLD_STEP] * PHRASE_STEPS
    steps[0], steps[STEPS_PER_BAR] = first, second
    return steps


def test_the_rungs_are_told_apart_on_either_bar_line() -> None:
    """A phrase that begins with a HOLD, or like another, is no rung; too few are refused."""
    pairs = [(60, 62), (60, 70), (61, 62), (HOLD_STEP, 64), (64, 60), (65, 61), (66, 63)]
    found = ladder([((float(n),), phrase(*pair)) for n, pair in enumerate(pairs)])
    assert [rung.z for rung in found] == [(0.0,), (4.0,), (5.0,), (6.0,)]
    assert found[0] == Rung((0.0,), (60, 62))
    with pytest.raises(ValueError, match="too few"):
        ladder([((0.0,), phrase(60, 62))])


def test_the_last_rung_heard_is_the_cutoff() -> None:
    """What counts is when it was really sent; a bar without a rung counts as beyond the ladder."""
    search = Search(rungs=12, top_ms=20.0)
    offsets_ms = search.offsets_ms(0.5)
    assert offsets_ms[0] == 20.0 - RUNG_MS / 2
    search.heard([20.0, 18.0, 9.0], 2, line=5e6)
    search.heard([20.0, 18.0, 9.0], 1, line=None)
    assert search.found == [(5e6, 9.0)]
    top_ms = search.top_ms
    search.heard([20.0, 18.0, 9.0], None, line=5e6)
    assert search.top_ms > top_ms
    found = summary(search.found, [])
    assert found == {
        "p50_ms": 9.0,
        "p99_ms": None,
        "p999_ms": None,
        "max_ms": None,
        "bars": 2,
        "void": 0,
        "beyond_the_ladder": 1,
    }


def test_a_bar_line_near_a_stop_of_jack_is_left_out() -> None:
    """A second before and after it; the others count."""
    second = 48_000
    lines = [(float(n * second), 50.0 if n in (4, 5) else 9.0) for n in range(10)]
    found = summary(lines, [4 * second + second // 2])
    assert (found["bars"], found["void"], found["max_ms"]) == (8, 2, 9.0)


def test_the_ladder_finds_a_steady_cutoff() -> None:
    """Whether it begins too high or too low, it soon stands around what it looks for."""
    for start_ms in (5.0, 200.0):
        search = Search(rungs=12, top_ms=start_ms)
        for _ in range(60):
            sent = search.offsets_ms(0.3)
            in_time = [n for n, offset_ms in enumerate(sent) if offset_ms >= 30.0]
            search.heard(sent, in_time[-1] if in_time else None, line=5e6)
        assert 30.0 <= search.found[-1][1] < 30.0 + RUNG_MS
        assert len(search.offsets_ms(0.3)) == 12


def test_a_patch_takes_another_refresh() -> None:
    """The line that is there is replaced; one is added where there is none."""
    assert with_refresh('a = 1\nrefresh = "bar"\n', "step") == 'refresh = "step"\na = 1\n'
    assert with_refresh("a = 1", "step") == 'refresh = "step"\na = 1\n'


def test_the_judge_counts_every_note_and_what_stays_open() -> None:
    """A note-on of velocity 0 is a note-off; other messages are neither."""
    sent = [(0x90, 60, 96), (0x80, 60, 64), (0x90, 62, 96), (0x90, 62, 0), (0xB0, 64, 0)]
    heard = [Heard(n, bytes(message)) for n, message in enumerate(sent)]
    assert matching(heard) == (2, 2, 0)
    assert matching(heard[:3]) == (2, 1, 1)


def test_the_page_says_what_is_met_and_what_was_left_out() -> None:
    """A cut-off of decode p99 + 5 ms is met; beyond the ladder is not."""
    found = {"p50_ms": 15.0, "p99_ms": 15.1, "p999_ms": None, "max_ms": None, "bars": 9, "void": 3}
    results: dict[str, Any] = {
        "decode_p99_ms": 10.0,
        "tempo_bpm": 400.0,
        "refresh": {"bar": found, "step": found},
        "machine": {"cores": "2"},
    }
    told = page(results)
    assert "| bar | 9 | 3 | 15.0 ms | 15.1 ms | beyond the ladder | beyond the ladder |" in told
    assert "- bar, p50: 15.0 ms, met." in told
    assert "- bar, p99.9: beyond the ladder, **not met**." in told
