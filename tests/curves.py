"""Calibration curves for the tests. No test in here."""

from itertools import accumulate

from hypothesis import strategies as st

Curve = tuple[float, ...]


def _add_up(start: float, rises: list[float]) -> Curve:
    return tuple(accumulate(rises, initial=start))


def _curves(rise: st.SearchStrategy[float]) -> st.SearchStrategy[Curve]:
    return st.builds(_add_up, st.floats(-20.0, 80.0), st.lists(rise, min_size=60, max_size=60))


# 61 values each, as on a card; a rise of 0 is a flat stretch.
rising_curves = _curves(st.floats(0.001, 2.0))
curves = _curves(st.just(0.0) | st.floats(0.0, 2.0))
