"""A setting that is not there yet, added by one line: everybody has it, and nobody was told."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instrument import parameters as parameters_room
from instrument import settings as settings_room
from instrument.actions import Set, Snapshot, Subscribe
from instrument.cli import app
from instrument.controls import Controls, ControlState
from instrument.feedback import Feedback, encode
from instrument.mapping import Mapping
from instrument.midi_in import Arrival, Hands, Standing
from instrument.opening import PlayOptions
from instrument.osc_addresses import addresses
from instrument.osc_parse import RefusedError, parse
from instrument.oscquery import find, methods, tree
from instrument.parameters import parameters, positions, values
from instrument.patch import check_text
from instrument.scenes import Scenes
from instrument.session import Session, read_session, session_bytes
from instrument.settings import SETTINGS, Setting

REVERB = Setting("reverb", 0.0, 100.0, 20.0, "%", "How large the room is.")
GLIDE = Setting("glide", 0.0, 12.0, 0.0, "", "How it comes.", whole=True, each="dimension")


@pytest.fixture(autouse=True)
def two_more(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The list is two rows longer, one of them for each dimension; what was made of it is not."""

    def forget() -> None:
        settings_room.setting_of.cache_clear()
        parameters_room._setting_keys.cache_clear()

    longer = (*SETTINGS, REVERB, GLIDE)
    monkeypatch.setattr(settings_room, "SETTINGS", longer)
    monkeypatch.setattr(parameters_room, "SETTINGS", longer)
    forget()
    yield
    monkeypatch.undo()
    forget()


def test_it_is_heard_over_osc_and_told_to_who_listens() -> None:
    """Its address takes a value, clamped; a subscriber is told, at first and at each change."""
    refused: list[RefusedError] = []
    ((_, actions),) = parse(encode("/glisser/reverb", 900.0), addresses(Mapping()), refused.append)
    assert actions == (Set("reverb", 100.0),)
    ((_, actions),) = parse(encode("/glisser/glide/12", 2.6), addresses(Mapping()), refused.append)
    assert actions == (Set("glide/12", 3.0),)
    assert not refused
    state = ControlState({"reverb": (35.0, 1)}, serial=1)
    told = values(state, Mapping())
    assert (told["/glisser/reverb"], told["/glisser/glide/1"]) == (35.0, 0.0)
    feedback = Feedback(Mapping)
    feedback.on_actions([Subscribe(5)], ("127.0.0.1", 5), ControlState(), 0.0)
    ((datagram, _),) = feedback.on_controls(state, 1.0)
    assert datagram == encode("/glisser/reverb", 35.0)


def test_it_is_in_the_oscquery_tree() -> None:
    """Range, unit, value, sentence; a whole number is one."""
    heard = [address.decode() for address in addresses(Mapping())]
    root = tree(methods(parameters(Mapping()), heard), {"/glisser/reverb": 35.0})
    node, glide = find(root, "/glisser/reverb"), find(root, "/glisser/glide/3")
    assert node is not None
    assert glide is not None
    assert (node["TYPE"], node["VALUE"], node["UNIT"]) == ("f", [35.0], ["%"])
    assert node["RANGE"] == [{"MIN": 0.0, "MAX": 100.0}]
    assert "How large the room is." in node["DESCRIPTION"]
    assert (glide["TYPE"], glide["VALUE"]) == ("i", [0])


def test_glisser_params_lists_it() -> None:
    """In all three of its forms."""

    def printed(*options: str) -> str:
        return CliRunner().invoke(app, ["params", *options], catch_exceptions=False).stdout

    told = {each["address"]: each for each in json.loads(printed("--json"))}
    assert told["/glisser/reverb"]["default"] == 20.0
    assert "How large the room is." in printed()
    assert "| glide 1 to glide 12 |" in printed("--markdown")


def test_a_patch_starts_it_and_turns_it() -> None:
    """Its start is checked by its range; a controller turns it, and shows where it stands."""
    text = "[settings]\nreverb = { start = 60.0, cc = 91 }\nglide.2 = 5\n"
    mapping = check_text("mine.toml", text).mapping
    assert mapping.settings == {"reverb": 60.0, "glide/2": 5.0}
    state = ControlState.standing(mapping.settings)
    assert positions(state, mapping)["reverb"] == pytest.approx(0.6)
    hands = Hands(lambda: mapping, lambda: Standing(positions(state, mapping)))
    arrival = Arrival("controller", 0, 0.0, b"\xb0\x5b\x40")
    assert hands.actions([arrival], lambda _: None) == [Set("reverb", 50.0)]
    with pytest.raises(Exception, match=r"reverb.* is 101; allowed is 0 to 100 %"):
        check_text("mine.toml", "[settings]\nreverb = 101\n")


def test_a_snapshot_holds_it_and_morphs_to_it(tmp_path: Path) -> None:
    """Evenly, from one bar line to another; one that is older than the setting has its default."""
    controls, faults = Controls(), list[str]()
    scenes = Scenes(controls, Mapping, tmp_path, lambda _: None, faults.append)
    scenes.act([Set("reverb", 80.0), Set("glide/2", 4.0), Snapshot("save", "1")])
    scenes.act([Set("reverb", 40.0), Set("glide/2", 0.0), Snapshot("recall", "1", 2.0)])
    state = controls.state()
    ticks = (0, 384, 768)
    assert [state.value_at("reverb", tick) for tick in ticks] == pytest.approx([40.0, 60.0, 80.0])
    assert state.value("glide/2") == 4.0
    older = json.loads((tmp_path / "1.json").read_text())
    del older["settings"]["reverb"]
    (tmp_path / "old.json").write_text(json.dumps(older))
    scenes.act([Snapshot("recall", "old", 0.0)])
    assert controls.state().value("reverb") == 20.0
    assert not faults


def test_a_session_goes_back_to_it(tmp_path: Path) -> None:
    """A value out of its range is damage, as with any other."""
    file = tmp_path / "session.json"
    state = ControlState({"reverb": (35.0, 1), "glide/3": (2.0, 2)}, serial=2)
    file.write_bytes(session_bytes(Session(PlayOptions(), state)))
    assert read_session(file).controls == state
    file.write_bytes(file.read_bytes().replace(b"35.0", b"350.0"))
    with pytest.raises(Exception, match="damaged at controls"):
        read_session(file)


def test_the_player_is_sent_it() -> None:
    """With all the others, as one message."""
    state = ControlState({"reverb": (35.0, 1)}, serial=1)
    message = json.loads(json.dumps(state.to_message()))
    assert ControlState.from_message(message).value("reverb") == 35.0
    assert ControlState.from_message(message).value("glide/1") == 0.0


IN_THE_SCHEMA = """
from instrument import settings
settings.SETTINGS += (settings.Setting("reverb", 0.0, 100.0, 20.0, "%", "How large the room is."),)
from instrument.patch_file import schema
assert "reverb" in schema()["properties"]["settings"]["propertyNames"]["enum"]
"""


def test_an_editor_knows_it() -> None:
    """The schema of a patch is made when the program starts: in a fresh one the row is in it."""
    subprocess.run([sys.executable, "-c", IN_THE_SCHEMA], check=True)
