"""From controls to a point in latent space. Pure; stdlib only: the player imports it."""

from collections.abc import Sequence

from instrument.controls import ControlState
from instrument.mapping import Mapping

NEVER = -1  # the serial of a control that nobody has touched


def z_at(state: ControlState, mapping: Mapping, base: Sequence[float]) -> tuple[float, ...]:
    """The point z that ``state`` asks for, one coordinate per dimension of ``base``.

    Of a dimension's knob and its raw coordinate the last writer wins, clamped to the patch's range;
    where nobody has written, the ``base`` point stays as it is.
    """
    return tuple(
        _coordinate(dimension, untouched, state, mapping)
        for dimension, untouched in enumerate(base, start=1)
    )


def _coordinate(dimension: int, untouched: float, state: ControlState, mapping: Mapping) -> float:
    raw, raw_serial = state.coordinates.get(dimension, (untouched, NEVER))
    knob = mapping.knob_of_dimension.get(dimension)
    position, knob_serial = (
        (0.0, NEVER) if knob is None else state.knobs.get(knob.knob, (0.0, NEVER))
    )
    if knob_serial == raw_serial == NEVER:
        return untouched
    wanted = raw if knob is None or raw_serial > knob_serial else knob.position_to_z(position)
    low, high = mapping.z_range(dimension)
    return min(high, max(low, wanted))


def knob_positions(
    state: ControlState, mapping: Mapping, base: Sequence[float]
) -> dict[int, float]:
    """Where each of the patch's knobs stands, 0..1, for a surface that shows it.

    A knob whose dimension a raw coordinate set last, or nobody at all, stands where that puts it.
    """
    z = z_at(state, mapping, base)
    positions = {}
    for knob in mapping.knobs:
        position, serial = state.knobs.get(knob.knob, (0.0, NEVER))
        _, raw_serial = state.coordinates.get(knob.dimension, (0.0, NEVER))
        own = serial > raw_serial
        positions[knob.knob] = position if own else knob.z_to_position(z[knob.dimension - 1])
    return positions
