"""From melodies to windows: downbeats stay downbeats, and no tune is on two sides of the split."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chorales import Bar, Melody
from engine.corpus import (
    SIDES,
    bar_aligned_starts,
    build_corpus,
    fingerprints,
    free_starts,
    melody_tokens,
    residual_share,
    rest_share,
    split_by_tune,
    transpose_within,
    tune_clusters,
)
from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP
from engine.vocabulary import Vocabulary
from tests.tiny import tiny_melody

H, R = HOLD_STEP, REST_STEP


def grid(*lengths: int, metre: tuple[int, int] = (4, 4)) -> tuple[Bar, ...]:
    """Bars of these lengths in steps, one after another."""
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    return tuple(Bar(start, length, *metre) for start, length in zip(starts, lengths, strict=True))


def sounding(bars: tuple[Bar, ...]) -> Melody:
    """A melody of quarters that fills these bars."""
    total = bars[-1].start_step + bars[-1].length_steps
    steps = tuple(60 + (t // 4) % 5 if t % 4 == 0 else H for t in range(total))
    return Melody("m", steps, (0,) * total, 0, bars)


# --- bar-aligned starts ----------------------------------------------------------------------


def test_windows_start_on_every_bar_line() -> None:
    """Without a pickup: bar 1, bar 2, ... as long as two bars remain."""
    assert bar_aligned_starts(sounding(grid(16, 16, 16, 16))) == [0, 16, 32]


def test_a_pickup_moves_the_grid() -> None:
    """With a quarter's pickup the first downbeat is step 4; the short last bar is in no window."""
    assert bar_aligned_starts(sounding(grid(4, 16, 16, 16, 12))) == [4, 20]


def test_a_bar_split_by_a_repeat_does_no_harm_when_its_halves_make_a_bar() -> None:
    """A bar written as 12 + 4 around a repeat sign leaves the downbeats after it in place."""
    assert bar_aligned_starts(sounding(grid(4, 16, 12, 4, 16, 16))) == [4, 20, 36]


def test_a_bar_cut_short_drops_what_stands_off_the_grid() -> None:
    """After a bar of 12 the following downbeats are off the grid: no window holds such a bar."""
    assert bar_aligned_starts(sounding(grid(16, 16, 16, 12, 16, 16))) == [0, 16]


@pytest.mark.parametrize("metre", [(3, 4), (2, 2)])
def test_only_common_time(metre: tuple[int, int]) -> None:
    """A chorale in another metre gives no bar-aligned windows."""
    length = 16 * metre[0] // metre[1]
    assert bar_aligned_starts(sounding(grid(*[length] * 8, metre=metre))) == []


def test_a_change_of_metre_is_left_out() -> None:
    """Windows before a passage in 3/4 stay; those that touch it go."""
    first = grid(16, 16, 16)
    rest = (Bar(48, 12, 3, 4), Bar(60, 12, 3, 4), Bar(72, 16, 4, 4))
    assert bar_aligned_starts(sounding(first + rest)) == [0, 16]


def test_a_window_more_than_half_silent_is_no_phrase() -> None:
    """Exactly half silent is kept, one step more is not."""
    bars = grid(16, 16)
    half = (60, *[H] * 15, R, *[H] * 15)
    more = (60, *[H] * 14, R, *[H] * 16)
    assert bar_aligned_starts(Melody("m", half, (0,) * 32, 0, bars)) == [0]
    assert bar_aligned_starts(Melody("m", more, (0,) * 32, 0, bars)) == []


def test_hold_after_rest_is_silence() -> None:
    """Silence lasts from a REST through its HOLDs to the next onset; a HOLD at the start sounds."""
    assert rest_share((H, H, R, H, 60, H, H, H)) == 0.25


def test_free_windows_are_every_contiguous_one() -> None:
    """Hop 1 takes all N - 31 windows, hop 16 each sixteenth of them, a short melody none."""
    tune = sounding(grid(16, 16, 16))
    assert free_starts(tune, 1) == list(range(17))
    assert free_starts(tune, 16) == [0, 16]
    assert free_starts(sounding(grid(16)), 1) == []


# --- tunes -----------------------------------------------------------------------------------


def test_a_fingerprint_does_not_know_the_key() -> None:
    """A tune and its transposition have the same fingerprints; another tune has others."""
    tune = tiny_melody(1)
    assert fingerprints(tune) == fingerprints(tune.transposed(3))
    assert not fingerprints(tune) & fingerprints(tiny_melody(2))


def test_a_fingerprint_tells_rest_from_hold() -> None:
    """The same onsets with a rest instead of a held note are another melody."""
    steps = tuple(60 + t if t % 8 == 0 else H for t in range(32))
    silent = (*steps[:4], R, *steps[5:])
    bars = grid(16, 16)
    held = Melody("a", steps, (0,) * 32, 0, bars)
    assert fingerprints(held) != fingerprints(Melody("b", silent, (0,) * 32, 0, bars))


def test_settings_of_one_tune_stand_together_also_by_way_of_a_third() -> None:
    """A shares with B and B with C: one cluster, though A and C have nothing in common."""
    a, b, other = tiny_melody(1, bars=4), tiny_melody(2, bars=4), tiny_melody(3, bars=4)
    both = Melody("both", a.steps + b.steps, a.fifths + b.fifths, 0, grid(*[16] * 8))
    assert tune_clusters([a, other, b.transposed(2), both]) == [[0, 2, 3], [1]]


