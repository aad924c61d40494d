"""From controls to a point in latent space. Pure; stdlib only: the player imports it."""

from functools import cache

from instrument.controls import NEVER, ControlState
from instrument.mapping import KnobMapping, Mapping
from instrument.modulation import drift, oscillation
from instrument.settings import LFO_SHAPES, knob_key, z_key


def z_at(
    state: ControlState, mapping: Mapping, tick: int = 0, song_tick: int = 0
) -> tuple[float, ...]:
    """The point z that ``state`` asks for at ``tick``, ``song_tick`` of the song.

    Where the controls stand (:func:`steady_z`), and drift and oscillation around it; no coordinate
    leaves the patch's range.
    """
    moved = []
    for dimension, still in enumerate(steady_z(state, mapping, tick), start=1):
        z = still + _modulation(state, dimension, tick, song_tick)
        low, high = mapping.z_range(dimension)
        moved.append(still if z == still else min(high, max(low, z)))
    return tuple(moved)


def steady_z(state: ControlState, mapping: Mapping, tick: int | None = None) -> tuple[float, ...]:
    """Where the controls stand at ``tick``, or where they will once a morph is over (``None``).

    Of a dimension's knob and its raw coordinate the last writer wins, clamped to the patch's range;
    where nobody has written, the base point stays as it is. With the setting ``offset`` the middle
    of a knob is the base point.
    """
    return tuple(
        _coordinate(dimension, state, mapping, tick)
        for dimension in range(1, mapping.dimensions + 1)
    )


def knob_positions(state: ControlState, mapping: Mapping) -> dict[int, float]:
    """Where each of the patch's knobs stands, 0..1, for a surface that shows it.

    A knob whose dimension a raw coordinate set last, or nobody at all, stands where that puts it.
    """
    z = steady_z(state, mapping)
    positions = {}
    for knob in mapping.knobs:
        key = knob_key(knob.knob)
        if state.serial_of(key) > state.serial_of(z_key(knob.dimension)):
            positions[knob.knob] = state.value(key)
        else:
            moved = z[knob.dimension - 1] - _zero(state, knob)
            positions[knob.knob] = knob.z_to_position(moved)
    return positions


def _coordinate(dimension: int, state: ControlState, mapping: Mapping, tick: int | None) -> float:
    raw, knob = z_key(dimension), mapping.knob_of_dimension.get(dimension)
    raw_serial = state.serial_of(raw)
    knob_serial = NEVER if knob is None else state.serial_of(knob_key(knob.knob))
    if knob_serial == raw_serial == NEVER:
        return _base(state, dimension)
    if knob is None or raw_serial > knob_serial:
        wanted = state.value_at(raw, tick)
    else:
        position = state.value(knob_key(knob.knob))
        wanted = knob.position_to_z(position) + _zero(state, knob)
    low, high = mapping.z_range(dimension)
    return min(high, max(low, wanted))


def _base(state: ControlState, dimension: int) -> float:
    return state.base[dimension - 1] if dimension <= len(state.base) else 0.0


def _zero(state: ControlState, knob: KnobMapping) -> float:
    """What is added to all that the knob says: nothing, or what makes its middle the base point."""
    if not state.value("offset"):
        return 0.0
    return _base(state, knob.dimension) - knob.position_to_z(0.5)


@cache
def _keys(dimension: int) -> tuple[str, ...]:
    names = ("drift", "lfo", "lfo-bars", "lfo-phase")
    return tuple(f"{name}/{dimension}" for name in names)


def _modulation(state: ControlState, dimension: int, tick: int, song_tick: int) -> float:
    drift_key, lfo_key, bars_key, phase_key = _keys(dimension)
    moved = 0.0
    if drift_key in state.values and (depth := state.value_at(drift_key, tick)):
        bars, seed = state.value_at("drift-bars", tick), int(state.value_at("drift-seed", tick))
        moved += depth * drift(song_tick, bars, seed, dimension)
    if lfo_key in state.values and (depth := state.value_at(lfo_key, tick)):
        bars, phase = state.value_at(bars_key, tick), state.value_at(phase_key, tick)
        shape = LFO_SHAPES[int(state.value_at("lfo-shape", tick))]
        moved += depth * oscillation(song_tick, bars, phase, shape)
    return moved
