"""From controls to what is asked of the engine, and how its phrase is sounded. Pure.

Stdlib only: the player imports it.
"""

from dataclasses import fields

from instrument.controls import ControlState
from instrument.events import Wish
from instrument.latent import z_at
from instrument.mapping import Mapping
from instrument.tempo import TICKS_PER_PHRASE
from instrument.voicing import Voicing

SEEDS = 1 << 31
DRAWS = 7_919  # a prime: how far the seeds of two neighbouring settings lie apart
_SHAPING = tuple(field.name for field in fields(Voicing))  # each is a setting of that name


def wish_at(state: ControlState, mapping: Mapping, tick: int, song_tick: int) -> Wish:
    """The phrase that the controls ask for at ``tick``, ``song_tick`` of the song.

    At a temperature above 0 every two-bar cycle has a draw of its own, the same whenever the same
    bar is played with the same settings. While a knob moves within a cycle the draw stays.
    """
    z = z_at(state, mapping, tick, song_tick)
    temperature = state.value_at("temperature", tick)
    if temperature == 0.0:
        return Wish(z)
    cycle = song_tick // TICKS_PER_PHRASE
    seed = int(state.value_at("seed", tick)) * DRAWS + cycle
    return Wish(z, temperature, seed % SEEDS)


def voicing_at(state: ControlState, tick: int) -> Voicing:
    """How the step at ``tick`` is sounded."""
    return Voicing(*(state.value_at(name, tick) for name in _SHAPING))
