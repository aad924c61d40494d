"""A patch file -> a checked :class:`Mapping`. Main process only (pydantic).

Whatever is wrong with a file is told in one sentence: file, line, key, what is allowed.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from instrument.curve import HIGHEST_Z, LOWEST_Z
from instrument.mapping import (
    DIMENSIONS,
    CcMapping,
    KnobMapping,
    Mapping,
    Receive,
    Refresh,
    Shape,
)
from instrument.nudge import nudged_port
from instrument.tempo import MAX_SWING, STRAIGHT

HIGHEST_CC = 119  # above are the channel mode messages, all notes off among them (MIDI 1.0)


KeyPath: TypeAlias = tuple[str, ...]


class PatchError(Exception):
    """A patch cannot be had; the message is one sentence for the performer."""


@dataclass(frozen=True)
class Patch:
    """``mapping``: what the controls do. ``ports``: the rig's own names -> parts of port names."""

    mapping: Mapping
    ports: dict[str, str]


def load_patch(name_or_path: str, dimensions: int = DIMENSIONS) -> Mapping:
    """The mapping of :func:`read_patch`. Raises :class:`PatchError`."""
    return read_patch(name_or_path, dimensions).mapping


def read_patch(name_or_path: str, dimensions: int = DIMENSIONS) -> Patch:
    """A patch: a name in ``patches/`` such as ``default``, or a path to a TOML file.

    ``dimensions`` is the checkpoint's d. A knob that asks for a calibration has none yet: see
    :meth:`Mapping.calibrated_by`. Raises :class:`PatchError`.
    """
    shown, text = _read(name_or_path)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PatchError(f"{shown} is not TOML: {error}.") from error
    try:
        file = _PatchFile.model_validate(table)
        return Patch(file.mapping(dimensions), file.ports)
    except ValidationError as error:
        raise PatchError(_sentence(shown, text, *_fault(error))) from error
    except _KnobFaultError as error:
        raise PatchError(_sentence(shown, text, error.where, str(error))) from error


class _KnobFaultError(Exception):
    """A knob that cannot stand beside the others; ``where`` is the path of its key."""

    def __init__(self, knob: int, key: str, text: str) -> None:
        super().__init__(text)
        self.where = ("knobs", str(knob), key)


class _Table(BaseModel):
    # Strict: a quoted "3" is a slip of the pen, and true is no number. An int is a float, though.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _nudged(port: str) -> str:
    nudged_port(port)
    return port


def _ascending(ends: list[float]) -> list[float]:
    if ends[0] >= ends[1]:
        raise ValueError("upside down")
    return ends


_Range = Annotated[
    list[Annotated[float, Field(allow_inf_nan=False)]],
    Field(min_length=2, max_length=2),
    AfterValidator(_ascending),
]
_Channel = Annotated[int, Field(ge=1, le=16)]
_KnobName = Annotated[str, Field(pattern=r"^[1-9][0-9]?$")]
_PortName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
_Port = Annotated[str, Field(pattern=r"\S"), AfterValidator(_nudged)]

# Completes the sentence "<key> must be ...", whatever is wrong with the key's value.
_MUST_BE = {
    "refresh": '"bar", "phrase" or "step"',
    "swing": f"a number of per cent, {STRAIGHT:g} (straight) to {MAX_SWING:g}",
    "out": "a table, [out]",
    "channel": "a MIDI channel, 1 to 16",
    "velocity": "a whole number, 1 to 127",
    "latent": "a table, [latent]",
    "range": "two finite numbers, the lower one first, such as [-3.0, 3.0]",
    "receive": "a table, [receive]",
    "clock": "true or false",
    "transport": "true or false",
    "program": "true or false",
    "ports": "a table, [ports]",
    "knobs": "a table, [knobs]",
    "curve": '"linear" or "calibrated"',
    "z": "a latent dimension, a whole number from 1",
    "cc": f"a MIDI controller, 0 to {HIGHEST_CC}",
}


class _Out(_Table):
    channel: _Channel = 1
    velocity: Annotated[int, Field(ge=1, le=127)] = 96


class _Latent(_Table):
    range: _Range = [-3.0, 3.0]


class _Receive(_Table):
    clock: bool = True
    transport: bool = True
    program: bool = False


class _Knob(_Table):
    z: Annotated[int, Field(ge=1)]
    range: _Range | None = None
    cc: Annotated[int, Field(ge=0, le=HIGHEST_CC)] | None = None
    channel: _Channel | None = None
    curve: Shape = "linear"


