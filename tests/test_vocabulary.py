"""Spelled names, token ids and steps: no name is lost, no id means two things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phrase import HOLD_STEP, REST_STEP, Note
from engine.vocabulary import HOLD, REST, Vocabulary, name_of, parse_name

ACCIDENTALS = {"bb": -2, "b": -1, "": 0, "#": 1, "x": 2}
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
EVERY_NAME = [
    f"{letter}{accidental}{octave}"
    for octave in range(-2, 11)
    for letter, semitone in SEMITONES.items()
    for accidental, alteration in ACCIDENTALS.items()
    if 0 <= semitone + alteration + 12 * (octave + 1) <= 127
]
NAMES = st.sampled_from(EVERY_NAME)


@given(NAMES)
def test_a_name_survives_parsing(name: str) -> None:
    """Every spelled note inside MIDI's range reads and writes as itself."""
    assert name_of(*parse_name(name)) == name


def test_every_name_is_another_note() -> None:
    """No two names have both the same pitch and the same place on the line of fifths."""
    assert len({parse_name(name) for name in EVERY_NAME}) == len(EVERY_NAME)


@pytest.mark.parametrize(
    ("name", "fifths", "pitch"),
    [
        ("C4", 0, 60),
        ("A4", 3, 69),
        ("B3", 5, 59),
        ("F#5", 6, 78),
        ("Bb3", -2, 58),
        ("C#4", 7, 61),
        ("Db4", -5, 61),
        ("Cb4", -7, 59),
        ("B#3", 12, 60),
        ("Fx4", 13, 67),
        ("Ebb4", -10, 62),
    ],
)
def test_names_mean_what_musicians_mean(name: str, fifths: int, pitch: int) -> None:
    """C4 is middle C; sharps go up the line of fifths; Cb4 is a B, B#3 is a C."""
    assert parse_name(name) == (fifths, pitch)


@pytest.mark.parametrize(
    "text",
    ["", "H4", "c4", "C", "4", "C##4", "C4 ", "C4\n", "C04", "C\uff14", "Cbbb4", "HOLD", "Cb-1"],
)
def test_other_texts_are_no_names(text: str) -> None:
    """Anything that is not exactly one spelled note raises ValueError."""
    with pytest.raises(ValueError, match=r"is not a note name|outside MIDI"):
        parse_name(text)


@given(st.text(max_size=6))
def test_any_text_is_a_canonical_name_or_an_error(text: str) -> None:
    """No two texts stand for one note: what is accepted is written back letter for letter."""
    try:
        found = parse_name(text)
    except ValueError:
        return
    assert name_of(*found) == text


def test_a_spelling_that_contradicts_its_pitch_is_refused() -> None:
    """C (place 0) can't sound as pitch 61, and no name needs three accidentals."""
    with pytest.raises(ValueError, match="no spelling of pitch 61"):
        name_of(0, 61)
    with pytest.raises(ValueError, match="no spelling"):
        name_of(7 * 3, 63)


@given(st.sets(NAMES), st.randoms())
def test_the_same_names_give_the_same_ids(names: set[str], chance: object) -> None:
    """Ids depend on the set of names alone: HOLD, REST, then notes from low to high."""
    shuffled = sorted(names)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    vocabulary = Vocabulary.of(shuffled)
    assert vocabulary == Vocabulary.of(names)
    assert vocabulary.names[:2] == (HOLD, REST)
    assert list(vocabulary.step_values[2:]) == sorted(vocabulary.step_values[2:])
    assert len(vocabulary) == len(names) + 2


@given(st.sets(NAMES, min_size=1), st.data())
def test_steps_survive_tokens(names: set[str], data: st.DataObject) -> None:
    """Steps written as tokens and read back are the same steps, whatever the spelling."""
    vocabulary = Vocabulary.of(names)
    values = [HOLD_STEP, REST_STEP, *vocabulary.step_values[2:]]
    steps = tuple(data.draw(st.lists(st.sampled_from(values), max_size=40)))
    assert vocabulary.steps(vocabulary.tokens(steps)) == steps


def test_the_plainest_spelling_is_chosen() -> None:
    """From bare pitches, F#4 is preferred to Gb4 and Bb4 to A#4, as chorales prefer them."""
    vocabulary = Vocabulary.of(["F#4", "Gb4", "Bb4", "A#4", "C4", "B#3", "Dbb4"])
    chosen = [vocabulary.names[token] for token in vocabulary.tokens([66, 70, 60])]
    assert chosen == ["F#4", "Bb4", "C4"]


def test_a_pitch_outside_the_vocabulary_is_named() -> None:
    """The error says which pitch the checkpoint has never learnt."""
    with pytest.raises(ValueError, match="pitch 61 is not in this vocabulary"):
        Vocabulary.of(["C4"]).tokens([60, 61])


@pytest.mark.parametrize("tokens", [[-1], [3], [0, 99]])
def test_ids_out_of_range_are_refused(tokens: list[int]) -> None:
    """A token id that is negative or too large raises IndexError; it never wraps round."""
    with pytest.raises(IndexError):
        Vocabulary.of(["C4"]).steps(tokens)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "begins with"),
        ((REST, HOLD, "C4"), "begins with"),
        ((HOLD, REST, "C4", "C4"), "each token once"),
        ((HOLD, REST, "nonsense"), "not a note name"),
    ],
)
def test_a_vocabulary_is_checked(names: tuple[str, ...], message: str) -> None:
    """Missing HOLD and REST, a name given twice, and a name that is none each raise ValueError."""
    with pytest.raises(ValueError, match=message):
        Vocabulary(names)


def test_a_phrase_knows_whether_it_is_tied_in() -> None:
    """A phrase that begins with HOLD carries the note before it; its own notes come after."""
    vocabulary = Vocabulary.of(["C4", "D4"])
    tied = vocabulary.phrase([0, 0, 2, 0, 1, 3])
    assert tied.tied_in
    assert tied.notes == (Note(60, 2, 2), Note(62, 5, 1))
    assert not vocabulary.phrase([2, 0]).tied_in
    assert not vocabulary.phrase([1, 0]).tied_in
