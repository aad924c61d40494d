"""The whole instrument on real parts: four processes, JACK, liblo, Pd, a judge at the far end."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import mido
import pytest

from engine.decoding import PhraseDecoder
from tests.jack import JackServer, running_jack
from tests.live import (
    Play,
    half_of,
    judging,
    notes_by_bar,
    playing,
    wait_for_port,
    z_by_bar,
)

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=[])

ROUNDS = int(os.environ.get("GLISSER_SIGNAL_ROUNDS", "3"))  # 20 for the record; see CONTRIBUTING
JACK = ["jackd", "jack_midi_dump", "jack_lsp", "stdbuf"]


@pytest.fixture(scope="module")
def jack() -> Iterator[JackServer]:
    with running_jack() as server:
        yield server


@pytest.fixture(scope="module")
def decoder() -> PhraseDecoder:
    return PhraseDecoder.load("stage")


def osc(play: Play, address: str, *typed: str) -> None:
    """Send one message with liblo's own sender."""
    subprocess.run(["oscsend", "127.0.0.1", str(play.osc_port), address, *typed], check=True)


def assert_faithful(play: Play, heard: list[tuple[str, int]], decoder: PhraseDecoder) -> None:
    """What arrived is what the take says, and each bar is that half of decode(z)."""
    assert not play.stalled(), "the machine stood still"
    account = play.account()
    sent = [("on" if m["velocity"] else "off", m["pitch"]) for m in account if m["type"] == "note"]
    assert heard == sent
    bars, z = notes_by_bar(account), z_by_bar(account)
    assert bars.keys() == z.keys()
    for bar, struck in bars.items():
        assert struck == half_of(decoder.decode(z[bar])[0].notes, bar), f"bar {bar}"


@pytest.mark.real(needs=[*JACK, "oscsend"])
def test_a_knob_moved_over_osc_is_heard_and_every_note_is_closed(
    jack: JackServer, decoder: PhraseDecoder, tmp_path: Path
) -> None:
    """Each bar plays that half of decode(z) for the z in force; more at knob 1 = 1 than at 0."""
    with judging(jack) as judge, playing(tmp_path / "t.mid", "--bars", "24", jack=jack) as play:
        play.until_bar(6)
        osc(play, "/glisser/knob/1", "f", "0.0")
        play.until_bar(14)
        osc(play, "/glisser/knob/1", "f", "1.0")
        assert play.finish() == 0
        judge.stop()
    assert judge.still_sounding() == []
    assert_faithful(play, judge.notes, decoder)
    bars, z = notes_by_bar(play.account()), z_by_bar(play.account())
    few = [len(bars[bar]) for bar in z if z[bar][0] == -3.0]
    many = [len(bars[bar]) for bar in z if z[bar][0] == 3.0]
    assert len(few) >= 4
    assert len(many) >= 4
    assert sum(many[:4]) > sum(few[:4])


SEND_CC = """
import rtmidi, sys
port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="controller")
names = port.get_ports()
port.open_port(next(i for i, n in enumerate(names) if n.startswith("Glisser") and n.endswith("in")))
print("open", flush=True)
sys.stdin.readline()
port.send_message([0xB2, 20, 127])
print("sent", flush=True)
sys.stdin.readline()
"""


