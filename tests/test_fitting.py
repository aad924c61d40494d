"""Any melody becomes two-bar phrases, and every change is told in a plain sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fitting import (
    Fitted,
    LooseNote,
    MelodyError,
    centre_of,
    fit_melody,
    fit_phrase,
    fit_window,
    is_silent,
)
from engine.phrase import HOLD_STEP, REST_STEP, Note, Phrase, notes_from_steps
from engine.vocabulary import Vocabulary

H, R = HOLD_STEP, REST_STEP
# C4 to C6, every pitch by a flat and by a sharp name, as a corpus in all keys has them.
NAMES = ["C4", "Db4", "C#4", "D4", "Eb4", "D#4", "E4", "F4", "F#4", "Gb4", "G4", "Ab4", "G#4", "A4"]
NAMES += ["Bb4", "A#4", "B4", "C5", "Db5", "C#5", "D5", "Eb5", "D#5", "E5", "F5", "F#5", "G5"]
NAMES += ["Ab5", "G#5", "A5", "Bb5", "B5", "C6"]
CHROMATIC = Vocabulary.of(NAMES)
WHITE = Vocabulary.of(["C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"])


def tune(*notes: tuple[int, float, float]) -> list[LooseNote]:
    return [LooseNote(*note) for note in notes]


def rows(fitted: Fitted, vocabulary: Vocabulary = CHROMATIC) -> list[tuple[int, ...]]:
    return [vocabulary.steps(phrase.tokens) for phrase in fitted.phrases]


def row(*values: int, length: int = 32) -> tuple[int, ...]:
    """Step values, then rest."""
    return values + (R,) * (length - len(values))


def test_a_melody_on_the_grid_in_range_is_left_alone() -> None:
    """Nothing is changed, so nothing is said; silence is REST."""
    fitted = fit_melody(tune((60, 0, 4), (62, 4, 4), (64, 16, 16)), CHROMATIC)
    assert rows(fitted) == [(60, H, H, H, 62, H, H, H) + (R,) * 8 + (64,) + (H,) * 15]
    assert fitted.changes == ()


def test_onsets_go_to_the_nearest_sixteenth() -> None:
    """Half-way goes forward, ends are rounded too; a note keeps at least one step; each moved note
    is counted once.
    """
    fitted = fit_melody(tune((60, 0.4, 1), (62, 1.5, 0.2), (65, 4, 1.7), (64, 17, 15)), CHROMATIC)
    assert rows(fitted)[0][:7] == (60, R, 62, R, 65, H, R)
    assert fitted.changes == ("2 notes moved to the nearest sixteenth",)


def test_at_one_step_the_highest_note_wins() -> None:
    """A chord keeps its top, whatever the order and the lengths."""
    fitted = fit_melody(tune((60, 0, 16), (67, 0, 8), (64, 0, 32), (65, 16, 16)), CHROMATIC)
    assert rows(fitted)[0][::8] == (67, R, 65, H)
    assert fitted.changes == ("2 notes left out under a higher one",)


def test_a_note_under_a_longer_higher_one_is_accompaniment() -> None:
    """What begins and ends while a higher note sounds, or ends with it, is left out."""
    fitted = fit_melody(tune((72, 0, 32), (60, 4, 4), (64, 8, 24)), CHROMATIC)
    assert rows(fitted) == [(72, *[H] * 31)]
    assert fitted.changes == ("2 notes left out under a higher one",)


@pytest.mark.parametrize("second", [60, 72])
def test_an_overlap_is_cut_where_the_next_note_begins(second: int) -> None:
    """Legato: upwards and downwards the next note takes over."""
    fitted = fit_melody(tune((64, 0, 10), (second, 8, 24)), CHROMATIC)
    assert rows(fitted) == [(64, *[H] * 7, second, *[H] * 23)]
    assert fitted.changes == ("1 note cut where the next begins",)


def test_articulation_is_no_rest() -> None:
    """A long note let go a little early, off the grid, is held on; a written rest stays a rest."""
    early = fit_melody(tune((60, 0, 14.4), (62, 16, 14.4)), CHROMATIC)
    assert rows(early) == [(60, *[H] * 15, 62, *[H] * 15)]
    assert early.changes == ("2 notes held until the next: the silence was articulation",)
    for length in (14, 9.5):  # on the grid; or off it, but too short to be anything but a rest
        written = fit_melody(tune((60, 0, length), (62, 16, 16)), CHROMATIC)
        assert rows(written)[0][15] == R
        assert written.changes == ()


def test_a_longer_melody_is_sliced_and_its_ties_go_on() -> None:
    """A note over the end of a phrase begins the next phrase as HOLD."""
    fitted = fit_melody(tune((64, 0, 4), (60, 28, 8), (62, 48, 16)), CHROMATIC)
    assert rows(fitted) == [
        (64, H, H, H) + (R,) * 24 + (60, H, H, H),
        (H, H, H, H) + (R,) * 12 + (62,) + (H,) * 15,
    ]
    assert [phrase.tied_in for phrase in fitted.phrases] == [False, True]
    assert fitted.changes == ()


def test_silent_bars_before_the_first_note_are_left_out_whole() -> None:
    """The upbeat keeps its place in its bar."""
    fitted = fit_melody(tune((60, 16 * 3 + 12, 4), (62, 16 * 4, 16)), CHROMATIC)
    assert rows(fitted) == [(R,) * 12 + (60, H, H, H, 62) + (H,) * 15]
    assert fitted.changes == ("3 silent bars left out at the beginning",)


def test_an_odd_bar_is_filled_with_rest() -> None:
    """Three bars make two phrases, the last bar silent, and it is said."""
    fitted = fit_melody(tune((60, 0, 48)), CHROMATIC)
    assert rows(fitted) == [(60, *[H] * 31), row(*[H] * 16)]
    assert fitted.changes == ("a bar of rest added at the end, because phrases are two bars long",)


def test_a_bass_line_moves_up_by_octaves_whole() -> None:
    """Intervals are kept; the fewest octaves at which every note can be had are taken."""
    fitted = fit_melody(tune((36, 0, 16), (43, 16, 16)), CHROMATIC)
    assert rows(fitted)[0][::16] == (60, 67)
    assert fitted.changes == ("the melody moved up 2 octaves: this checkpoint knows C4 to C6",)


def test_what_no_octave_reaches_goes_to_the_nearest_pitch() -> None:
    """Most notes stay where they are; the few outside are moved one by one and counted."""
    fitted = fit_melody(tune((59, 0, 8), (60, 8, 8), (84, 16, 8), (83, 24, 8)), CHROMATIC)
    assert rows(fitted)[0][::8] == (60, 60, 84, 83)
    assert fitted.changes == ("1 note moved to the nearest pitch of C4 to C6",)


def test_a_vocabulary_with_gaps_gives_the_nearest_it_has() -> None:
    """C sharp lies as near C as D: the lower is taken. A move by octaves cannot help."""
    fitted = fit_melody(tune((61, 0, 16), (66, 16, 16)), WHITE)
    assert rows(fitted, WHITE)[0][::16] == (60, 65)
    assert fitted.changes == ("2 notes moved to the nearest pitch of C4 to C5",)


@pytest.mark.parametrize(
    ("pitches", "names"),
    [
        ([63, 68, 70, 65], ["Eb4", "Ab4", "Bb4", "F4"]),  # E flat major
        ([64, 66, 68, 71], ["E4", "F#4", "G#4", "B4"]),  # E major
        ([61, 65, 68, 66], ["Db4", "F4", "Ab4", "Gb4"]),  # D flat major
        ([61, 66, 68, 71], ["C#4", "F#4", "G#4", "B4"]),  # B major
        ([69, 68, 69, 64, 60], ["A4", "G#4", "A4", "E4", "C4"]),  # A minor
    ],
)
def test_names_lie_together_on_the_line_of_fifths(pitches: list[int], names: list[str]) -> None:
    """A tune is spelled in its key, not note by note."""
    fitted = fit_melody(tune(*((p, 4 * i, 4) for i, p in enumerate(pitches))), CHROMATIC)
    spelled = [CHROMATIC.names[t] for t in fitted.phrases[0].tokens if t > 1]
    assert spelled == names


def test_the_naturals_centre_on_d() -> None:
    """Of places that do equally well the one nearest D is taken."""
    assert centre_of([60, 62, 64, 65, 67, 69, 71], CHROMATIC) == 2
    assert centre_of([], CHROMATIC) == 2


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ([], "no notes"),
        ([(60, float("nan"), 1)], "not a number"),
        ([(60, 0, float("inf"))], "not a number"),
        ([(60, -1, 1)], "not a number from 0"),
        ([(128, 0, 1)], "pitch of 128"),
        ([(60, 0, 1), (60, 1e7, 1)], "bars long"),
    ],
)
def test_what_is_no_melody_is_refused(notes: list[tuple[int, float, float]], words: str) -> None:
    """One sentence, and no attempt at a row of a hundred million steps."""
    with pytest.raises(MelodyError, match=words):
        fit_melody(tune(*notes), CHROMATIC)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 127), st.floats(0, 200, width=32), st.floats(-1, 40, width=32)
        ).map(lambda n: LooseNote(*n)),
        min_size=1,
        max_size=40,
    )
)
def test_any_notes_become_whole_phrases(notes: list[LooseNote]) -> None:
    """Always rows of 32 known tokens; fitting what was fitted changes nothing more."""
    fitted = fit_melody(notes, WHITE)
    again = []
    for place, phrase in enumerate(fitted.phrases):
        assert fit_phrase(phrase, WHITE) == (phrase, ())
        again += [(n.pitch, 32 * place + n.onset_step, n.duration_steps) for n in phrase.notes]
    if not any(p.tied_in for p in fitted.phrases):
        refitted = fit_melody(tune(*again), WHITE)
        assert refitted.phrases[: len(fitted.phrases)] == fitted.phrases
        assert not [c for c in refitted.changes if "bar" not in c]


# --- one phrase ------------------------------------------------------------------------------


def by_hand(*notes: tuple[int, int, int], tied_in: bool = False) -> Phrase:
    return Phrase((), tuple(Note(*note) for note in notes), tied_in)


def test_a_phrase_of_this_vocabulary_is_itself() -> None:
    """Its tokens count, with their own spelling and their own silences."""
    flat = CHROMATIC.phrase([CHROMATIC.ids["Gb4"]] + [0] * 15 + [1] + [0] * 15)
    assert fit_phrase(flat, CHROMATIC) == (flat, ())


def test_a_phrase_of_another_vocabulary_goes_by_its_notes() -> None:
    """The same ids mean other notes there; the notes are what the phrase is."""
    theirs = CHROMATIC.phrase([CHROMATIC.ids["E4"], *[0] * 31])
    ours, changes = fit_phrase(theirs, WHITE)
    assert (ours.notes, changes) == (theirs.notes, ())
    assert ours.tokens != theirs.tokens


def test_a_phrase_made_by_hand_is_given_tokens() -> None:
    """Notes are enough; a tied beginning is HOLD until the first note; no notes are silence."""
    made, changes = fit_phrase(by_hand((60, 8, 8), (64, 16, 16), tied_in=True), WHITE)
    assert WHITE.steps(made.tokens) == (*[H] * 8, 60, *[H] * 7, 64, *[H] * 15)
    assert (made.tied_in, changes) == (True, ())
    silence, changes = fit_phrase(by_hand(), WHITE)
    assert (is_silent(silence, WHITE), changes) == (True, ())
    assert not is_silent(fit_phrase(by_hand(tied_in=True), WHITE)[0], WHITE)


def test_a_note_over_the_end_is_cut_there() -> None:
    """Two bars are two bars, and it is said."""
    made, changes = fit_phrase(by_hand((60, 30, 8)), WHITE)
    assert made.notes == (Note(60, 30, 2),)
    assert changes == ("1 note cut at the end of the phrase",)


def test_a_late_onset_stays_in_the_phrase() -> None:
    """The nearest sixteenth to 31.8 would be the next phrase's; here it is the last step."""
    made, changes = fit_phrase(by_hand((60, 31.8, 1)), WHITE)  # type: ignore[arg-type]
    assert made.notes == (Note(60, 31, 1),)
    assert "1 note moved to the nearest sixteenth" in changes


