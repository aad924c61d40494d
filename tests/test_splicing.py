"""Splicing: two chorales of one key joined on a beat, for training only."""

import numpy as np
import pytest

from engine.batches import BatchSource
from engine.corpus import Tokens, Windows
from engine.splicing import WIDEST_SEAM, Splicer
from engine.vocabulary import REST_ID
from tests.tiny import tiny_corpus

CORPUS = tiny_corpus()
TRAIN = CORPUS.sides["train"]
PITCHES = np.asarray(CORPUS.vocabulary.step_values)


def splicer(windows: Windows = TRAIN) -> Splicer:
    return Splicer(windows, CORPUS.vocabulary)


def spliced(share: float, seed: int = 0) -> Tokens:
    chosen = np.arange(len(TRAIN), dtype=np.int64)
    return splicer().splice(chosen, share, np.random.default_rng(seed))


def test_a_splice_is_two_windows_of_one_key() -> None:
    """Up to a beat it is the chosen window, from there another of its key, struck anew."""
    found = 0
    for index, row in enumerate(spliced(1.0)):
        own = TRAIN.tokens[index]
        if np.array_equal(row, own):
            continue
        found += 1
        same_key = TRAIN.tokens[TRAIN.key_fifths == TRAIN.key_fifths[index]]
        assert any(
            np.array_equal(row[:seam], own[:seam])
            and row[seam] > REST_ID
            and bool((same_key[:, seam:] == row[seam:]).all(1).any())
            for seam in range(4, 32, 4)
        )
    assert found > len(TRAIN) / 4


@pytest.mark.parametrize(("leap", "joined"), [(67, True), (72, False)])
def test_a_seam_leaps_a_fifth_at_most(leap: int, joined: bool) -> None:
    """Quarters on C are joined to quarters on the G above, not to those an octave above."""
    assert WIDEST_SEAM == 7
    rows = np.zeros((2, 32), np.uint8)
    rows[:, ::4] = [[list(PITCHES).index(60)], [list(PITCHES).index(leap)]]
    two = Windows(rows, np.zeros(2, np.int32), np.zeros(2, np.int8))
    chosen = np.zeros(20, np.int64)
    found = Splicer(two, CORPUS.vocabulary).splice(chosen, 1.0, np.random.default_rng(0))
    assert bool((found[:, 28] == rows[1, 28]).any()) is joined


def test_a_seam_is_struck() -> None:
    """A partner that holds or rests over every beat is never joined; nothing is tied across."""
    rows = TRAIN.tokens[:2].copy()
    rows[1, 4::4] = 0
    two = Windows(rows, np.zeros(2, np.int32), np.zeros(2, np.int8))
    chosen = np.zeros(20, np.int64)
    found = Splicer(two, CORPUS.vocabulary).splice(chosen, 1.0, np.random.default_rng(0))
    assert bool((found == rows[0]).all())


def test_share_zero_splices_nothing_and_the_corpus_is_never_changed() -> None:
    """Share 0 gives the windows themselves; at any share the corpus stays as it was."""
    before = TRAIN.tokens.copy()
    assert np.array_equal(spliced(0.0), TRAIN.tokens)
    spliced(1.0)
    assert np.array_equal(TRAIN.tokens, before)


def test_keys_are_not_mixed() -> None:
    """A window that is alone in its key is spliced with nothing but itself."""
    keys = np.arange(len(TRAIN)) - len(TRAIN) // 2
    alone = Windows(TRAIN.tokens, TRAIN.melody, keys.astype(np.int8))
    chosen = np.arange(len(TRAIN), dtype=np.int64)
    rows = splicer(alone).splice(chosen, 1.0, np.random.default_rng(0))
    assert np.array_equal(rows, TRAIN.tokens)


@pytest.mark.parametrize("length", [8, 32])
def test_a_spliced_batch_is_a_function_of_seed_and_update(length: int) -> None:
    """A resumed run splices as the unbroken one did."""

    def source() -> BatchSource:
        return BatchSource(TRAIN, batch=8, seed=3, splicer=splicer(), splice_share=0.6)

    veteran = source()
    for update in range(9):
        veteran.rows(update, 32)
    assert np.array_equal(veteran.rows(9, length), source().rows(9, length))
