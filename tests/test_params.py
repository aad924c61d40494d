"""``glisser params``: one list, from which the command line and the page are made."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instrument.cli import app
from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.parameters import parameters

PAGE = Path(__file__).parent.parent / "docs" / "parameters.md"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["params", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_page_is_made_from_the_list() -> None:
    """To make it again: glisser params --markdown > docs/parameters.md."""
    assert PAGE.read_text(encoding="utf-8") == run("--markdown")


def test_every_parameter_is_told_with_all_that_a_surface_needs() -> None:
    """As JSON: a range around the default, an OSC address that is heard, a sentence."""
    told = json.loads(run("--json"))
    assert [each["name"] for each in told] == [each.name for each in parameters(Mapping())]
    heard = addresses(Mapping())
    for each in told:
        assert each["low"] <= each["default"] <= each["high"], each
        assert each["address"].encode() in heard
        assert each["description"].endswith(".")


@pytest.mark.parametrize(("patch", "knobs"), [("default", 12), ("lpd8", 8)])
def test_a_patch_has_the_parameters_of_its_knobs(patch: str, knobs: int) -> None:
    """A line for each, the other parameters after them."""
    lines = run("--patch", patch).splitlines()
    assert sum(line.startswith("/glisser/knob/") for line in lines) == knobs
    (tempo,) = [line for line in lines if line.startswith("/glisser/tempo")]
    assert tempo.split()[1:4] == ["20", "to", "400"]
