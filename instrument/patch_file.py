"""What may stand in a patch file, and the mapping that it means. Main process only (pydantic)."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from typing import Any, TypeAlias

from pydantic import Field

from instrument.curve import HIGHEST_Z, LOWEST_Z
from instrument.mapping import (
    ButtonMapping,
    ControlKind,
    ControlMapping,
    KnobMapping,
    Mapping,
    Receive,
    Refresh,
    Shows,
    TakeoverKind,
    VoiceMapping,
)
from instrument.patch_tables import (
    ButtonName,
    ButtonTable,
    CaptureTable,
    CheckpointName,
    ControlTable,
    FeedbackTable,
    KnobName,
    KnobTable,
    LatentTable,
    OutTable,
    PadTable,
    Port,
    PortName,
    ReceiveTable,
    Settings,
    SettingTable,
    StrictTable,
    VoiceName,
    VoiceTable,
)
from instrument.settings import Setting, knob_key, setting_of, voice_key

KeyPath: TypeAlias = tuple[str, ...]


class PatchFaultError(Exception):
    """Something that cannot stand beside the rest; ``where`` is the path of its key."""

    def __init__(self, where: KeyPath, text: str) -> None:
        super().__init__(text)
        self.where = where


class PatchFile(StrictTable):
    """A whole patch."""

    checkpoint: CheckpointName | None = None
    refresh: Refresh = "bar"
    takeover: TakeoverKind = "none"
    out: OutTable = OutTable()
    latent: LatentTable = LatentTable()
    receive: ReceiveTable = ReceiveTable()
    ports: dict[PortName, Port] = Field(default_factory=dict)
    settings: Settings = Field(default_factory=dict)
    pad: PadTable = PadTable()
    capture: CaptureTable = CaptureTable()
    feedback: FeedbackTable = FeedbackTable()
    buttons: dict[ButtonName, ButtonTable] = Field(default_factory=dict)
    voices: dict[VoiceName, VoiceTable] = Field(default_factory=dict)
    knobs: dict[KnobName, KnobTable] = Field(default_factory=dict)

    def mapping(self, dimensions: int, *others: int) -> Mapping:
        """What it means for a checkpoint of so many ``dimensions``; ``others``: those of voice 2
        and so on, where they are not the same. Raises ``PatchFaultError``.
        """
        voices = self._voices((dimensions, *others))
        z_low, z_high = self.latent.range
        return Mapping(
            knobs=self._knobs([dimensions, *(voice.dimensions for voice in voices)]),
            controls=tuple(self._controls()),
            buttons=tuple(_button(does, button) for does, button in self.buttons.items()),
            z_low=z_low,
            z_high=z_high,
            channel=self.out.channel,
            refresh=self.refresh,
            dimensions=dimensions,
            settings={
                voice_key(voice, key): start
                for voice, its in enumerate((dimensions, *(v.dimensions for v in voices)), start=1)
                for key, start in self._starts(voice, its)
            },
            receive=Receive(**self.receive.model_dump()),
            pad=tuple(self.pad.corners),
            capture_channel=self.capture.channel,
            shows=Shows(**self.feedback.model_dump()),
            voices=voices,
        )

    def other_voices(self) -> list[tuple[int, VoiceTable]]:
        """The voices from 2 on, in order."""
        return sorted((int(name), voice) for name, voice in self.voices.items())

    def _voices(self, dimensions: Sequence[int]) -> tuple[VoiceMapping, ...]:
        channels = {self.out.channel: 1}
        found = []
        for expected, (number, voice) in enumerate(self.other_voices(), start=2):
            where = ("voices", str(number))
            if number != expected:
                raise PatchFaultError(where, f"comes without voice {expected}; no gap is allowed")
            other = channels.setdefault(voice.channel, number)
            if other != number:
                raise PatchFaultError(
                    (*where, "channel"),
                    f"is {voice.channel}, as is that of voice {other}; one channel each is allowed",
                )
            its = dimensions[number - 1] if number <= len(dimensions) else dimensions[0]
            found.append(VoiceMapping(voice.channel, its))
        return tuple(found)

    def _knobs(self, dimensions: Sequence[int]) -> tuple[KnobMapping, ...]:
        """``dimensions`` of each voice."""
        numbered = sorted((int(name), knob) for name, knob in self.knobs.items())
        moved_by: dict[tuple[int, int], int] = {}
        for number, knob in numbered:
            where = ("knobs", str(number))
            if knob.voice > len(dimensions):
                raise PatchFaultError(
                    (*where, "voice"), f"is {knob.voice}; there is no [voices.{knob.voice}]"
                )
            highest = dimensions[knob.voice - 1]
            if knob.z > highest:
                raise PatchFaultError((*where, "z"), f"is {knob.z}; allowed is 1 to {highest}")
            other = moved_by.setdefault((knob.voice, knob.z), number)
            if other != number:
                raise PatchFaultError(
                    (*where, "z"),
                    f"is {knob.z}, as is that of knob {other}; one knob each is allowed",
                )
        return tuple(self._knob(number, knob) for number, knob in numbered)

    def _settings_of(self, voice: int) -> tuple[KeyPath, dict[str, SettingTable]]:
        """Where the settings of ``voice`` stand, and what stands there."""
        if voice == 1:
            return ("settings",), self.settings
        return ("voices", str(voice), "settings"), self.voices[str(voice)].settings

    def _starts(self, voice: int, dimensions: int) -> Iterator[tuple[str, float]]:
        """Where the settings of ``voice`` stand at the start, of those that are given."""
        table, settings = self._settings_of(voice)
        for key, given in settings.items():
            setting, where = setting_of(key), (*table, *key.split("/"))
            number = key.partition("/")[2]
            if setting is None or (number and int(number) > dimensions):
                raise PatchFaultError(where, "is no setting; `glisser params` lists them")
            if voice > 1 and setting.shared:
                raise PatchFaultError(where, "is one for all voices; it is allowed in [settings]")
            if given.start is not None:
                yield key, _start(setting, where, given.start)

    def _controls(self) -> Iterator[ControlMapping]:
        knobs = sorted((int(name), knob) for name, knob in self.knobs.items())
        for number, knob in knobs:
            yield from self._control(("knobs", str(number)), knob_key(number), knob)
        for voice in (1, *(number for number, _ in self.other_voices())):
            table, settings = self._settings_of(voice)
            for key, setting in settings.items():
                where = (*table, *key.split("/"))
                yield from self._control(where, voice_key(voice, key), setting)

    def _knob(self, number: int, knob: KnobTable) -> KnobMapping:
        low, high = knob.range or self.latent.range
        if knob.curve == "calibrated" and not LOWEST_Z <= low < high <= HIGHEST_Z:
            raise PatchFaultError(
                ("knobs", str(number), "curve"),
                f'is "calibrated", which is known from {LOWEST_Z:g} to {HIGHEST_Z:g} only; '
                f"the range is {low:g} to {high:g}",
            )
        return KnobMapping(number, knob.z, low, high, knob.curve, voice=knob.voice)

    def _control(self, where: KeyPath, key: str, knob: ControlTable) -> Iterator[ControlMapping]:
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
        if asked is not None:
            takeover: TakeoverKind = "none" if relative else knob.takeover or self.takeover
            yield ControlMapping(asked[1], knob.channel, key, asked[0], knob.encoder, takeover)


def _start(setting: Setting, where: KeyPath, start: float | str) -> float:
    """The value that a patch gives it. Raises ``PatchFaultError``."""
    if isinstance(start, str):
        if start in setting.choices:
            return float(setting.choices.index(start))
        wanted = ", ".join(f'"{choice}"' for choice in setting.choices) or "a number"
        raise PatchFaultError(where, f'is "{start}"; allowed is {wanted}')
    if isinstance(start, bool) and setting.choices != ("off", "on"):
        raise PatchFaultError(where, f"is {str(start).lower()}; allowed is a number")
    fits = setting.low <= start <= setting.high
    if not fits or (setting.whole and start != round(start)):
        kind = "a whole number, " if setting.whole else ""
        span = f"{setting.low:g} to {setting.high:g} {setting.unit}".strip()
        raise PatchFaultError(where, f"is {start:g}; allowed is {kind}{span}")
    return float(start)


def _button(does: str, button: ButtonTable) -> ButtonMapping:
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


def schema() -> dict[str, Any]:
    """The JSON schema of a patch, for editors."""
    return PatchFile.model_json_schema()
