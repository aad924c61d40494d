"""The loaded patch: which control moves which latent dimension, and how far. Pure; stdlib only.

``patch.py`` builds a :class:`Mapping` from a TOML file and has checked it; the player receives it
as a message. Nothing here reads files or raises for a patch's faults.
"""

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from math import log
from typing import Any, Literal, TypeAlias

from instrument.curve import Curve, played_at, where_it_plays
from instrument.settings import knob_key

DIMENSIONS = 12  # latent dimensions of a checkpoint (GLSR-VAE, section 3.2)
TRUE_KNOBS = 4  # the first knobs of the default patch; those that a checkpoint may have calibrated

Refresh: TypeAlias = Literal["bar", "phrase", "step"]
Shape: TypeAlias = Literal["linear", "calibrated", "exponential"]
ControlKind: TypeAlias = Literal["cc", "cc14", "nrpn", "note", "program"]
Encoder: TypeAlias = Literal[
    "absolute", "twos-complement", "binary-offset", "signed-bit", "signed-bit-2"
]
TakeoverKind: TypeAlias = Literal["none", "pick-up", "scaling"]
BUTTON_ACTIONS = ("play", "stop", "play-stop", "panic", "freeze", "capture", "next", "previous")
SNAPSHOT_BUTTON = "snapshot-"  # and the name of the snapshot, a number, that it recalls
PAD_CORNERS = ("1", "2", "3", "4")  # the pad's snapshots, the lower two first, from left to right
STEEPNESS = 16.0  # of an exponential knob: how much faster it moves at its end than its beginning


@dataclass(frozen=True, slots=True)
class KnobMapping:
    """Knob ``knob`` (from 1) moves dimension ``dimension`` (from 1) over ``low``..``high``.

    ``curve`` "linear": half-way on the knob is half-way in z. "calibrated": half-way on the knob is
    half-way in what is heard, by ``calibration``, the checkpoint's curve for this dimension; where
    that is missing, or flat over the whole range, the knob is linear all the same. "exponential":
    fine at its beginning and coarse at its end; half-way on the knob is a fifth of the way in z.
    The dimension is one of ``voice``, from 1.
    """

    knob: int
    dimension: int
    low: float
    high: float
    curve: Shape = "linear"
    calibration: Curve = ()
    voice: int = 1

    @property
    def calibrated(self) -> bool:
        """Whether the knob follows a calibration, and not only asks for one."""
        low, high = self._span()
        return low < high

    def position_to_z(self, position: float) -> float:
        """The coordinate of a knob position 0..1; both ends are met exactly, and it never falls.

        Calibrated: the position promises an amount, evenly from the one end's to the other's, and z
        is where the curve plays it; the middle of that stretch, where the curve is flat.
        """
        low, high = self._span()
        if self.curve == "exponential":
            position = (STEEPNESS**position - 1.0) / (STEEPNESS - 1.0)
        if low == high or position in {0.0, 1.0}:
            return self.low * (1.0 - position) + self.high * position
        first, last = where_it_plays(self.calibration, min(high, low + position * (high - low)))
        return (self._within(first) + self._within(last)) / 2.0

    def z_to_position(self, z: float) -> float:
        """Where the knob would stand for coordinate ``z``, 0..1; beyond the range it is an end."""
        low, high = self._span()
        if low == high:
            share = min(1.0, max(0.0, (z - self.low) / (self.high - self.low)))
            if self.curve == "exponential":
                return log(1.0 + share * (STEEPNESS - 1.0), STEEPNESS)
            return share
        return min(1.0, max(0.0, (played_at(self.calibration, z) - low) / (high - low)))

    def _span(self) -> tuple[float, float]:
        """What the two ends of the knob promise; the same twice when it promises nothing."""
        if self.curve != "calibrated" or not self.calibration:
            return 0.0, 0.0
        return played_at(self.calibration, self.low), played_at(self.calibration, self.high)

    def _within(self, z: float) -> float:
        return min(self.high, max(self.low, z))


@dataclass(frozen=True, slots=True)
class ControlMapping:
    """Control ``number`` on ``channel`` 1..16 (``None``: any) turns ``key``.

    ``key``: ``knob/1`` or that of a setting, such as ``gate``.

    ``kind`` "cc": controller 0..119. "cc14": controllers ``number`` 0..31 and ``number`` + 32, of
    14 bits together. "nrpn": non-registered parameter 0..16382. ``encoder``: whether it tells where
    it stands, or in which of four ways how far it was turned. ``takeover``: see
    :mod:`instrument.takeover`.
    """

    number: int
    channel: int | None
    key: str
    kind: ControlKind = "cc"
    encoder: Encoder = "absolute"
    takeover: TakeoverKind = "none"


@dataclass(frozen=True, slots=True)
class ButtonMapping:
    """A note or a controller ("cc") that does something when it is pressed.

    ``does``: one of ``BUTTON_ACTIONS``, or ``snapshot-1`` and so on. ``freeze`` changes sides at
    each press, ``play-stop`` does what is not so now.
    """

    number: int
    channel: int | None
    does: str
    kind: ControlKind = "note"


