"""The stage page's server in a performance that plays: real processes, judged by the take."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.sync.client import ClientConnection, connect

from engine.decoding import PhraseDecoder
from tests.live import Play, half_of, notes_by_bar, playing, z_by_bar
from tests.stage_parts import PATIENCE_S, ask, frame, said

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=[])

SILENT = ("--midi-api", "none", "--stage-at", "127.0.0.1:0")
KNOB = "/glisser/knob/1"


def page_of(play: Play, port: int) -> AbstractContextManager[ClientConnection]:
    """A page of the stage that ``play`` serves."""
    assert play.process.poll() is None
    where = f"ws://127.0.0.1:{port}/ws"
    return cast(
        "AbstractContextManager[ClientConnection]",
        connect(where, open_timeout=PATIENCE_S, close_timeout=0.1, proxy=None),
    )


def port_of(play: Play) -> int:
    return int(play.until("^stage: http").rpartition(":")[2])


def until_it_sounds(page: ClientConnection, steps: Sequence[int]) -> None:
    while said(page, "/glisser/phrase") != list(steps):
        pass


def ended(play: Play) -> int:
    """End it, as Ctrl-C does; the exit status."""
    play.process.send_signal(signal.SIGINT)
    return play.finish()


@pytest.fixture(scope="module")
def decoder() -> PhraseDecoder:
    return PhraseDecoder.load("stage")


def assert_every_bar_is_decoded(play: Play, decoder: PhraseDecoder) -> list[dict[str, Any]]:
    """Each whole bar is, step for step, that half of decode(z) for the z in force; the account."""
    assert not play.stalled(), "the machine stood still"
    account = play.account()
    bars, z = notes_by_bar(account), z_by_bar(account)
    assert bars.keys() == z.keys()
    del bars[max(bars)]  # which the end has cut off
    for bar, struck in bars.items():
        assert struck == half_of(decoder.decode(z[bar])[0].notes, bar), f"bar {bar}"
    return account


def test_a_page_turns_a_knob_and_the_next_phrase_is_the_one_it_was_shown(
    decoder: PhraseDecoder, tmp_path: Path
) -> None:
    """Panic arrives; a stage process that is killed costs no note, and is served again."""
    with playing(tmp_path / "t.mid", *SILENT) as play:
        port = port_of(play)
        play.until("engine ready")
        with page_of(play, port) as page:
            before = frame(page, "next")["steps"]
            ask(page, [KNOB, 0.95])
            shown = frame(page, "next")
            assert shown["steps"] != before
            until_it_sounds(page, shown["steps"])
            assert frame(page, "heard") == shown["heard"]
            ask(page, ["/glisser/panic"], ["/glisser/morph-bars", 3])
            assert said(page, "/glisser/morph-bars") == [3.0]  # so the panic has arrived
            os.kill(play.children()["instrument.stage_process"], signal.SIGKILL)
        play.until(rf"the stage: served again, on port {port}")
        with page_of(play, port) as page:
            frame(page, "next")
            ask(page, [KNOB, 0.05])
            until_it_sounds(page, frame(page, "next")["steps"])
        assert ended(play) == 0
    account = assert_every_bar_is_decoded(play, decoder)
    assert any(line["type"] == "silence" for line in account)
    z1 = [z[0] for z in z_by_bar(account).values()]
    assert max(z1) > 2.0
    assert min(z1) < -2.0


def test_ten_pages_that_drag_the_cursor_do_not_move_a_note(
    decoder: PhraseDecoder, tmp_path: Path
) -> None:
    """Every note of the take is on its tick, and is what the decoder says."""
    with playing(tmp_path / "t.mid", *SILENT) as play, ExitStack() as pages:
        port = port_of(play)
        play.until("engine ready")
        opened = [pages.enter_context(page_of(play, port)) for _ in range(10)]
        for number, page in enumerate(opened):
            page.send(json.dumps({"plane": {"x": 1 + number % 3, "y": 12}}))
        for step in range(40):
            for number, page in enumerate(opened):
                z = (step + number) % 40 / 8 - 2.5
                ask(page, ["/glisser/z/1", z], ["/glisser/z/2", -z], ["/glisser/z/12", z / 2])
            assert frame(opened[step % 10], "osc")
        last, marks = opened[-1], {f"/glisser/lfo-phase/{n}" for n in range(1, 11)}
        for mark, page in zip(marks, opened, strict=True):
            ask(page, [mark, 0.5])
        while marks:  # until what every page has asked for has arrived
            marks -= {address for address, *_ in frame(last, "osc")}
        ask(last, *[[f"/glisser/z/{n}", n / 12] for n in range(1, 13)])
        while frame(last, "plane")["base"][10] != pytest.approx(11 / 12):
            pass
        (phrase,) = decoder.decode([n / 12 for n in range(1, 13)])
        until_it_sounds(last, decoder.vocabulary.steps(phrase.tokens))
        assert ended(play) == 0
    stood = z_by_bar(assert_every_bar_is_decoded(play, decoder))
    assert stood[max(stood)] == pytest.approx([n / 12 for n in range(1, 13)])


def test_a_port_that_is_taken_is_refused_before_a_take_is_begun(tmp_path: Path) -> None:
    """One sentence that says how to choose, status 2, nothing on the disk."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        where = f"127.0.0.1:{other.getsockname()[1]}"
        command = [sys.executable, "-m", "instrument.cli", "play", "--midi-api", "none"]
        command += ["--osc", "127.0.0.1:0", "--take", str(tmp_path / "t.mid")]
        done = subprocess.run(
            [*command, "--stage-at", where], capture_output=True, text=True, timeout=PATIENCE_S
        )
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"glisser: the stage: {where} did not open: ")
    assert sentence.endswith("choose with --stage-at HOST:PORT.")
    assert list(tmp_path.iterdir()) == []
