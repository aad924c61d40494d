"""What the timing bench makes of arrivals, and that its page says what was found."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import timing as bench
from benchmarks.stretches import RATE
from benchmarks.timing_checkpoint import write_checkpoint, write_patch
from benchmarks.timing_figures import LOADS, STEP_FRAMES, SYSTEMS, floors, timing
from benchmarks.timing_page import page, picture, table
from engine.card import check_checkpoint
from engine.decoding import PhraseDecoder
from instrument.patch import load_patch

MS = 48  # frames


def even(onsets: int, from_frame: int = 12_345) -> list[int]:
    return [from_frame + n * STEP_FRAMES for n in range(onsets)]


@given(st.integers(0, 2**32), st.integers(32, 500))
def test_an_even_beat_has_no_error_and_no_drift(from_frame: int, onsets: int) -> None:
    """Wherever it began: a constant is latency, and latency is no jitter."""
    found = timing(even(onsets, from_frame), onsets)
    assert (found.p50, found.p99, found.p999, found.max) == (0, 0, 0, 0)
    assert (found.onsets, found.missing) == (onsets, 0)
    assert found.drift_ms == pytest.approx(0, abs=1e-6)


def test_one_late_onset_in_a_thousand_is_seen_in_the_tail_alone() -> None:
    """5 ms late once: p99 knows nothing of it, the maximum says 5 ms."""
    frames = even(1000)
    frames[500] += 5 * MS
    found = timing(frames, 1000)
    assert (found.p50, found.p99, found.max) == (0, 0, 5)


def test_a_lost_onset_is_counted_and_moves_no_other() -> None:
    """What is missing leaves a hole, and is not taken for a slip of all that follow."""
    frames = even(1000)
    del frames[300:303]
    found = timing(frames, 1000)
    assert (found.missing, found.max) == (3, 0)


def test_where_jack_was_late_nothing_is_judged() -> None:
    """A second around a stop is void, and what comes after has a grid of its own."""
    frames = even(1000, 0)
    slip = 3 * MS  # JACK's frames against time, from the stop on
    later = [frame + slip for frame in frames[500:]]
    later[5] += 9 * MS
    found = timing(frames[:500] + later, 1000, [frames[500]])
    assert (found.max, found.missing) == (0, 0)
    assert found.drift_ms == pytest.approx(0, abs=1e-6)
    assert found.void_s == pytest.approx(2, abs=0.1)
    assert found.onsets == 1000 - round(found.void_s * RATE / STEP_FRAMES)
    assert timing(frames[:500] + later, 1000).max > 2


@given(st.integers(-STEP_FRAMES, STEP_FRAMES))
def test_a_stop_may_shift_the_grid_by_any_part_of_a_step(slip: int) -> None:
    """Half a step off, an onset a frame early and one a frame late lie two apart, not a step."""
    frames = even(1000, 0)
    later = [frame + slip + n % 3 - 1 for n, frame in enumerate(frames[500:])]
    found = timing(frames[:500] + later, 1000, [frames[500]])
    assert found.max <= 2 / MS
    assert found.missing == 0


def test_a_stop_hides_no_other_second() -> None:
    """An onset that is late, or lost, more than a second from a stop counts as ever."""
    frames = even(1000, 0)
    stop = frames[500]
    frames[530] += 2 * MS
    del frames[600]
    found = timing(frames, 1000, [stop])
    assert (found.max, found.missing) == (2, 1)


def test_stretches_share_one_drift() -> None:
    """10 ppm in each of three stretches is 6 ms in ten minutes, whatever lies between them."""
    frames = [round(frame * (1 + 1e-5)) for frame in even(10_000, 0)]
    slipped = [frame + 2 * MS * (n // 3000) for n, frame in enumerate(frames)]
    stops = [slipped[3000], slipped[6000], slipped[9000]]
    assert timing(slipped, 10_000, stops).drift_ms == pytest.approx(6, abs=0.1)


def test_drift_is_told_for_ten_minutes() -> None:
    """A beat 10 ppm slow lies 6 ms behind after 600 s."""
    frames = [round(frame * (1 + 1e-5)) for frame in even(10_000, 0)]
    assert timing(frames, 10_000).drift_ms == pytest.approx(6, abs=0.1)


def test_nothing_is_said_of_a_run_in_which_nothing_arrived() -> None:
    """One sentence, not a figure."""
    with pytest.raises(ValueError, match="0 of 10"):
        timing([], 10)


def made_up(**others: float) -> dict[str, Any]:
    """A round in which all errors are 0.5 ms but those given."""
    keys = ("p50", "p99", "p999", "max")
    zero = {"onsets": 10_000, "missing": 0, "void_s": 0.0, "drift_ms": 0.0, "asked": 100, "late": 0}
    return {**zero, **dict.fromkeys(keys, 0.5), **others}


def cells() -> dict[str, list[dict[str, Any]]]:
    """Every system under every load, three rounds, isobar and mido worse."""
    worse = {"isobar": 4.0, "mido": 5.0}
    return {
        f"{system}/{load}": [made_up(p99=worse.get(system, 0.5), p999=worse.get(system, 0.5))] * 3
        for system in SYSTEMS
        for load in LOADS
    }


def test_floors_are_judged_by_the_median_of_rounds() -> None:
    """One bad round of three fails nothing, two do; what was not measured is neither."""
    found = cells()
    assert all(floor.met for floor in floors(found))
    bad = made_up(p99=2.0, p999=2.0, drift_ms=-1.5, late=1)
    found["glisser-jack/decode"] = [bad, made_up(), made_up()]
    assert all(floor.met for floor in floors(found))
    found["glisser-jack/decode"] = [bad, bad, made_up()]
    failed = [floor.asked for floor in floors(found) if not floor.met]
    assert failed == [
        "Glisser, JACK frames, decode at every sixteenth: p99 <= bare loop + 1 ms",
        "Glisser, JACK frames: drift < 1 ms in ten minutes, under every load",
        "Glisser, JACK frames: no phrase late, nothing else to do",
    ]
    del found["bare/idle"]
    unknown = [floor for floor in floors(found) if floor.met is None]
    assert {floor.found for floor in unknown} == {"not measured"}
    assert len(unknown) == 4


def test_the_page_holds_every_figure_and_its_verdict() -> None:
    """Medians in the tables, met and not met in words, the picture beside it."""
    found = cells()
    found["mido/all"] = [made_up(p99=0.1, p999=7.125)] * 3
    text = page({"cells": found, "machine": {"cores": "2"}, "period": 64}, "the start", "the soak")
    assert "the start\nthe soak\n## Made on\n\n- server: jackd with the dummy driver, 64 fr" in text
    assert text.endswith("\n- cores: 2\n")
    assert "| mido | 0.500 | 0.100 | 7.125 | 0.500 | 0.000 |" in text
    assert "p99 below mido's | 0.500 and 0.100 ms | **not met** |" in text
    assert picture(found).startswith(b"\x89PNG")
    assert "| Glisser, RtMidi | - |" in table({}, "idle")


def test_every_system_bears_the_same_load(tmp_path: Path) -> None:
    """Glisser does it itself; beside the others as many messages are sent, heard and decoded."""
    for load in LOADS:
        own = [kind[0] for kind in bench.loads_of("glisser-jack", load, "9", tmp_path)]
        others = [kind[0] for kind in bench.loads_of("mido", load, "9", tmp_path)]
        assert ("knob" in own) == ("decode" in others) == (load in ("decode", "all"))
        assert ("flood" in own) == ("flood" in others) == ("hear" in others)
        assert ("busy" in own) == ("busy" in others) == (load == "all")


def test_the_checkpoint_of_the_bench_strikes_at_every_step(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Whatever z, 32 onsets; it is whole, and starts like that too."""
    folder = tmp_path / "onsets"
    write_checkpoint(str(tiny_checkpoint), folder)
    card = check_checkpoint(folder)
    assert len(card.start_phrase().notes) == 32
    z = np.random.default_rng(1).normal(size=(20, card.model.latent_dimensions))
    assert all(len(phrase.notes) == 32 for phrase in PhraseDecoder.load(str(folder)).decode(z))
    assert load_patch(str(write_patch(tmp_path / "patch.toml"))).refresh == "step"
