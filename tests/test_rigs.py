"""The surfaces in patches/: what they send and show exists, and Pd and SuperCollider really play.

Max, Live and TouchOSC cannot be run here: their files are parsed, and every address, argument and
cord in them is looked at.
"""

import json
import os
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from py2max.m4l import unpack_amxd
from pythonosc.osc_message_builder import OscMessageBuilder

from instrument.osc_addresses import addresses
from instrument.osc_parse import RefusedError, parse
from instrument.parameters import parameters, values
from instrument.songs import read_patch_song
from patches.make import surface
from patches.make.__main__ import made

PATCHES = Path(__file__).parent.parent / "patches"
MAPPING = read_patch_song("default", "stage").songs[0].mapping
TOLD = ("bar", "phrase", "song", "status", "error", "note", "playing", "snapshots")
JSON_FILES = ("Glisser.maxpat", "Glisser.amxd")


def refusals(address: str, *arguments: float | str) -> list[RefusedError]:
    """What Glisser has against a message."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    refused: list[RefusedError] = []
    parse(bytes(builder.build().dgram), addresses(MAPPING), refused.append)
    return refused


def fed_back() -> set[str]:
    """Every address that a subscriber may be told."""
    state = read_patch_song("default", "stage").songs[0].start(120.0)
    return {*values(state, MAPPING), *(f"/glisser/{what}" for what in TOLD)}


def patcher(name: str) -> dict[str, object]:
    """The patcher of a file for Max or Live."""
    data = (PATCHES / name).read_bytes()
    text = unpack_amxd(data)[0] if name.endswith(".amxd") else data
    return dict(json.loads(text)["patcher"])


def boxes(name: str) -> dict[str, dict[str, object]]:
    """The objects of a file for Max or Live, by their ids."""
    found = [each["box"] for each in patcher(name)["boxes"]]  # type: ignore[attr-defined]
    assert len({box["id"] for box in found}) == len(found)
    return {box["id"]: box for box in found}


def test_the_files_are_what_the_script_makes() -> None:
    """To the byte: nobody edits them by hand, and a new knob is in all of them."""
    for name, content in made().items():
        assert (PATCHES / name).read_bytes() == content, f"{name}: run make rigs"


def test_the_device_is_a_midi_effect() -> None:
    """So Live puts it before an instrument."""
    assert unpack_amxd((PATCHES / "Glisser.amxd").read_bytes())[1] == "midi_effect"


@pytest.mark.parametrize("name", JSON_FILES)
def test_every_cord_joins_an_outlet_and_an_inlet_that_exist(name: str) -> None:
    """Of objects that exist; what has a variable number of outlets has as many as it names."""
    found = boxes(name)
    for each in patcher(name)["lines"]:  # type: ignore[attr-defined]
        (source, outlet), (target, inlet) = (
            each["patchline"]["source"],
            each["patchline"]["destination"],
        )
        text = str(found[source].get("text", ""))
        outlets = (
            len(text.split())
            if text.startswith(("route", "sel", "t "))
            else found[source]["numoutlets"]
        )
        inlets = 7 if found[target].get("text") == "midiformat" else found[target]["numinlets"]
        assert outlet < outlets, (source, target)
        assert inlet < max(inlets, 3 if found[target].get("text") == "noteout" else 0), (
            source,
            target,
        )


@pytest.mark.parametrize("name", JSON_FILES)
def test_what_max_sends_is_understood(name: str) -> None:
    """Each message box and each prepended address, with its arguments or a number."""
    sent = 0
    for box in boxes(name).values():
        text = str(box.get("text", ""))
        words = text.removeprefix("prepend ").split()
        if not words or not words[0].startswith("/glisser/") or box["maxclass"] == "comment":
            continue
        arguments = [float(word) for word in words[1:]]
        if text.startswith("prepend"):
            arguments = [100.0] if words[0] == surface.TEMPO else [1.0]
        assert refusals(words[0], *arguments) == []
        sent += 1
    assert sent >= len(surface.knobs()) + len(surface.BUTTONS) + 3


@pytest.mark.parametrize("name", JSON_FILES)
def test_what_max_shows_is_told_and_goes_nowhere_else(name: str) -> None:
    """Each routed address is one of feedback's, and what it ends in is only set."""
    found = boxes(name)
    routed = [
        word
        for box in found.values()
        for word in str(box.get("text", "")).split()[1:]
        if str(box.get("text", "")).startswith("route ")
    ]
    assert set(routed) <= fed_back()
    assert {knob.address for knob in surface.knobs()} <= set(routed)
    lines = [each["patchline"] for each in patcher(name)["lines"]]  # type: ignore[attr-defined]
    for line in lines:
        if found[line["source"][0]].get("text") == "prepend set":
            shown = line["destination"][0]
            into_udp = [a["destination"][0] for a in lines if a["source"][0] == shown]
            assert shown.endswith("-shown") or shown in {"freeze", "tempo"}
            assert not (shown.endswith("-shown") and into_udp)


