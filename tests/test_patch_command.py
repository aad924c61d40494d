"""``glisser patch``: which patches there are, whether a file is right, what an editor is told."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instrument.cli import app
from instrument.mapping import ButtonMapping, ControlMapping, Mapping
from instrument.midi_in import Arrival, Hands, Standing
from instrument.patch import PatchError, load_patch, patch_names
from instrument.patch_command import description
from instrument.patch_file import PatchFile, schema
from instrument.settings import knob_key

PATCHES = Path(__file__).parent.parent / "patches"
CONTROLLERS = sorted(set(patch_names()) - {"default", "duet"})


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["patch", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_patches_that_come_with_it_are_listed() -> None:
    """The controllers that one meets on stages, and one for all others."""
    assert run("list").split() == patch_names()
    assert {"nanokontrol2", "launch-control-xl", "midi-fighter-twister", "lpd8"} <= set(CONTROLLERS)
    assert {"apc-key-25", "faderfox-ec4", "generic-8-knobs", "default"} <= set(patch_names())


@pytest.mark.parametrize("name", CONTROLLERS)
def test_every_patch_moves_knob_1_as_the_default_does(name: str) -> None:
    """Knob n is z_n, from -3 to 3, the first four by the checkpoint's curve; each is turned."""
    mapping, default = load_patch(name), Mapping()
    assert mapping.knobs == default.knobs[: len(mapping.knobs)]
    assert [each.key for each in mapping.controls] == [knob_key(k.knob) for k in mapping.knobs]
    assert run("check", name).splitlines() == description(mapping)


def test_a_checkpoint_that_is_not_there_is_told_before_the_concert(tmp_path: Path) -> None:
    """One sentence that names the file, the line and the key; status 2 comes with it."""
    patch = tmp_path / "mine.toml"
    patch.write_text('checkpoint = "no-such-one"\n', encoding="utf-8")
    with pytest.raises(PatchError, match=r"mine\.toml.*line 1.*checkpoint.*no-such-one"):
        CliRunner().invoke(app, ["patch", "check", str(patch)], catch_exceptions=False)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_no_patch_asks_one_control_for_two_things(name: str) -> None:
    """Nor is half of a pair of 14 bits a control of its own."""
    mapping = load_patch(name)
    touched = [(each.kind, each.channel, each.number) for each in mapping.controls]
    touched += [(each.kind, each.channel, each.number) for each in mapping.buttons]
    taken = list[tuple[str, int | None, int]]()
    for kind, channel, number in touched:
        halves = [("cc", number), ("cc", number + 32)] if kind == "cc14" else [(kind, number)]
        taken += [(half, channel, n) for half, n in halves]
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(
    ("name", "messages", "knob", "position"),
    [
        ("nanokontrol2", ["b01040", "b01041"], 1, 0.5 + 1 / 126),
        ("launch-control-xl", ["b80d40", "b80d7f"], 1, 1.0),
        ("midi-fighter-twister", ["b00b41", "b00b41"], 12, 0.5 + 2 / 128),
        ("lpd8", ["b00840", "b0083f"], 8, 63 / 128),
        ("apc-key-25", ["b03740", "b03700"], 8, 0.0),
        ("faderfox-ec4", ["b00040", "b02000", "b02001"], 1, 8193 / 16_382),
        ("generic-8-knobs", ["b54640", "b54650"], 1, 0.5 + 16 / 126),
    ],
)
def test_what_each_device_sends_by_its_chart_turns_its_knob(
    name: str, messages: list[str], knob: int, position: float
) -> None:
    """Its own bytes, written down from its chart: through the middle, where the knob stands."""
    arrivals = [
        Arrival(name, n * 10**9, 1.0, bytes.fromhex(text)) for n, text in enumerate(messages)
    ]
    standing = Standing({knob_key(n): 0.5 for n in range(1, 13)})
    failed: list[ValueError] = []
    mapping = load_patch(name)
    Hands(lambda: mapping, lambda: standing).actions(arrivals, failed.append)
    assert standing.positions[knob_key(knob)] == pytest.approx(position, abs=1 / 16_000)
    assert sum(value != 0.5 for value in standing.positions.values()) == 1
    assert not failed


def test_the_schema_knows_every_key_that_a_patch_may_have() -> None:
    """It is made from what checks a patch; every shipped patch has only keys that it knows."""
    told = json.loads(run("schema"))
    assert told == schema()
    assert set(told["properties"]) == set(PatchFile.model_fields)
    for file in PATCHES.glob("*.toml"):
        assert set(tomllib.loads(file.read_text())) <= set(told["properties"])


def test_what_a_patch_does_is_told_by_the_line() -> None:
    """Kind, number, channel, and what is not plain about it."""
    mapping = Mapping(
        knobs=Mapping().knobs[:2],
        controls=(
            ControlMapping(7, 3, "knob/1", takeover="scaling"),
            ControlMapping(9, None, "knob/2", "cc", "signed-bit"),
        ),
        buttons=(ButtonMapping(36, 10, "panic"),),
    )
    assert description(mapping) == [
        "knob 1: z1, -3 to 3, calibrated; cc 7 on channel 3, scaling",
        "knob 2: z2, -3 to 3, calibrated; cc 9, signed-bit",
        "panic: note 36 on channel 10",
    ]
    assert description(Mapping(knobs=(), controls=())) == ["it maps nothing"]
