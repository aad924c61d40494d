"""How notes are moved and shaped on their way to the port."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phrase import HOLD_STEP, PHRASE_STEPS
from instrument.settings import SCALES, setting_of
from instrument.voicing import Voicing, steps_held

PLAIN = Voicing()
NAMES = list(SCALES)


def span(name: str) -> st.SearchStrategy[float]:
    setting = setting_of(name)
    assert setting is not None
    if setting.whole:
        return st.integers(int(setting.low), int(setting.high)).map(float)
    return st.floats(setting.low, setting.high)


voicings = st.builds(
    Voicing,
    **{
        name: span(name)
        for name in ("velocity", "accent", "gate", "transpose", "octave", "scale", "root")
    },
)


def test_the_plain_voicing_is_that_of_the_list() -> None:
    """So that an untouched instrument and an empty account agree."""
    for name in ("velocity", "accent", "gate", "transpose", "octave", "scale", "root"):
        setting = setting_of(name)
        assert setting is not None
        assert getattr(PLAIN, name) == setting.default


@given(st.integers(0, 127), st.integers(0, 31))
def test_plain_notes_sound_as_they_are_written(pitch: int, step: int) -> None:
    """Nothing moves, and every note is struck with 96."""
    assert PLAIN.pitch(pitch) == pitch
    assert PLAIN.velocity_at(step) == 96


@given(voicings, st.integers(0, 127), st.integers(0, 31))
def test_whatever_is_set_a_note_is_one_that_midi_has(
    voicing: Voicing, pitch: int, step: int
) -> None:
    """0..127, struck with 1..127, and inside its scale."""
    sounded = voicing.pitch(pitch)
    assert 0 <= sounded <= 127
    assert 1 <= voicing.velocity_at(step) <= 127
    scale = SCALES[NAMES[int(voicing.scale)]]
    assert (sounded - int(voicing.root)) % 12 in scale


@given(voicings, st.integers(40, 80), st.integers(40, 80))
def test_a_melody_keeps_its_shape(voicing: Voicing, one: int, other: int) -> None:
    """What was not lower is not lower in the scale, as long as nothing is folded."""
    if 24 <= min(one, other) + voicing.transpose + 12 * voicing.octave <= 100:
        assert (voicing.pitch(one) <= voicing.pitch(other)) or one > other


def test_a_note_goes_to_the_nearest_of_the_scale() -> None:
    """In D dorian a C sharp lies between C and D: the lower one; a G sharp goes to G."""
    dorian = Voicing(scale=float(NAMES.index("dorian")), root=2.0)
    assert [dorian.pitch(pitch) for pitch in (60, 61, 62, 68, 69)] == [60, 60, 62, 67, 69]


def test_transposing_comes_before_the_scale() -> None:
    """A fifth up and an octave down; what leaves the keyboard comes back an octave lower."""
    assert Voicing(transpose=7.0, octave=-1.0).pitch(60) == 55
    assert Voicing(transpose=24.0, octave=3.0).pitch(81) == 81 + 60 - 24
    assert Voicing(octave=-3.0).pitch(30) == 6


def test_strong_places_of_the_bar_are_struck_harder() -> None:
    """One, three, two and four, the eighths between, the sixteenths between, in that order."""
    accented = Voicing(velocity=80.0, accent=100.0)
    struck = [accented.velocity_at(step) for step in (0, 8, 4, 2, 1)]
    assert struck == sorted(struck, reverse=True)
    assert len(set(struck)) == 5
    assert (struck[0], struck[-1]) == (96, 64)
    assert [accented.velocity_at(step + 16) for step in (0, 8, 4, 2, 1)] == struck


@pytest.mark.parametrize(
    ("row", "step", "held"),
    [
        ([60, -1, -1, -2], 0, 3),
        ([60, 62, -1, -2], 0, 1),
        ([60, -1], 0, 32),
        ([-1, -1, -2, 60], 3, 31),
    ],
)
def test_a_note_lasts_over_the_holds_that_follow_the_cycles_return_included(
    row: list[int], step: int, held: int
) -> None:
    """A phrase comes again, and what it begins with goes on with what it ended with."""
    steps = [*row, *[HOLD_STEP] * (PHRASE_STEPS - len(row))]
    assert steps_held(steps, step) == held
