"""``glisser params``: everything that a performer can set, from the one list of it."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from instrument.options import Patch
from instrument.parameters import Parameter, parameters
from instrument.patch import load_patch

INTRODUCTION = """\
# Parameters

Made by `glisser params --markdown`, not by hand: everything that can be set, under the default
patch. `glisser params --patch P` lists those of another, `--json` for programs. A value outside the
range is moved to its nearest end (clamped) or not taken at all (refused).
"""


def params_command(
    patch: Patch = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page docs/parameters.md.")
    ] = False,
) -> None:
    """List every parameter: name, OSC address, range, unit, default, and what is heard of it."""
    listed = parameters(load_patch(patch))
    if as_json:
        typer.echo(json.dumps([as_dict(each) for each in listed], indent=1))
    elif markdown:
        typer.echo(page(listed), nl=False)
    else:
        for each in listed:
            typer.echo(f"{each.address:20} {span(each):28} {each.description}")


def as_dict(parameter: Parameter) -> dict[str, str | float]:
    """All that can be told of it as plain data."""
    names = ("name", "address", "low", "high", "default", "unit", "outside", "description")
    return {name: getattr(parameter, name) for name in names}


def span(parameter: Parameter) -> str:
    """Range, unit and default in words."""
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"{parameter.low:g} to {parameter.high:g}{unit}, {parameter.default:g}"


def page(listed: Sequence[Parameter]) -> str:
    """The document."""
    rows = [
        f"| {each.name} | `{each.address}` | {each.low:g} to {each.high:g} | {each.unit} "
        f"| {each.default:g} | {each.outside} | {each.description} |"
        for each in listed
    ]
    head = [
        "| name | OSC address | range | unit | default | outside | what it does |",
        "|---|---|---|---|---:|---|---|",
    ]
    return "\n".join([INTRODUCTION, *head, *rows, ""])
