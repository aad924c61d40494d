"""What may stand in a patch file, and the mapping that it means. Main process only (pydantic)."""

from collections.abc import Mapping as Table
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from instrument.curve import HIGHEST_Z, LOWEST_Z
from instrument.mapping import (
    ButtonAction,
    ButtonMapping,
    ControlKind,
    ControlMapping,
    Encoder,
    KnobMapping,
    Mapping,
    Receive,
    Refresh,
    Shape,
    TakeoverKind,
)
from instrument.nudge import nudged_port
from instrument.tempo import MAX_SWING, STRAIGHT

HIGHEST_CC = 119  # above are the channel mode messages, all notes off among them (MIDI 1.0)
HIGHEST_PAIR = 31  # of controllers with a second one, 32 above, for the low seven bits
HIGHEST_NRPN = 16_382  # 16,383 deselects

KeyPath: TypeAlias = tuple[str, ...]


class PatchFaultError(Exception):
    """Something that cannot stand beside the rest; ``where`` is the path of its key."""

    def __init__(self, where: KeyPath, text: str) -> None:
        super().__init__(text)
        self.where = where


class StrictTable(BaseModel):
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
_Cc = Annotated[int, Field(ge=0, le=HIGHEST_CC)]
_Channel = Annotated[int, Field(ge=1, le=16)]
_KnobName = Annotated[str, Field(pattern=r"^[1-9][0-9]?$")]
_PortName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
_Port = Annotated[str, Field(pattern=r"\S"), AfterValidator(_nudged)]


class OutTable(StrictTable):
    """``[out]``."""

    channel: _Channel = 1
    velocity: Annotated[int, Field(ge=1, le=127)] = 96


class LatentTable(StrictTable):
    """``[latent]``."""

    range: _Range = [-3.0, 3.0]


class ReceiveTable(StrictTable):
    """``[receive]``."""

    clock: bool = True
    transport: bool = True
    program: bool = False


class KnobTable(StrictTable):
    """One entry of ``[knobs]``."""

    z: Annotated[int, Field(ge=1)]
    range: _Range | None = None
    cc: _Cc | None = None
    cc14: Annotated[int, Field(ge=0, le=HIGHEST_PAIR)] | None = None
    nrpn: Annotated[int, Field(ge=0, le=HIGHEST_NRPN)] | None = None
    channel: _Channel | None = None
    encoder: Encoder = "absolute"
    takeover: TakeoverKind | None = None
    curve: Shape = "linear"


class ButtonTable(StrictTable):
    """One entry of ``[buttons]``."""

    note: Annotated[int, Field(ge=0, le=127)] | None = None
    cc: _Cc | None = None
    channel: _Channel | None = None


class PatchFile(StrictTable):
    """A whole patch."""

    refresh: Refresh = "bar"
    swing: Annotated[float, Field(ge=STRAIGHT, le=MAX_SWING)] = STRAIGHT
    takeover: TakeoverKind = "none"
    out: OutTable = OutTable()
    latent: LatentTable = LatentTable()
    receive: ReceiveTable = ReceiveTable()
    ports: dict[_PortName, _Port] = {}
    buttons: dict[ButtonAction, ButtonTable] = {}
    knobs: dict[_KnobName, KnobTable] = {}

    def mapping(self, dimensions: int) -> Mapping:
        """What it means for a checkpoint of so many ``dimensions``. Raises ``PatchFaultError``."""
        numbered = sorted((int(name), knob) for name, knob in self.knobs.items())
        moved_by: dict[int, int] = {}
        for number, knob in numbered:
            where = ("knobs", str(number), "z")
            if knob.z > dimensions:
                raise PatchFaultError(where, f"is {knob.z}; allowed is 1 to {dimensions}")
            other = moved_by.setdefault(knob.z, number)
            if other != number:
                raise PatchFaultError(
                    where, f"is {knob.z}, as is that of knob {other}; one knob each is allowed"
                )
        z_low, z_high = self.latent.range
        return Mapping(
            knobs=tuple(self._knob(number, knob) for number, knob in numbered),
            controls=tuple(
                control
                for number, knob in numbered
                if (control := self._control(number, knob)) is not None
            ),
            buttons=tuple(_button(does, button) for does, button in self.buttons.items()),
            z_low=z_low,
            z_high=z_high,
            channel=self.out.channel,
            velocity=self.out.velocity,
            refresh=self.refresh,
            dimensions=dimensions,
            swing=self.swing,
            receive=Receive(**self.receive.model_dump()),
        )

    def _knob(self, number: int, knob: KnobTable) -> KnobMapping:
        low, high = knob.range or self.latent.range
        if knob.curve == "calibrated" and not LOWEST_Z <= low < high <= HIGHEST_Z:
            raise PatchFaultError(
                ("knobs", str(number), "curve"),
                f'is "calibrated", which is known from {LOWEST_Z:g} to {HIGHEST_Z:g} only; '
                f"the range is {low:g} to {high:g}",
            )
        return KnobMapping(number, knob.z, low, high, knob.curve)

    def _control(self, number: int, knob: KnobTable) -> ControlMapping | None:
        where = ("knobs", str(number))
        asked = _the_one(where, {"cc": knob.cc, "cc14": knob.cc14, "nrpn": knob.nrpn})
        relative = knob.encoder != "absolute"
        if relative and (asked is None or asked[0] != "cc"):
            raise PatchFaultError(
                (*where, "encoder"), f'is "{knob.encoder}", which is allowed for a cc only'
            )
        if relative and knob.takeover not in (None, "none"):
            raise PatchFaultError(
                (*where, "takeover"),
                f'is "{knob.takeover}"; an encoder has no place of its own, so only "none" is '
                "allowed",
            )
        if asked is None:
            return None
        takeover: TakeoverKind = "none" if relative else knob.takeover or self.takeover
        return ControlMapping(asked[1], knob.channel, number, asked[0], knob.encoder, takeover)


def _button(does: ButtonAction, button: ButtonTable) -> ButtonMapping:
    where = ("buttons", does)
    asked = _the_one(where, {"note": button.note, "cc": button.cc})
    if asked is None:
        raise PatchFaultError(where, "has neither a note nor a cc; one of them is allowed")
    return ButtonMapping(asked[1], button.channel, does, asked[0])


def _the_one(
    where: KeyPath, numbers: Table[ControlKind, int | None]
) -> tuple[ControlKind, int] | None:
    """The kind and the number that are given; ``None`` if none is."""
    given = [(kind, number) for kind, number in numbers.items() if number is not None]
    if len(given) > 1:
        kinds = " and ".join(kind for kind, _ in given)
        raise PatchFaultError(where, f"has {kinds}; one of them is allowed")
    return given[0] if given else None


def tables_of() -> dict[str, type[StrictTable]]:
    """The model of each table, by the first part of its key."""
    return {
        "out": OutTable,
        "latent": LatentTable,
        "receive": ReceiveTable,
        "buttons": ButtonTable,
        "knobs": KnobTable,
    }


def button_actions() -> tuple[str, ...]:
    """What a button can do."""
    return get_args(ButtonAction)


def schema() -> dict[str, Any]:
    """The JSON schema of a patch, for editors."""
    return PatchFile.model_json_schema()
