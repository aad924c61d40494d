"""``glisser play --resume``: whatever ended a performance, the next one goes on where it was."""

import io
import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.wire import Message
from instrument.controls import ControlState
from instrument.display import Display
from instrument.opening import PlayOptions
from instrument.performance import Performance
from instrument.session import Place, Session, read_session, session_file
from instrument.tempo import TICKS_PER_BAR
from tests.live import Play, playing
from tests.test_live import send_udp

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=[])

SILENT = ["--midi-api", "none"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins without a session."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def resume(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "instrument.cli", "play", "--resume", *arguments]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def lines_of(account: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in account.read_text().splitlines()]


def at_a_knob(play: Play) -> None:
    """Another tempo, a knob turned, and a bar that has both."""
    play.until("engine ready")
    send_udp(play.osc_port, "/glisser/tempo", 300.0)
    send_udp(play.osc_port, "/glisser/knob/1", 0.9)
    play.until(r"^bar \d+ +300 bpm.* z1 \+2\.")
    play.until("^bar ")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_performance_goes_on_where_it_was(tmp_path: Path, end: signal.Signals) -> None:
    """The place within a bar, the tempo, the knob, and the phrase before any engine has loaded."""
    with playing(tmp_path / "one.mid", *SILENT) as play:
        at_a_knob(play)
        play.process.send_signal(end)
        play.process.wait()
    killed = end is signal.SIGKILL
    before = lines_of(tmp_path / ("one.jsonl.part" if killed else "one.jsonl"))
    was = [line for line in before if line["type"] == "bar"][-1]
    ran = resume("--bars", "2", "--take", str(tmp_path / "two.mid"))
    assert ran.returncode == 0, ran.stderr
    head, *after = lines_of(tmp_path / "two.jsonl")
    assert head["tempo_bpm"] == 300
    (begin,) = [line for line in after if line["type"] == "begin"]
    last_bar = was["tick"] // TICKS_PER_BAR * TICKS_PER_BAR
    assert begin["song_tick"] in {last_bar, last_bar - TICKS_PER_BAR}
    bars = [line for line in after if line["type"] == "bar"]
    assert {tuple(line["tokens"]) for line in bars} == {tuple(was["tokens"])}
    assert {tuple(line["z"]) for line in bars} == {tuple(was["z"])}


def test_a_song_that_stood_still_stands_still(tmp_path: Path) -> None:
    """The knobs are back; the next play is for the performer."""
    with playing(tmp_path / "one.mid", *SILENT) as play:
        at_a_knob(play)
        send_udp(play.osc_port, "/glisser/stop", 1.0)
        for _ in range(500):
            if read_session(session_file()).place.song_tick is None:
                break
            with suppress(subprocess.TimeoutExpired):
                play.process.wait(0.02)
        else:
            raise AssertionError("the stop is not kept")
        play.process.kill()
    with playing(tmp_path / "two.mid", "--resume") as play:
        play.until("engine ready")
        play.process.send_signal(signal.SIGINT)
        assert play.finish() == 0
    assert {"begin", "note"}.isdisjoint(line["type"] for line in play.account())


def test_without_a_session_there_is_one_sentence() -> None:
    """Status 2, and nothing was opened."""
    ran = resume()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("glisser: there is no performance to resume")


class Player:
    """Stands where the player's process would be, and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        (None, [{"do": "play"}]),
        (Place(768), [{"do": "panic"}, {"do": "play", "song_tick": 768}]),
        (Place(None), [{"do": "panic"}]),
    ],
)
def test_what_may_hang_is_closed_before_the_first_note(
    tiny_checkpoint: Path, place: Place | None, sent: list[Message]
) -> None:
    """A power cut leaves a synth sounding; a fresh start has nothing to close."""
    options = PlayOptions(checkpoint=str(tiny_checkpoint))
    resumed = None if place is None else Session(options, ControlState(), place)
    performance: Any = Performance(options, Display(io.StringIO()), resumed)
    player = performance._player = Player()
    performance._begin()
    assert player.sent == [{"type": "transport", **message} for message in sent]
