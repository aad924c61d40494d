"""What a performer reads in the dark."""

import io

from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP
from instrument.display import Display, bar_line, piano_roll, pitch_name

BAR = {
    "type": "bar",
    "bar": 3,
    "tempo_bpm": 120.0,
    "z": [0.4] + [0.0] * 11,
    "steps": [60] + [HOLD_STEP] * 31,
    "notes": 1,
    "late": False,
}


def test_middle_c_is_c4() -> None:
    """Pitch 60 is C4; 69, the concert pitch, is A4."""
    assert (pitch_name(60), pitch_name(69), pitch_name(58)) == ("C4", "A4", "Bb3")


def test_a_piano_roll_shows_onsets_and_lengths_on_the_beat_grid() -> None:
    """One line a semitone from the highest note to the lowest, one column a sixteenth."""
    steps = [62, HOLD_STEP, 60, HOLD_STEP] + [REST_STEP] * 28
    assert piano_roll(steps) == [
        " D4 |o=  .   .   .   |.   .   .   .   |",
        "C#4 |.   .   .   .   |.   .   .   .   |",
        " C4 |. o=.   .   .   |.   .   .   .   |",
    ]


def test_a_silent_phrase_is_said_to_be_silent() -> None:
    """No note, no roll."""
    assert piano_roll([REST_STEP] * PHRASE_STEPS) == ["(silence)"]


def test_a_bar_is_one_line_with_what_matters() -> None:
    """Bar, tempo, z1 and note count; one note is not 'notes'."""
    assert bar_line(BAR) == "bar 3   120 bpm   z1 +0.40   1 note"


def test_a_repeated_phrase_says_so() -> None:
    """A late engine is told where the performer looks."""
    assert bar_line({**BAR, "late": True}).endswith("repeated: no answer yet")


def test_without_a_terminal_there_are_plain_lines() -> None:
    """A log or a pipe gets one line for each bar and each fault, and no control codes."""
    stream = io.StringIO()
    display = Display(stream)
    display.start()
    display.on_player(BAR)
    display.fault("the cable is out")
    display.close()
    assert stream.getvalue() == bar_line(BAR) + "\n! the cable is out\n"
