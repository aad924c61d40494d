"""The report's maps of the plane of z1 and z2: arrays in, SVG out. No model, no torch."""

from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Circle, Patch
from matplotlib.ticker import MultipleLocator

from engine.report.pictures import GRID, Floats, Ints, drawn, pitch_name

SIGN_COLOURS = ("#f2f2f2", "#e69f00", "#3f7fb5", "#222222")
SIGN_NAMES = ("none", "sharps", "flats", "both")
SIGN_MARKS = ("–", "♯", "♭", "♯♭")  # noqa: RUF001 - a dash for "none"

Values = Floats | Ints
Labels = tuple[str, str]  # of z1, left to right, and z2, bottom to top


def note_map(positions: Floats, notes: Values, most: int, labels: Labels) -> bytes:
    """Note counts over the plane: one colour for each count from 0 to ``most``, and the count
    itself at every whole position.
    """

    def draw(figure: Figure) -> None:
        axes = _plane_axes(figure, labels)
        colours, norm = _scale("viridis", 0, most)
        image = _show(axes, positions, notes, colours, norm)
        _count_bar(figure, axes, image, most)
        _numbers(axes, positions, notes, lambda v: colours(norm(v)), lambda v: f"{v:.0f}")

    return drawn(draw, height=3.3)


def pitch_map(positions: Floats, pitches: Floats, low: int, high: int, labels: Labels) -> bytes:
    """MIDI pitches over the plane, NaN hatched, on a scale of note names from ``low`` to
    ``high``.
    """

    def draw(figure: Figure) -> None:
        axes = _plane_axes(figure, labels)
        axes.set_facecolor("white")
        axes.patch.set(hatch="////", edgecolor=GRID)
        colours, norm = _scale("cividis", low, high)
        image = _show(axes, positions, pitches, colours, norm)
        ticks = [pitch for pitch in range(low, high + 1) if pitch % 12 in (0, 5, 9)]
        bar = _bar(figure, axes, image, ticks)
        bar.ax.set_yticklabels([pitch_name(pitch) for pitch in ticks])
        _numbers(axes, positions, pitches, lambda v: colours(norm(v)), pitch_name)

    return drawn(draw, height=3.3)


def sign_map(positions: Floats, signs: Ints, labels: Labels) -> bytes:
    """Which accidentals a phrase is written with, over the plane: none, sharps, flats, both."""

    def draw(figure: Figure) -> None:
        axes = _plane_axes(figure, labels)
        colours = ListedColormap(SIGN_COLOURS)
        norm = BoundaryNorm(np.arange(-0.5, 4.0), 4)
        _show(axes, positions, signs, colours, norm)
        _numbers(
            axes, positions, signs, lambda v: colours(int(norm(v))), lambda v: SIGN_MARKS[int(v)]
        )
        handles = [
            Patch(facecolor=colour, edgecolor=GRID, label=f"{name} ({mark})")
            for colour, name, mark in zip(SIGN_COLOURS, SIGN_NAMES, SIGN_MARKS, strict=True)
        ]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=4, fontsize=7.5,
            handlelength=1.0, columnspacing=1.0, frameon=False,
        )  # fmt: skip

    return drawn(draw, height=3.6)


def _scale(colours: str, low: int, high: int) -> tuple[Colormap, BoundaryNorm]:
    """A colour for each whole number from ``low`` to ``high``, from dark to light."""
    found = mpl.colormaps[colours]
    return found, BoundaryNorm(np.arange(low - 0.5, high + 1.0), found.N)


def _count_bar(figure: Figure, axes: Axes, coloured: ScalarMappable, most: int) -> None:
    ticks = list(range(0, most + 1, max(1, round(most / 8))))
    _bar(figure, axes, coloured, ticks).set_label("notes in two bars")


def _bar(figure: Figure, axes: Axes, coloured: ScalarMappable, ticks: list[int]) -> Colorbar:
    bar = figure.colorbar(coloured, ax=axes, ticks=ticks, shrink=0.86, aspect=24, pad=0.02)
    bar.minorticks_off()
    return bar


def _plane_axes(figure: Figure, labels: Labels) -> Axes:
    axes = figure.subplots()
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.yaxis.set_major_locator(MultipleLocator(1))
    return axes


def _show(
    axes: Axes, positions: Floats, values: Values, colours: Colormap, norm: BoundaryNorm
) -> AxesImage:
    """The map, each phrase a square about its own point."""
    half = float(positions[1] - positions[0]) / 2
    low, high = float(positions[0]) - half, float(positions[-1]) + half
    return axes.imshow(
        values, cmap=colours, norm=norm, origin="lower", extent=(low, high, low, high),
        interpolation="none",
    )  # fmt: skip


def _numbers(
    axes: Axes,
    positions: Floats,
    values: Values,
    colour: Callable[[float], tuple[float, float, float, float]],
    name: Callable[[float], str],
) -> None:
    """What stands at whole positions, printed on its own colour in black or white."""
    places = [int(np.abs(positions - at).argmin()) for at in np.arange(-2.0, 3.0)]
    for row in places:
        for column in places:
            value = float(values[row, column])
            if np.isnan(value):
                continue
            red, green, blue, _ = colour(value)
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45
            axes.text(
                positions[column], positions[row], name(value), fontsize=7.5,
                ha="center", va="center", color="black" if light else "white",
            )  # fmt: skip


def cloud(x: Floats, y: Floats, notes: Ints, most: int, labels: Labels) -> bytes:
    """Encoded melodies as dots, coloured by note count, over circles of radius 1, 2 and 3."""

    def draw(figure: Figure) -> None:
        axes = _plane_axes(figure, labels)
        colours, norm = _scale("viridis", 0, most)
        dots = axes.scatter(
            x, y, c=notes, cmap=colours, norm=norm, s=5.0, linewidths=0, rasterized=True
        )
        for radius in (1, 2, 3):
            axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor="#000000", linewidth=0.9))
            axes.text(
                0, radius, f"{radius}", fontsize=7.5, ha="center", va="center",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0.4},
            )  # fmt: skip
        reach = max(4.0, float(np.abs([x, y]).max()) + 0.2) if len(x) else 4.0
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        _count_bar(figure, axes, dots, most)

    return drawn(draw, height=3.3)