@given(st.permutations(range(12)))
@settings(max_examples=20)
def test_settings_of_one_tune_are_never_split(order: list[int]) -> None:
    """However the files are ordered, a tune and its transpositions are on one side."""
    tunes = [tiny_melody(seed).transposed(shift) for seed in range(4) for shift in (0, 2, 5)]
    melodies = [tunes[place] for place in order]
    sides = split_by_tune(melodies)
    for tune in range(4):
        assert len({sides[order.index(3 * tune + setting)] for setting in range(3)}) == 1


def test_tokens_are_spelled() -> None:
    """C sharp and D flat are two tokens; HOLD and REST keep theirs."""
    vocabulary = Vocabulary.of(["C#4", "Db4"])
    tune = Melody("m", (61, H, 61, R), (7, 0, -5, 0), 0, ())
    names = [vocabulary.names[token] for token in melody_tokens(tune, vocabulary)]
    assert names == ["C#4", "HOLD", "Db4", "REST"]


def test_every_transposition_inside_the_range_and_no_other() -> None:
    """A melody that spans a fifth has eight places in an octave and a fifth below it."""
    tune = Melody("m", (64, 71), (4, 5), 0, ())
    found = transpose_within(tune, 57, 71)
    assert [version.steps[0] for version in found] == list(range(57, 65))


def test_a_corpus_is_the_same_every_time() -> None:
    """Two builds give the same vocabulary, windows and sides, to the byte."""
    melodies = [tiny_melody(seed) for seed in range(10)]
    first, second = (build_corpus(melodies, bar_aligned=True, hop_steps=16) for _ in range(2))
    assert first.vocabulary == second.vocabulary
    for side in SIDES:
        assert len(first.sides[side]) > 0
        assert np.array_equal(first.sides[side].tokens, second.sides[side].tokens)


# --- the real chorales -----------------------------------------------------------------------


def test_the_chorales_are_the_documented_ones(chorales: list[Melody]) -> None:
    """365 soprano melodies in MIDI 57..81; 327 in 4/4, 37 in 3/4, one in 3/2; many pickups."""
    assert len(chorales) == 365
    assert min(min(m.pitches) for m in chorales) == 57
    assert max(max(m.pitches) for m in chorales) == 81
    metres = [(m.bars[0].numerator, m.bars[0].denominator) for m in chorales]
    assert Counter(metres) == {(4, 4): 327, (3, 4): 37, (3, 2): 1}
    pickups = sum(not m.bars[0].is_full for m in chorales)
    assert 0.65 < pickups / len(chorales) < 0.75


def test_every_transposition_of_a_chorale_stays_in_the_voice(chorales: list[Melody]) -> None:
    """4,802 melodies, none below 57 or above 81, none needing more than six sharps or flats."""
    versions = [version for m in chorales for version in transpose_within(m, 57, 81)]
    assert len(versions) == 4802
    assert all(min(v.pitches) >= 57 and max(v.pitches) <= 81 for v in versions)
    assert all(abs(v.key_fifths) <= 6 for v in versions)


def test_no_tune_crosses_the_split(chorales: list[Melody]) -> None:
    """239 clusters, each on one side with all its chorales; 80 / 10 / 10 of the clusters."""
    clusters = tune_clusters(chorales)
    sides = split_by_tune(chorales)
    assert len(clusters) == 239
    assert sorted(index for cluster in clusters for index in cluster) == list(range(365))
    assert all(len({sides[index] for index in cluster}) == 1 for cluster in clusters)
    count = {side: sum(sides[c[0]] == side for c in clusters) for side in SIDES}
    assert count == {"train": 191, "validation": 24, "test": 24}


def test_no_two_sides_share_a_tune(chorales: list[Melody]) -> None:
    """Pair by pair, without the clustering: never 30 % of the smaller one's fingerprints."""
    sides = split_by_tune(chorales)
    prints = [fingerprints(m) for m in chorales]
    for a, its_side in enumerate(sides):
        for b in range(a):
            if sides[b] != its_side:
                smaller = min(len(prints[a]), len(prints[b]))
                assert len(prints[a] & prints[b]) < 0.30 * smaller


def test_what_the_split_leaves_in_common(chorales: list[Melody]) -> None:
    """Stock phrases: under a tenth of the held-out fingerprints; by file name, over a third."""
    sides = split_by_tune(chorales)
    assert residual_share(chorales, sides, "test") == pytest.approx(0.086, abs=0.001)
    assert residual_share(chorales, sides, "validation") == pytest.approx(0.098, abs=0.001)
    by_name = ["validation" if place % 10 == 0 else "train" for place in range(len(chorales))]
    assert residual_share(chorales, by_name, "validation") > 0.3  # type: ignore[arg-type]


def test_the_paper_recipe_has_its_counts(chorales: list[Melody]) -> None:
    """52 tokens and 884,462 windows at hop 1, all ids inside the vocabulary."""
    corpus = build_corpus(chorales, bar_aligned=False, hop_steps=1)
    assert len(corpus.vocabulary) == 52
    assert sum(len(corpus.sides[side]) for side in SIDES) == 884_462
    assert all(int(corpus.sides[side].tokens.max()) < 52 for side in SIDES)
    assert corpus.sides["train"].tokens.shape[1] == PHRASE_STEPS


def test_the_stage_recipe_has_its_counts(chorales: list[Melody]) -> None:
    """About 3,600 bar-aligned windows and 50,000 transposed; an onset on most downbeats."""
    windows = sum(len(bar_aligned_starts(m)) for m in chorales)
    corpus = build_corpus(chorales, bar_aligned=True, hop_steps=16)
    transposed = sum(len(corpus.sides[side]) for side in SIDES)
    assert 3_400 < windows < 3_800
    assert 47_000 < transposed < 53_000
    onsets = (corpus.sides["train"].tokens > 1).mean(0)
    assert onsets[0] > 0.9
    assert onsets[0] > 5 * onsets[1]
