"""What may stand in the tables of a patch file. Main process only (pydantic)."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from instrument.mapping import (
    BUTTON_ACTIONS,
    PAD_CORNERS,
    SNAPSHOT_BUTTON,
    Encoder,
    Shape,
    TakeoverKind,
)
from instrument.nudge import nudged_port
from instrument.settings import MAX_VOICES, SETTINGS, setting_of
from instrument.snapshots import SNAPSHOT_NAME

HIGHEST_CC = 119  # above are the channel mode messages, all notes off among them (MIDI 1.0)
HIGHEST_PAIR = 31  # of controllers with a second one, 32 above, for the low seven bits
HIGHEST_NRPN = 16_382  # 16,383 deselects


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
_SettingKey = Annotated[str, Field(pattern=r"^[a-z-]+(/[1-9][0-9]?)?$")]
_SnapshotName = Annotated[str, Field(pattern=SNAPSHOT_NAME)]
_BUTTON = rf"^({'|'.join(BUTTON_ACTIONS)}|{SNAPSHOT_BUTTON}[1-9][0-9]{{0,2}})$"
ButtonName = Annotated[str, Field(pattern=_BUTTON)]
VoiceName = Annotated[str, Field(pattern=rf"^[2-{MAX_VOICES}]$")]
KnobName = Annotated[str, Field(pattern=r"^[1-9][0-9]?$")]
CheckpointName = Annotated[str, Field(pattern=r"\S")]
PortName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
Port = Annotated[str, Field(pattern=r"\S"), AfterValidator(_nudged)]


class OutTable(StrictTable):
    """``[out]``."""

    channel: _Channel = 1


class LatentTable(StrictTable):
    """``[latent]``."""

    range: _Range = [-3.0, 3.0]


class ReceiveTable(StrictTable):
    """``[receive]``."""

    clock: bool = True
    transport: bool = True
    program: bool = False


class ControlTable(StrictTable):
    """What turns something."""

    cc: _Cc | None = None
    cc14: Annotated[int, Field(ge=0, le=HIGHEST_PAIR)] | None = None
    nrpn: Annotated[int, Field(ge=0, le=HIGHEST_NRPN)] | None = None
    channel: _Channel | None = None
    encoder: Encoder = "absolute"
    takeover: TakeoverKind | None = None


class KnobTable(ControlTable):
    """One entry of ``[knobs]``."""

    z: Annotated[int, Field(ge=1)]
    range: _Range | None = None
    curve: Shape = "linear"
    voice: Annotated[int, Field(ge=1, le=MAX_VOICES)] = 1


class SettingTable(ControlTable):
    """One entry of ``[settings]``; a bare value is its ``start``."""

    start: bool | float | str | None = None


def _with_start(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    return {"start": value} if isinstance(value, bool | int | float | str) else value


def _by_key(settings: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """``lfo.1 = 0.5`` is the setting ``lfo/1``."""
    if not isinstance(settings, dict):
        return settings
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and setting_of(f"{name}/1") is not None:
            flat |= {f"{name}/{number}": each for number, each in value.items()}
        else:
            flat[name] = value
    return flat


_SettingTables = dict[_SettingKey, Annotated[SettingTable, BeforeValidator(_with_start)]]
Settings = Annotated[
    _SettingTables,
    BeforeValidator(_by_key),
    Field(json_schema_extra={"propertyNames": {"enum": [each.name for each in SETTINGS]}}),
]
_OwnSettings = Annotated[
    _SettingTables,
    BeforeValidator(_by_key),
    Field(
        json_schema_extra={
            "propertyNames": {"enum": [each.name for each in SETTINGS if not each.shared]}
        }
    ),
]


class VoiceTable(StrictTable):
    """``[voices.2]`` and so on."""

    channel: _Channel
    checkpoint: CheckpointName | None = None
    settings: _OwnSettings = Field(default_factory=dict)


class PadTable(StrictTable):
    """``[pad]``."""

    corners: Annotated[list[_SnapshotName], Field(min_length=4, max_length=4)] = list(PAD_CORNERS)


class CaptureTable(StrictTable):
    """``[capture]``."""

    channel: _Channel | None = None


class FeedbackTable(StrictTable):
    """``[feedback]``."""

    on: bool = False
    channel: _Channel = 1
    lights: bool = True


class ButtonTable(StrictTable):
    """One entry of ``[buttons]``."""

    note: Annotated[int, Field(ge=0, le=127)] | None = None
    cc: _Cc | None = None
    channel: _Channel | None = None


def tables_of() -> dict[str, type[StrictTable]]:
    """The model of each table, by the first part of its key."""
    return {
        "out": OutTable,
        "latent": LatentTable,
        "receive": ReceiveTable,
        "settings": SettingTable,
        "pad": PadTable,
        "capture": CaptureTable,
        "feedback": FeedbackTable,
        "buttons": ButtonTable,
        "voices": VoiceTable,
        "knobs": KnobTable,
    }


def button_actions() -> tuple[str, ...]:
    """What a button can do."""
    return (*BUTTON_ACTIONS, f"{SNAPSHOT_BUTTON}1", f"{SNAPSHOT_BUTTON}2 ...")
