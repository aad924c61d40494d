"""Where a performance's ticks lie while its tempo is turned."""

from hypothesis import given
from hypothesis import strategies as st

from instrument.course import Course

MS = 1_000_000


@given(st.lists(st.tuples(st.integers(0, 200 * MS), st.floats(20, 400)), max_size=30))
def test_a_tempo_never_counts_from_a_tick_that_is_past(turns: list[tuple[int, float]]) -> None:
    """However fast it is turned, from slow to fast and back: ticks only grow, and none moves."""
    course, now_ns, told, passed = Course(120.0, 0, 3 * MS), 0, 0, 0
    for wait_ns, tempo_bpm in turns:
        now_ns += wait_ns
        before = course.timeline
        assert course.horizon(now_ns) >= passed
        passed = course.horizon(now_ns)
        tick = course.set_tempo(tempo_bpm, now_ns)
        assert tick is not None
        assert tick >= told
        assert course.timeline.ns_of(tick) == before.ns_of(tick) > now_ns
        assert course.horizon(now_ns) == passed
        told = tick
