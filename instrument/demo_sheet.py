"""A contact sheet of the demo: every section as a piano roll, and what hands do. Main only."""

import io
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from instrument.demo_script import Section
from instrument.ledger import NoteEvent
from instrument.tempo import TICKS_PER_BAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
WIDTH_IN, ROW_IN = 13.0, 2.55
COLOURS = {1: "#c8871a", 2: "#2b8f86"}  # by channel
LOW, HIGH = 41, 86  # pitches
Note = tuple[int, int, int, int]  # channel, pitch, from and to in ticks


def lengths(events: Sequence[NoteEvent]) -> list[Note]:
    """Note events as notes; one that is never closed is no note."""
    open_at: dict[tuple[int, int], int] = {}
    found = []
    for event in events:
        key = event.channel, event.pitch
        if (began := open_at.pop(key, None)) is not None:
            found.append((*key, began, event.tick))
        if event.velocity:
            open_at[key] = event.tick
    return found


def sheet(script: Sequence[Section], bars: int, events: Sequence[NoteEvent]) -> bytes:
    """The picture, PNG. The same arguments give the same picture."""
    from matplotlib.figure import Figure

    notes = lengths(events)
    rows = -(-len(script) // COLUMNS)
    figure = Figure(figsize=(WIDTH_IN, ROW_IN * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).flatten()
    ends = [*(section.bar for section in script[1:]), bars + 1]
    for panel, section, end in zip(panels, script, ends, strict=False):
        _draw(panel, section, end, notes)
    for panel in panels[len(script) :]:
        panel.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def _draw(panel: "Axes", section: Section, end: int, notes: Sequence[Note]) -> None:
    begin_tick, end_tick = ((bar - 1) * TICKS_PER_BAR for bar in (section.bar, end))
    for channel, pitch, began, ended in notes:
        if began < end_tick and ended > begin_tick:
            first, last = max(began, begin_tick), min(ended, end_tick)
            panel.broken_barh(
                [(first / TICKS_PER_BAR + 1, (last - first) / TICKS_PER_BAR * 0.94)],
                (pitch - 0.5, 1.2),
                color=COLOURS.get(channel, "#555555"),
            )
    struck = sum(begin_tick <= began < end_tick for _, _, began, _ in notes)
    panel.set(xlim=(section.bar, end), ylim=(LOW, HIGH), yticks=[48, 60, 72, 84])
    panel.set_yticklabels(["C3", "C4", "C5", "C6"], fontsize=8)
    panel.set_xticks(range(section.bar, end + 1), minor=(end - section.bar) > 12)
    panel.tick_params(axis="x", labelsize=8)
    panel.grid(axis="x", color="#d0d0d0", linewidth=0.6)
    panel.grid(axis="y", color="#e4e4e4", linewidth=0.6)
    panel.set_axisbelow(True)
    said = "\n".join(wrap(section.says, 86))
    title = f"Bar {section.bar}: {section.title}  ({struck} notes)"
    panel.set_title(title, loc="left", fontsize=11, weight="bold")
    panel.set_xlabel(said, loc="left", fontsize=8.5)
