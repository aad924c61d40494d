"""Every parameter under a patch: its knobs, the coordinates of z, and all settings. Pure.

``osc_in`` builds its address table from this, ``feedback`` the messages that report a value,
``glisser params`` its lists. There is nothing to add here for a new one: see
:mod:`instrument.settings`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from instrument.actions import Set
from instrument.controls import ControlState
from instrument.latent import knob_positions, steady_z
from instrument.mapping import Mapping
from instrument.settings import (
    SETTINGS,
    Outside,
    Setting,
    knob_key,
    setting_of,
    voice_key,
    voice_of,
    z_key,
)

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
    standing = _knobs(ControlState(), mapping)
    knobs = [
        Parameter(
            name=f"knob {knob.knob}",
            key=knob_key(knob.knob),
            low=0.0,
            high=1.0,
            default=standing[knob_key(knob.knob)],
            unit="",
            outside="clamped",
            description=(
                f"Moves z{knob.dimension}{_of(knob.voice)} from {knob.low:g} to {knob.high:g}, "
                f"{knob.curve}."
            ),
        )
        for knob in mapping.knobs
    ]
    coordinates = [
        Parameter(
            name=_named(voice, f"z{dimension}"),
            key=z_key(dimension, voice),
            low=low,
            high=high,
            default=0.0,
            unit="",
            outside="clamped",
            description="A latent coordinate itself; of it and its knob the last writer wins.",
        )
        for voice, its in enumerate(mapping.each_voice, start=1)
        for dimension in range(1, its.dimensions + 1)
        for low, high in [its.z_range(dimension)]
    ]
    return (*knobs, *coordinates, *settings_under(mapping))


def settings_under(mapping: Mapping) -> tuple[Parameter, ...]:
    """Every setting, of those that come once for each dimension or voice each.

    Defaults are the patch's.
    """
    return tuple(
        _parameter(
            setting, key, _named(voice_of(key)[0], name), mapping.settings.get(key, setting.default)
        )
        for setting, key, name in _settings_of(_voices(mapping))
    )


def _voices(mapping: Mapping) -> tuple[int, ...]:
    """The dimensions of each."""
    return tuple(its.dimensions for its in mapping.each_voice)


def _settings_of(voices: Sequence[int]) -> Iterator[tuple[Setting, str, str]]:
    """Each of all, with its key, and its name but for the voice's, of voices of so many
    dimensions.
    """
    for voice, dimensions in enumerate(voices, start=1):
        for setting in SETTINGS:
            if voice == 1 or not setting.shared:
                for key, name in setting.keys(dimensions):
                    yield setting, voice_key(voice, key), name


def _named(voice: int, name: str) -> str:
    return name if voice == 1 else f"voice {voice} {name}"


def _of(voice: int) -> str:
    return "" if voice == 1 else f" of voice {voice}"


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
    z = {
        ROOT + z_key(dimension, voice): value
        for voice, its in enumerate(mapping.each_voice, start=1)
        for dimension, value in enumerate(steady_z(state.of_voice(voice), its), start=1)
    }
    return {
        **{ROOT + key: position for key, position in _knobs(state, mapping).items()},
        **z,
        **{ROOT + key: state.value(key) for key in _setting_keys(_voices(mapping))},
    }


@cache
def _setting_keys(voices: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(key for _, key, _ in _settings_of(voices))


def _knobs(state: ControlState, mapping: Mapping) -> dict[str, float]:
    """Where each of the patch's knobs stands, by key."""
    return {
        knob_key(number): position
        for voice, its in enumerate(mapping.each_voice, start=1)
        for number, position in knob_positions(state.of_voice(voice), its).items()
    }


def positions(state: ControlState, mapping: Mapping) -> dict[str, float]:
    """Where every knob and every setting stands, 0..1 by key, as a controller would show it."""
    turned = _knobs(state, mapping)
    for control in mapping.controls:
        if (setting := setting_of(control.key)) is not None:
            turned[control.key] = setting.position_of(state.value(control.key))
    return turned


def told(parameter: Parameter, value: float) -> str:
    """``value`` as a person reads it: the name of a choice, or a number and its unit."""
    if parameter.choices:
        return parameter.choices[int(value)]
    return f"{value:g} {parameter.unit}".rstrip()
