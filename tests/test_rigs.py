"""The files for Max, Live, Pd, TouchOSC and SuperCollider say what Glisser understands."""

import re
from pathlib import Path

import pytest

from instrument.feedback import encode
from instrument.osc_addresses import addresses
from instrument.osc_parse import RefusedError, parse
from instrument.parameters import parameters
from instrument.patch import load_patch, patch_names
from patches.making.__main__ import rigs
from patches.making.board import labels_of
from tests import rig_files
from tests.rig_files import PATCHES, max_patch, valueof

ROOT = Path(__file__).parent.parent
MAX = ["Glisser.maxpat", "Glisser.amxd"]
MAPPING = load_patch("default")
PARAMETERS = {parameter.address: parameter for parameter in parameters(MAPPING)}
KNOBS = {address for address in PARAMETERS if address.startswith("/glisser/knob/")}
HIDDEN = 2

SENT = {
    **{name: rig_files.sent_by_max(name) for name in MAX},
    "glisser.pd": rig_files.sent_by_pd(),
    "Glisser.tosc": rig_files.sent_by_touchosc(),
}
HEARD = {
    **{name: rig_files.heard_by_max(name) for name in MAX},
    "glisser.pd": rig_files.heard_by_pd(),
    "Glisser.tosc": rig_files.heard_by_touchosc(),
    "glisser.scd": rig_files.supercollider()[1],
}
COMMANDS = {
    f"/glisser/{name}"
    for name in (
        *("play", "stop", "panic", "capture", "freeze", "tempo", "subscribe", "song/next"),
        *("song/previous", "snapshot/save", "snapshot/recall"),
    )
}


@pytest.mark.parametrize("name", rigs())
def test_the_shipped_file_is_what_the_script_makes(name: str) -> None:
    """``make rigs`` would change nothing, to the byte."""
    assert (PATCHES / name).read_bytes() == rigs()[name]


@pytest.mark.parametrize("name", SENT)
def test_all_that_a_rig_sends_is_understood(name: str) -> None:
    """Every address with its arguments, at both ends of their ranges, is an action."""
    refused: list[RefusedError] = []
    for address, arguments in SENT[name]:
        done = parse(encode(address, *arguments), addresses(MAPPING), refused.append)
        assert not refused, str(refused[0])
        released = arguments == (0.0,) and address not in PARAMETERS
        assert released or any(actions for _, actions in done), f"{address} does nothing"


@pytest.mark.parametrize("name", SENT)
def test_a_rig_offers_the_knobs_and_the_commands(name: str) -> None:
    """Twelve knobs, transport, panic, freeze, tempo, snapshots, songs, capture, subscription."""
    assert {address for address, _ in SENT[name]} == KNOBS | COMMANDS


@pytest.mark.parametrize("name", SENT)
def test_a_control_reaches_exactly_as_far_as_its_parameter(name: str) -> None:
    """A dial's ends are the ends of the range of what it sets."""
    sent = [(address, values[0]) for address, values in SENT[name] if address in PARAMETERS]
    for address in KNOBS | {"/glisser/tempo", "/glisser/freeze"}:
        its = {value for of, value in sent if of == address}
        assert its == {PARAMETERS[address].low, PARAMETERS[address].high}, address


def test_supercollider_sends_only_what_there_is() -> None:
    """Each address in glisser.scd is one of Glisser's; all that the other rigs have is there."""
    sent, _ = rig_files.supercollider()
    there = {address.decode() for address in addresses(MAPPING)}
    assert KNOBS | COMMANDS <= sent <= there


@pytest.mark.parametrize("name", HEARD)
def test_a_rig_listens_to_what_glisser_tells(name: str) -> None:
    """Every feedback address is in docs/osc.md's second table, or is a parameter's own."""
    told = (ROOT / "docs" / "osc.md").read_text().split("## What it tells")[1]
    documented = {
        address
        for row in re.findall(r"^\| (`/[^|]*)\|", told, re.MULTILINE)
        for address in re.findall(r"`([^`]*)`", row)
    }
    assert HEARD[name] >= KNOBS | {"/glisser/bar", "/glisser/error"}
    assert HEARD[name] <= documented | set(PARAMETERS)


@pytest.mark.parametrize("name", MAX)
def test_every_patch_cord_leads_from_an_outlet_to_an_inlet(name: str) -> None:
    """Both ends of every cord exist, and the boxes have so many outlets and inlets."""
    patch = max_patch(name)
    for source, outlet, destination, inlet in patch.cords:
        cord = f"{patch.text(source)} -> {patch.text(destination)}"
        assert 0 <= outlet < patch.boxes[source]["numoutlets"], cord
        assert 0 <= inlet < patch.boxes[destination]["numinlets"], cord
    assert len(set(patch.cords)) == len(patch.cords)