def test_live_s_parameters_have_names_of_their_own_and_only_what_hands_turn_is_seen() -> None:
    """Long Names are unique; what shows feedback is Hidden, so none of it is a step of undo."""
    turned, shown = [], []
    for box in boxes("Glisser.amxd").values():
        if not box.get("parameter_enable"):
            continue
        told = box["saved_attribute_attributes"]["valueof"]  # type: ignore[index]
        (shown if str(box["id"]).endswith("-shown") else turned).append(told)
        assert (told["parameter_mmin"], told["parameter_mmax"]) == (0.0, 1.0)
    assert len(turned) == len(shown) == len(surface.knobs())
    assert len({told["parameter_longname"] for told in turned + shown}) == 2 * len(turned)
    assert {told["parameter_invisible"] for told in turned} == {0}
    assert {told["parameter_invisible"] for told in shown} == {2}
    knobs = {each.address: each for each in parameters(MAPPING)}
    starts = [told["parameter_initial"][0] for told in turned]
    assert starts == [knobs[knob.address].default for knob in surface.knobs()]


def test_the_device_follows_live() -> None:
    """Its tempo and its transport go to ours."""
    texts = {str(box.get("text", "")) for box in boxes("Glisser.amxd").values()}
    assert {
        "path live_set",
        "property tempo",
        "property is_playing",
        "midiformat",
        "midiout",
    } <= texts


def messages_of(root: ElementTree.Element) -> Iterator[tuple[str, list[float], bool]]:
    """Each message of a TouchOSC layout: its address, arguments, and whether it sends on."""
    for osc in root.iter("osc"):
        path = "".join(part.text or "" for part in osc.findall("path/partial/value"))
        arguments = []
        for part in osc.findall("arguments/partial"):
            kind, value = part.findtext("type"), part.findtext("value") or ""
            arguments.append(
                float(part.findtext("scaleMax") or 0) if kind == "VALUE" else float(value)
            )
        yield path, arguments, osc.findtext("feedback") == "1"


def test_what_touchosc_sends_is_understood() -> None:
    """Every address with its arguments, at the top of their range; nothing is sent on."""
    root = ElementTree.fromstring(zlib.decompress((PATCHES / "Glisser.tosc").read_bytes()))  # noqa: S314 - ours
    found = list(messages_of(root))
    assert len(found) == len(surface.knobs()) + len(surface.BUTTONS) + 2
    for address, arguments, sent_on in found:
        assert refusals(address, *arguments) == []
        assert not sent_on
    (asked,) = re.findall(r"sendOSC\('(\S+)', (\d+)\)", "".join(root.itertext()))
    assert refusals(asked[0], float(asked[1])) == []
    assert len({node.get("ID") for node in root.iter("node")}) == len(list(root.iter("node")))


def test_what_supercollider_sends_and_hears_exists() -> None:
    """Each line of the example, as it stands."""
    text = (PATCHES / "glisser.scd").read_text(encoding="utf-8")
    sent = re.findall(r'send\("([a-z/0-9]+)"((?:, [^)]+)?)\)', text)
    assert len(sent) >= 9
    for address, rest in sent:
        arguments = [each.strip().strip('"') for each in rest.split(",") if each.strip()]
        numbers = [9130.0 if each == "NetAddr.langPort" else each for each in arguments]
        plain = [float(each) if re.fullmatch(r"[\d.]+", str(each)) else each for each in numbers]
        assert refusals(f"/glisser/{address}", *plain) == []
    heard = set(re.findall(r'"(/glisser/[a-z]+)"', text))
    assert heard <= fed_back()