@pytest.mark.real(needs=JACK)
def test_a_controller_on_a_real_midi_input_is_heard(
    jack: JackServer, decoder: PhraseDecoder, tmp_path: Path
) -> None:
    """CC 20 on any channel through a JACK port turns knob 1; what is heard follows it."""
    with judging(jack) as judge, playing(tmp_path / "t.mid", "--bars", "16", jack=jack) as play:
        play.until_bar(2)
        controller = subprocess.Popen(
            [sys.executable, "-c", SEND_CC],
            env={**os.environ, **jack.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert controller.stdout is not None
        assert controller.stdout.readline() == "open\n"
        assert controller.stdin is not None
        controller.stdin.write("go\n")
        controller.stdin.flush()
        assert controller.stdout.readline() == "sent\n"
        assert play.finish() == 0
        controller.communicate("bye\n")
        judge.stop()
    assert judge.still_sounding() == []
    assert_faithful(play, judge.notes, decoder)
    assert 3.0 in {z[0] for z in z_by_bar(play.account()).values()}


@pytest.mark.real(needs=[*JACK, "pd"])
def test_a_knob_moved_by_pure_data_is_heard(
    jack: JackServer, decoder: PhraseDecoder, tmp_path: Path
) -> None:
    """A headless Pd patch with vanilla objects only moves knob 1."""
    with judging(jack) as judge, playing(tmp_path / "t.mid", "--bars", "24", jack=jack) as play:
        patch = tmp_path / "knob.pd"
        text = Path(__file__).with_name("knob.pd").read_text()
        patch.write_text(text.replace("GLISSER_PORT", str(play.osc_port)))
        play.until_bar(1)
        quiet = ["-nogui", "-noaudio", "-nomidi", "-stderr"]
        subprocess.run(["pd", *quiet, str(patch)], check=True, capture_output=True, timeout=30)
        assert play.finish() == 0
        judge.stop()
    assert judge.still_sounding() == []
    assert_faithful(play, judge.notes, decoder)
    assert 3.0 in {z[0] for z in z_by_bar(play.account()).values()}


@pytest.mark.real(needs=JACK)
def test_a_virtual_output_appears_under_its_promised_name(jack: JackServer, tmp_path: Path) -> None:
    """Without --out there is a port Glisser:out that anything can be connected to."""
    with playing(tmp_path / "t.mid", "--bars", "60", jack=jack, out=None) as play:
        play.until_bar(1)
        wait_for_port(jack, "Glisser:out")
        play.process.send_signal(signal.SIGINT)
        assert play.finish() == 0


def test_a_take_and_the_render_of_its_z_are_note_for_note_the_same(tmp_path: Path) -> None:
    """Render --from plays the live take again: same notes at the same ticks, moves and all."""
    slow = ["--tempo", "20"]  # however long the engine takes to load, some bars are left
    with playing(tmp_path / "live.mid", "--midi-api", "none", "--bars", "12", *slow) as play:
        play.until("engine ready")
        send_udp(play.osc_port, "/glisser/tempo", 400.0)
        for address in ("/glisser/knob/1", "/glisser/knob/2"):
            play.until(r"^bar ")
            send_udp(play.osc_port, address, 0.8)
        assert play.finish() == 0
    again = tmp_path / "again.mid"
    subprocess.run(
        [sys.executable, "-m", "instrument.cli", "render", str(again), "--from", str(play.take)],
        check=True,
    )
    assert len({tuple(z) for z in z_by_bar(play.account()).values()}) >= 2
    assert timed_notes(again) == timed_notes(play.take)


def send_udp(port: int, address: str, value: float) -> None:
    import socket

    from instrument.feedback import encode

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(encode(address, value), ("127.0.0.1", port))


def timed_notes(file: Path) -> list[tuple[int, str, int, int]]:
    """(tick, kind, note, channel) of every note message of a .mid."""
    notes, tick = [], 0
    for message in mido.MidiFile(file).tracks[1]:
        tick += message.time
        if message.type in {"note_on", "note_off"}:
            notes.append((tick, message.type, message.note, message.channel))
    return notes


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_neither_main_nor_player_has_torch_loaded(tmp_path: Path) -> None:
    """While it plays, only the engine's process maps libtorch."""
    with playing(tmp_path / "t.mid", "--midi-api", "none", "--bars", "200") as play:
        play.until_bar(1)
        send_udp(play.osc_port, "/glisser/knob/1", 1.0)
        play.until(r"z1 \+3\.00")  # the engine has answered
        pids = {"main": play.process.pid, **play.children()}
        maps = {name: Path(f"/proc/{pid}/maps").read_text() for name, pid in pids.items()}
        play.process.send_signal(signal.SIGINT)
        assert play.finish() == 0
    assert {name: "libtorch" in text for name, text in maps.items()} == {
        "main": False,
        "instrument.player": False,
        "engine.service": True,
    }


@pytest.mark.real(needs=JACK)
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_at_any_moment_ends_silent(jack: JackServer, tmp_path: Path, name: str) -> None:
    """Nothing is left sounding at the far end, no process is left behind, status 0."""
    chance = random.Random(name)
    for _ in range(ROUNDS):
        with judging(jack) as judge, playing(tmp_path / "t.mid", jack=jack) as play:
            play.until_bar(chance.randint(1, 3))
            children = play.children()
            time.sleep(chance.random() * 0.6)  # the random moment is the point: within one bar
            play.process.send_signal(getattr(signal, name))
            assert play.finish() == 0
            judge.stop()
        assert judge.notes
        assert judge.still_sounding() == []
        assert not [pid for pid in children.values() if Path(f"/proc/{pid}").exists()]


@pytest.mark.real(needs=JACK)
def test_a_killed_engine_is_replaced_and_the_phrase_goes_on(
    jack: JackServer, decoder: PhraseDecoder, tmp_path: Path
) -> None:
    """SIGKILL of the engine: bars keep coming, a new engine answers, the knob is heard again."""
    with judging(jack) as judge, playing(tmp_path / "t.mid", jack=jack) as play:
        play.until_bar(2)
        first = play.children()["engine.service"]
        os.kill(first, signal.SIGKILL)
        play.until("the engine died")
        send_udp(play.osc_port, "/glisser/knob/1", 1.0)
        play.until(r"z1 \+3\.00")
        assert play.children()["engine.service"] != first
        play.process.send_signal(signal.SIGINT)
        assert play.finish() == 0
        judge.stop()
    assert not play.stalled(), "the machine stood still"
    account = play.account()
    bars = [m["tick"] for m in account if m["type"] == "bar"]
    assert bars == sorted(set(bars))
    assert all(later - earlier == 384 for earlier, later in pairwise(bars))
    assert judge.still_sounding() == []
    struck, z = notes_by_bar(account), z_by_bar(account)
    for bar in sorted(struck)[:-1]:  # the last was cut short by the signal
        assert struck[bar] == half_of(decoder.decode(z[bar])[0].notes, bar), f"bar {bar}"
