"""What pages know of the instrument, and the object that a song is told as."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.attributes import NOTE_COUNT
from instrument.mapping import Mapping
from instrument.opening import PlayOptions
from instrument.parameters import parameters
from instrument.song import Song
from instrument.songs import songs_of
from instrument.stage import stage_of
from instrument.stage_state import REPEATED_S, Told, heard

STEPS = (60, -1, -1, -1, 62, -2, -2, -2) * 4


def test_a_bar_line_is_passed_on_once_though_the_full_state_comes_again() -> None:
    """A renewed subscription tells everything once more; a page sees no bar line in it."""
    told = Told()
    assert told.hear("/glisser/bar", (5,), 10.0)
    assert told.hear("/glisser/phrase", STEPS, 10.0)
    told.renew(20.0)
    assert not told.hear("/glisser/bar", (5,), 20.1)
    assert not told.hear("/glisser/phrase", STEPS, 20.1)
    assert told.hear("/glisser/bar", (6,), 20.2)
    assert told.hear("/glisser/phrase", STEPS, 20.2 + REPEATED_S)


def test_bar_1_after_a_stop_is_a_bar_line_though_bar_1_was_the_last() -> None:
    """Stopped and played again within half a second of a renewal."""
    told = Told()
    told.hear("/glisser/playing", (1,), 0.0)
    told.hear("/glisser/bar", (1,), 0.0)
    told.renew(0.1)
    assert told.hear("/glisser/playing", (0,), 0.2)
    assert told.hear("/glisser/playing", (1,), 0.3)
    assert told.hear("/glisser/bar", (1,), 0.3)


def test_a_value_that_has_not_changed_is_not_passed_on() -> None:
    """Notes, lines and answers always are; pongs never."""
    told = Told()
    assert told.hear("/glisser/knob/1", (0.5,), 0.0)
    assert not told.hear("/glisser/knob/1", (0.5,), 9.0)
    assert told.hear("/glisser/knob/1", (0.6,), 9.0)
    for _ in range(2):
        assert told.hear("/glisser/note", (1, 60, 96), 0.0)
        assert told.hear("/glisser/error", ("a line",), 0.0)
        assert told.hear("/glisser/get/stats", ("bar", 3), 0.0)
        assert not told.hear("/glisser/pong", (), 0.0)


def test_a_page_that_opens_later_is_told_the_newest_of_each_address() -> None:
    """But of no note or line that is over."""
    told = Told()
    for number in range(3):
        told.hear("/glisser/knob/1", (number / 2,), 0.0)
        told.hear("/glisser/note", (1, 60, 96), 0.0)
        told.hear("/glisser/error", ("a line",), 0.0)
    told.hear("/glisser/snapshots", ("intro", "3"), 0.0)
    assert told.present() == [("/glisser/knob/1", (1.0,)), ("/glisser/snapshots", ("intro", "3"))]
    assert told.snapshots() == ["intro", "3"]


def test_where_the_controls_stand_is_known_once_all_of_it_was_told() -> None:
    """And of another song not before it has told of itself; what sounds goes on."""
    told = Told()
    told.hear("/glisser/bar", (3,), 0.0)
    told.hear("/glisser/phrase", STEPS, 0.0)
    told.hear("/glisser/z/1", (0.5,), 0.0)
    assert told.z(2) is None
    told.hear("/glisser/z/2", (-1.0,), 0.0)
    assert told.z(2) == (0.5, -1.0)
    told.begin()
    assert told.z(2) is None
    assert told.steps() == STEPS
    assert [address for address, _ in told.present()] == ["/glisser/bar", "/glisser/phrase"]
    told.forget()
    assert told.present() == []


def song_of(checkpoint: Path) -> Song:
    """The default patch with that checkpoint."""
    return songs_of(PlayOptions(checkpoint=str(checkpoint))).songs[0]


@pytest.fixture
def calibrated(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A checkpoint whose knob 1 promises 0 to 60 notes, evenly."""
    folder = tmp_path / "calibrated"
    shutil.copytree(tiny_checkpoint, folder)
    card = json.loads((folder / "card.json").read_text())
    card["attributes"][0]["calibration"] = [float(i) for i in range(61)]
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def stage(tiny_checkpoint: Path) -> dict[str, Any]:
    return stage_of(song_of(tiny_checkpoint), 3, ["OSC in: somewhere"], "internal")


def test_a_page_needs_to_know_nothing_of_the_instrument(stage: dict[str, Any]) -> None:
    """Every knob, every parameter with its range, the song, the doors."""
    assert stage["song"]["of"] == 3
    assert (stage["doors"], stage["clock"]) == (["OSC in: somewhere"], "internal")
    assert stage["z_ranges"] == [(-3.0, 3.0)] * 12
    told = {each["address"]: each for each in stage["parameters"]}
    assert list(told) == [each.address for each in parameters(Mapping())]
    assert told["/glisser/tempo"]["high"] == 400.0
    assert told["/glisser/scale"]["choices"][1] == "major"
    assert [knob["number"] for knob in stage["knobs"]] == list(range(1, 13))
    assert {knob["address"] for knob in stage["knobs"]} <= told.keys()


def test_a_true_knob_tells_what_it_promises(calibrated: Path) -> None:
    """From end to end, never falling; a knob that promises nothing says so, and has a name."""
    first, second, *_ = stage_of(song_of(calibrated), 1, [], "internal")["knobs"]
    assert (first["label"], first["unit"], first["true"]) == ("notes", "notes", True)
    places = [place for place, _ in first["promise"]]
    amounts = [amount for _, amount in first["promise"]]
    assert (places[0], places[-1]) == (0.0, 1.0)
    assert amounts == sorted(amounts)
    assert (amounts[0], amounts[-1]) == (0.0, 60.0)
    assert amounts[len(amounts) // 2] == pytest.approx(30.0)
    assert (second["label"], second["true"], second["promise"]) == ("z2", False, [])


def test_what_is_heard_is_counted_in_the_phrase(stage: dict[str, Any]) -> None:
    """By the attribute's own definition, for the true knobs alone."""
    assert (
        heard(stage["knobs"], STEPS)
        == {"/glisser/knob/1": NOTE_COUNT.exact(STEPS)}
        == {"/glisser/knob/1": 8.0}
    )
