"""Planes, coarse to fine: which points, in which order, and what is made of the answers."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.attributes import NOTE_COUNT
from engine.decoding import PhraseDecoder
from engine.service import MAX_POINTS, Service
from instrument.stage_plane import BATCH, SETTLED_S, SIZES, Axes, Batch, Planes, Point, cells

RANGES = [(-3.0, 3.0), (-2.0, 4.0), (-1.0, 1.0)]
Z = (0.5, 0.25, -0.5)
Counter = Callable[[Point], int]


def sum_of(point: Point) -> int:
    """Stands where the decoder would be."""
    return int(100 * sum(point))


def begun(z: Point = Z, *axes: Axes) -> Planes:
    """Planes that are shown while the controls stand at ``z``; the time is 0."""
    planes = Planes()
    planes.begin(RANGES)
    planes.show(axes or [(1, 2)])
    planes.move(z, 0.0)
    return planes


def draw(planes: Planes, now_s: float, count: Counter = sum_of) -> list[dict[str, Any]]:
    """All that a page is told until nothing is left to be done."""
    told = []
    while (batch := planes.next(now_s)) is not None:
        assert len(batch.points) <= BATCH <= MAX_POINTS
        if (frame := planes.counted(batch, [count(point) for point in batch.points])) is not None:
            told.append(frame)
    return told


def test_cells_are_counted_at_their_centres_from_the_lowest_row_up() -> None:
    """Row-major: x grows first; all other coordinates are the base's."""
    assert cells(Z, (1, 2), RANGES, 2, range(4)) == (
        (-1.5, -0.5, -0.5),
        (1.5, -0.5, -0.5),
        (-1.5, 2.5, -0.5),
        (1.5, 2.5, -0.5),
    )
    assert cells(Z, (3, 1), RANGES, 2, range(1, 2)) == ((-1.5, 0.25, 0.5),)


def test_a_plane_is_drawn_coarse_to_fine() -> None:
    """8, 16, 32, 64, each whole, with its range and the base point."""
    told = draw(begun(), 0.0)
    assert [frame["size"] for frame in told] == list(SIZES) == [8, 16, 32, 64]
    for frame in told:
        size = frame["size"]
        wanted = [sum_of(point) for point in cells(Z, (1, 2), RANGES, size, range(size**2))]
        assert frame["counts"] == wanted
        assert (frame["x"], frame["y"], frame["base"]) == (1, 2, list(Z))
        assert (frame["low"], frame["high"]) == ([-3.0, -2.0], [3.0, 4.0])


