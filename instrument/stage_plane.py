"""Planes of the latent space, coarse to fine: which points are to be decoded next. Pure.

A plane is what two dimensions, x and y, make of the point where the controls stand (GLSR-VAE,
figure 2): a square of ``size`` times ``size`` cells, each the note count at its centre. Sizes grow,
so that a page has a picture at once and a sharp one soon.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

SIZES = (8, 16, 32, 64)
BATCH = 64  # points at once; some 30 ms of a core, for which a preview waits
SETTLED_S = 0.15  # so long the base stays before its plane is drawn
LONG_AGO_S = float("-inf")

Axes: TypeAlias = tuple[int, int]  # dimensions from 1: x to the right, y upwards
Point: TypeAlias = tuple[float, ...]


def cells(
    base: Point, axes: Axes, ranges: Sequence[Sequence[float]], size: int, which: range
) -> tuple[Point, ...]:
    """The centres of some of ``size`` times ``size`` even cells; ``ranges`` by dimension.

    They are counted from 0 row by row, the row of the lowest y first.
    """
    points = []
    for cell in which:
        point = list(base)
        for axis, place in zip(axes, (cell % size, cell // size), strict=True):
            low, high = ranges[axis - 1]
            point[axis - 1] = low + (high - low) * (place + 0.5) / size
        points.append(tuple(point))
    return tuple(points)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some cells of one size of one plane, from ``start`` on, whose notes are to be counted."""

    axes: Axes
    size: int
    start: int
    points: tuple[Point, ...]


@dataclass
class _Plane:
    """One pair of axes that some page shows."""

    since_s: float  # when its base was last seen to move
    base: Point
    size_index: int = 0
    counts: list[int] = field(default_factory=list)
    told: dict[str, Any] | None = None  # the finest that is known at this base

    def restart(self, base: Point, now_s: float) -> None:
        self.base, self.since_s = base, now_s
        self.size_index, self.counts, self.told = 0, [], None


class Planes:
    """The planes that are shown, and what is to be done for them. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._ranges: list[list[float]] = []
        self._z: Point = ()
        self._wanted: tuple[Axes, ...] = ()
        self._planes: dict[Axes, _Plane] = {}

    def begin(self, ranges: Iterable[Sequence[float]]) -> None:
        """Another song: its ``ranges`` by dimension. Nothing is known until :meth:`move`."""
        self._ranges, self._z, self._planes = [list(each) for each in ranges], (), {}
        self.show(self._wanted)

    @property
    def shown(self) -> bool:
        """Whether there is any."""
        return bool(self._planes)

    def show(self, shown: Iterable[Axes]) -> None:
        """These are shown, and no others; axes that there are not are passed over."""
        self._wanted = tuple(dict.fromkeys(shown))
        dimensions = range(1, len(self._ranges) + 1)
        self._planes = {
            axes: self._planes.get(axes) or _Plane(LONG_AGO_S, self._z)
            for axes in self._wanted
            if all(each in dimensions for each in axes)
        }

    def move(self, z: Point, now_s: float) -> None:
        """The controls stand at ``z``. A plane whose base has moved begins again."""
        first = not self._z
        self._z = z
        for axes, plane in self._planes.items():
            if _without(z, axes) != _without(plane.base, axes) or first:
                plane.restart(z, LONG_AGO_S if first else now_s)
            plane.base = z

    def next(self, now_s: float) -> Batch | None:
        """What to count next: of the planes that have settled the coarsest; the same
        until it is counted.
        """
        due = [
            (plane.size_index, axes)
            for axes, plane in self._planes.items()
            if self._z and plane.size_index < len(SIZES) and now_s >= plane.since_s + SETTLED_S
        ]
        if not due:
            return None
        _, axes = min(due, key=lambda each: each[0])
        return self._batch(axes, self._planes[axes])

    def settles_s(self) -> float | None:
        """When the next plane that waits may be drawn; ``None``: none waits."""
        waits = [
            plane.since_s + SETTLED_S
            for plane in self._planes.values()
            if plane.size_index < len(SIZES)
        ]
        return min(waits) if self._z and waits else None

    def counted(self, batch: Batch, counts: Sequence[int]) -> dict[str, Any] | None:
        """The notes of ``batch``; what a page is told, when that makes a size complete.

        Of a batch that is not :meth:`next` of its plane any more nothing is kept.
        """
        plane = self._planes.get(batch.axes)
        if plane is None or batch != self._batch(batch.axes, plane):
            return None
        plane.counts += counts
        if len(plane.counts) < batch.size**2:
            return None
        (x, y), told = batch.axes, plane.counts
        (x_low, x_high), (y_low, y_high) = self._ranges[x - 1], self._ranges[y - 1]
        plane.told = {
            "x": x,
            "y": y,
            "size": batch.size,
            "low": [x_low, y_low],
            "high": [x_high, y_high],
            "counts": told,
            "base": list(plane.base),
        }
        plane.size_index, plane.counts = plane.size_index + 1, []
        return plane.told

    def _batch(self, axes: Axes, plane: _Plane) -> Batch | None:
        if plane.size_index == len(SIZES):
            return None
        size, start = SIZES[plane.size_index], len(plane.counts)
        which = range(start, min(start + BATCH, size**2))
        return Batch(axes, size, start, cells(plane.base, axes, self._ranges, size, which))

    def known(self, axes: Axes) -> dict[str, Any] | None:
        """The finest that is known of a plane as it stands, for a page that opens."""
        plane = self._planes.get(axes)
        return None if plane is None else plane.told


def _without(z: Point, axes: Axes) -> list[float]:
    """All of it but two dimensions: what decides how their plane looks."""
    return [value for dimension, value in enumerate(z, start=1) if dimension not in axes]
