"""What a performer reads in the dark."""

import io

import pytest

from engine.attributes import DIRECTION, LEAN, NOTE_COUNT, REGISTER, Attribute
from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP
from instrument.display import (
    Display,
    bar_line,
    cutoff_words,
    knob_row,
    piano_roll,
    pitch_name,
    said,
)
from instrument.true_knobs import TrueKnob

BAR = {
    "type": "bar",
    "bar": 3,
    "tempo_bpm": 120.0,
    "z": [0.4] + [0.0] * 11,
    "steps": [60] + [HOLD_STEP] * 31,
    "notes": 1,
    "late": False,
}


# From 2 notes at z1 = -3 to 10 at 3: 6.53 at 0.4.
NOTES = TrueKnob(1, 1, NOTE_COUNT, (2.0, 10.0))
UNPROMISED = TrueKnob(7, 2, REGISTER, ())


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


def test_a_roll_that_is_too_tall_keeps_the_pitches_that_are_played() -> None:
    """In a low terminal no note is cut off: only the lines without a note go."""
    steps = [72, HOLD_STEP, 60, HOLD_STEP] + [REST_STEP] * 28
    assert len(piano_roll(steps, 13)) == 13
    assert [line[:7] for line in piano_roll(steps, 12)] == [" C5 |o=", " C4 |. "]


def test_a_silent_phrase_is_said_to_be_silent() -> None:
    """No note, no roll."""
    assert piano_roll([REST_STEP] * PHRASE_STEPS) == ["(silence)"]


def test_a_bar_is_one_line_with_what_matters() -> None:
    """Bar, tempo and note count; one note is not 'notes'."""
    assert bar_line(BAR) == "bar 3   120 bpm   1 note"


def test_a_true_knob_says_what_was_asked_and_what_is_heard() -> None:
    """The promise is the curve's at the z that plays; without a curve there is none."""
    assert bar_line(BAR, [NOTES, UNPROMISED]) == (
        "bar 3   120 bpm   z1 +0.40 z2 +0.00   "
        "knob 1 notes: asked 7, heard 1   knob 7 register: heard C4"
    )


def test_a_true_knob_has_a_row_in_the_panel() -> None:
    """In columns; the coordinate only where the terminal is wide, and 60 columns are enough."""
    wide, narrow = (knob_row(NOTES, BAR, wide=wide).plain for wide in (True, False))
    assert wide == "knob 1  notes      z1 +0.40   asked 7         heard 1"
    assert narrow == "knob 1  notes      asked 7         heard 1"
    assert knob_row(UNPROMISED, BAR, wide=False).plain == "knob 7  register   heard C4"
    longest = TrueKnob(12, 12, LEAN, (-10.0, -10.0))
    assert len(knob_row(longest, BAR, wide=False).plain) <= 56


@pytest.mark.parametrize(
    ("attribute", "amount", "words"),
    [
        (NOTE_COUNT, 7.6, "8"),
        (REGISTER, 69.3, "A4"),
        (DIRECTION, 5.2, "up 5"),
        (DIRECTION, -0.6, "down 1"),
        (DIRECTION, 0.4, "level"),
        (LEAN, 2.0, "bar 2 +2"),
        (LEAN, -1.4, "bar 1 +1"),
        (LEAN, -0.3, "even"),
    ],
)
def test_an_amount_is_said_as_a_musician_would(
    attribute: Attribute, amount: float, words: str
) -> None:
    """Notes, pitch names, up and down, and which bar is the fuller one."""
    assert said(attribute, amount) == words


def test_a_repeated_phrase_says_so() -> None:
    """A late engine is told where the performer looks."""
    assert bar_line({**BAR, "late": True}, [NOTES]).endswith("repeated: no answer yet")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_every_true_knob(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel has a line for each knob, the roll and the keys; 60 columns by 24 lines."""
    for name, value in (("COLUMNS", "60"), ("LINES", "24"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    display = Display(terminal)
    display.show_knobs([NOTES, UNPROMISED])
    display.start()
    display.on_player(BAR)
    display.close()
    shown = terminal.getvalue()
    for words in ("knob 1  notes", "asked 7", "knob 7  register", "C4 |o===", "q quit"):
        assert words in shown


def test_without_a_terminal_there_are_plain_lines() -> None:
    """A log or a pipe gets one line for each bar and each fault, and no control codes."""
    stream = io.StringIO()
    display = Display(stream)
    display.show_knobs([NOTES])
    display.start()
    display.on_player(BAR)
    display.fault("the cable is out")
    display.close()
    assert stream.getvalue() == bar_line(BAR, [NOTES]) + "\n! the cable is out\n"


def test_a_log_is_told_when_the_clock_changes_and_not_its_every_tenth() -> None:
    """Waiting, locked, lost: one line each."""
    stream = io.StringIO()
    display = Display(stream)
    for words in ("waiting for clock", "locked at 120.1 bpm", "locked at 120.2 bpm", "clock lost"):
        display.on_clock(words)
    assert stream.getvalue().splitlines() == [
        "clock: waiting for clock",
        "clock: locked at 120.1 bpm",
        "clock: clock lost",
    ]


def test_the_panel_says_until_when_a_knob_counts() -> None:
    """Before the bar line, or the sixteenth where the patch says step."""
    told = {**BAR, "cutoff_ms": 12.4, "refresh": "bar"}
    assert cutoff_words(told) == "knobs count until 12 ms before the next bar line"
    assert cutoff_words({**told, "refresh": "step"}).endswith("before the next sixteenth")
    assert cutoff_words(None) == cutoff_words(BAR) == ""


def test_other_voices_have_a_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal; the bar that is shown stays voice 1's, and a log has one line a bar."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    display = Display(stream)
    display.on_player(BAR)
    display.on_player({**BAR, "voice": 2, "notes": 5, "steps": [90] * 32})
    display.start()
    display.close()
    assert "voice 2: 5 notes" in stream.getvalue()
    assert "F#6" not in stream.getvalue()
    log = io.StringIO()
    display = Display(log)
    display.on_player(BAR)
    display.on_player({**BAR, "voice": 2})
    assert log.getvalue().count("bar 3") == 1