@pytest.mark.parametrize("onset", [-1, 32, 64])
def test_notes_outside_the_two_bars_are_refused(onset: int) -> None:
    """A longer melody is not one phrase; fit_melody slices it."""
    with pytest.raises(MelodyError, match="steps 0 to 31"):
        fit_phrase(by_hand((60, onset, 1)), WHITE)


def window(*notes: tuple[int, float, float]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    phrase, changes = fit_window(tune(*notes), CHROMATIC)
    return CHROMATIC.steps(phrase.tokens), changes


def test_a_window_is_two_bars_from_step_0() -> None:
    """A silent first bar and a silent second one stay; a melody would begin with its first note."""
    assert window((60, 16, 4), (62, 20, 4)) == (
        (R,) * 16 + (60, H, H, H, 62, H, H, H) + (R,) * 8,
        (),
    )
    assert window((60, 4, 12)) == (row(R, R, R, R, 60, *[H] * 11), ())


def test_a_window_is_cut_at_its_end() -> None:
    """What sounds over step 32 ends there; what begins nearer to it than to step 31 is left out."""
    steps, changes = window((60, 0, 4), (62, 30, 9), (64, 31.5, 1), (65, 400, 1))
    assert steps == (60, H, H, H, *[R] * 26, 62, H)
    assert "1 note cut at the end of the phrase" in changes
    assert "2 notes after the two bars left out" in changes


def test_a_window_is_fitted_as_every_melody_is() -> None:
    """The nearest sixteenth, the upper voice, articulation, octaves: the same rules."""
    played = ((48, 0.2, 3.5), (40, 0.1, 3.0), (50, 3.9, 11.7), (52, 15.8, 16.1))
    fitted = fit_melody(tune(*played), CHROMATIC)
    assert window(*played) == (rows(fitted)[0], fitted.changes)


@pytest.mark.parametrize("notes", [[], [(60, 31.5, 1)], [(60, 0, 1), (128, 0, 1)], [(60, -1, 2)]])
def test_a_window_without_notes_or_with_what_is_none_is_refused(
    notes: list[tuple[int, float, float]],
) -> None:
    """A sentence, never a phrase of rest."""
    with pytest.raises(MelodyError):
        fit_window(tune(*notes), CHROMATIC)
    with pytest.raises(MelodyError, match="not a number"):
        fit_window(tune((60, float("nan"), 1)), CHROMATIC)


@given(st.lists(st.sampled_from([H, R, *range(48, 97)]), min_size=32, max_size=32))
def test_a_known_phrase_by_its_notes_alone_sounds_the_same(steps: list[int]) -> None:
    """From notes to tokens and back: pitches in range, onsets and lengths survive."""
    notes = notes_from_steps([min(max(s, 60), 84) if s >= 0 else s for s in steps])
    made, changes = fit_phrase(Phrase((), notes, False), CHROMATIC)
    assert (made.notes, changes) == (notes, ())


@given(st.integers(-10, 20), st.sampled_from(range(60, 85)))
def test_spelling_never_changes_a_pitch(centre: int, pitch: int) -> None:
    """Whatever the centre, the token of a pitch sounds at that pitch."""
    (token,) = CHROMATIC.tokens([pitch], centre=centre)
    assert CHROMATIC.step_values[token] == pitch
