"""The ledger knows every sounding note, so none can be forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from instrument.ledger import Key, Ledger, NoteEvent

A: Key = (0, 1, 60)
B: Key = (1, 16, 60)


def test_a_note_sounds_until_its_own_note_off() -> None:
    """The same pitch on another port or channel is another note."""
    ledger = Ledger()
    assert ledger.note_on(0, A, 96) == [NoteEvent(0, 0, 1, 60, 96)]
    assert ledger.note_on(0, B, 96) == [NoteEvent(0, 1, 16, 60, 96)]
    assert ledger.note_off(5, A) == [NoteEvent(5, 0, 1, 60, 0)]
    assert ledger.sounding == (B,)


def test_a_note_struck_again_is_closed_first() -> None:
    """A synth that counts note-ons would otherwise keep one of the two."""
    ledger = Ledger()
    ledger.note_on(0, A, 96)
    assert ledger.note_on(7, A, 80) == [NoteEvent(7, 0, 1, 60, 0), NoteEvent(7, 0, 1, 60, 80)]
    assert ledger.sounding == (A,)


def test_a_note_that_does_not_sound_has_no_note_off() -> None:
    """Nothing is closed twice."""
    ledger = Ledger()
    assert ledger.note_off(0, A) == []
    ledger.note_on(0, A, 96)
    ledger.note_off(1, A)
    assert ledger.note_off(2, A) == []


def test_closing_all_leaves_nothing_sounding() -> None:
    """Oldest first, and a second time there is nothing left to close."""
    ledger = Ledger()
    ledger.note_on(0, B, 96)
    ledger.note_on(0, A, 96)
    assert ledger.close_all(9) == [NoteEvent(9, 1, 16, 60, 0), NoteEvent(9, 0, 1, 60, 0)]
    assert ledger.sounding == ()
    assert ledger.close_all(10) == []


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(60, 62))))
def test_every_note_on_gets_exactly_one_note_off(played: list[tuple[bool, int, int]]) -> None:
    """Whatever is struck and released, a receiver that counts ends at zero for every key."""
    ledger = Ledger()
    events: list[NoteEvent] = []
    for tick, (strike, port, pitch) in enumerate(played):
        key = (port, 1, pitch)
        events += ledger.note_on(tick, key, 96) if strike else ledger.note_off(tick, key)
    events += ledger.close_all(len(played))
    counts: dict[tuple[int, int], int] = {}
    for event in events:
        key_count = counts.get((event.port, event.pitch), 0) + (1 if event.velocity else -1)
        assert key_count in (0, 1)
        counts[event.port, event.pitch] = key_count
    assert not any(counts.values())
