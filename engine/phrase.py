"""What a decoded two-bar phrase is: notes on a grid of sixteenths. Pure; no torch.

Two views of the same phrase travel through the instrument:

* **tokens**: ids of a checkpoint's vocabulary (spelled note names, HOLD, REST);
* **steps**: one int per sixteenth, as OSC feedback and the player use them: the MIDI pitch at an
  onset, ``HOLD_STEP`` where the note goes on, ``REST_STEP`` where it is silent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEPS_PER_BEAT = 4  # the decoder's grid is the sixteenth (GLSR-VAE, section 3.2)
BEATS_PER_BAR = 4  # 4/4 only
STEPS_PER_BAR = STEPS_PER_BEAT * BEATS_PER_BAR  # 16
BARS_PER_PHRASE = 2
PHRASE_STEPS = STEPS_PER_BAR * BARS_PER_PHRASE  # 32, the paper's window

HOLD_STEP = -1
REST_STEP = -2


@dataclass(frozen=True, slots=True)
class Note:
    """One note: MIDI ``pitch`` 0..127, ``onset_step`` 0..31, ``duration_steps`` >= 1."""

    pitch: int
    onset_step: int
    duration_steps: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A two-bar phrase.

    ``tokens``: 32 vocabulary ids. ``notes``: every note with an onset inside the phrase, in time
    order, never overlapping. ``tied_in``: the phrase begins with HOLD, so whatever note sounds
    before it is carried over; when none sounds, that beginning is a rest.
    """

    tokens: tuple[int, ...]
    notes: tuple[Note, ...]
    tied_in: bool


def notes_from_steps(steps: Sequence[int]) -> tuple[Note, ...]:
    """The notes of a step row; a HOLD that continues no note (after REST, or first) is silent.

    A note ends at the next onset, at a REST, or at the end of the row.
    """
    notes: list[Note] = []
    onset: int | None = None
    for step, value in enumerate([*steps, REST_STEP]):
        if value == HOLD_STEP:
            continue
        if onset is not None:
            notes.append(Note(steps[onset], onset, step - onset))
        onset = step if value >= 0 else None
    return tuple(notes)


def steps_from_notes(notes: Iterable[Note], *, length: int = PHRASE_STEPS) -> tuple[int, ...]:
    """The step row of monophonic ``notes``; silence is REST at every step.

    Raises ``ValueError`` when a note leaves the row or overlaps the one before it.
    """
    steps = [REST_STEP] * length
    free_from = 0
    for note in sorted(notes, key=lambda n: n.onset_step):
        end = note.onset_step + note.duration_steps
        if note.onset_step < free_from or end > length or note.duration_steps < 1:
            raise ValueError(f"{note} overlaps its neighbour or leaves the {length}-step row")
        steps[note.onset_step] = note.pitch
        steps[note.onset_step + 1 : end] = [HOLD_STEP] * (note.duration_steps - 1)
        free_from = end
    return tuple(steps)
