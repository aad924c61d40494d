"""What moves a coordinate when nobody does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.controls import ControlState
from instrument.latent import steady_z, z_at
from instrument.mapping import Mapping
from instrument.modulation import drift, oscillation
from instrument.settings import LFO_SHAPES
from instrument.tempo import TICKS_PER_BAR

BAR = TICKS_PER_BAR
ticks = st.integers(0, 1 << 24)
many_bars = st.floats(0.25, 64.0)


@given(ticks, many_bars, st.integers(0, 9999), st.integers(1, 12))
def test_a_drift_stays_within_its_depth_and_is_the_same_again(
    tick: int, bars: float, seed: int, dimension: int
) -> None:
    """A function of the place in the song, and of nothing else."""
    strayed = drift(tick, bars, seed, dimension)
    assert -1.0 <= strayed <= 1.0
    assert strayed == drift(tick, bars, seed, dimension)


@given(ticks, st.floats(1.0, 64.0), st.integers(0, 9999))
def test_a_drift_never_leaps(tick: int, bars: float, seed: int) -> None:
    """From one sixteenth to the next it goes no further than its slope allows."""
    moved = abs(drift(tick + 24, bars, seed, 1) - drift(tick, bars, seed, 1))
    assert moved <= 24 / (bars * BAR) * 3.2  # pi: a turn from -1 to 1 at its steepest


def test_a_song_begins_where_the_knobs_stand() -> None:
    """And then every dimension and every seed goes its own way."""
    assert {drift(0, 8.0, seed, n) for seed in range(5) for n in range(1, 13)} == {0.0}
    ways = {drift(8 * BAR, 8.0, seed, n) for seed in range(5) for n in range(1, 13)}
    assert len(ways) == 60
    assert abs(sum(ways) / 60) < 0.2


@pytest.mark.parametrize(
    ("shape", "quarters"),
    [
        ("sine", [0.0, 1.0, 0.0, -1.0]),
        ("triangle", [0.0, 1.0, 0.0, -1.0]),
        ("saw", [0.0, 0.5, -1.0, -0.5]),
        ("square", [1.0, 1.0, -1.0, -1.0]),
    ],
)
def test_each_shape_at_the_quarters_of_its_swing(shape: str, quarters: list[float]) -> None:
    """Over four bars, at each bar line; a phase of a quarter is a bar later."""
    assert [oscillation(bar * BAR, 4.0, 0.0, shape) for bar in range(4)] == pytest.approx(quarters)
    ahead = [oscillation(bar * BAR, 4.0, 0.25, shape) for bar in range(4)]
    assert ahead == pytest.approx([*quarters[1:], quarters[0]])


@given(ticks, many_bars, st.floats(0.0, 1.0), st.sampled_from(LFO_SHAPES))
def test_a_swing_stays_within_its_depth(tick: int, bars: float, phase: float, shape: str) -> None:
    """Whatever its length."""
    assert -1.0 <= oscillation(tick, bars, phase, shape) <= 1.0


def test_a_coordinate_swings_around_where_its_knob_stands() -> None:
    """z2 at 1, two to each side over four bars; the range of the patch is never left."""
    state = ControlState(
        {"z/2": (1.0, 1), "lfo/2": (2.5, 2), "lfo-bars/2": (4.0, 3), "lfo-bars/1": (4.0, 4)}
    )
    points = [z_at(state, Mapping(), bar * BAR, bar * BAR) for bar in range(4)]
    assert [z[1] for z in points] == pytest.approx([1.0, 3.0, 1.0, -1.5])
    assert {z[0] for z in points} == {0.0}
    assert steady_z(state, Mapping())[1] == 1.0


def test_a_drift_moves_only_what_it_was_given() -> None:
    """Half a unit at most on dimension 3, by the song's place and not by the clock's."""
    state = ControlState({"drift/3": (0.5, 1), "drift-seed": (7.0, 2)})
    z = z_at(state, Mapping(), tick=99 * BAR, song_tick=8 * BAR)
    assert z[2] == pytest.approx(0.5 * drift(8 * BAR, 8.0, 7, 3))
    assert z[2] != 0.0
    assert set(z[:2] + z[3:]) == {0.0}