@dataclass(frozen=True, slots=True)
class Receive:
    """What of a MIDI clock's sender is obeyed, three switches: its beat, Start and Stop, programs.

    Program n recalls the snapshot n, counted from 1 as most devices show it.
    """

    clock: bool = True
    transport: bool = True
    program: bool = False


@dataclass(frozen=True, slots=True)
class Shows:
    """What controllers are told of how things stand; nothing unless ``on``.

    ``channel`` 1..16 is that of controls that are heard on any. ``lights``: buttons are lit, too.
    """

    on: bool = False
    channel: int = 1
    lights: bool = True


@dataclass(frozen=True, slots=True)
class VoiceMapping:
    """A voice beside the first: the ``channel`` 1..16 of its notes, its checkpoint's d."""

    channel: int
    dimensions: int = DIMENSIONS


@dataclass(frozen=True)
class Mapping:
    """A whole patch. At most one knob per dimension; knobs and dimensions count from 1.

    ``z_low``..``z_high`` is the range of every dimension that no knob moves. ``channel`` 1..16 is
    that of every note sent; ``refresh`` says when a new z may be heard; ``settings`` by key are
    where they stand at the start; ``pad`` names the snapshots in its corners, below left, below
    right, above left, above right; ``capture_channel`` is the keyboard's (``None``: any); ``shows``
    is what controllers show; ``voices`` are those from 2 on, and voice 1 is the patch itself.
    """

    knobs: tuple[KnobMapping, ...] = tuple(
        KnobMapping(n, n, -3.0, 3.0, "calibrated" if n <= TRUE_KNOBS else "linear")
        for n in range(1, DIMENSIONS + 1)
    )
    controls: tuple[ControlMapping, ...] = tuple(
        ControlMapping(19 + n, None, knob_key(n)) for n in range(1, DIMENSIONS + 1)
    )
    buttons: tuple[ButtonMapping, ...] = ()
    z_low: float = -3.0
    z_high: float = 3.0
    channel: int = 1
    refresh: Refresh = "bar"
    dimensions: int = DIMENSIONS
    settings: dict[str, float] = field(default_factory=dict)
    receive: Receive = Receive()
    pad: tuple[str, ...] = PAD_CORNERS
    capture_channel: int | None = None
    shows: Shows = Shows()
    voices: tuple[VoiceMapping, ...] = ()

    @property
    def each_voice(self) -> tuple["Mapping", ...]:
        """What the patch is for each of its voices, as if it were the only one."""
        # Not kept for one voice: what holds itself waits for a collector, and the player has none.
        return self._several if self.voices else (self,)

    @cached_property
    def _several(self) -> tuple["Mapping", ...]:
        own = VoiceMapping(self.channel, self.dimensions)
        return tuple(
            replace(
                self,
                knobs=tuple(replace(knob, voice=1) for knob in self.knobs if knob.voice == number),
                channel=voice.channel,
                dimensions=voice.dimensions,
                voices=(),
            )
            for number, voice in enumerate((own, *self.voices), start=1)
        )

    @cached_property
    def knob_of_dimension(self) -> dict[int, KnobMapping]:
        """The knob that moves each dimension of voice 1, for those that have one."""
        return {knob.dimension: knob for knob in self.knobs if knob.voice == 1}

    def is_button(self, note: int, channel: int) -> bool:
        """Whether ``note`` on ``channel`` presses a button."""
        return any(
            button.kind == "note" and button.number == note and button.channel in {None, channel}
            for button in self.buttons
        )

    def z_range(self, dimension: int) -> tuple[float, float]:
        """The lowest and the highest coordinate of voice 1 that it allows in ``dimension``."""
        knob = self.knob_of_dimension.get(dimension)
        return (self.z_low, self.z_high) if knob is None else (knob.low, knob.high)

    def calibrated_by(self, curves: dict[int, Curve], *others: dict[int, Curve]) -> "Mapping":
        """The same patch with a checkpoint's curves, by dimension, in the knobs that ask for one.

        A knob whose dimension has none is linear. ``others``: the curves of voice 2 and so on.
        """
        by_voice = (curves, *others)
        knobs = tuple(
            replace(knob, calibration=by_voice[knob.voice - 1].get(knob.dimension, ()))
            if knob.curve == "calibrated" and knob.voice <= len(by_voice)
            else knob
            for knob in self.knobs
        )
        return replace(self, knobs=knobs)

    def to_message(self) -> dict[str, Any]:
        """Plain data for a frame to the player."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Mapping":
        """What :meth:`to_message` wrote, after a trip through JSON."""
        fields = dict(message)
        fields["knobs"] = tuple(
            KnobMapping(**{**knob, "calibration": tuple(knob.get("calibration", ()))})
            for knob in message["knobs"]
        )
        fields["controls"] = tuple(ControlMapping(**each) for each in message["controls"])
        fields["buttons"] = tuple(ButtonMapping(**each) for each in message["buttons"])
        fields["receive"] = Receive(**message["receive"])
        fields["pad"] = tuple(message["pad"])
        fields["shows"] = Shows(**message.get("shows", {}))  # older takes have none
        fields["voices"] = tuple(VoiceMapping(**each) for each in message.get("voices", ()))
        return cls(**fields)
