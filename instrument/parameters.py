"""Every parameter of the instrument once: name, range, unit, default, address, action. Pure.

``osc_in`` builds its address table from this, ``feedback`` the messages that report a value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from instrument.actions import Action, SetCoordinate, SetFreeze, SetKnob, SetSwing, SetTempo
from instrument.controls import DEFAULT_TEMPO_BPM, ControlState
from instrument.latent import knob_positions, z_at
from instrument.mapping import Mapping
from instrument.tempo import MAX_SWING, MAX_TEMPO_BPM, MIN_TEMPO_BPM, STRAIGHT


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that a performer can set; ``description`` says in a sentence what is heard of it.

    ``low``..``high`` and ``default`` are in ``unit`` (empty where a number is just a number). A
    value ``outside`` the range is moved to its nearest end (``clamped``) or not taken at all
    (``refused``).
    """

    name: str
    address: str
    low: float
    high: float
    default: float
    unit: str
    outside: Literal["clamped", "refused"]
    description: str
    act: Callable[[float], Action]

    def action(self, value: float) -> Action | None:
        """The action that sets this to finite ``value``; ``None`` when the value is refused."""
        within = min(self.high, max(self.low, value))
        if self.outside == "refused" and within != value:
            return None
        return self.act(within)


def parameters(mapping: Mapping) -> tuple[Parameter, ...]:
    """Every parameter that exists under this patch: its knobs, all coordinates, and the rest."""
    base = (0.0,) * mapping.dimensions
    standing = knob_positions(ControlState(), mapping, base)
    knobs = [
        Parameter(
            name=f"knob {knob.knob}",
            address=f"/glisser/knob/{knob.knob}",
            low=0.0,
            high=1.0,
            default=standing[knob.knob],
            unit="",
            outside="clamped",
            description=(
                f"Moves z{knob.dimension} from {knob.low:g} to {knob.high:g}, {knob.curve}."
            ),
            act=partial(SetKnob, knob.knob),
        )
        for knob in mapping.knobs
    ]
    coordinates = []
    for dimension, default in enumerate(base, start=1):
        low, high = mapping.z_range(dimension)
        coordinates.append(
            Parameter(
                name=f"z{dimension}",
                address=f"/glisser/z/{dimension}",
                low=low,
                high=high,
                default=default,
                unit="",
                outside="clamped",
                description="A latent coordinate itself; of it and its knob the last writer wins.",
                act=partial(SetCoordinate, dimension),
            )
        )
    return (*knobs, *coordinates, TEMPO, SWING, FREEZE)


TEMPO = Parameter(
    name="tempo",
    address="/glisser/tempo",
    low=MIN_TEMPO_BPM,
    high=MAX_TEMPO_BPM,
    default=DEFAULT_TEMPO_BPM,
    unit="bpm",
    outside="refused",
    description="Quarters a minute, from the next tick on; a clock that is followed wins.",
    act=SetTempo,
)

SWING = Parameter(
    name="swing",
    address="/glisser/swing",
    low=STRAIGHT,
    high=MAX_SWING,
    default=STRAIGHT,
    unit="% of an eighth",
    outside="clamped",
    description="Where the off-beat sixteenths begin: 50 is straight, 66.7 a triplet.",
    act=SetSwing,
)

FREEZE = Parameter(
    name="freeze",
    address="/glisser/freeze",
    low=0.0,
    high=1.0,
    default=0.0,
    unit="on/off",
    outside="clamped",
    description="Keeps the phrase that sounds, whatever the knobs do.",
    act=lambda value: SetFreeze(value > 0.0),
)


def values(state: ControlState, mapping: Mapping) -> dict[str, float]:
    """The present value of every parameter, by OSC address, as a surface should show it."""
    base = (0.0,) * mapping.dimensions
    knobs = knob_positions(state, mapping, base)
    z = z_at(state, mapping, base)
    return {
        **{f"/glisser/knob/{number}": position for number, position in knobs.items()},
        **{f"/glisser/z/{dimension}": value for dimension, value in enumerate(z, start=1)},
        TEMPO.address: state.tempo_bpm,
        SWING.address: state.swing,
        FREEZE.address: float(state.freeze),
    }