def test_every_cord_of_the_pd_patch_joins_two_objects_of_vanilla() -> None:
    """Cords join objects that exist; each kind of object is one that Pd itself has."""
    patch = rig_files.pd_patch()
    for source, _, destination, _ in patch.cords:
        assert max(source, destination) < len(patch.objects)
    vanilla = {
        "bng",
        "del",
        "f",
        "hsl",
        "list",
        "loadbang",
        "metro",
        "nbx",
        "netreceive",
        "netsend",
    }
    vanilla |= {"noteout", "oscformat", "oscparse", "r", "route", "s", "t", "tgl", "unpack"}
    assert {words[1] for words in patch.objects if words[0] == "obj"} <= vanilla


@pytest.mark.parametrize("name", MAX)
def test_what_glisser_tells_never_goes_back(name: str) -> None:
    """From the feedback no way leads to ``udpsend``: what is shown is set, not put out."""
    patch = max_patch(name)
    assert patch.named("udpsend")
    assert not patch.told() & set(patch.named("udpsend"))
    assert len(patch.told()) > len(KNOBS)


@pytest.mark.parametrize("name", MAX)
def test_long_names_are_unique_and_knobs_are_named_by_what_they_do(name: str) -> None:
    """Live tells parameters apart by their long names."""
    patch = max_patch(name)
    names = [valueof(b)["parameter_longname"] for b in patch.boxes.values() if valueof(b)]
    assert len(set(names)) == len(names)
    labels = labels_of(MAPPING)
    assert list(labels.values())[:5] == ["notes", "register", "direction", "lean", "z5"]
    for address, its in patch.moved_by_hand().items():
        if address in KNOBS:
            assert its["parameter_longname"] == labels[int(address.rsplit("/", 1)[1])]


def test_in_live_only_hidden_parameters_are_moved_from_inside() -> None:
    """What a hand or automation moves is moved by nothing else, so that a turn is one undo step."""
    patch = max_patch("Glisser.amxd")
    inside = {box for box in patch.told() if valueof(patch.boxes[box])}
    hidden = {
        b for b in patch.boxes if valueof(patch.boxes[b]).get("parameter_invisible") == HIDDEN
    }
    assert inside == hidden
    assert len(hidden) == len(KNOBS) + 2  # and tempo and freeze
    assert all(not patch.after(box) for box in hidden)
    reached = {there for *_, there, _ in patch.cords}
    by_hand = {box for box in patch.boxes if valueof(patch.boxes[box])} - hidden
    assert not by_hand & reached


def test_the_device_follows_lives_tempo_and_transport() -> None:
    """Live's tempo, kept to what Glisser takes, and its start and stop, while ``follow`` is on."""
    patch = max_patch("Glisser.amxd")

    def leads_to(box: str) -> set[str]:
        found = set[str]()
        ahead = [box]
        while ahead:
            found.update(onwards := [b for b in patch.after(ahead.pop()) if b not in found])
            ahead += onwards
        return {patch.text(found_box) for found_box in found}

    (tempo,) = patch.named("live.observer tempo")
    (transport,) = patch.named("live.observer is_playing")
    its = PARAMETERS["/glisser/tempo"]
    within = f"clip {its.low:.1f} {its.high:.1f}"
    assert {"gate 1 1", within, "prepend /glisser/tempo"} <= leads_to(tempo)
    assert {"gate 1 1", "sel 1 0", "/glisser/play", "/glisser/stop"} <= leads_to(transport)
    (receive,) = patch.named("udpreceive")
    assert patch.text(receive) == "udpreceive 9130"
    assert {"midiformat", "midiflush", "midiout"} <= leads_to(receive)


def test_touchosc_sends_on_nothing_that_it_was_told() -> None:
    """No message has TouchOSC's own feedback flag, and no two controls have one id."""
    nodes = [node.get("ID") for node in rig_files.touchosc().iter("node")]
    assert len(set(nodes)) == len(nodes) > len(KNOBS)
    assert {osc.findtext("feedback") for osc in rig_files.touchosc().iter("osc")} == {"0"}


def test_the_rigs_are_no_patches_of_glisser() -> None:
    """``glisser patch list`` tells of TOML files only."""
    assert patch_names() == sorted(file.stem for file in PATCHES.glob("*.toml"))
    assert not {"Glisser", "glisser"} & set(patch_names())
