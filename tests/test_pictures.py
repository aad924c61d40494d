"""The report's pictures: whole, alone, and the same for the same arrays."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import numpy as np
import pytest

from engine.phrase import Note, Phrase
from engine.report import maps, pictures
from engine.report.pictures import Curve, Roll

POSITIONS = np.linspace(-3.0, 3.0, 61)
X, Y = np.meshgrid(POSITIONS, POSITIONS)
LABELS = ("z1 (note count)", "z2")
HREF = "{http://www.w3.org/1999/xlink}href"


def note_map() -> bytes:
    return maps.note_map(POSITIONS, np.round(X + 7.0), 12, LABELS)


def pitch_map() -> bytes:
    pitches = np.where(X < -2.5, np.nan, np.round(66 + Y))
    return maps.pitch_map(POSITIONS, pitches, 60, 72, LABELS)


def sign_map() -> bytes:
    return maps.sign_map(POSITIONS, (Y > 0).astype(int) + 2 * (X > 0), LABELS)


def cloud() -> bytes:
    x, y = np.random.default_rng(0).standard_normal((2, 300))
    return maps.cloud(x, y, np.round(x + 7).astype(int), 12, LABELS)


def histogram() -> bytes:
    return pictures.histogram(np.random.default_rng(0).standard_normal(500), "z1")


def calibration() -> bytes:
    low, high = POSITIONS + 69, POSITIONS + 73
    curve = Curve(POSITIONS, POSITIONS + 71, low, low + 1, high, pitched=True)
    return pictures.calibration(curve, "z2", "pitch")


def rolls() -> bytes:
    one = Phrase((), (Note(60, 0, 4),), tied_in=False)
    two = Phrase((), (Note(60, 0, 4), Note(67, 16, 1)), tied_in=False)
    none = Phrase((), (), tied_in=True)
    return pictures.rolls(
        [Roll("low", one, ("C",)), Roll("high", two, ("C", "G")), Roll("off", none, ())]
    )


ALL = [note_map, pitch_map, sign_map, cloud, histogram, calibration, rolls]


@pytest.mark.parametrize("draw", ALL)
def test_a_picture_stands_alone_and_has_no_date(draw: Callable[[], bytes]) -> None:
    """Well-formed SVG that refers to nothing outside itself; drawn again, the same bytes."""
    svg = draw()
    tree = ElementTree.fromstring(svg)  # noqa: S314 - we wrote it
    links = [node.attrib[HREF] for node in tree.iter() if HREF in node.attrib]
    assert all(link.startswith(("#", "data:image/png")) for link in links)
    assert b"<dc:date>" not in svg
    assert b"@import" not in svg
    assert draw() == svg


def written(svg: bytes) -> list[str]:
    """All that is written in a picture: letters are outlines, with their text in a comment."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))  # noqa: S314
    tree = ElementTree.fromstring(svg, parser)  # noqa: S314
    return [str(node.text).strip() for node in tree.iter() if not isinstance(node.tag, str)]


def test_counts_are_printed_on_the_map() -> None:
    """At whole positions stands the count itself, so colour is never the only way to read it."""
    texts = written(note_map())
    assert texts.count("7") == 5  # one for each printed row at z1 = 0
    assert {"5", "6", "8", "9"} <= set(texts)
    assert "z1 (note count)" in texts
    assert "notes in two bars" in texts


def test_pitches_are_names_and_silence_is_none() -> None:
    """A pitch map speaks of F♯4, never of 66; where nothing sounds no name stands."""
    texts = written(pitch_map())
    assert {"E4", "F♯4", "A♭4", "C5"} <= set(texts)
    assert "66" not in texts
    everywhere = maps.pitch_map(POSITIONS, np.full((61, 61), np.nan), 60, 72, LABELS)
    assert "F♯4" not in written(everywhere)


def test_accidentals_have_marks_beside_their_colours() -> None:
    """Sharps, flats, both and none differ in grey as well: each has its mark."""
    texts = written(sign_map())
    assert {"♯", "♭", "♯♭"} <= set(texts)
    assert "sharps (♯)" in texts


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


def test_colours_differ_in_grey() -> None:
    """Printed without colour, the four kinds of accidentals and the two inks keep apart."""
    greys = sorted(map(luminance, maps.SIGN_COLOURS))
    assert min(np.diff(greys)) > 0.15
    assert luminance(pictures.STRONG) - luminance(pictures.INK) > 0.15


def test_rolls_have_counts_and_names() -> None:
    """Beside each strip its notes are counted, and a note long enough bears its name."""
    texts = written(rolls())
    assert {"1 note", "2 notes", "0 notes", "low", "high", "off"} <= set(texts)
    assert texts.count("C") == 2
    assert "G" not in texts  # one sixteenth has no room for a name


def test_a_knob_of_pitches_has_note_names() -> None:
    """A calibration curve of pitches is labelled with notes, not with MIDI numbers."""
    texts = written(calibration())
    assert "C5" in texts
    assert "72" not in texts


@pytest.mark.parametrize(
    ("pitch", "name"), [(60, "C4"), (57, "A3"), (70, "B♭4"), (66.4, "F♯4"), (0, "C-1")]
)
def test_pitch_names(pitch: float, name: str) -> None:
    """MIDI 60 is C4."""
    assert pictures.pitch_name(pitch) == name


@pytest.mark.parametrize(
    ("token", "name"), [("F#5", "F♯"), ("Bb3", "B♭"), ("Bbb4", "B♭♭"), ("Fx4", "Fx"), ("C-1", "C")]
)
def test_sung_names(token: str, name: str) -> None:
    """A note's own spelling without its octave."""
    assert pictures.sung_name(token) == name
