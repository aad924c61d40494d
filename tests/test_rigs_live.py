"""The rigs that can be run here, run: Pd and SuperCollider, headless, against Glisser's own OSC."""

import os
import queue
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from instrument.actions import (
    Action,
    Capture,
    ChangeSong,
    Set,
    Snapshot,
    Subscribe,
    Transport,
    Unsubscribe,
)
from instrument.controls import ControlState
from instrument.feedback import Feedback
from instrument.osc_addresses import addresses
from instrument.osc_in import OscInput
from instrument.patch import load_patch
from tests.live import free_udp_port
from tests.rig_files import PATCHES

PATIENCE_S = 30
STEPS = [60, -1, -2, 64] * 8


@dataclass
class Instrument:
    """The OSC ends of Glisser, and every action that a rig asked for."""

    osc: OscInput
    feedback: Feedback
    asked: "queue.Queue[Action]" = field(default_factory=queue.Queue)

    def next(self) -> Action:
        """The next action but for a subscription."""
        action = self.asked.get(timeout=PATIENCE_S)
        return self.next() if isinstance(action, Subscribe) else action

    def next_set(self) -> tuple[str, float]:
        """Key and value of the next action, which sets something; a slider has 64 pixels."""
        action = self.next()
        assert isinstance(action, Set), action
        return action.key, round(action.value, 3)

    def tell(self, message: dict[str, object]) -> None:
        """What the player said, to whoever has subscribed."""
        self.osc.send(self.feedback.on_player(message, time.monotonic()))


@contextmanager
def instrument() -> Iterator[Instrument]:
    """Real OSC input and feedback under the default patch; a rig's subscription is answered."""
    mapping = load_patch("default")
    state = ControlState()

    def hear(actions: tuple[Action, ...], sender: tuple[str, int]) -> None:
        osc.send(feedback.on_actions(actions, sender, state, time.monotonic()))
        for action in actions:
            there.asked.put(action)

    osc = OscInput("127.0.0.1", 0, lambda: addresses(mapping), hear, lambda _line: None)
    feedback = Feedback(lambda: mapping, STEPS, song=(1, "default"))
    there = Instrument(osc, feedback)
    osc.start()
    try:
        yield there
    finally:
        osc.close()


def tell_all(there: Instrument) -> None:
    """A bar, a note and an error, and knob 3 somewhere else."""
    bar = {"type": "bar", "bar": 7, "steps": STEPS, "notes": 1, "misses": 0}
    there.tell(bar)
    there.tell({"type": "note", "channel": 1, "pitch": 67, "velocity": 90})
    there.tell({"type": "error", "text": "no such luck"})
    moved = ControlState({"knob/3": (0.25, 1)}, serial=1)
    there.osc.send(there.feedback.on_controls(moved, time.monotonic()))


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A program that is killed at the end if it has not ended by itself."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def read_until(lines: IO[str], wanted: set[str]) -> list[str]:
    """All lines until each of ``wanted`` has been one of them."""
    seen = list[str]()
    for line in lines:
        seen.append(line.strip())
        if wanted <= set(seen):
            return seen
    raise AssertionError(f"it ended without {wanted - set(seen)}; it said {seen}")


# Beside the patch: sends on inside Pd what arrives at a port, and prints what the patch shows.
PD_DRIVER = """#N canvas 0 0 450 300 12;
#X obj 20 20 netreceive -u DRIVER_PORT;
#X msg 20 50 \\; \\$1 \\$2;
#X obj 120 20 r glisser-told-bar;
#X obj 120 50 print bar;
#X obj 220 20 r glisser-told-error;
#X obj 220 50 print error;
#X obj 320 20 r glisser-told-note;
#X obj 320 50 print note;
#X obj 420 20 r glisser-told-phrase;
#X obj 420 50 print phrase;
#X connect 0 0 1 0;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 6 0 7 0;
#X connect 8 0 9 0;
"""


