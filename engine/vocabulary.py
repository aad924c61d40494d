"""Spelled note names + HOLD + REST  <->  token ids  <->  steps. Pure; no torch.

The paper encodes notes by their "real name" (section 3.2), so C#4 and Db4 are two tokens with one
pitch. Names are written ``C4``, ``F#5``, ``Bb3``, ``Fx4`` (double sharp), ``Ebb4``; C4 is MIDI 60.
Token 0 is HOLD, token 1 is REST, then notes from low to high, flats before sharps.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.phrase import HOLD_STEP, REST_STEP, Phrase, notes_from_steps

HOLD = "HOLD"
REST = "REST"
HOLD_ID = 0
REST_ID = 1
CENTRE = 2  # D: the middle of the natural notes on the line of fifths, so the plainest names win

# The line of fifths: ... Bb(-2) F(-1) C(0) G(1) D(2) ... One step up is one sharp more, so
# transposing a name is one addition and spelling is never lost.
_LETTERS = "FCGDAEB"
_NATURAL_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAME = re.compile(r"([A-G])(#|x|b{1,2})?(-[12]|[0-9])")
_ALTERATIONS = {"": 0, "#": 1, "x": 2, "b": -1, "bb": -2}
_ALTERATION_NAMES = {value: name for name, value in _ALTERATIONS.items()}


def name_of(fifths: int, pitch: int) -> str:
    """The spelled name of MIDI ``pitch`` at place ``fifths`` on the line of fifths (C = 0).

    Raises ``ValueError`` when the two disagree or need more than a double accidental.
    """
    alteration, letter_index = divmod(fifths + 1, 7)
    letter = _LETTERS[letter_index]
    natural = pitch - alteration
    octave, semitone = divmod(natural, 12)
    if semitone != _NATURAL_SEMITONES[letter] or alteration not in _ALTERATION_NAMES:
        raise ValueError(f"place {fifths} on the line of fifths is no spelling of pitch {pitch}")
    return f"{letter}{_ALTERATION_NAMES[alteration]}{octave - 1}"


def parse_name(name: str) -> tuple[int, int]:
    """``(fifths, pitch)`` of a spelled note name. Raises ``ValueError`` for anything else."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not a note name like C4, F#5 or Bb3")
    letter, accidental, octave = match.groups()
    alteration = _ALTERATIONS[accidental or ""]
    pitch = _NATURAL_SEMITONES[letter] + alteration + 12 * (int(octave) + 1)
    if not 0 <= pitch <= 127:
        raise ValueError(f"{name!r} lies outside MIDI's 0..127")
    return _LETTERS.index(letter) - 1 + 7 * alteration, pitch


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of one checkpoint, in id order: ``("HOLD", "REST", "C4", ...)``."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.names[:2] != (HOLD, REST):
            raise ValueError(f"a vocabulary begins with {HOLD}, {REST}")
        if len(set(self.names)) != len(self.names):
            raise ValueError("a vocabulary names each token once")
        for name in self.names[2:]:
            parse_name(name)

    @classmethod
    def of(cls, note_names: Iterable[str]) -> "Vocabulary":
        """The vocabulary of these note names, ordered so that the same set gives the same ids."""

        def from_low_to_high(name: str) -> tuple[int, int]:
            fifths, pitch = parse_name(name)
            return pitch, fifths

        return cls((HOLD, REST, *sorted(set(note_names), key=from_low_to_high)))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def step_values(self) -> tuple[int, ...]:
        """For each token id: its MIDI pitch, or ``HOLD_STEP``, or ``REST_STEP``."""
        return (HOLD_STEP, REST_STEP, *(parse_name(name)[1] for name in self.names[2:]))

    @cached_property
    def ids(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def steps(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """Tokens as steps (pitch, -1 HOLD, -2 REST). ``IndexError`` for an id out of range."""
        if any(token < 0 for token in tokens):
            raise IndexError("token ids are not negative")
        return tuple(self.step_values[token] for token in tokens)

    def phrase(self, tokens: Sequence[int]) -> Phrase:
        """The :class:`Phrase` of these tokens."""
        row = tuple(int(token) for token in tokens)
        steps = self.steps(row)
        return Phrase(row, notes_from_steps(steps), bool(steps) and steps[0] == HOLD_STEP)

    def tokens(self, steps: Sequence[int], *, centre: int = CENTRE) -> tuple[int, ...]:
        """Steps as tokens; of two spellings of a pitch, the one nearest ``centre`` on the line of
        fifths.

        Raises ``ValueError`` naming the first pitch that the vocabulary does not hold.
        """
        spelling = self.spelling(centre)
        for value in steps:
            if value not in spelling:
                raise ValueError(f"pitch {value} is not in this vocabulary")
        return tuple(spelling[value] for value in steps)

    def spelling(self, centre: int) -> dict[int, int]:
        """Step value -> token id, with the name of each pitch that lies nearest ``centre``.

        Of two that lie as near, the one nearer D; then the lower id.
        """
        chosen = {HOLD_STEP: HOLD_ID, REST_STEP: REST_ID}

        def distance(place: tuple[int, int, int]) -> tuple[int, int]:
            return abs(place[0] - centre), abs(place[0] - CENTRE)

        for _, pitch, token in sorted(self._places, key=distance):
            chosen.setdefault(pitch, token)
        return chosen

    @cached_property
    def _places(self) -> tuple[tuple[int, int, int], ...]:
        """Of each note: place on the line of fifths, pitch, token id."""
        return tuple((*parse_name(name), self.ids[name]) for name in self.names[2:])

    def fifths_of(self, token: int) -> int:
        """The place of a note's name on the line of fifths."""
        return self._places[token - len((HOLD, REST))][0]
