"""The command line. Bad input is one sentence on stderr and status 2; nothing is half-written.

torch is imported only inside the commands that need it, never by ``play``.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.card import CheckpointError, find_checkpoint
from instrument.arguments import (
    InputError,
    bars_of,
    clock_ports_of,
    host_and_port,
    ports_of,
    tempo_of,
)
from instrument.demo_command import demo_command
from instrument.demo_offline import EngineError
from instrument.display import Display
from instrument.headless import render_command, vary_command
from instrument.learn_command import learn_command
from instrument.link_session import LinkUnavailableError
from instrument.machine_command import doctor_command, ports_command
from instrument.melody_file import MelodyFileError
from instrument.midi_api import API_NAMES, MidiError
from instrument.opening import PlayOptions
from instrument.options import (
    CheckpointOrNone,
    Patch,
    SoundFont,
    Stage,
    StageAt,
    Synth,
    TempoOrNone,
    stage_asked,
    typed_fields,
)
from instrument.osc_in import OscPortError
from instrument.params_command import params_command
from instrument.patch import PatchError
from instrument.patch_command import app as patch_app
from instrument.performance import Performance
from instrument.player_link import PlayerError
from instrument.render import RenderError
from instrument.session import SessionError, read_session, resumed_options, session_file
from instrument.songs import SetError
from instrument.sound import SoundError
from instrument.synth import PORT as SYNTH_PORT
from instrument.synth import synth_font
from instrument.take import TakeError
from instrument.vary import VaryError
from instrument.web_link import NotServedError

app = typer.Typer(
    name="glisser",
    help="Slide a melody through the latent space of a network trained on Bach's chorales.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

BAD_INPUT = 2

ONE_SENTENCE = (
    CheckpointError,
    EngineError,
    InputError,
    LinkUnavailableError,
    MelodyFileError,
    MidiError,
    OscPortError,
    NotServedError,
    PatchError,
    PlayerError,
    RenderError,
    SessionError,
    SetError,
    SoundError,
    TakeError,
    VaryError,
)


@app.command()
def play(
    context: typer.Context,
    patch: Patch = "default",
    set_: Annotated[
        Path | None, typer.Option("--set", metavar="FOLDER", help="Its patches are the songs.")
    ] = None,
    checkpoint: CheckpointOrNone = None,
    out: Annotated[
        list[str] | None,
        typer.Option("--out", metavar="PORT", help="A part of a port's name; @+3.5: later."),
    ] = None,
    in_: Annotated[
        list[str] | None, typer.Option("--in", metavar="PORT", help="A controller's port.")
    ] = None,
    midi_api: Annotated[
        str, typer.Option("--midi-api", metavar="|".join(API_NAMES), help="The MIDI system.")
    ] = "auto",
    osc: Annotated[
        str, typer.Option("--osc", metavar="HOST:PORT", help="Where OSC is heard.")
    ] = "127.0.0.1:9129",
    oscquery: Annotated[
        str | None,
        typer.Option("--oscquery", metavar="HOST:PORT", help="Let programs find the parameters."),
    ] = None,
    tempo: TempoOrNone = None,
    clock: Annotated[
        str, typer.Option("--clock", metavar="internal|midi|link", help="Who beats time.")
    ] = "internal",
    clock_out: Annotated[
        list[str] | None,
        typer.Option("--clock-out", metavar="PORT", help="Where to send MIDI clock."),
    ] = None,
    bars: Annotated[
        int | None, typer.Option("--bars", metavar="N", help="Stop after N bars.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option("--take", metavar="FILE.mid", help="Write down what was played.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the last performance stood.")
    ] = False,
    stage: Stage = False,
    stage_at: StageAt = None,
    synth: Synth = None,
    soundfont: SoundFont = None,
) -> None:
    """Perform: knobs in by MIDI and OSC, a new phrase at every bar line, notes out by MIDI."""
    if clock not in {"internal", "midi", "link"}:
        raise InputError(f"--clock {clock}: choose internal, midi or link.")
    if midi_api not in API_NAMES:
        raise InputError(f"--midi-api {midi_api}: choose one of {', '.join(API_NAMES)}.")
    if set_ is not None and "patch" in typed_fields(context):
        raise InputError("--set and --patch both say what to play; give one of them.")
    if soundfont is not None and synth is None:
        raise InputError("--soundfont is for a synth: name it with --synth fluidsynth.")
    host, port = host_and_port(osc, "--osc")
    options = PlayOptions(
        patch=patch,
        set_folder=None if set_ is None else str(set_),
        checkpoint=checkpoint,
        out=ports_of([*(out or ()), *([SYNTH_PORT] if synth else [])], "--out"),
        clock_out=clock_ports_of(clock_out or (), out or ()),
        clock=clock,
        inputs=tuple(in_ or ()),
        midi_api=midi_api,
        osc_host=host,
        osc_port=port,
        oscquery=None if oscquery is None else host_and_port(oscquery, "--oscquery"),
        stage=stage_asked(stage, stage_at),
        synth=None if synth is None else synth_font(synth, soundfont),
        tempo_bpm=None if tempo is None else tempo_of(tempo),
        bars=None if bars is None else bars_of(bars),
        take=take,
    )
    session = read_session(session_file()) if resume else None
    if session is not None:
        options = resumed_options(session, options, typed_fields(context))
    status = Performance(options, Display(sys.stdout), session).run()
    raise typer.Exit(status)


app.command(name="render")(render_command)
app.command(name="vary")(vary_command)
app.command(name="demo")(demo_command)
app.command(name="learn")(learn_command)
app.command(name="params")(params_command)
app.command(name="ports")(ports_command)
app.command(name="doctor")(doctor_command)
app.add_typer(patch_app, name="patch", no_args_is_help=True)


@app.command()
def train(
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE.toml", help="What to train; see configs.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The run and its checkpoint.")],
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", metavar="DIR", help="Melodies of your own: MIDI, MusicXML, ABC."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last save.")] = False,
) -> None:
    """Train a GLSR-VAE on the chorales or on your own melodies. Interrupt it and --resume it."""
    from instrument.training import TrainCommandError, run_training

    try:
        raise typer.Exit(run_training(config, out, resume=resume, corpus_folder=corpus))
    except TrainCommandError as error:
        raise InputError(str(error)) from error


@app.command()
def evaluate(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write metrics.json and report.html there."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    into_card: Annotated[
        bool,
        typer.Option("--card", help="Write figures and calibration into the checkpoint's card."),
    ] = False,
    references: Annotated[
        Path | None,
        typer.Option(
            "--references", metavar="DIR", help="Draw its plain and glsr-5-1 beside this one."
        ),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", metavar="DIR", help="The melodies of your own it learnt from."),
    ] = None,
) -> None:
    """Every figure of one checkpoint; definitions in docs/evaluation.md. Takes some minutes."""
    if references is not None and out is None:
        raise InputError("--references is for the report; say with --out where to write it.")
    from instrument.evaluating import EvaluationError, Wanted, run_evaluation

    try:
        wanted = Wanted(out, references, into_card, corpus)
        figures = run_evaluation(find_checkpoint(checkpoint), wanted)
    except EvaluationError as error:
        raise InputError(str(error)) from error
    if as_json:
        typer.echo(json.dumps(figures, indent=1))
        return
    for section, values in figures.items():
        typer.echo(section)
        for name, value in values.items():
            typer.echo(
                f"  {name:32} {value:.4f}" if isinstance(value, float) else f"  {name:32} {value}"
            )


def main() -> None:
    """The entry point ``glisser``."""
    try:
        status = app(standalone_mode=False)
    except typer.TyperException as error:
        _refuse(error.format_message())
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(0)
    except ONE_SENTENCE as error:
        _refuse(str(error))
    try:
        sys.stdout.flush()
    except OSError:  # whoever read our lines is gone; that is no fault of the music
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status if isinstance(status, int) else 0)


def _refuse(text: str) -> None:
    sentence = " ".join(text.split())
    sys.stderr.write(f"glisser: {sentence}{'' if sentence.endswith(('.', '!', '?')) else '.'}\n")
    sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
