"""The loaded patch: which control moves which latent dimension, and how far. Pure; stdlib only.

``patch.py`` builds a :class:`Mapping` from a TOML file and has checked it; the player receives it
as a message. Nothing here reads files or raises for a patch's faults.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

DIMENSIONS = 12  # latent dimensions of a checkpoint (GLSR-VAE, section 3.2)

Refresh: TypeAlias = Literal["bar", "phrase", "step"]


@dataclass(frozen=True, slots=True)
class KnobMapping:
    """Knob ``knob`` (from 1) moves dimension ``dimension`` (from 1) over ``low``..``high``."""

    knob: int
    dimension: int
    low: float
    high: float

    def position_to_z(self, position: float) -> float:
        """The coordinate of a knob position 0..1; both ends are met exactly, in a straight line."""
        return self.low * (1.0 - position) + self.high * position

    def z_to_position(self, z: float) -> float:
        """Where the knob would stand for coordinate ``z``, 0..1; beyond the range it is an end."""
        return min(1.0, max(0.0, (z - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class CcMapping:
    """Controller number ``cc`` 0..127 on ``channel`` 1..16 (``None``: any) turns ``knob``."""

    cc: int
    channel: int | None
    knob: int


@dataclass(frozen=True)
class Mapping:
    """A whole patch. At most one knob per dimension; knobs and dimensions count from 1.

    ``z_low``..``z_high`` is the range of every dimension that no knob moves. ``channel`` 1..16 and
    ``velocity`` 1..127 are those of every note sent; ``refresh`` says when a new z may be heard.
    """

    knobs: tuple[KnobMapping, ...] = tuple(
        KnobMapping(n, n, -3.0, 3.0) for n in range(1, DIMENSIONS + 1)
    )
    ccs: tuple[CcMapping, ...] = tuple(CcMapping(19 + n, None, n) for n in range(1, DIMENSIONS + 1))
    z_low: float = -3.0
    z_high: float = 3.0
    channel: int = 1
    velocity: int = 96
    refresh: Refresh = "bar"
    dimensions: int = DIMENSIONS

    @cached_property
    def knob_of_dimension(self) -> dict[int, KnobMapping]:
        """The knob that moves each dimension, for those that have one."""
        return {knob.dimension: knob for knob in self.knobs}

    def z_range(self, dimension: int) -> tuple[float, float]:
        """The lowest and the highest coordinate that this patch allows in ``dimension``."""
        knob = self.knob_of_dimension.get(dimension)
        return (self.z_low, self.z_high) if knob is None else (knob.low, knob.high)

    def to_message(self) -> dict[str, Any]:
        """Plain data for a frame to the player."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Mapping":
        """What :meth:`to_message` wrote, after a trip through JSON."""
        fields = dict(message)
        fields["knobs"] = tuple(KnobMapping(**knob) for knob in message["knobs"])
        fields["ccs"] = tuple(CcMapping(**cc) for cc in message["ccs"])
        return cls(**fields)
