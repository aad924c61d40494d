"""Any melody -> two-bar phrases that a checkpoint can read, and what had to be changed. Pure.

The rules are those of a musician who copies a tune out for one voice with a small range:

* onsets go to the nearest sixteenth; of the notes that then stand on one step the highest is kept;
* a note that lies wholly under a higher one is accompaniment and is left out; one that outlasts it
  takes over, and the higher one is cut;
* a silence that comes from articulation (the note ends off the grid, after three quarters of its
  time) is no rest: the note is held until the next;
* the whole melody moves by octaves to where most of its notes can be had; notes that still cannot
  go to the nearest pitch there is;
* of two names of a pitch, the one nearer the melody's other names on the line of fifths is taken.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from engine.phrase import (
    HOLD_STEP,
    PHRASE_STEPS,
    REST_STEP,
    STEPS_PER_BAR,
    Note,
    Phrase,
    steps_from_notes,
)
from engine.vocabulary import CENTRE, Vocabulary

MAX_BARS = 1000  # an hour and more of music; a longer file is a broken one
ARTICULATION = 0.25  # of the time to the next onset: a shorter silence off the grid is no rest
OCTAVE = 12
HIGHEST_PITCH = 127
_FARTHEST_CENTRE = 10  # from D on the line of fifths: keys of more than seven accidentals


class MelodyError(ValueError):
    """A melody cannot be made into phrases; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class LooseNote:
    """One note as it was played: ``onset_steps`` and ``duration_steps`` in sixteenths, any real
    numbers.
    """

    pitch: int
    onset_steps: float
    duration_steps: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """``phrases``: of 32 tokens each, one after the other. ``changes``: plain sentences."""

    phrases: tuple[Phrase, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A note on the grid; ``played_end`` is where it was let go, in steps, on no grid."""

    pitch: int
    onset: int
    end: int
    played_end: float


def fit_melody(notes: Sequence[LooseNote], vocabulary: Vocabulary) -> Fitted:
    """The melody in ``notes`` as two-bar phrases of ``vocabulary``, from the bar of its first note.

    Step 0 is a bar line. A last phrase that is too short is filled with rest; a note that sounds
    over the end of a phrase begins the next one as HOLD. Raises :class:`MelodyError` for no notes,
    for a time or a pitch that is none, and for more than a thousand bars.
    """
    if not notes:
        raise MelodyError("there are no notes")
    placed, changes = _one_voice(*_on_grid(notes))
    first_bar = placed[0].onset // STEPS_PER_BAR
    if first_bar:
        changes.append(f"{_counted(first_bar, 'silent bar')} left out at the beginning")
    origin = first_bar * STEPS_PER_BAR
    bars = -(-(placed[-1].end - origin) // STEPS_PER_BAR)
    if bars > MAX_BARS:
        raise MelodyError(f"the melody is {bars} bars long; at most {MAX_BARS} can be read")
    if bars % 2:
        changes.append("a bar of rest added at the end, because phrases are two bars long")
    pitches, moved = _within([note.pitch for note in placed], vocabulary)
    row = steps_from_notes(
        (
            Note(pitch, note.onset - origin, note.end - note.onset)
            for pitch, note in zip(pitches, placed, strict=True)
        ),
        length=-(-bars // 2) * PHRASE_STEPS,
    )
    tokens = vocabulary.tokens(row, centre=centre_of(pitches, vocabulary))
    starts = range(0, len(tokens), PHRASE_STEPS)
    phrases = tuple(vocabulary.phrase(tokens[start : start + PHRASE_STEPS]) for start in starts)
    return Fitted(phrases, (*changes, *moved))


def fit_phrase(phrase: Phrase, vocabulary: Vocabulary) -> tuple[Phrase, tuple[str, ...]]:
    """``phrase`` in the tokens of ``vocabulary``, and what was changed.

    Where its tokens spell its notes in this vocabulary it is returned as it is. Otherwise (made by
    hand, or decoded by another checkpoint) its notes count, and its tokens do not; ``tied_in``
    makes the steps before its first note HOLD. Raises :class:`MelodyError` for notes outside the
    two bars, and for tokens that nothing can be made of.
    """
    if _spells(vocabulary, phrase):
        return phrase, ()
    if phrase.tokens and not phrase.notes:
        raise MelodyError(f"a phrase is {PHRASE_STEPS} token ids of this vocabulary, or its notes")
    loose = [LooseNote(n.pitch, n.onset_step, n.duration_steps) for n in phrase.notes]
    if any(not 0 <= note.onset_steps < PHRASE_STEPS for note in loose):
        raise MelodyError(f"a phrase's notes begin on steps 0 to {PHRASE_STEPS - 1}")
    placed, changes = _one_voice(*_on_grid(loose, last_step=PHRASE_STEPS - 1))
    return _two_bars(placed, changes, vocabulary, tied_in=phrase.tied_in)


def fit_window(
    notes: Sequence[LooseNote], vocabulary: Vocabulary
) -> tuple[Phrase, tuple[str, ...]]:
    """Exactly the two bars of ``notes`` from step 0 on, silence kept, and what was changed.

    What begins nearer to step 32 than to step 31, or later, is left out; what sounds beyond step 32
    is cut. Raises :class:`MelodyError` for no notes in there, and for a time or a pitch that is
    none.
    """
    placed, changes = _on_grid(notes)
    inside = [note for note in placed if note.onset < PHRASE_STEPS]
    if not inside:
        raise MelodyError("there are no notes in the two bars")
    if beyond := len(placed) - len(inside):
        changes.append(f"{_counted(beyond, 'note')} after the two bars left out")
    return _two_bars(*_one_voice(inside, changes), vocabulary)


def is_silent(phrase: Phrase, vocabulary: Vocabulary) -> bool:
    """Whether nothing sounds in it, not even a note from before."""
    return all(value == REST_STEP for value in vocabulary.steps(phrase.tokens))


def centre_of(pitches: Sequence[int], vocabulary: Vocabulary) -> int:
    """The place on the line of fifths around which the names of ``pitches`` lie closest.

    So a tune in E flat has A flats and one in E has G sharps. Of equal places, that nearest D.
    """

    def spread(centre: int) -> tuple[int, int]:
        names = vocabulary.spelling(centre)
        places = [vocabulary.fifths_of(names[pitch]) for pitch in pitches]
        middle = round(median(places)) if places else CENTRE
        return sum(abs(place - middle) for place in places), abs(centre - CENTRE)

    return min(range(CENTRE - _FARTHEST_CENTRE, CENTRE + _FARTHEST_CENTRE + 1), key=spread)


def _two_bars(
    placed: Sequence[_Placed],
    changes: Sequence[str],
    vocabulary: Vocabulary,
    *,
    tied_in: bool = False,
) -> tuple[Phrase, tuple[str, ...]]:
    """The voice ``placed`` as one phrase, cut at its end; ``changes`` and what was done here."""
    told = list(changes)
    if over := sum(note.end > PHRASE_STEPS for note in placed):
        told.append(f"{_counted(over, 'note')} cut at the end of the phrase")
    pitches, moved = _within([note.pitch for note in placed], vocabulary)
    row = list(
        steps_from_notes(
            Note(pitch, note.onset, min(note.end, PHRASE_STEPS) - note.onset)
            for pitch, note in zip(pitches, placed, strict=True)
        )
    )
    if tied_in:
        until = placed[0].onset if placed else PHRASE_STEPS
        row[:until] = [HOLD_STEP] * until
    tokens = vocabulary.tokens(row, centre=centre_of(pitches, vocabulary))
    return vocabulary.phrase(tokens), (*told, *moved)


def _spells(vocabulary: Vocabulary, phrase: Phrase) -> bool:
    tokens = phrase.tokens
    if len(tokens) != PHRASE_STEPS or not all(0 <= t < len(vocabulary) for t in tokens):
        return False
    return vocabulary.phrase(tokens).notes == tuple(phrase.notes)


def _on_grid(
    notes: Sequence[LooseNote], last_step: int | None = None
) -> tuple[list[_Placed], list[str]]:
    """Every note at its nearest step (half-way goes forward), at least one step long."""
    placed, moved = [], 0
    for note in notes:
        end = note.onset_steps + note.duration_steps
        if not math.isfinite(note.onset_steps) or not math.isfinite(end) or note.onset_steps < 0:
            raise MelodyError("a note's time is not a number from 0 up")
        if not 0 <= note.pitch <= HIGHEST_PITCH:
            raise MelodyError(f"a pitch of {note.pitch} is outside 0 to {HIGHEST_PITCH}")
        onset = math.floor(note.onset_steps + 0.5)
        onset = onset if last_step is None else min(onset, last_step)
        moved += onset != note.onset_steps
        placed.append(_Placed(note.pitch, onset, max(onset + 1, math.floor(end + 0.5)), end))
    return placed, [f"{_counted(moved, 'note')} moved to the nearest sixteenth"] if moved else []


def _one_voice(notes: Sequence[_Placed], changes: list[str]) -> tuple[list[_Placed], list[str]]:
    """The notes of the upper line, none over another; ``changes`` and what was done here."""
    line: list[_Placed] = []
    under = cut = filled = 0
    for note in sorted(notes, key=lambda n: (n.onset, -n.pitch, -n.end)):
        if line and note.onset < line[-1].end:
            above = line[-1]
            if note.onset == above.onset or (note.pitch < above.pitch and note.end <= above.end):
                under += 1
                continue
            cut += 1
            line[-1] = replace(above, end=note.onset)
        line.append(note)
    following = [n.onset for n in line[1:]]
    following += [-(-n.end // STEPS_PER_BAR) * STEPS_PER_BAR for n in line[-1:]]  # its bar line
    for place, (note, then) in enumerate(zip(line, following, strict=True)):
        silence = then - note.played_end
        articulated = 0 < silence < ARTICULATION * (then - note.onset)
        if note.end < then and note.played_end != note.end and articulated:
            filled += 1
            line[place] = replace(note, end=then)
    told = [
        f"{_counted(under, 'note')} left out under a higher one" if under else "",
        f"{_counted(cut, 'note')} cut where the next begins" if cut else "",
        f"{_counted(filled, 'note')} held until the next: the silence was articulation"
        if filled
        else "",
    ]
    return line, changes + [sentence for sentence in told if sentence]


def _within(pitches: Sequence[int], vocabulary: Vocabulary) -> tuple[list[int], list[str]]:
    """The melody moved by octaves to where most of its notes can be had, then note by note.

    The fewest octaves win, then the way down.
    """
    known = sorted(value for value in set(vocabulary.step_values) if value >= 0)
    if not pitches:
        return [], []
    reach = range((known[0] - max(pitches)) // OCTAVE, (known[-1] - min(pitches)) // OCTAVE + 1)
    held = frozenset(known)
    octaves = min(
        {0, *reach},
        key=lambda n: (sum(p + OCTAVE * n not in held for p in pitches), abs(n), n),
    )
    shifted = [pitch + OCTAVE * octaves for pitch in pitches]
    nearest = [min(known, key=lambda p: (abs(p - pitch), p)) for pitch in shifted]
    moved = sum(a != b for a, b in zip(shifted, nearest, strict=True))
    names = vocabulary.spelling(CENTRE)
    low, high = (vocabulary.names[names[pitch]] for pitch in (known[0], known[-1]))
    told = []
    if octaves:
        way = "up" if octaves > 0 else "down"
        count = _counted(abs(octaves), "octave")
        told.append(f"the melody moved {way} {count}: this checkpoint knows {low} to {high}")
    if moved:
        told.append(f"{_counted(moved, 'note')} moved to the nearest pitch of {low} to {high}")
    return nearest, told


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