def test_pd_uses_vanilla_objects_only() -> None:
    """So it opens in any Pd; cords join objects that exist."""
    lines = (PATCHES / "glisser.pd").read_text().splitlines()
    made_of = [line for line in lines[1:] if not line.startswith("#X connect")]
    known = {
        "loadbang",
        "t",
        "metro",
        "oscformat",
        "oscparse",
        "list",
        "netsend",
        "netreceive",
        "r",
        "s",
    }
    known |= {"route", "hsl", "tgl", "nbx", "print", "fudiformat", "fudiparse"}
    assert {line.split()[4].rstrip(";") for line in made_of if line.startswith("#X obj")} <= known
    for line in lines:
        if line.startswith("#X connect"):
            source, _, target, _ = map(int, line.rstrip(";").split()[2:])
            assert max(source, target) < len(made_of)
    for path in re.findall(r"oscformat ([a-z0-9 ]+);", "\n".join(lines)):
        assert f"/{path.replace(' ', '/')}".encode() in addresses(MAPPING)


PD_S = 4.0


def start(tmp_path: Path) -> "subprocess.Popen[str]":
    """A performance without MIDI on a free port."""
    command = [sys.executable, "-m", "instrument.cli", "play", "--midi-api", "none"]
    folders = {"XDG_STATE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    return subprocess.Popen(
        [*command, "--osc", "127.0.0.1:0", "--tempo", "240"],
        env={**os.environ, **folders},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def osc_port(play: "subprocess.Popen[str]") -> int:
    """Where it hears OSC, once its engine answers: from then on a knob is heard."""
    port = 0
    for line in play.stdout or ():
        if found := re.search(r"OSC in: .*:(\d+)", line):
            port = int(found[1])
        if "engine ready" in line:
            return port
    raise AssertionError("it ended before its engine was ready")


def rest_of(play: "subprocess.Popen[str]") -> str:
    play.terminate()
    return play.communicate(timeout=20.0)[0]


@pytest.mark.real(needs=["pd"])
def test_pd_turns_a_knob_and_hears_what_comes_of_it(tmp_path: Path) -> None:
    """Headless: its slider is turned, and bars and knobs come back."""
    play = start(tmp_path)
    try:
        port = osc_port(play)
        text = (PATCHES / "glisser.pd").read_text()
        ears = "#X obj 0 0 r glisser-bar;\n#X obj 0 0 print bar;\n#X obj 0 0 r glisser-knob-2;\n"
        count = sum(not line.startswith(("#X connect", "#N")) for line in text.splitlines() if line)
        head, cords = text.split("#X connect", 1)
        ears += "#X obj 0 0 print knob2;\n"
        wires = f"#X connect {count} 0 {count + 1} 0;\n#X connect {count + 2} 0 {count + 3} 0;\n"
        mine = (head + ears + "#X connect" + cords + wires).replace("9129", str(port))
        file = tmp_path / "mine.pd"
        file.write_text(mine.replace("9130", str(free_port())))
        turned = ["-send", "; glisser-knob-1 0.9"]
        command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", str(file), *turned]
        subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=PD_S, check=False)
    except subprocess.TimeoutExpired as ended:  # it would play for ever
        heard = bytes(ended.stderr or b"").decode()
    else:
        raise AssertionError("Pd ended by itself")
    finally:
        said = rest_of(play)
    assert re.search(r"^bar: [2-9]", heard, re.MULTILINE), heard
    assert re.search(r"^knob2: set 0\.5", heard, re.MULTILINE), heard
    assert re.search(r"notes: asked 1[0-3]", said), said


# Its help browser is a Chromium, which CI's root has to be allowed.
AS_ROOT = {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox"}


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.real(needs=["sclang"])
def test_supercollider_turns_a_knob_and_hears_it(tmp_path: Path) -> None:
    """Headless: the first block of the example, a knob, and what comes back."""
    play = start(tmp_path)
    try:
        text = (PATCHES / "glisser.scd").read_text(encoding="utf-8")
        block = text[text.index("(\n") + 2 : text.index("\n)\n")].replace(
            "9129", str(osc_port(play))
        )
        ends = """
        fork {
            1.wait; ~glisser.send("knob/1", 0.9); 2.wait;
            ("KNOB" + ~glisser.knobs[1].round(0.01) + "BAR" + ~glisser.bar).postln;
            0.exit;
        };
        """
        file = tmp_path / "mine.scd"
        file.write_text(block + ends, encoding="utf-8")
        heard = subprocess.run(
            ["sclang", str(file)],
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **AS_ROOT, "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30.0,
            check=False,
        ).stdout
    finally:
        rest_of(play)
    told = re.search(r"KNOB 0\.9 BAR (\d+)", heard)
    assert told, heard[-800:]
    assert int(told[1]) > 0
