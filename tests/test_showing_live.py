"""What a controller shows while the whole instrument plays: real processes, JACK, liblo."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.live import Play, playing, z_by_bar
from tests.rings import JACK, PATIENCE_S, device

PATCH = """
[feedback]
on = true
[buttons]
freeze = { note = 36, channel = 10 }
play-stop = { note = 37, channel = 10 }
[knobs]
1 = { z = 1, cc = 20, channel = 1 }
2 = { z = 2, cc = 21, channel = 1 }
"""


def osc(play: Play, address: str, *typed: str) -> None:
    subprocess.run(["oscsend", "127.0.0.1", str(play.osc_port), address, *typed], check=True)


@pytest.mark.real(needs=[*JACK, "oscsend"])
@pytest.mark.usefixtures("jack_server")
def test_a_controller_shows_what_osc_moves_and_is_not_told_what_it_sends(tmp_path: Path) -> None:
    """All is shown at first; then a knob and two buttons; a turn is not echoed."""
    patch = tmp_path / "mine.toml"
    patch.write_text(PATCH)
    asked = ("--patch", str(patch), "--in", "Twister")
    with device() as controller, playing(tmp_path / "t.mid", *asked) as play:
        first = {"992500"}  # may be told, before it plays
        while len(first) < 5:
            first.add(controller.told.get(timeout=PATIENCE_S))
        assert first == {"992500", "b01440", "b01540", "992400", "99257f"}
        osc(play, "/glisser/knob/1", "f", "1.0")
        assert controller.told.get(timeout=PATIENCE_S) == "b0147f"
        play.until("engine ready")
        controller.knobs.send_message([0xB0, 21, 127])
        for _ in range(4):  # bars: far longer than the hand is waited for
            play.until("^bar ")
        osc(play, "/glisser/freeze", "i", "1")
        assert controller.told.get(timeout=PATIENCE_S) == "99247f"
        osc(play, "/glisser/stop")
        assert controller.told.get(timeout=PATIENCE_S) == "992500"
        play.process.send_signal(signal.SIGTERM)
        assert play.finish() == 0
        assert controller.told.empty()
    assert 3.0 in {z[1] for z in z_by_bar(play.account()).values()}
