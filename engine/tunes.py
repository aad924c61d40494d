"""One score file -> its melodies, or the reason why there are none. music21 reads it.

MusicXML, MIDI and ABC. music21 itself rounds MIDI to sixteenths and eighth triplets.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from engine.chorales import Melody, UnusableError, bars_of, key_of, line_on_grid
from engine.phrase import PHRASE_STEPS
from engine.vocabulary import CENTRE

NO_NOTES = "no notes"
SUFFIXES = frozenset({".mid", ".midi", ".musicxml", ".xml", ".mxl", ".abc"})
MAX_BYTES = 16 << 20

MOST_SHARPS = 6  # or flats: beyond, the plainest key signature is another
# A name's distance from its key on the line of fifths. With six sharps or flats in the signature
# these still are names of at most two accidentals, which is what a vocabulary can hold.
FLATTEST, SHARPEST = -8, 12


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave.

    ``refused``: (tune, reason), the tune's name "" where the file is one tune. ``remark``: what a
    person should know of the melodies that were taken; "" for nothing.
    """

    melodies: tuple[Melody, ...]
    refused: tuple[tuple[str, str], ...]
    remark: str


def read_file(file: Path) -> Reading:
    """The melodies in ``file``. Never raises for what is in it."""
    try:
        if file.stat().st_size > MAX_BYTES:
            return Reading((), (("", f"over {MAX_BYTES >> 20} MiB"),), "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21's, about notation that does not concern us
            scores = _scores(file)
    except Exception as error:  # music21 raises many kinds for a file that is no score
        told = " ".join(str(error).split())[:120] or type(error).__name__
        return Reading((), (("", f"not parseable ({told})"),), "")
    melodies, refused, remarks = [], [], []
    for tune, score in scores:
        try:
            melody, remark = melody_of(score, file.stem + (f" {tune}" if tune else ""))
        except UnusableError as error:
            refused.append((tune, str(error)))
        except Exception as error:  # a score that music21 reads but cannot make sense of
            refused.append((tune, f"not parseable ({type(error).__name__})"))
        else:
            melodies.append(melody)
            remarks += [remark] if remark else []
    return Reading(tuple(melodies), tuple(refused), remarks[0] if remarks else "")


def _scores(file: Path) -> list[tuple[str, Any]]:
    """The tunes of a file with their names; one tune has none."""
    from music21 import converter

    parsed: Any = converter.parse(file, forceSource=True)
    if "Opus" not in parsed.classes:
        return [("", parsed)]
    scores = list(parsed.scores)
    if len(scores) == 1:
        return [("", scores[0])]
    return [(_tune_name(score, place), score) for place, score in enumerate(scores, start=1)]


def _tune_name(score: Any, place: int) -> str:
    title = score.metadata.title if score.metadata is not None else None
    return f"tune {place}{f', {title}' if title else ''}"


def melody_of(score: Any, name: str) -> tuple[Melody, str]:
    """The highest part of ``score`` that is one voice, and a remark where there are others.

    Raises :class:`UnusableError` with the reason.
    """
    parts = list(score.parts) or [score]
    found: list[tuple[float, int, Melody]] = []
    reasons: list[str] = []
    for place, part in enumerate(parts, start=1):
        try:
            melody = _melody(part, name)
        except UnusableError as error:
            reasons.append(str(error))
        else:
            found.append((mean(melody.pitches), -place, melody))
    reasons = [r for r in dict.fromkeys(reasons) if r != NO_NOTES] or reasons[:1]
    if not found:
        raise UnusableError(", ".join(reasons) or NO_NOTES)
    _, place, melody = max(found, key=lambda f: f[:2])
    if len(melody.steps) < PHRASE_STEPS:
        raise UnusableError("shorter than two bars")
    others = len(parts) > 1
    return melody, f"part {-place} of {len(parts)}, the highest of one voice" if others else ""


def _melody(part: Any, name: str) -> Melody:
    # Chord symbols are written over a melody, not played.
    part.remove(list(part.recurse().getElementsByClass("Harmony")), recurse=True)
    notes = list(part.flatten().notes)
    if not notes:
        raise UnusableError(NO_NOTES)
    if any("Unpitched" in note.classes or "PercussionChord" in note.classes for note in notes):
        raise UnusableError("percussion")
    steps, fifths = line_on_grid(part)
    key = key_of(part)
    if key is None:
        key, fifths = named(steps)
    fifths = tuple(
        _near(key, place) if value >= 0 else 0 for place, value in zip(fifths, steps, strict=True)
    )
    return Melody(name, steps, fifths, key, bars_of(part))


def named(steps: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Key signature and names for pitches that have none, as in MIDI.

    The names that lie closest together on the line of fifths; of equals, those nearest D. The
    signature is the one in which fewest notes need an accidental; of equals, the one whose scale
    has its middle nearest theirs.
    """
    pitches = [value for value in steps if value >= 0]

    def places(centre: int) -> list[int]:
        return [_nearest(pitch, centre) for pitch in pitches]

    def spread(centre: int) -> tuple[float, int]:
        found = places(centre)
        middle = median(found)
        return sum(abs(place - middle) for place in found), abs(centre - CENTRE)

    centre = min(range(CENTRE - MOST_SHARPS, CENTRE + MOST_SHARPS + 1), key=spread)
    found = places(centre)

    def accidentals(key: int) -> tuple[int, float]:
        # A scale's seven names are neighbours on the line: from F to B around D in C major.
        outside = sum(abs(place - key - CENTRE) > 3 for place in found)
        return outside, abs(key + CENTRE - median(found))

    key = min(range(-MOST_SHARPS, MOST_SHARPS + 1), key=accidentals)
    return key, tuple(_nearest(value, centre) if value >= 0 else 0 for value in steps)


def _nearest(pitch: int, centre: int) -> int:
    """The name of ``pitch`` that lies nearest ``centre`` on the line of fifths."""
    place = 7 * pitch % 12  # a fifth is seven semitones, and 7 * 7 = 49 = 1 modulo 12
    return place + 12 * round((centre - place) / 12)


def _near(key_fifths: int, place: int) -> int:
    """``place`` by an enharmonic change of name, if it lies too far from its key."""
    while place - key_fifths < FLATTEST:
        place += 12
    while place - key_fifths > SHARPEST:
        place -= 12
    return place
