"""Headless rendering: the stage's own core, ties, loops and sweeps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.decoding import Latent, PhraseDecoder, TokenRows
from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP
from engine.vocabulary import Vocabulary
from instrument.events import Z
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping, VoiceMapping
from instrument.render import Plan, render_notes, steady, sweep
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP

ORIGIN: Z = (0.0,) * 12


class Written(PhraseDecoder):
    """A decoder that plays what a test wrote: one step row for every z1."""

    def __init__(self, rows: dict[float, list[int]]) -> None:
        self.rows = {z1: self._padded(row) for z1, row in rows.items()}
        self.vocabulary = Vocabulary.of(["C4", "D4", "E4"])

    @staticmethod
    def _padded(row: list[int]) -> tuple[int, ...]:
        return tuple(row + [HOLD_STEP] * (PHRASE_STEPS - len(row)))

    def tokens(self, z: Latent) -> TokenRows:
        rows = [self.vocabulary.tokens(self.rows[z1]) for z1, *_ in np.atleast_2d(z).tolist()]
        return np.asarray(rows, np.int64)


def plan(z_at: object, bars: int, *, loop: bool = False) -> Plan:
    return Plan(z_at, bars, [(0, 120.0)], Mapping(), loop)  # type: ignore[arg-type]


def shown(notes: list[NoteEvent]) -> list[tuple[int, int, bool]]:
    """(step, pitch, is it an onset) of every event."""
    return [(n.tick // TICKS_PER_STEP, n.pitch, n.velocity > 0) for n in notes]


def test_a_last_note_is_closed_at_the_end_of_the_last_bar() -> None:
    """Two bars end at step 32, whatever is held."""
    notes = render_notes(plan(steady(ORIGIN), 2), Written({0.0: [60]}))
    assert shown(notes) == [(0, 60, True), (32, 60, False)]


def test_a_phrase_that_begins_with_hold_carries_the_note_before_it() -> None:
    """At the cycle's return a leading HOLD goes on with the note that sounds."""
    row = [HOLD_STEP] * 4 + [62]
    notes = render_notes(plan(steady(ORIGIN), 4), Written({0.0: row}))
    assert shown(notes) == [(4, 62, True), (36, 62, False), (36, 62, True), (64, 62, False)]


def test_a_loop_takes_up_at_its_start_the_note_of_its_end() -> None:
    """--loop: the carried note is struck at step 0, so that the seam is not heard."""
    row = [HOLD_STEP] * 4 + [62]
    notes = render_notes(plan(steady(ORIGIN), 2, loop=True), Written({0.0: row}))
    assert shown(notes) == [(0, 62, True), (4, 62, False), (4, 62, True), (32, 62, False)]


def test_a_loop_that_begins_with_an_onset_or_ends_in_silence_is_left_as_it_is() -> None:
    """There is nothing to carry."""
    for row in ([60], [HOLD_STEP] * 4 + [62] + [REST_STEP] * 27):
        decoder = Written({0.0: row})
        looped = render_notes(plan(steady(ORIGIN), 2, loop=True), decoder)
        assert looped == render_notes(plan(steady(ORIGIN), 2), decoder)


def test_a_sweep_moves_one_coordinate_by_even_steps_from_bar_to_bar() -> None:
    """The first bar stands at the low end, the last at the high end, the others stay put."""
    at = sweep((9.0, 8.0, 7.0), 2, -3.0, 3.0, bars=4)
    points = [at(bar * TICKS_PER_BAR) for bar in range(4)]
    assert points == [(9.0, -3.0, 7.0), (9.0, -1.0, 7.0), (9.0, 1.0, 7.0), (9.0, 3.0, 7.0)]


def test_each_bar_plays_its_own_half_of_the_phrase_of_its_z() -> None:
    """Odd bars play first halves and even bars second halves, of whatever is in force."""
    low = [60] + [HOLD_STEP] * 15 + [62]
    high = [62] + [HOLD_STEP] * 15 + [64]
    z_at = sweep(ORIGIN, 1, -1.0, 1.0, bars=2)
    notes = render_notes(plan(z_at, 2), Written({-1.0: low, 1.0: high}))
    assert shown(notes) == [(0, 60, True), (16, 60, False), (16, 64, True), (32, 64, False)]


@pytest.mark.parametrize("z1", [-2.0, 0.0, 2.0])
def test_the_render_of_a_point_is_its_phrase(tiny_checkpoint: Path, z1: float) -> None:
    """With a real decoder, two bars are exactly the notes of decode(z)."""
    decoder = PhraseDecoder.load(tiny_checkpoint)
    z = (z1, *ORIGIN[1:])
    onsets = [(s, p) for s, p, on in shown(render_notes(plan(steady(z), 2), decoder)) if on]
    assert onsets == [(n.onset_step, n.pitch) for n in decoder.decode(z)[0].notes]


def test_a_render_swings_as_the_patch_says() -> None:
    """The off-beats come on the triplet."""
    row = [60, 62] * 16
    patched = replace(plan(steady(ORIGIN), 1), mapping=Mapping(settings={"swing": 66.7}))
    onsets = [n.tick for n in render_notes(patched, Written({0.0: row})) if n.velocity]
    assert onsets[:4] == [0, 32, 48, 80]


def test_every_voice_is_rendered() -> None:
    """By its own decoder and settings, from its own knobs' middle; the order is that of time."""
    voices = (VoiceMapping(7),)
    two = replace(Mapping(), voices=voices, settings={"voice/2/octave": -1.0, "gate": 50.0})
    asked = replace(plan(steady((1.0,) * 12), 2), mapping=two)
    first, second = Written({1.0: [60] * 32}), Written({0.0: [62, -1] * 16})
    notes = render_notes(asked, first, [second])
    alone = replace(asked, mapping=replace(two, voices=()))
    assert [note for note in notes if note.channel == 1] == render_notes(alone, first)
    below = [note for note in notes if note.channel == 7]
    assert {note.pitch for note in below} == {50}
    assert len(below) == 32
    assert [note.tick for note in notes] == sorted(note.tick for note in notes)
