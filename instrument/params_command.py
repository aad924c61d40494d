"""``glisser params``: everything that a performer can set, from the one list of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Annotated, Any

import typer

from instrument.options import Patch
from instrument.parameters import Parameter, parameters, told
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
            typer.echo(f"{each.address:22} {span(each):28} {each.description}")


def as_dict(parameter: Parameter) -> dict[str, Any]:
    """All that can be told of it as plain data."""
    return {"address": parameter.address, **asdict(parameter)}


def span(parameter: Parameter) -> str:
    """Range, unit and default in words."""
    if parameter.choices:
        return f"{reach(parameter)}, {told(parameter, parameter.default)}"
    return f"{reach(parameter)} {parameter.unit}".rstrip() + f", {parameter.default:g}"


def reach(parameter: Parameter) -> str:
    """Its lowest and its highest value."""
    return f"{parameter.low:g} to {parameter.high:g}"


def page(listed: Sequence[Parameter]) -> str:
    """The document; what differs by nothing but its number is one line."""
    rows = []
    for _, alike in groupby(listed, key=lambda each: replace(each, name="", key="")):
        first, *more = alike
        address, name = f"`{first.address}`", first.name
        if more:
            last = more[-1]
            address, name = f"{address} to `{last.address}`", f"{name} to {last.name}"
        choices = ", ".join(f"{n} {choice}" for n, choice in enumerate(first.choices))
        values = choices or reach(first)
        rows.append(
            f"| {name} | {address} | {values} | {first.unit} | {first.default:g} "
            f"| {first.outside} | {first.description} |"
        )
    head = [
        "| name | OSC address | range | unit | default | outside | what it does |",
        "|---|---|---|---|---:|---|---|",
    ]
    return "\n".join([INTRODUCTION, *head, *rows, ""])