def test_a_plane_is_what_the_decoder_plays() -> None:
    """Every count is that of the phrase that PhraseDecoder gives for that very point."""
    decoder, service = PhraseDecoder.load("stage"), Service()
    planes, z = Planes(), (0.5, -1.0, *[0.25] * 10)
    planes.begin([(-3.0, 3.0)] * 12)
    planes.show([(1, 5)])
    planes.move(z, 0.0)
    frame = None
    while frame is None or frame["size"] < 16:
        batch = planes.next(0.0)
        assert batch is not None
        asked = {"type": "counts", "id": 1, "checkpoint": "stage"}
        answer = service.answer({**asked, "z": [list(point) for point in batch.points]})
        assert answer is not None
        frame = planes.counted(batch, answer["counts"]) or frame
    assert len(set(frame["counts"])) > 5
    for cell in range(0, 256, 15):
        point = list(z)
        point[0], point[4] = (-3.0 + 6.0 * (place + 0.5) / 16 for place in (cell % 16, cell // 16))
        (phrase,) = decoder.decode(point)
        steps = decoder.vocabulary.steps(phrase.tokens)
        assert frame["counts"][cell] == NOTE_COUNT.exact(steps)


def test_the_cursor_leaves_its_plane_as_it_is() -> None:
    """Where one is on it is x and y; what is known of it stays known."""
    planes = begun()
    told = draw(planes, 0.0)
    planes.move((2.0, -1.0, Z[2]), 5.0)
    assert planes.next(99.0) is None
    assert planes.known((1, 2)) == told[-1]


def test_the_cursor_may_move_while_its_plane_is_drawn() -> None:
    """What was asked for before counts, and the picture tells where the cursor is by then."""
    planes = begun()
    asked = planes.next(0.0)
    assert asked is not None
    planes.move((2.0, -1.0, Z[2]), 0.01)
    told = planes.counted(asked, [0] * 64)
    assert told is not None
    assert told["base"] == [2.0, -1.0, Z[2]]


def test_another_base_begins_again_once_it_has_settled() -> None:
    """While a knob is turned nothing is drawn; an answer for the old base is of no use."""
    planes = begun()
    old = planes.next(0.0)
    assert old is not None
    for tenth in range(10):
        planes.move((*Z[:2], tenth / 10), 1.0 + tenth / 10)
        assert planes.next(1.0 + tenth / 10 + SETTLED_S / 2) is None
    assert planes.counted(old, [0] * len(old.points)) is None
    assert planes.known((1, 2)) is None
    settles_s = planes.settles_s()
    assert settles_s is not None
    assert settles_s == pytest.approx(1.9 + SETTLED_S)
    assert planes.next(settles_s - 0.001) is None
    (first, *_) = draw(planes, settles_s)
    assert (first["size"], first["base"]) == (8, [*Z[:2], 0.9])


def test_of_two_planes_both_are_coarse_before_one_is_fine() -> None:
    """Nobody waits for somebody else's last detail."""
    told = draw(begun(Z, (1, 2), (2, 3)), 0.0)
    assert [frame["size"] for frame in told] == [8, 8, 16, 16, 32, 32, 64, 64]


def test_a_plane_that_nobody_shows_costs_nothing() -> None:
    """Nor does one of dimensions that there are not; one that is shown again begins again."""
    planes = begun(Z, (1, 2), (1, 9))
    assert len(draw(planes, 0.0)) == 4
    planes.show([])
    assert not planes.shown
    assert planes.next(9.0) is None
    assert planes.settles_s() is None
    planes.show([(1, 3)])
    assert len(draw(planes, 9.0)) == 4


def test_another_song_has_planes_of_its_own() -> None:
    """Its ranges, and nothing before it is known where its controls stand."""
    planes = begun()
    old = planes.next(0.0)
    assert old is not None
    planes.begin([(0.0, 1.0)] * 2)
    assert planes.next(9.0) is None
    planes.move((0.5, 0.5), 9.0)
    assert planes.counted(old, [0] * len(old.points)) is None
    (first, *_) = draw(planes, 9.0)
    assert first["high"] == [1.0, 1.0]


@given(
    st.lists(st.tuples(st.sampled_from(["move", "show", "count"]), st.integers(0, 3)), max_size=60)
)
def test_whatever_happens_a_picture_is_of_its_base(steps: list[tuple[str, int]]) -> None:
    """Answers late or early, pages that come and go: no picture ever mixes two bases."""
    planes, now_s = begun(), 0.0
    asked: list[Batch] = []
    for what, number in steps:
        now_s += 0.1
        if what == "move":
            planes.move((0.1 * number, 0.0, float(number)), now_s)
        elif what == "show":
            planes.show([(1, 2), (2, 3)][: number % 3])
        elif asked and number == 0:
            late = asked[len(asked) // 2]
            check(planes.counted(late, [sum_of(point) for point in late.points]))
        while number and (batch := planes.next(now_s)) is not None and number < 3:
            asked.append(batch)
            check(planes.counted(batch, [sum_of(point) for point in batch.points]))
            number -= 1


def check(frame: dict[str, Any] | None) -> None:
    if frame is not None:
        size, axes = frame["size"], (frame["x"], frame["y"])
        points = cells(tuple(frame["base"]), axes, RANGES, size, range(size**2))
        assert frame["counts"] == [sum_of(point) for point in points]
