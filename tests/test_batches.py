"""Batches are a function of (seed, update), so a resumed run sees what an unbroken one sees."""

import numpy as np
import pytest

from engine.batches import BatchSource, update_seed
from engine.corpus import Tokens, Windows

# Every cell tells its window and its step, so that a row gives away where it was cut.
WINDOWS: Tokens = (np.arange(23)[:, None] * 8 + np.arange(32) // 4).astype(np.uint8)


def source(seed: int = 0, *, count: int = 23) -> BatchSource:
    same = np.zeros(count, np.int32)
    return BatchSource(Windows(WINDOWS[:count], same, same.astype(np.int8)), batch=5, seed=seed)


@pytest.mark.parametrize("length", [8, 16, 32])
def test_an_update_has_its_batch_whatever_came_before(length: int) -> None:
    """Update 11 gives the same rows to a run that starts there as to one that came from 0."""
    veteran = source()
    for update in range(11):
        veteran.rows(update, 32)
    assert np.array_equal(veteran.rows(11, length), source().rows(11, length))
    backwards = source()
    backwards.rows(40, length)
    assert np.array_equal(backwards.rows(11, length), veteran.rows(11, length))


def test_an_epoch_sees_no_window_twice() -> None:
    """Four batches of five from 23 windows: twenty different ones, otherwise in the next epoch."""
    batches = source()
    epochs = [
        [int(row[0]) // 8 for update in updates for row in batches.rows(update, 32)]
        for updates in (range(4), range(4, 8))
    ]
    for seen in epochs:
        assert len(seen) == len(set(seen)) == 20
    assert epochs[0] != epochs[1]


def test_every_window_is_seen_in_time() -> None:
    """The windows that an epoch leaves over come in others: none is left out for good."""
    batches = source()
    seen = {int(row[0]) // 8 for update in range(40) for row in batches.rows(update, 32)}
    assert seen == set(range(23))


def test_another_seed_another_order() -> None:
    """Seeds change the order of windows."""
    assert not np.array_equal(source(0).rows(0, 32), source(1).rows(0, 32))


@pytest.mark.parametrize("length", [8, 16])
def test_short_windows_begin_on_their_multiples(length: int) -> None:
    """A short piece is contiguous, begins on a multiple of its length, and all places occur."""
    batches = source()
    starts = set()
    for update in range(30):
        rows = batches.rows(update, length)
        assert rows.shape == (5, length)
        for row in rows:
            window, quarter = divmod(int(row[0]), 8)
            start = 4 * quarter
            assert np.array_equal(row, WINDOWS[window, start : start + length])
            starts.add(start)
    assert starts == set(range(0, 32, length))


def test_fewer_windows_than_a_batch_still_train() -> None:
    """A corpus smaller than the batch gives all its windows at every update."""
    batches = source(count=3)
    for update in range(3):
        assert sorted(batches.rows(update, 32)[:, 0]) == [0, 8, 16]


def test_update_seeds_do_not_repeat() -> None:
    """Neighbouring updates and seeds have their own noise."""
    seeds = {update_seed(seed, update) for seed in range(4) for update in range(1000)}
    assert len(seeds) > 3990  # 32-bit numbers may meet by chance
    assert update_seed(1, 2) == update_seed(1, 2)
