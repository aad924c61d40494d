"""The report's pictures: arrays in, matplotlib figures out. No model, no torch.

Every picture is narrow enough for a phone and keeps its meaning in grey: a colour scale runs from
dark to light, and what matters is also printed as a number or a name.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from engine.phrase import BEATS_PER_BAR, PHRASE_STEPS, STEPS_PER_BAR, STEPS_PER_BEAT, Phrase

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WIDTH = 3.7  # inches: of a phone's screen, and half of a printed page
INK, GRID, PALE = "#12355b", "#c9ced6", "#eceff3"
STRONG = "#c8500a"  # the second ink: an orange that is lighter than INK in grey
LETTERS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
STYLE: Any = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along, so a page is the same everywhere
    "font.size": 9.0,
    "axes.edgecolor": "#5a6270",
    "axes.linewidth": 0.7,
    "hatch.linewidth": 0.5,
    "svg.hashsalt": "glisser",
    "svg.fonttype": "path",
}


def drawn(draw: Callable[[Figure], None], height: float, width: float = WIDTH) -> bytes:
    """The SVG of what ``draw`` puts on a figure of ``width`` x ``height`` inches.

    The same drawing gives the same bytes: no date, no random names.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
        draw(figure)
        buffer = io.BytesIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", dpi=200, metadata=nothing)
    return buffer.getvalue()


def pitch_name(pitch: float) -> str:
    """A MIDI pitch as a musician writes it: 60 is C4."""
    octave, semitone = divmod(round(pitch), 12)
    return f"{LETTERS[semitone]}{octave - 1}"


def sung_name(name: str) -> str:
    """A token's note name without its octave, in musical signs: F#5 is F♯, Fx5 is Fx."""
    letter, signs = name[0], name[1:].rstrip("-0123456789")
    return letter + signs.replace("#", "♯").replace("b", "♭")


@dataclass(frozen=True)
class Roll:
    """One row of a picture of piano rolls; ``names`` has a name for each note of the phrase."""

    label: str
    phrase: Phrase
    names: tuple[str, ...]
    marked: bool = False


def rolls(stack: Sequence[Roll]) -> bytes:
    """Phrases one below another on the same pitches, bars and beats ruled, the count at the
    right.
    """
    pitches = [note.pitch for roll in stack for note in roll.phrase.notes] or [60]
    ends = sorted({min(pitches), max(pitches)})
    low, high = ends[0] - 1.2, ends[-1] + 4.0  # room for a name above the highest note

    def draw(figure: Figure) -> None:
        rows = figure.subplots(len(stack), 1, sharex=True, squeeze=False)[:, 0]
        for axes, roll in zip(rows, stack, strict=True):
            _roll(axes, roll, ends)
            axes.set_ylim(low, high)
        beats = np.arange(0, PHRASE_STEPS, STEPS_PER_BEAT)
        rows[-1].set_xticks(beats, [f"{n % BEATS_PER_BAR + 1}" for n in range(len(beats))])
        rows[-1].tick_params(labelbottom=True)
        rows[-1].set_xlabel("beats of two bars", fontsize=8)

    return drawn(draw, height=0.45 + len(stack) * max(0.6, 0.042 * (high - low)), width=4.6)


def _roll(axes: Axes, roll: Roll, ends: Sequence[int]) -> None:
    for step in range(0, PHRASE_STEPS + 1, STEPS_PER_BEAT):
        bar = step % STEPS_PER_BAR == 0
        axes.axvline(
            step, color="#8b93a0" if bar else GRID, linewidth=1.5 if bar else 0.5, zorder=0
        )
    colour = STRONG if roll.marked else INK
    for note, name in zip(roll.phrase.notes, roll.names, strict=True):
        axes.broken_barh(
            [(note.onset_step + 0.1, note.duration_steps - 0.2)],
            (note.pitch - 0.6, 1.2),
            facecolor=colour,
        )
        if note.duration_steps > 1:  # there is room for its name
            axes.text(note.onset_step + 0.2, note.pitch + 1.0, name, fontsize=7.2, color="#222222")
    count = len(roll.phrase.notes)
    axes.set_xlim(0, PHRASE_STEPS)
    axes.tick_params(length=0, labelbottom=False, labelsize=7)
    axes.set_yticks(ends, [pitch_name(pitch) for pitch in ends], fontsize=7)
    axes.set_ylabel(roll.label, rotation=0, ha="right", va="center", fontsize=9, color=colour)
    axes.text(
        1.01, 0.5, f"{count} note{'' if count == 1 else 's'}", transform=axes.transAxes,
        va="center", fontsize=9, fontweight="bold", color=colour,
    )  # fmt: skip
    for side in axes.spines.values():
        side.set_color(GRID)


def histogram(values: Floats, label: str) -> bytes:
    """Where the melodies lie along one coordinate, against the bell curve of N(0, 1)."""
    edges = np.linspace(-4.0, 4.0, 33)
    share = 100.0 * np.histogram(values, edges)[0] / max(len(values), 1)
    x = np.linspace(-4.0, 4.0, 201)
    bell = 100.0 * float(edges[1] - edges[0]) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.stairs(share, edges, fill=True, color="#9dbbd8", label="the melodies")
        axes.plot(x, bell, color=STRONG, linewidth=1.8, label="N(0, 1)")
        axes.set(xlim=(-4, 4), xlabel=label, ylabel="% of the melodies")
        axes.legend(frameon=False, fontsize=7.5, loc="upper left", handlelength=1.2)
        _plain(axes)

    return drawn(draw, height=2.6)


@dataclass(frozen=True)
class Curve:
    """A knob's curve over ``positions`` [P]; ``pitched``: its values are MIDI pitches."""

    positions: Floats
    promised: Floats
    low: Floats
    middle: Floats
    high: Floats
    pitched: bool


def calibration(curve: Curve, label: str, unit: str) -> bytes:
    """What a knob promises at each position, over the band in which most phrases deliver."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.fill_between(
            curve.positions, curve.low, curve.high, color="#9dbbd8", linewidth=0,
            label="8 of 10 phrases",
        )  # fmt: skip
        axes.plot(curve.positions, curve.middle, ":", color="black", linewidth=1.2, label="median")
        axes.plot(curve.positions, curve.promised, color=STRONG, linewidth=1.8, label="promised")
        axes.set(xlim=(-3, 3), xlabel=label, ylabel=unit)
        axes.xaxis.set_major_locator(MultipleLocator(1))
        axes.grid(color=PALE)
        if curve.pitched:
            axes.yaxis.set_major_locator(MultipleLocator(3))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: pitch_name(value)))
        axes.legend(frameon=False, fontsize=7.5, loc="upper left", handlelength=1.4)
        _plain(axes)

    return drawn(draw, height=2.7)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
