"""Every parameter under a patch: its knobs, the coordinates of z, and all settings. Pure.

``osc_in`` builds its address table from this, ``feedback`` the messages that report a value,
``glisser params`` its lists. There is nothing to add here for a new one: see
:mod:`instrument.settings`.
"""

from dataclasses import dataclass
from functools import cache

from instrument.actions import Set
from instrument.controls import ControlState
from instrument.latent import knob_positions, steady_z
from instrument.mapping import Mapping
from instrument.settings import SETTINGS, Outside, Setting, knob_key, setting_of, z_key

ROOT = "/glisser/"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that a performer can set; ``description`` says in a sentence what is heard of it.

    ``low``..``high`` and ``default`` are in ``unit`` (empty where a number is just a number). A
    value ``outside`` the range is moved to its nearest end (``clamped``) or not taken at all
    (``refused``). ``whole``, ``choices``: as of a :class:`Setting`.
    """

    name: str
    key: str
    low: float
    high: float
    default: float
    unit: str
    outside: Outside
    description: str
    whole: bool = False
    choices: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Its OSC address."""
        return ROOT + self.key

    def action(self, value: float) -> Set | None:
        """The action that sets this to finite ``value``; ``None`` when the value is refused."""
        within = min(self.high, max(self.low, value))
        if self.outside == "refused" and within != value:
            return None
        return Set(self.key, float(round(within)) if self.whole else within)


def parameters(mapping: Mapping) -> tuple[Parameter, ...]:
    """Every parameter that exists under this patch."""
    standing = knob_positions(ControlState(), mapping)
    knobs = [
        Parameter(
            name=f"knob {knob.knob}",
            key=knob_key(knob.knob),
            low=0.0,
            high=1.0,
            default=standing[knob.knob],
            unit="",
            outside="clamped",
            description=(
                f"Moves z{knob.dimension} from {knob.low:g} to {knob.high:g}, {knob.curve}."
            ),
        )
        for knob in mapping.knobs
    ]
    coordinates = []
    for dimension in range(1, mapping.dimensions + 1):
        low, high = mapping.z_range(dimension)
        coordinates.append(
            Parameter(
                name=f"z{dimension}",
                key=z_key(dimension),
                low=low,
                high=high,
                default=0.0,
                unit="",
                outside="clamped",
                description="A latent coordinate itself; of it and its knob the last writer wins.",
            )
        )
    return (*knobs, *coordinates, *settings_under(mapping))


def settings_under(mapping: Mapping) -> tuple[Parameter, ...]:
    """Every setting, of those that come once for each dimension each; defaults are the patch's."""
    return tuple(
        _parameter(setting, key, name, mapping.settings.get(key, setting.default))
        for setting in SETTINGS
        for key, name in setting.keys(mapping.dimensions)
    )


def _parameter(setting: Setting, key: str, name: str, default: float) -> Parameter:
    return Parameter(
        name=name,
        key=key,
        low=setting.low,
        high=setting.high,
        default=default,
        unit=setting.unit,
        outside=setting.outside,
        description=setting.description,
        whole=setting.whole,
        choices=setting.choices,
    )


def values(state: ControlState, mapping: Mapping) -> dict[str, float]:
    """The present value of every parameter, by OSC address, as a surface should show it."""
    knobs = knob_positions(state, mapping)
    z = steady_z(state, mapping)
    return {
        **{ROOT + knob_key(number): position for number, position in knobs.items()},
        **{ROOT + z_key(dimension): value for dimension, value in enumerate(z, start=1)},
        **{ROOT + key: state.value(key) for key in _setting_keys(mapping.dimensions)},
    }


@cache
def _setting_keys(dimensions: int) -> tuple[str, ...]:
    return tuple(key for setting in SETTINGS for key, _ in setting.keys(dimensions))


def positions(state: ControlState, mapping: Mapping) -> dict[str, float]:
    """Where every knob and every setting stands, 0..1 by key, as a controller would show it."""
    knobs = knob_positions(state, mapping)
    turned = {knob_key(number): position for number, position in knobs.items()}
    for control in mapping.controls:
        if (setting := setting_of(control.key)) is not None:
            turned[control.key] = setting.position_of(state.value(control.key))
    return turned


def told(parameter: Parameter, value: float) -> str:
    """``value`` as a person reads it: the name of a choice, or a number and its unit."""
    if parameter.choices:
        return parameter.choices[int(value)]
    return f"{value:g} {parameter.unit}".rstrip()
