"""What the stage asks of its engine, and in which order, without a process."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.wire import Message
from instrument import stage_engine
from instrument.stage_engine import StageEngine

RANGES = [(-3.0, 3.0)] * 3
STEPS = [60] * 32


class Link:
    """Stands where the link to the engine would be: keeps what it is asked for, in order."""

    def __init__(
        self,
        _checkpoints: dict[str, Any],
        *,
        answered: Callable[[Message], None],
        ready: Callable[[Message, float], None],
        counted: Callable[[Message], None],
        **_others: Any,
    ) -> None:
        self.answered, self.ready, self.counted = answered, ready, counted
        self.asked: list[Message] = []
        self.starts = 0

    def start(self) -> None:
        self.starts += 1

    def request(self, message: Message) -> None:
        self.asked.append({"kind": "phrase", **message})

    def count(self, message: Message) -> None:
        self.asked.append({"kind": "counts", **message})

    def watch(self) -> None:
        pass

    def close(self) -> None:
        pass


class Show:
    """An engine of the stage, what it has told, and its link."""

    def __init__(self) -> None:
        self.phrases: list[Sequence[int]] = []
        self.planes: list[dict[str, Any]] = []
        self.engine = StageEngine(
            {}, self.phrases.append, lambda _axes, plane: self.planes.append(plane), print
        )
        self.link: Any = self.engine._link

    async def answer(self, asked: Message) -> None:
        """What the engine says to this; the link calls from a thread of its own."""
        if asked["kind"] == "phrase":
            self.link.answered({"type": "phrase", "id": asked["id"], "steps": STEPS})
        else:
            counts = [1] * len(asked["z"])
            self.link.counted({"type": "counts", "id": asked["id"], "counts": counts})
        await asyncio.sleep(0)

    async def ready(self) -> None:
        self.link.ready({}, 1.0)
        await asyncio.sleep(0)


def run(scene: Callable[[Show], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_engine, "EngineLink", Link)

    async def played() -> None:
        show = Show()
        try:
            await scene(show)
        finally:
            show.engine.close()

    asyncio.run(played())


def test_what_comes_is_asked_for_before_planes_and_one_thing_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing before a page is open; then the newest point goes before every picture."""

    async def scene(show: Show) -> None:
        show.engine.begin("a", RANGES)
        show.engine.move((0.0, 0.0, 0.0))
        await show.ready()
        assert (show.link.starts, show.link.asked) == (0, [])
        show.engine.show([(1, 2)])
        show.engine.show([(1, 2), (1, 2)])
        assert show.link.starts == 1
        (first,) = show.link.asked
        assert (first["kind"], first["z"]) == ("phrase", [0.0, 0.0, 0.0])
        show.engine.move((1.0, 0.0, 0.0))
        show.engine.move((2.0, 0.0, 0.0))
        assert show.link.asked == [first]
        await show.answer(first)
        assert show.phrases == []  # it is the newest point's no more
        assert (show.link.asked[1]["kind"], show.link.asked[1]["z"]) == ("phrase", [2.0, 0.0, 0.0])
        await show.answer(show.link.asked[1])
        assert show.phrases == [STEPS]
        assert (show.link.asked[2]["kind"], len(show.link.asked[2]["z"])) == ("counts", 64)
        show.engine.move((3.0, 0.0, 0.0))
        await show.answer(show.link.asked[2])
        assert [plane["size"] for plane in show.planes] == [8]
        assert show.link.asked[3]["kind"] == "phrase"

    run(scene, monkeypatch)


def test_an_answer_of_the_song_before_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the point is the same: another checkpoint plays something else there."""

    async def scene(show: Show) -> None:
        await show.ready()
        for song in ("a", "b"):
            show.engine.begin(song, RANGES)
            show.engine.show([(1, 2)])
            show.engine.move((0.0, 0.0, 0.0))
        old, new = show.link.asked
        assert (old["checkpoint"], new["checkpoint"]) == ("a", "b")
        await show.answer(old)
        assert show.phrases == []
        await show.answer(new)
        assert show.phrases == [STEPS]
        show.engine.begin("c", RANGES)
        show.engine.move((0.0, 0.0, 0.0))
        await show.answer(show.link.asked[2])  # the plane of b
        assert show.planes == []
        assert show.link.asked[3]["checkpoint"] == "c"

    run(scene, monkeypatch)


def test_an_engine_that_died_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it owed is asked for once more when another has loaded."""

    async def scene(show: Show) -> None:
        await show.ready()
        show.engine.begin("a", RANGES)
        show.engine.show([(1, 2)])
        show.engine.move((0.0, 0.0, 0.0))
        await show.ready()  # the answer to the first question will never come
        first, again = show.link.asked
        assert (again["kind"], again["z"]) == (first["kind"], first["z"])
        await show.answer(again)
        counts = show.link.asked[-1]
        show.link.counted({"type": "refused", "id": counts["id"], "text": "the engine died"})
        await show.ready()
        assert show.link.asked[-1]["z"] == counts["z"]
        await show.answer(show.link.asked[-1])
        assert [plane["size"] for plane in show.planes] == [8]

    run(scene, monkeypatch)
