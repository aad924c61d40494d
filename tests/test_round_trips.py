"""The margin before a swap follows the engine."""

from instrument.round_trips import (
    FIRST_ROUND_TRIP_NS,
    MAX_ROUND_TRIP_NS,
    MS,
    ROUND_TRIPS_KEPT,
    SPARE_NS,
    RoundTrips,
)


def test_the_margin_follows_the_engines_slowest_answer() -> None:
    """Also one that came too late for its bar: the next is asked for earlier."""
    trips = RoundTrips()
    assert trips.margin_ns() == FIRST_ROUND_TRIP_NS + SPARE_NS
    for request_id, taken_ns in enumerate((3 * MS, 90 * MS, 5 * MS), start=1):
        trips.asked(request_id, 0)
        trips.answered(request_id, taken_ns)
    assert (trips.slowest_ns(), trips.margin_ns()) == (90 * MS, 90 * MS + SPARE_NS)
    for request_id in range(4, 4 + ROUND_TRIPS_KEPT):
        trips.asked(request_id, 0)
        trips.answered(request_id, 5 * MS)
    assert trips.margin_ns() == 5 * MS + SPARE_NS


def test_an_engine_that_had_to_load_first_does_not_count() -> None:
    """Nor does an answer that nobody asked for."""
    trips = RoundTrips()
    trips.asked(1, 0)
    trips.answered(1, MAX_ROUND_TRIP_NS)
    trips.answered(99, 1)
    assert trips.margin_ns() == FIRST_ROUND_TRIP_NS + SPARE_NS


def test_the_last_call_is_one_answer_before_the_moment() -> None:
    """Asked earlier than two, the engine is free again by then; later than one, it is worth a try.

    One answer that took far longer than the others moves it little.
    """
    trips = RoundTrips()
    for request_id, taken_ns in enumerate((2 * MS, 2 * MS, 40 * MS), start=1):
        trips.asked(request_id, 0)
        trips.answered(request_id, taken_ns)
    due_ns, last_ns = 100 * MS, 97 * MS
    held = {now: trips.held_until(now * MS, due_ns) for now in (93, 94, 95, 96, 97, 98)}
    assert held == {93: None, 94: None, 95: last_ns, 96: last_ns, 97: None, 98: None}
