"""``glisser patch``: what there is, whether a file is right, and its schema for editors."""

import json
from typing import Annotated

import typer

from instrument.mapping import ControlMapping, Mapping
from instrument.parameters import settings_under, told
from instrument.patch import patch_names
from instrument.patch_file import schema
from instrument.settings import knob_key
from instrument.songs import read_patch_song

app = typer.Typer(help="Look at patches: which there are, and whether a file is right.")


@app.command(name="list")
def list_command() -> None:
    """List the patches that come with Glisser."""
    for name in patch_names():
        typer.echo(name)


@app.command(name="check")
def check_command(
    file: Annotated[str, typer.Argument(help="A patch's name, or the path of a .toml file.")],
) -> None:
    """Check a patch and its checkpoint, and say what it does; faults by line and key."""
    (song,) = read_patch_song(file, None).songs
    for line in description(song.mapping):
        typer.echo(line)


@app.command(name="schema")
def schema_command() -> None:
    """Print the JSON schema of a patch: an editor that knows it completes and checks."""
    typer.echo(json.dumps(schema(), indent=1))


def description(mapping: Mapping) -> list[str]:
    """What a patch does, a line for each knob, setting and button that it names."""
    turned_by = {control.key: control for control in mapping.controls}
    lines = [
        f"voice {number}: channel {voice.channel}"
        for number, voice in enumerate(mapping.voices, start=2)
    ]
    for knob in mapping.knobs:
        its = "" if knob.voice == 1 else f" of voice {knob.voice}"
        reach = f"{knob.low:g} to {knob.high:g}, {knob.curve}"
        line = f"knob {knob.knob}: z{knob.dimension}{its}, {reach}"
        lines.append(line + _turned(turned_by.get(knob_key(knob.knob))))
    for each in settings_under(mapping):
        control = turned_by.get(each.key)
        if control is not None or each.key in mapping.settings:
            lines.append(f"{each.name}: {told(each, each.default)}{_turned(control)}")
    lines += [
        f"{button.does}: {button.kind} {button.number}{_on(button.channel)}"
        for button in mapping.buttons
    ]
    if mapping.shows.on:
        lights = "knobs and buttons" if mapping.shows.lights else "knobs"
        lines.append(f"feedback: {lights} show where they stand, channel {mapping.shows.channel}")
    return lines or ["it maps nothing"]


def _turned(control: ControlMapping | None) -> str:
    if control is None:
        return ""
    line = f"; {control.kind} {control.number}{_on(control.channel)}"
    line += f", {control.encoder}" if control.encoder != "absolute" else ""
    return line + (f", {control.takeover}" if control.takeover != "none" else "")


def _on(channel: int | None) -> str:
    return "" if channel is None else f" on channel {channel}"
