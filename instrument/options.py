"""Options that several commands share: what is typed, in whose words it is explained."""

from pathlib import Path
from typing import Annotated

import typer

from instrument.arguments import host_and_ports

Checkpoint = Annotated[
    str, typer.Option("--checkpoint", metavar="C", help="A name in checkpoints/, or a folder.")
]
CheckpointOrNone = Annotated[
    str | None,
    typer.Option("--checkpoint", metavar="C", help="Else the patch's own, else stage."),
]
Patch = Annotated[str, typer.Option("--patch", metavar="P", help="A name in patches/, or a file.")]
STAGE_AT = "127.0.0.1:8129"
Stage = Annotated[bool, typer.Option("--stage", help="A page to play and look at, in a browser.")]
StageAt = Annotated[
    str | None,
    typer.Option("--stage-at", metavar="HOST:PORT", help=f"Its address; else {STAGE_AT}."),
]
Synth = Annotated[
    str | None, typer.Option("--synth", metavar="fluidsynth", help="Start a synth to play to.")
]
SoundFont = Annotated[
    Path | None,
    typer.Option("--soundfont", metavar="FILE.sf2", help="What a synth or a .wav sounds of."),
]
TempoOrNone = Annotated[
    float | None,
    typer.Option("--tempo", metavar="BPM", help="20 to 400; else the patch's own, else 120."),
]


def stage_asked(stage: bool, at: str | None) -> tuple[str, int, int] | None:
    """Where the page is to be: the host, the first and the last port to try; ``None``: nowhere.

    Whoever says where wants it. Raises :class:`instrument.arguments.InputError`.
    """
    return host_and_ports(at or STAGE_AT, "--stage-at") if stage or at is not None else None


def typed_fields(context: typer.Context) -> set[str]:
    """The fields of ``PlayOptions`` that were given on the command line."""
    named = {"in_": ("inputs",), "osc": ("osc_host", "osc_port"), "tempo": ("tempo_bpm",)}
    named["set_"] = ("set_folder",)
    named["stage_at"] = ("stage",)
    named |= {"synth": ("synth", "out"), "soundfont": ("synth",)}
    given = [
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    fields = {field for name in given for field in named.get(name, (name,))}
    return fields - {"resume"}
