"""The stage process: the page over HTTP, real WebSockets, OSC to somebody in main's place."""

import asyncio
import http.client
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.decoding import PhraseDecoder
from instrument.stage_engine import NICENESS
from instrument.stage_link import StageLink, Staging
from instrument.stage_server import MAX_PAGES, MAX_UNSENT, Page
from instrument.web_link import NotServedError
from instrument.web_serving import POLITENESS
from tests.oscquery_parts import eventually
from tests.stage_parts import (
    PATIENCE_S,
    STEPS,
    Main,
    Stage,
    ask,
    frame,
    process_of_the_stage,
    said,
    served,
    turned,
    until_closed,
)

KNOB = "/glisser/knob/1"
GARBAGE: list[str | bytes] = [
    "",
    "{",
    "null",
    "[" * 4000,
    '{"osc": 1}',
    '{"osc": [["/glisser/get/z"]]}',
    b"\xff\x00",
]


@pytest.fixture
def stage(tiny_checkpoint: Path) -> Iterator[Stage]:
    with served(tiny_checkpoint) as stage:
        yield stage


def get(
    stage: Stage, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", stage.link.port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_the_page_comes_over_http_and_nothing_else_does(stage: Stage) -> None:
    """Files of the page by their names; no path leads out, nothing can be changed."""
    response, body = get(stage, "/")
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not any("access-control" in name.lower() for name in response.headers)
    assert get(stage, "/index.html")[1] == body
    head, nothing = get(stage, "/", "HEAD")
    assert (head.status, nothing) == (200, b"")
    for path in ("/x", "/../stage.py", "/%2e%2e/stage.py", "//index.html", "/index.html/", "/ws"):
        assert get(stage, path)[0].status == 404, path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(stage, "/", method)[0].status == 405


def test_a_request_that_calls_us_by_another_name_is_refused(stage: Stage) -> None:
    """Neither HTTP nor a WebSocket, whatever name points here, whatever page asks."""
    port = stage.link.port
    assert get(stage, "/", Host="evil.example")[0].status == 403
    assert get(stage, "/", Host=f"localhost:{port}")[0].status == 200
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{port + 1}"):
        assert get(stage, "/", Origin=origin)[0].status == 403
        with pytest.raises(InvalidStatus) as refused, stage.page(origin=origin):
            pass
        assert refused.value.response.status_code == 403
    with stage.page(origin=f"http://127.0.0.1:{port}") as page:
        frame(page, "stage")


def test_a_page_is_told_the_stage_and_then_how_things_stand(stage: Stage) -> None:
    """One that opens later, too, without main being asked again."""
    with stage.page() as first:
        assert frame(first, "stage") == {**stage.told, "snapshots": []}
        stage.main.until("/glisser/subscribe")
        stage.main.tell_everything(turned(knob_1=0.75))
        assert said(first, KNOB) == [0.75]
        stage.main.tell("/glisser/snapshots", "intro")
        assert frame(first, "stage")["snapshots"] == ["intro"]
        with stage.page() as second:
            assert json.loads(second.recv(timeout=PATIENCE_S))["stage"]["snapshots"] == ["intro"]
            present = {address: rest for address, *rest in frame(second, "osc")}
            assert present[KNOB] == [0.75]
            assert present["/glisser/phrase"] == list(STEPS)
            assert frame(second, "heard") == {KNOB: 8.0}
            stage.main.tell("/glisser/note", 1, 60, 96)
            assert said(first, "/glisser/note") == said(second, "/glisser/note") == [1, 60, 96]
        assert stage.main.heard.qsize() == 0 or "/glisser/subscribe" not in {
            address for address, _ in stage.main.heard.queue
        }
    stage.main.until("/glisser/unsubscribe")


def test_feedback_is_gathered_and_says_when_it_came(stage: Stage) -> None:
    """In order; what comes together is few frames, each with the moment of its first message."""
    with stage.page() as page:
        stage.main.until("/glisser/subscribe")
        wanted: list[list[Any]] = [["/glisser/note", 1, number % 128, 96] for number in range(400)]
        for address, *arguments in wanted:
            stage.main.tell(address, *arguments)
        notes, moments = list[Any](), []
        while len(notes) < len(wanted):
            told = json.loads(page.recv(timeout=PATIENCE_S))
            notes += told.get("osc", [])
            moments += [told["at_ms"]] if "osc" in told else []
        assert notes == wanted
        assert moments == sorted(set(moments))
        assert len(moments) < 100


def test_what_a_page_asks_for_reaches_main_in_order(stage: Stage) -> None:
    """Garbage is counted, and the same connection goes on; what is too long ends it."""
    with stage.page() as page:
        stage.main.until("/glisser/subscribe")
        for each in GARBAGE:
            page.send(each)
        ask(page, [KNOB, 0.25], ["/glisser/snapshot/save", "a"], [KNOB, 1], ["/glisser/panic"])
        assert stage.main.until(KNOB) == [0.25]
        rest = [stage.main.heard.get(timeout=PATIENCE_S) for _ in range(3)]
        assert rest == [("/glisser/snapshot/save", ["a"]), (KNOB, [1]), ("/glisser/panic", [])]
        stage.until("makes no sense")
        page.send("x" * 200_000)
        with pytest.raises(ConnectionClosed):
            until_closed(page)
    assert stage.main.until("/glisser/unsubscribe")


def test_of_a_storm_the_end_is_right_and_every_press_arrives(stage: Stage) -> None:
    """Thousands of moves are few datagrams; no panic among them is lost."""
    with stage.page() as page:
        stage.main.until("/glisser/subscribe")
        for number in range(4_000):
            ask(page, [KNOB, number / 4_000], ["/glisser/z/3", 1.0])
            if number % 400 == 0:
                ask(page, ["/glisser/panic"])
        ask(page, [KNOB, 1.0], ["/glisser/stop"])
        presses, last = 0, None
        while True:
            address, arguments = stage.main.heard.get(timeout=PATIENCE_S)
            presses += address == "/glisser/panic"
            last = arguments if address == KNOB else last
            if address == "/glisser/stop":
                break
        assert (presses, last) == (10, [1.0])
        assert stage.main.datagrams < 2_000


def test_a_press_just_before_the_page_closes_arrives(stage: Stage) -> None:
    """Panic, and the laptop's lid."""
    with stage.page() as page:
        stage.main.until("/glisser/subscribe")
        ask(page, [KNOB, 0.5])
        ask(page, ["/glisser/panic"])
    stage.main.until("/glisser/panic")


def test_sixteen_pages_may_be_open(stage: Stage) -> None:
    """The seventeenth is told so; when one has gone there is room."""
    with ExitStack() as pages:
        opened = [pages.enter_context(stage.page()) for _ in range(MAX_PAGES)]
        with pytest.raises(InvalidStatus) as refused, stage.page():
            pass
        assert refused.value.response.status_code == 503
        stage.main.until("/glisser/subscribe")
        stage.main.tell("/glisser/bar", 7)
        assert all(said(page, "/glisser/bar") == [7] for page in opened)


def test_its_own_engine_draws_the_plane_and_says_what_comes(
    stage: Stage, tiny_checkpoint: Path
) -> None:
    """Coarse to fine, for the axes of each page; what comes is what PhraseDecoder says."""
    decoder = PhraseDecoder.load(tiny_checkpoint)
    with stage.page() as page, stage.page() as other:
        other.send(json.dumps({"plane": {"x": 3, "y": 4}}))
        stage.main.until("/glisser/subscribe")
        stage.main.tell_everything(turned(z_1=1.5, z_2=-2.0))
        z = [1.5, -2.0, *[0.0] * 10]
        (phrase,) = decoder.decode(z)
        steps = list(decoder.vocabulary.steps(phrase.tokens))
        assert frame(page, "next") == {"steps": steps, "heard": {KNOB: 32.0}}
        for size in (8, 16):
            plane = frame(page, "plane")
            assert (plane["x"], plane["y"], plane["size"], plane["base"]) == (1, 2, size, z)
            assert plane["counts"] == [32] * size**2
        plane = frame(other, "plane")
        assert (plane["x"], plane["y"], plane["size"]) == (3, 4, 8)
        (engine,) = process_of_the_stage().children()
        assert "engine.service" in engine.cmdline()
        assert engine.nice() >= max(NICENESS, process_of_the_stage().nice())
        assert process_of_the_stage().nice() >= min(19, psutil.Process().nice() + POLITENESS)
        engine.kill()
        stage.until("a new engine is loading")
        stage.main.tell("/glisser/z/1", -1.0)
        stage.main.tell("/glisser/z/9", 1.0)
        z[0], z[8] = -1.0, 1.0
        while (plane := frame(page, "plane"))["base"] != z:
            pass
        assert plane["size"] == 8


def test_while_main_is_silent_a_page_knows(stage: Stage) -> None:
    """And it is found again, with everything as it stands then."""
    with stage.page() as page:
        stage.main.until("/glisser/subscribe")
        stage.main.tell("/glisser/bar", 7)
        stage.main.close()
        assert frame(page, "main") is False
        stage.main = Main(stage.main.port)
        stage.main.until("/glisser/subscribe")
        stage.main.tell_everything()
        assert frame(page, "main") is True
        assert said(page, "/glisser/knob/12") == [0.5]


def test_another_song_is_told_and_asked_for(stage: Stage) -> None:
    """Its object at once, and where its controls stand once main has told."""
    with stage.page() as page:
        frame(page, "stage")
        stage.main.until("/glisser/subscribe")
        stage.main.tell_everything()
        frame(page, "next")
        stage.link.stage({**stage.told, "song": {"number": 2, "name": "two", "of": 2}})
        assert frame(page, "stage")["song"]["name"] == "two"
        stage.main.until("/glisser/subscribe")
        stage.main.tell_everything(turned(z_1=2.0))
        assert frame(page, "plane")["base"][0] == 2.0


def test_a_process_that_dies_is_replaced_on_its_port(stage: Stage) -> None:
    """Pages open again and are told the newest; its engine is gone with it."""
    port = stage.link.port
    with stage.page() as page:
        frame(page, "stage")
        stage.main.until("/glisser/subscribe")
        lost = process_of_the_stage()
        engines = lost.children()
        lost.send_signal(signal.SIGKILL)
        with pytest.raises(ConnectionClosed):
            until_closed(page)
    stage.link.stage({**stage.told, "doors": ["another"]})
    stage.until("served again")
    assert stage.link.port == port
    assert process_of_the_stage().pid != lost.pid
    with stage.page() as page:
        assert frame(page, "stage")["doors"] == ["another"]
    assert engines
    eventually(lambda: not any(each.is_running() for each in engines))


def test_a_port_that_is_taken_is_one_sentence_and_a_range_is_a_choice() -> None:
    """So is a host that would be more open than OSC is; nothing is opened then."""

    def link(host: str, first: int, last: int) -> StageLink:
        return StageLink(Staging(host, first, last, "127.0.0.1", 9, {}), lambda _: None)

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = rf"127\.0\.0\.1:{port} did not open: .*; choose with --stage-at HOST:PORT$"
        with pytest.raises(NotServedError, match=sentence):
            link("127.0.0.1", port, port).start()
        stage = Stage("stage", port, min(65_535, port + 100))
        stage.link.start()
        assert port < stage.link.port <= port + 100
        stage.link.close()
        stage.main.close()
    with pytest.raises(NotServedError, match="open OSC too"):
        link("192.0.2.7", 0, 0).start()


def test_a_page_that_does_not_keep_up_is_let_go() -> None:
    """What waits for it is bounded; until then it is told all, in order."""

    async def hear() -> None:
        page = Page()
        for number in range(MAX_UNSENT):
            page.tell(str(number))
        assert [await page.next() for _ in range(MAX_UNSENT)] == [*map(str, range(MAX_UNSENT))]
        for number in range(MAX_UNSENT + 1):
            page.tell(str(number))
        assert page.behind
        assert await page.next() is None

    asyncio.run(hear())
