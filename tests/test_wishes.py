"""From controls to what is asked of the engine."""

from hypothesis import given
from hypothesis import strategies as st

from instrument.controls import ControlState
from instrument.events import Wish
from instrument.mapping import Mapping
from instrument.tempo import TICKS_PER_PHRASE
from instrument.wishes import voicing_at, wish_at

MAPPING = Mapping()
ORIGIN = (0.0,) * 12


def test_without_a_temperature_the_most_likely_phrase_is_asked_for() -> None:
    """A seed alone asks for nothing else, so a still knob stays free."""
    state = ControlState({"seed": (7.0, 1)})
    assert {wish_at(state, MAPPING, tick, tick) for tick in range(0, 4000, 384)} == {Wish(ORIGIN)}


def test_a_drawn_phrase_is_another_every_two_bars_and_the_same_in_the_same_place() -> None:
    """Both halves of a cycle are one draw; play from bar 1 again and it is the same song."""
    state = ControlState({"temperature": (0.8, 1), "seed": (7.0, 2)})
    wishes = [wish_at(state, MAPPING, 0, song_tick) for song_tick in range(0, 8 * 384, 384)]
    assert wishes[0::2] == wishes[1::2]
    assert len({wish.seed for wish in wishes}) == 4
    assert wishes == [wish_at(state, MAPPING, 99_072, tick) for tick in range(0, 8 * 384, 384)]
    assert {wish.temperature for wish in wishes} == {0.8}


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 5000))
def test_two_seeds_have_draws_of_their_own(one: int, other: int, cycle: int) -> None:
    """And each is one that the engine can take."""
    seeds = [
        wish_at(
            ControlState({"temperature": (1.0, 1), "seed": (float(seed), 2)}),
            MAPPING,
            0,
            cycle * TICKS_PER_PHRASE,
        ).seed
        for seed in (one, other)
    ]
    assert (seeds[0] == seeds[1]) == (one == other)
    assert all(0 <= seed < 1 << 31 for seed in seeds)


def test_a_voicing_is_what_the_settings_say() -> None:
    """Each by its name."""
    state = ControlState({"gate": (40.0, 1), "transpose": (-5.0, 2), "root": (2.0, 3)})
    voicing = voicing_at(state, 0)
    assert (voicing.gate, voicing.transpose, voicing.root) == (40.0, -5.0, 2.0)
    assert (voicing.velocity, voicing.octave) == (96.0, 0.0)
