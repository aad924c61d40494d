"""The wiring, as far as it can be seen without starting a process; the rest is in test_live."""

import io
import json
import shutil
from pathlib import Path
from typing import Any, cast

from engine.wire import Message
from instrument.actions import ChangeSong, Transport, set_tempo
from instrument.children import Child
from instrument.controls import ControlState
from instrument.display import Display
from instrument.opening import PlayOptions
from instrument.performance import Performance


class Listening:
    """Stands where the player's process would be, and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


def test_a_bundle_that_sets_the_tempo_and_plays_begins_at_the_new_tempo(
    tiny_checkpoint: Path,
) -> None:
    """The control state reaches the player before the transport that came with it."""
    options = PlayOptions(checkpoint=str(tiny_checkpoint))
    performance: Any = Performance(options, Display(io.StringIO()))
    player = Listening()
    performance._player = cast(Child, player)
    performance._act([set_tempo(200.0), Transport("play")])
    assert [message["type"] for message in player.sent] == ["controls", "transport"]
    assert ControlState.from_message(player.sent[0]).tempo_bpm == 200.0


def test_a_checkpoint_without_calibration_is_told_in_one_line(tiny_checkpoint: Path) -> None:
    """The knobs that the patch wants calibrated are linear, and the performer reads it."""
    told = io.StringIO()
    performance: Any = Performance(
        PlayOptions(checkpoint=str(tiny_checkpoint), midi_api="none"), Display(told)
    )
    performance._player.opened = {"recorder": True, "clock_to": ""}
    performance._say_what_is_open()
    assert "knobs 1, 2, 3 and 4 are linear" in told.getvalue()


def test_the_cards_calibration_reaches_the_player_and_the_display(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """The mapping that the player is sent holds the card's curve; the display knows its promise."""
    folder = tmp_path / "calibrated"
    shutil.copytree(tiny_checkpoint, folder)
    card = json.loads((folder / "card.json").read_text())
    card["attributes"][0]["calibration"] = [float(i) for i in range(61)]
    (folder / "card.json").write_text(json.dumps(card))
    display = Display(io.StringIO())
    performance: Any = Performance(PlayOptions(checkpoint=str(folder)), display)
    first, second = performance._programme.mapping().knobs[:2]
    assert (first.calibrated, second.calibrated) == (True, False)
    (shown,) = cast(Any, display)._knobs
    assert shown.asked([3.0] + [0.0] * 11) == 60.0


class Serving:
    """Stands where the stage's process would be, and keeps what it is told."""

    def __init__(self) -> None:
        self.stages: list[dict[str, Any]] = []

    def stage(self, stage: dict[str, Any]) -> None:
        self.stages.append(stage)


def test_the_stage_is_told_of_another_song_and_of_ports_that_are_others(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Once for each; a knob that is turned is none of its business."""
    for name in ("1-one", "2-two"):
        (tmp_path / f"{name}.toml").write_text("")
    options = PlayOptions(set_folder=str(tmp_path), checkpoint=str(tiny_checkpoint))
    performance: Any = Performance(options, Display(io.StringIO()))
    performance._player = cast(Child, Listening())
    doors, served = performance._doors, Serving()
    doors._lines, doors._stage, doors._staged = lambda: ["a door"], served, 1
    performance._act([set_tempo(99.0)])
    doors.on_controls(performance._controls.state())
    assert served.stages == []
    performance._act([ChangeSong("next")])
    for _ in range(2):
        doors.on_controls(performance._controls.state())
    doors.on_player({"type": "rejoined", "seconds": 0.5})
    assert [stage["song"] for stage in served.stages] == [
        {"number": 2, "name": "2-two", "of": 2}
    ] * 2
    assert served.stages[0]["doors"] == ["a door"]
