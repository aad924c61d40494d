"""The arithmetic of ``make bench-decode``, and what its page says of it."""

import pytest

from benchmarks.decode import OURS, RIVAL, summary
from benchmarks.decode_page import page
from benchmarks.machine import quantile


def test_a_quantile_is_a_value_that_was_seen() -> None:
    """p50 of four is the second, p99 of a hundred the ninety-ninth, p100 the largest."""
    assert quantile([4, 1, 3, 2], 0.5) == 2
    assert quantile(list(range(1, 101)), 0.99) == 99
    assert quantile([1, 9], 1.0) == 9
    assert quantile([7], 0.999) == 7
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_ratios_are_of_medians_within_a_round() -> None:
    """A round in which the machine was slow for both counts as any other."""
    times = {RIVAL: [[10.0, 10.0, 50.0], [100.0] * 3], OURS: [[5.0, 5.0, 40.0], [60.0] * 3]}
    found = summary(times)
    assert found[RIVAL]["ratio"] == 1.0
    assert found[OURS]["ratio"] == pytest.approx(0.55)
    assert (found[OURS]["lowest_ratio"], found[OURS]["highest_ratio"]) == (0.5, 0.6)
    assert found[OURS]["p99_ms"] == 60.0


def test_the_page_says_which_floors_are_met() -> None:
    """0.61 is above 0.6, 99.9 % is enough; and the machine stands below."""
    row = {"p50_ms": 5.0, "p99_ms": 6.0, "ratio": 0.61}
    counts = {"draws": 10, "tokens": 1000, "equal_tokens": 999, "alone_alike": 998}
    batch = {"size": 256, "together_per_s": 900.0, "alone_per_s": 300.0}
    found = {"systems": {OURS: row}, "floor": True, "batch": batch, **counts}
    told = page({"rounds": 3, "points": 4, "machine": {"cores": "2"}, "decoders": {"2x512": found}})
    assert "| 2x512 | Glisser | 5.00 | 6.00 | 0.61 |" in told
    assert "0.61 of onnxruntime's time (at most 0.6: **not met**)" in told
    assert "99.9000 % of 1,000 tokens (10 draws)" in told
    assert "(at least 99.9 %: met); 2 differ between alone and in a batch" in told
    assert "3.0 times as many" in told
    assert "- cores: 2" in told