class _PatchFile(_Table):
    refresh: Refresh = "bar"
    swing: Annotated[float, Field(ge=STRAIGHT, le=MAX_SWING)] = STRAIGHT
    out: _Out = _Out()
    latent: _Latent = _Latent()
    receive: _Receive = _Receive()
    ports: dict[_PortName, _Port] = {}
    knobs: dict[_KnobName, _Knob] = {}

    def mapping(self, dimensions: int) -> Mapping:
        knobs, ccs = [], []
        moved_by: dict[int, int] = {}
        for number, knob in sorted((int(name), knob) for name, knob in self.knobs.items()):
            if knob.z > dimensions:
                raise _KnobFaultError(number, "z", f"is {knob.z}; allowed is 1 to {dimensions}")
            other = moved_by.setdefault(knob.z, number)
            if other != number:
                raise _KnobFaultError(
                    number,
                    "z",
                    f"is {knob.z}, as is that of knob {other}; one knob each is allowed",
                )
            low, high = knob.range or self.latent.range
            if knob.curve == "calibrated" and not LOWEST_Z <= low < high <= HIGHEST_Z:
                raise _KnobFaultError(
                    number,
                    "curve",
                    f'is "calibrated", which is known from {LOWEST_Z:g} to {HIGHEST_Z:g} only; '
                    f"the range is {low:g} to {high:g}",
                )
            knobs.append(KnobMapping(number, knob.z, low, high, knob.curve))
            if knob.cc is not None:
                ccs.append(CcMapping(knob.cc, knob.channel, number))
        z_low, z_high = self.latent.range
        return Mapping(
            knobs=tuple(knobs),
            ccs=tuple(ccs),
            z_low=z_low,
            z_high=z_high,
            channel=self.out.channel,
            velocity=self.out.velocity,
            refresh=self.refresh,
            dimensions=dimensions,
            swing=self.swing,
            receive=Receive(**self.receive.model_dump()),
        )


def patch_names() -> list[str]:
    """The names of the patches that come with Glisser."""
    return sorted(Path(file.name).stem for file in _shipped() if file.name.endswith(".toml"))


def _shipped() -> Iterator[Traversable]:
    # A wheel carries patches/ inside this package; the repository keeps it at its top.
    package = resources.files("instrument")
    inside = package / "patches"
    folder = inside if inside.is_dir() else Path(__file__).parent.parent / "patches"
    return folder.iterdir() if folder.is_dir() else iter(())


def _read(name_or_path: str) -> tuple[str, str]:
    is_path = "/" in name_or_path or "\\" in name_or_path or name_or_path.endswith(".toml")
    path: Traversable = Path(name_or_path)
    if not is_path:
        found = [file for file in _shipped() if file.name == f"{name_or_path}.toml"]
        if not found:
            raise PatchError(
                f"no patch is named {name_or_path!r}; there are {', '.join(patch_names())}, "
                "or give the path of a .toml file."
            )
        path = found[0]
    shown = name_or_path if is_path else f"patches/{path.name}"
    try:
        return shown, path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PatchError(f"patch {shown} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PatchError(f"{shown} is not TOML: it is not UTF-8 text.") from error


def _fault(error: ValidationError) -> tuple[KeyPath, str]:
    """The path of the first faulty key, and the rest of the sentence about it."""
    fault = error.errors(include_url=False)[0]
    where = tuple(part for part in fault["loc"] if isinstance(part, str))
    if where[-1] == "[key]":
        return where[:-1], _NO_SUCH[where[0]]
    if where[0] == "ports" and len(where) > 1:
        wanted = 'a part of a port\'s name, such as "Minilogue" or "Minilogue@+3.5"'
        return where, f"must be {wanted}, not {fault['input']!r}"
    if fault["type"] == "extra_forbidden":
        return where, f"is no key of a patch; allowed here: {', '.join(_keys_beside(where))}"
    if fault["type"] == "missing":
        return where, f"is missing; it must be {_MUST_BE[where[-1]]}"
    wanted = _MUST_BE.get(where[-1], "a table such as { z = 1, range = [-3.0, 3.0], cc = 20 }")
    return where, f"must be {wanted}, not {fault['input']!r}"


_NO_SUCH = {
    "knobs": "is no knob; knobs are numbered 1 to 99",
    "ports": "is no name of a port; it begins with a letter, and letters, digits, _ and - follow",
}


def _keys_beside(where: KeyPath) -> Iterable[str]:
    tables: dict[str, type[_Table]] = {
        "out": _Out,
        "latent": _Latent,
        "receive": _Receive,
        "knobs": _Knob,
    }
    table = tables[where[0]] if len(where) > 1 else _PatchFile
    return table.model_fields


def _sentence(shown: str, text: str, where: KeyPath, fault: str) -> str:
    line = _line_of(text, where)
    at = f", line {line}" if line else ""
    return f"{shown}{at}: {'.'.join(where)} {fault}."


_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w.\"' -]+?)\s*=")


def _line_of(text: str, where: KeyPath) -> int | None:
    """The line, from 1, where the table or key ``where`` is written, or the nearest above it.

    tomllib keeps no line numbers; a patch is plain enough to be found by eye.
    """
    table: KeyPath = ()
    nearest, matched = None, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            path = table = _parts(header[1])
        elif key := _KEY.match(line):
            path = table + _parts(key[1])
        else:
            continue
        if path == where[: len(path)] and len(path) > matched:
            nearest, matched = number, len(path)
    return nearest


def _parts(dotted: str) -> KeyPath:
    return tuple(part.strip(" \"'") for part in dotted.split("."))
