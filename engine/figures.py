"""Pictures of what the network learnt. ``python -m engine.figures OUT.png [CHECKPOINT]``.

For now one: a straight line in z1, every stop decoded (the paper's figure 4, as piano rolls).
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.decoding import PhraseDecoder
from engine.files import write_atomically
from engine.phrase import PHRASE_STEPS, STEPS_PER_BAR, STEPS_PER_BEAT, Phrase

STOPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
INK, GRID, PAPER = "#12355b", "#d9dde3", "#ffffff"


def knob_picture(decoder: PhraseDecoder, stops: Sequence[float] = STOPS) -> Figure:
    """Piano rolls side by side: z1 from low to high, every other coordinate 0."""
    rest = [0.0] * (decoder.dimensions - 1)
    phrases = decoder.decode([[z1, *rest] for z1 in stops])
    pitches = [note.pitch for phrase in phrases for note in phrase.notes]
    low, high = min(pitches) - 1, max(pitches) + 1
    figure = Figure(figsize=(13.0, 2.6), facecolor=PAPER, layout="constrained")
    rolls = figure.subplots(1, len(stops), sharey=True)
    for roll, z1, phrase in zip(rolls, stops, phrases, strict=True):
        _draw(roll, phrase, low, high)
        count = len(phrase.notes)
        roll.set_title(f"z1 = {z1:+g}\n{count} note{'' if count == 1 else 's'}", fontsize=10)
    rolls[0].set_ylabel("pitch", fontsize=9)
    figure.supxlabel("two bars of sixteenths each; all other coordinates stay 0", fontsize=9)
    return figure


def _draw(roll: Axes, phrase: Phrase, low: int, high: int) -> None:
    for step in range(0, PHRASE_STEPS + 1, STEPS_PER_BEAT):
        heavy = step % STEPS_PER_BAR == 0
        roll.axvline(step, color=GRID, linewidth=1.6 if heavy else 0.6, zorder=0)
    for note in phrase.notes:
        roll.broken_barh(
            [(note.onset_step + 0.15, note.duration_steps - 0.3)],
            (note.pitch - 0.45, 0.9),
            facecolor=INK,
        )
    roll.set(xlim=(0, PHRASE_STEPS), ylim=(low, high), xticks=[], yticks=[])
    for side in roll.spines.values():
        side.set_color(GRID)


def save(figure: Figure, file: Path) -> None:
    """Write a PNG, the same bytes for the same figure. Raises ``OSError``."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=150, format="png", metadata={"Software": None})
    write_atomically(file, buffer.getvalue())


def main() -> None:
    """Draw the picture of the README."""
    file = Path(sys.argv[1])
    checkpoint = sys.argv[2] if len(sys.argv) > 2 else "stage"
    save(knob_picture(PhraseDecoder.load(checkpoint)), file)


if __name__ == "__main__":
    main()
