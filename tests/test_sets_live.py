"""A set on real parts: a pedal on a JACK port changes song, channel and checkpoint."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.decoding import PhraseDecoder
from instrument.feedback import encode
from instrument.replay import read_take
from instrument.session import read_session, session_file
from instrument.tempo import TICKS_PER_BAR
from tests.jack import JackServer, running_jack
from tests.live import half_of, judging, notes_by_bar, playing, z_by_bar
from tests.test_live import JACK

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=JACK)

BARS = 26
PEDAL = """
import rtmidi, sys
port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="pedal")
names = port.get_ports()
port.open_port(next(i for i, n in enumerate(names) if n.startswith("Glisser") and n.endswith("in")))
print("open", flush=True)
for line in sys.stdin:
    port.send_message([0x9F, int(line), 100])
    port.send_message([0x8F, int(line), 0])
"""
BUTTONS = """
[buttons]
next = { note = 40, channel = 16 }
previous = { note = 41, channel = 16 }
"""
CHECKPOINTS = {1: "stage", 2: "paper-256"}


@pytest.fixture(scope="module")
def jack() -> Iterator[JackServer]:
    with running_jack() as server:
        yield server


@pytest.fixture
def gig(tmp_path: Path) -> Path:
    """Two songs: each on the channel of its number, with a checkpoint of its own."""
    folder = tmp_path / "gig"
    folder.mkdir()
    for number, checkpoint in CHECKPOINTS.items():
        text = f'checkpoint = "{checkpoint}"\n[out]\nchannel = {number}\n{BUTTONS}'
        (folder / f"{number}-song.toml").write_text(text)
    return folder


@contextmanager
def pedal(jack: JackServer) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", PEDAL],
        env={**os.environ, **jack.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def press(process: "subprocess.Popen[str]", note: int) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{note}\n")
    process.stdin.flush()


def checkpoint_by_bar(account: list[dict[str, Any]]) -> dict[int, str]:
    """For each bar from 1: of which checkpoint the phrase is that sounds when it has begun."""
    found, sounds = {}, CHECKPOINTS[1]
    for line in account:
        if line["type"] == "take" and not line["request"]["late"]:
            sounds = line["request"]["checkpoint"]
        elif line["type"] == "bar":
            found[line["tick"] // TICKS_PER_BAR + 1] = sounds
    return found


def test_a_pedal_changes_the_song_without_a_gap(
    jack: JackServer, gig: Path, tmp_path: Path
) -> None:
    """There and back: every bar is that half of decode(z) of its song, nothing stays open."""
    arguments = ("--set", str(gig), "--bars", str(BARS))
    with judging(jack) as judge, playing(tmp_path / "t.mid", *arguments, jack=jack) as play:
        play.until("engine ready")
        with pedal(jack) as foot:
            for note, waited in ((40, "^song 2 of 2: 2-song"), (41, "^song 1 of 2: 1-song")):
                play.until("^bar ")
                press(foot, note)
                play.until(waited)
                for _ in range(4):
                    play.until("^bar ")
            assert play.finish() == 0
        judge.stop()
    assert not play.stalled(), "the machine stood still"
    account = play.account()
    changes = [line for line in account if line["type"] == "song"]
    assert [line["channel"] for line in changes] == [2, 1]
    assert all(line["tick"] % TICKS_PER_BAR == 0 for line in changes)
    sent = [
        ((0x90 if m["velocity"] else 0x80) + m["channel"] - 1, m["pitch"])
        for m in account
        if m["type"] == "note"
    ]
    heard = [message[:2] for message in judge.messages if message[0] & 0xF0 in {0x80, 0x90}]
    assert heard == sent
    still: list[tuple[int, int]] = []
    for status, pitch in heard:
        if status & 0xF0 == 0x90:
            assert not still
            still.append((status & 0x0F, pitch))
        else:
            still.remove((status & 0x0F, pitch))
    assert still == []
    decoders = {name: PhraseDecoder.load(name) for name in CHECKPOINTS.values()}
    bars, z, of = notes_by_bar(account), z_by_bar(account), checkpoint_by_bar(account)
    assert list(bars) == list(range(1, BARS + 1))
    assert set(of.values()) == set(CHECKPOINTS.values())
    for bar, struck in bars.items():
        assert struck == half_of(decoders[of[bar]].decode(z[bar])[0].notes, bar), f"bar {bar}"
    for line in changes:
        first = line["tick"] // TICKS_PER_BAR + 1
        assert of[first] == CHECKPOINTS[line["song"]], "the new song's phrase was late"


def test_its_take_is_played_and_decoded_again(gig: Path, tmp_path: Path) -> None:
    """The same bytes, and every phrase by its own checkpoint; the session knows the song."""
    silent = ("--midi-api", "none", "--bars", "30")
    with playing(tmp_path / "t.mid", "--set", str(gig), *silent) as play:
        play.until("engine ready")
        for _ in range(3):
            play.until("^bar ")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(encode("/glisser/song", "2-song"), ("127.0.0.1", play.osc_port))
        play.until("^song 2 of 2")
        assert play.finish() == 0
    assert read_session(session_file()).song == "2-song"
    account = read_take(tmp_path / "t.mid")
    assert account.midi() == (tmp_path / "t.mid").read_bytes()
    assert {each.wish.checkpoint for each in account.adopted} == set(CHECKPOINTS.values())
    again = [sys.executable, "-m", "instrument.cli", "render", str(tmp_path / "again.mid")]
    ran = subprocess.run(
        [*again, "--from", str(tmp_path / "t.mid"), "--redecode"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "decoded again, all the same" in ran.stdout
    assert (tmp_path / "again.mid").read_bytes() == (tmp_path / "t.mid").read_bytes()
