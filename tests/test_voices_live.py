"""Two voices on real parts: two checkpoints in one engine, two channels, a judge at the far end."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.decoding import PhraseDecoder
from instrument.cli import app
from tests.jack import JackServer, running_jack
from tests.live import Play, half_of, judging, notes_by_bar, playing, z_by_bar

pytestmark = pytest.mark.real(needs=["jackd", "jack_midi_dump", "jack_lsp", "stdbuf", "oscsend"])

PATCHES = Path(__file__).parent.parent / "patches"


@pytest.fixture(scope="module")
def jack() -> Iterator[JackServer]:
    with running_jack() as server:
        yield server


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    """The shipped duet, the second voice of another checkpoint."""
    text = (PATCHES / "duet.toml").read_text(encoding="utf-8")
    named = text.replace('# checkpoint = "paper-256"', 'checkpoint = "paper-256"')
    assert named != text
    file = tmp_path / "two.toml"
    file.write_text(named, encoding="utf-8")
    return file


def osc(play: Play, address: str, *typed: str) -> None:
    subprocess.run(["oscsend", "127.0.0.1", str(play.osc_port), address, *typed], check=True)


def test_a_knob_of_voice_2_moves_channel_2_only(
    jack: JackServer, patch: Path, tmp_path: Path
) -> None:
    """Each channel plays its voice's decode(z), by its own checkpoint; all is closed at the end."""
    take = tmp_path / "t.mid"
    arguments = ("--patch", str(patch), "--bars", "30")
    with judging(jack) as judge, playing(take, *arguments, jack=jack) as play:
        play.until_bar(8)
        osc(play, "/glisser/knob/5", "f", "1.0")
        play.until_bar(14)
        osc(play, "/glisser/panic")
        play.until_bar(17)
        osc(play, "/glisser/voice/2/gate", "f", "50.0")
        play.until_bar(20)
        osc(play, "/glisser/voice/2/mute", "i", "1")
        assert play.finish() == 0
        judge.stop()
    assert not play.stalled(), "the machine stood still"
    account = play.account()
    heard = [m for m in judge.messages if m[0] & 0xF0 in {0x80, 0x90}]
    sent = [
        (m["channel"] - 1, m["pitch"], m["velocity"] > 0) for m in account if m["type"] == "note"
    ]
    assert [(s & 0x0F, pitch, s & 0xF0 == 0x90) for s, pitch, _ in heard] == sent
    sounding = set[tuple[int, int]]()
    for channel, pitch, struck in sent:
        assert ((channel, pitch) in sounding) != struck
        sounding ^= {(channel, pitch)}
    assert not sounding
    assert {channel for channel, _, _ in sent} == {0, 1}
    # A panic quietens both channels.
    assert {(0xB0, 120, 0), (0xB1, 120, 0)} <= set(judge.messages)
    for voice, checkpoint, below in ((1, "stage", 0), (2, "paper-256", 12)):
        mine = [m for m in account if m.get("voice", 1) == voice]
        decoder = PhraseDecoder.load(checkpoint)
        bars, z = notes_by_bar(mine), z_by_bar(mine)
        assert {tuple(point) for point in z.values()} == (
            {(0.0,) * 12} if voice == 1 else {(0.0,) * 12, (3.0, *(0.0,) * 11)}
        )
        for bar, struck in bars.items():
            if voice == 2 and bar >= 20:  # it was muted in the middle
                continue
            asked = [(step, pitch - below) for step, pitch in half_of_z(decoder, z[bar], bar)]
            assert struck == asked, f"voice {voice}, bar {bar}"
    muted = [m for m in account if m["type"] == "note" and m["velocity"] and m["channel"] == 2]
    assert max(m["tick"] for m in muted) < 23 * 384
    again = tmp_path / "again.mid"
    result = CliRunner().invoke(app, ["render", str(again), "--from", str(take), "--redecode"])
    assert result.exit_code == 0, result.output
    assert again.read_bytes() == take.read_bytes()


def half_of_z(decoder: PhraseDecoder, z: list[float], bar: int) -> list[tuple[int, int]]:
    return half_of(decoder.decode(z)[0].notes, bar)


def test_a_stop_leaves_nothing_open_on_either_channel(jack: JackServer, tmp_path: Path) -> None:
    """The shipped patch, stopped in the middle and played again."""
    arguments = ("--patch", "duet", "--bars", "4")
    with judging(jack) as judge, playing(tmp_path / "t.mid", *arguments, jack=jack) as play:
        play.until_bar(3)
        osc(play, "/glisser/stop")
        osc(play, "/glisser/play")
        assert play.finish() == 0
        judge.stop()
    sounding = set[tuple[int, int]]()
    for status, pitch, _ in judge.messages:
        if status & 0xF0 in {0x80, 0x90}:
            sounding ^= {(status & 0x0F, pitch)}
    assert not sounding
    assert {status for status, _, _ in judge.messages} >= {0x90, 0x91}