@pytest.mark.real(needs=["pd"])
def test_the_pd_patch_plays_glisser_and_shows_what_it_tells(tmp_path: Path) -> None:
    """Driven headless: what it sends arrives; feedback is shown and never comes back."""
    back, driver = free_udp_port(), free_udp_port()
    with instrument() as there:
        text = (PATCHES / "glisser.pd").read_text()
        patch, beside = tmp_path / "glisser.pd", tmp_path / "driver.pd"
        patch.write_text(text.replace("9129", str(there.osc.port)).replace("9130", str(back)))
        beside.write_text(PD_DRIVER.replace("DRIVER_PORT", str(driver)))
        quiet = ["-nogui", "-noaudio", "-nomidi", "-stderr"]
        with (
            running(["pd", *quiet, str(beside), str(patch)], {}) as pd,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as driving,
        ):
            assert pd.stdout is not None

            def drive(receiver: str, what: str) -> None:
                driving.sendto(f"list {receiver} {what};\n".encode(), ("127.0.0.1", driver))

            assert there.asked.get(timeout=PATIENCE_S) == Subscribe(back)
            tell_all(there)
            heard = {"bar: 7", "error: no such luck", "note: 1 67 90"}
            shown = read_until(pd.stdout, heard)
            assert f"phrase: {' '.join(map(str, STEPS))}" in shown
            # Were anything that it was told sent back, it would arrive before these.
            drive("glisser-knob-1-in", "0.75")
            assert there.next_set() == ("knob/1", 0.75)
            drive("glisser-knob-3-in", "bang")
            assert there.next_set() == ("knob/3", 0.25)
            for command in (Transport("play"), Transport("stop"), Transport("panic")):
                drive(f"glisser-{command.do}-in", "bang")
                assert there.next() == command
            asked = {
                "tempo-in 96": Set("tempo", 96.0),
                "freeze-in 1": Set("freeze", 1.0),
                "capture-in bang": Capture(),
                "song-next-in bang": ChangeSong("next"),
                "song-previous-in bang": ChangeSong("previous"),
            }
            for message, action in asked.items():
                drive(*f"glisser-{message}".split())
                assert there.next() == action
            drive("glisser-snapshot-in", "4")
            drive("glisser-snapshot-save-in", "bang")
            assert there.next() == Snapshot("save", "4")
            drive("glisser-snapshot-recall-in", "bang")
            assert there.next() == Snapshot("recall", "4")
            drive("pd", "quit")
            rest = pd.communicate(timeout=PATIENCE_S)[0].splitlines()
    assert not [line for line in [*shown, *rest] if "create" in line or "connect" in line]


SC_DRIVER = """
~glisserPort = GLISSER_PORT;
"GLISSER_SCD".load;
fork {
	while { ~glisser.positions[2] != 0.25 } { 0.05.wait };
	["told", ~glisser.bar, ~glisser.phrase.size, ~glisser.phrase[3]].join(" ").postln;
	("fault" + ~glisser.fault).postln;
	{
		~glisser.window;
		~glisser.dials[0].valueAction_(0.75);
		~glisser.knob("lean", 0.5);
		~glisser.begin; ~glisser.end; ~glisser.panic; ~glisser.capture;
		~glisser.bpm(96); ~glisser.hold(1); ~glisser.nextSong; ~glisser.previousSong;
		~glisser.save("verse"); ~glisser.recall("verse"); ~glisser.recall(4, 8);
		~glisser.leave
	}.defer;
	1.wait;
	0.exit
}
"""


@pytest.mark.real(needs=["sclang"])
def test_the_supercollider_example_plays_glisser_and_knows_what_it_tells(tmp_path: Path) -> None:
    """Evaluated by sclang, window and all: what it asks for arrives, what it is told it knows."""
    with instrument() as there:
        driver = tmp_path / "driver.scd"
        text = SC_DRIVER.replace("GLISSER_PORT", str(there.osc.port))
        driver.write_text(text.replace("GLISSER_SCD", str(PATCHES / "glisser.scd")))
        own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        # Its help browser refuses to start as root with a sandbox.
        unboxed = {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox"}
        environment = {"QT_QPA_PLATFORM": "offscreen", **unboxed, **own}
        with running(["sclang", str(driver)], environment) as sclang:
            asked = there.asked.get(timeout=PATIENCE_S)
            assert isinstance(asked, Subscribe)
            tell_all(there)
            said, _ = sclang.communicate(timeout=PATIENCE_S)
        assert sclang.returncode == 0, said
        assert {"told 7 32 64", "fault no such luck"} <= set(said.splitlines())
        assert "ERROR" not in said, said
        assert [there.next() for _ in range(13)] == [
            Set("knob/1", 0.75),
            Set("knob/4", 0.5),
            Transport("play"),
            Transport("stop"),
            Transport("panic"),
            Capture(),
            Set("tempo", 96.0),
            Set("freeze", 1.0),
            ChangeSong("next"),
            ChangeSong("previous"),
            Snapshot("save", "verse"),
            Snapshot("recall", "verse"),
            Snapshot("recall", "4", 8.0),
        ]
        assert there.asked.get(timeout=PATIENCE_S) == Unsubscribe(asked.port)
