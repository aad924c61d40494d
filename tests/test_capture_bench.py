"""The arithmetic of ``make bench-capture``, and what its page says of it."""

import random
from typing import Any

import pytest

from benchmarks.capture import (
    ERROR_MS,
    KINDS,
    STEP_MS,
    captured,
    compared,
    figures,
    line_of,
    measure,
    nonsense,
    performed,
    storm,
    weak_onsets,
)
from benchmarks.capture_page import page
from engine.fitting import LooseNote, fit_window
from engine.phrase import Note
from engine.vocabulary import Vocabulary
from engine.wire import Message
from instrument.capture import Played

BOTH = Vocabulary.of(["C4", "D4", "E4", "F#4", "Gb4", "G4"])
TUNE = [Note(60, 0, 4), Note(60, 4, 4), Note(64, 8, 7), Note(67, 16, 1), Note(60, 31, 1)]


@pytest.mark.parametrize("playing", [True, False])
def test_a_hand_without_error_plays_what_is_written(playing: bool) -> None:
    """Every onset and every length, but for a key that must come up before it is struck again."""
    found = captured(performed(TUNE, 0.0, random.Random(0)), line_of(playing))
    assert found is not None
    again = 4 - 1 / STEP_MS
    expected = [(60, 0, again), (60, 4, 4), (64, 8, 7), (67, 16, 1), (60, 31, 1)]
    assert [tuple(round(v, 6) for v in n) for n in found.notes] == [
        tuple(round(v, 6) for v in n) for n in expected
    ]


def test_a_human_error_lies_within_its_bounds_on_both_ends() -> None:
    """Some early, some late, none farther; a key is never struck while it is held."""
    errors_ms: list[float] = []
    ends_ms: list[float] = []
    for seed in range(100):
        events = performed(TUNE, ERROR_MS, random.Random(seed))
        held: set[int] = set()
        for _, pitch, velocity in events:
            assert (pitch in held) == (velocity == 0)
            held ^= {pitch}
        found = captured(events, line_of(True))
        assert found is not None
        errors_ms += [-moved_ms for moved_ms in found.moved_ms]
        ends_ms.append((found.notes[2][1] + found.notes[2][2] - 15) * STEP_MS)
    for errors in (errors_ms, ends_ms):
        assert -ERROR_MS - 1e-6 <= min(errors) < -0.8 * ERROR_MS
        assert 0.8 * ERROR_MS < max(errors) <= ERROR_MS + 1e-6


def test_figures_count_tokens_and_windows() -> None:
    """Three windows: whole, three quarters, and none of it."""
    truth = [[2] * 32, [2] * 32, [3] * 32]
    made = [[2] * 32, [2] * 24 + [0] * 8, [2] * 32]
    found = figures(truth, made)
    assert found == {
        "mean": pytest.approx(1.75 / 3),
        "median": 0.75,
        "worst": 0.0,
        "reaching": 1,
        "whole": 1,
    }


def test_a_name_is_not_a_sound() -> None:
    """F sharp for G flat is wrong by name and right by sound."""
    sharp, flat = BOTH.ids["F#4"], BOTH.ids["Gb4"]
    found = compared([[sharp, *[0] * 31]], [[flat, *[0] * 31]], BOTH)
    assert (found["name"]["mean"], found["sound"]["mean"]) == (31 / 32, 1.0)
    assert found["note_f1"] == 0.0


def test_weak_sixteenths_are_the_second_and_fourth_of_a_beat() -> None:
    """A note struck there counts; a hold and a rest do not."""
    note = BOTH.ids["C4"]
    row = [note, 0, note, note, 1, 1, 0, 0] + [0] * 23 + [note]
    assert weak_onsets([row, [note] * 32]) == 2 + 16


def encode(played: Played) -> Message:
    """An engine that hears one token otherwise."""
    phrase, _ = fit_window([LooseNote(*note) for note in played.notes], BOTH)
    heard = [phrase.tokens[0] + 1, *phrase.tokens[1:]]
    return {"type": "encoded", "tokens": list(phrase.tokens), "heard": heard}


def test_windows_are_played_captured_and_compared() -> None:
    """What the engine was given and what it gives back are told apart."""
    window = [BOTH.ids["C4"], 0, 0, 0, BOTH.ids["E4"], *[0] * 27]
    found = measure([window] * 3, BOTH, encode, playing=False, error_ms=ERROR_MS)
    assert found["tokens"]["name"]["mean"] == 1.0
    assert found["heard"]["name"]["mean"] == 31 / 32
    assert found["heard_of_captured"]["name"]["mean"] == 31 / 32
    assert found["weak_onsets"] == [0, 0, 0]
    assert 0.0 < found["mean_moved_ms"] < found["max_moved_ms"] <= 2 * ERROR_MS


def test_an_engine_that_refuses_a_window_ends_the_measurement() -> None:
    """No figure is made of what is left."""
    with pytest.raises(RuntimeError, match="too loud"):
        measure(
            [[2] * 32],
            BOTH,
            lambda _: {"type": "refused", "text": "too loud"},
            playing=True,
            error_ms=0.0,
        )


def test_nonsense_of_every_kind_is_played() -> None:
    """Each kind in turn; only what strikes no key makes no window."""
    found = storm(len(KINDS) * 3, encode)
    assert {told["streams"] for told in found.values()} == {3}
    assert all(told["windows"] == told["encoded"] for told in found.values())
    silent = {kind for kind, told in found.items() if not told["windows"]}
    assert silent == {"keys let go that were never struck", "nothing at all"}
    assert all(nonsense(kind, random.Random(0)) for kind in KINDS[:-1])


def test_the_page_says_what_is_met_and_what_became_of_nonsense() -> None:
    """The floor is asked of what comes back, at the error it is asked at."""

    def told(share: float) -> dict[str, Any]:
        shares = {"mean": share, "median": share, "worst": 0.5, "reaching": 3, "whole": 1}
        return {"name": shares, "sound": shares, "note_f1": 0.9}

    def played(error_ms: float, share: float) -> dict[str, Any]:
        moved = {"mean_moved_ms": 15.0, "max_moved_ms": 29.0}
        head = {"playing": True, "error_ms": error_ms, **moved}
        compared = {"tokens": told(1.0), "heard": told(share), "heard_of_captured": told(0.7)}
        return {**head, **compared, "weak_onsets": [3, 75, 0]}

    results: dict[str, Any] = {
        "checkpoint": "stage",
        "tempo_bpm": 120.0,
        "error_ms": 30.0,
        "floor": 0.8,
        "windows": 5,
        "begin_without_a_note": 2,
        "played": [played(0.0, 0.9), played(30.0, 0.79)],
        "nonsense": {"noise": {"streams": 1000, "windows": 9, "encoded": 7, "refused": 1}},
        "machine": {"cores": "2"},
    }
    text = page(results)
    assert "| plays | 30 ms | name | 79.0% | 79.0% | 50.0% | 3 of 5 | 1 | 0.900 |" in text
    assert "- plays, 30 ms: 79.0% of the tokens come back (at least 80%: **not met**)" in text
    assert "- plays, 0 ms: 90.0%" not in text
    assert "| plays | 30 ms | 70.0% | 70.0% | 3 | 75 | 0 |" in text
    assert "2 of the windows do not begin with a note" in text
    assert "| noise | 1000 | 9 | 7 | 1 |" in text
    assert "1 windows without an answer (**not met**)" in text
    results["played"][1]["heard"] = told(0.8)
    assert "(at least 80%: met)" in page(results)
