"""``glisser demo``: a set of three minutes that shows what there is to play. Live, or a file."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from engine.files import write_atomically
from instrument.arguments import InputError, bars_of, host_and_port, ports_of, tempo_of
from instrument.demo_offline import Rehearsal
from instrument.demo_script import BARS, SCRIPT, SONGS, moves
from instrument.demo_sheet import sheet as draw_sheet
from instrument.display import Display
from instrument.midifile import midi_bytes
from instrument.opening import PlayOptions
from instrument.options import SoundFont, Stage, StageAt, Synth, TempoOrNone, stage_asked
from instrument.patch import shipped_set
from instrument.performance import Performance
from instrument.render import check_target, write_out
from instrument.songs import songs_of
from instrument.synth import PORT as SYNTH_PORT
from instrument.synth import synth_font
from instrument.tempo import DEFAULT_TEMPO_BPM, TICKS_PER_BAR


def demo_command(
    out: Annotated[Path | None, typer.Argument(metavar="[OUT.mid|OUT.wav]")] = None,
    ports: Annotated[
        list[str] | None, typer.Option("--out", metavar="PORT", help="A part of a port's name.")
    ] = None,
    midi_api: Annotated[
        str, typer.Option("--midi-api", metavar="API", help="As of play.")
    ] = "auto",
    osc: Annotated[
        str, typer.Option("--osc", metavar="HOST:PORT", help="Where OSC is heard.")
    ] = "127.0.0.1:9129",
    take: Annotated[
        Path | None, typer.Option("--take", metavar="FILE.mid", help="Write down what was played.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", help="Beside OUT: a picture of every section."),
    ] = None,
    bars: Annotated[int, typer.Option("--bars", metavar="N", help="Only the first ones.")] = BARS,
    tempo: TempoOrNone = None,
    stage: Stage = False,
    stage_at: StageAt = None,
    synth: Synth = None,
    soundfont: SoundFont = None,
) -> None:
    """Play the demonstration set, or write it into a .mid or .wav; docs/demo.md tells its story."""
    if out is not None:
        check_target(out)
    elif sheet is not None:
        raise InputError("--sheet is a picture of what is written; say where, such as demo.mid.")
    with songs() as folder:
        host, port = host_and_port(osc, "--osc")
        options = PlayOptions(
            set_folder=str(folder),
            out=ports_of([*(ports or ()), *([SYNTH_PORT] if synth else [])], "--out"),
            midi_api=midi_api,
            osc_host=host,
            osc_port=port,
            tempo_bpm=None if tempo is None else tempo_of(tempo),
            bars=bars_of(bars),
            take=take,
            stage=stage_asked(stage, stage_at),
            synth=None if synth is None else synth_font(synth, soundfont),
        )
        if out is None:
            raise typer.Exit(Performance(options, Display(sys.stdout), script=moves()).run())
        typer.echo(written(options, out, soundfont, sheet))


@contextmanager
def songs() -> Iterator[Path]:
    """The demo's songs in a folder of their own: what it keeps there is gone with it."""
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept) / SONGS
        folder.mkdir()
        for name, text in shipped_set(SONGS).items():
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def written(options: PlayOptions, out: Path, soundfont: Path | None, sheet: Path | None) -> str:
    """Perform it without a clock into ``out``, draw it into ``sheet``; a line about it."""
    notes = Rehearsal(options, moves()).notes()
    tempo_bpm = options.tempo_bpm or songs_of(options).songs[0].tempo_bpm or DEFAULT_TEMPO_BPM
    bars = options.bars or BARS
    markers = [((s.bar - 1) * TICKS_PER_BAR, s.title) for s in SCRIPT if s.bar <= bars]
    end_tick = bars * TICKS_PER_BAR
    data = midi_bytes(notes, [(0, tempo_bpm)], end_tick, name="Glisser demo", markers=markers)
    write_out(data, out, font=soundfont)
    if sheet is not None:
        write_atomically(sheet, draw_sheet(SCRIPT, bars, notes))
    struck = sum(note.velocity > 0 for note in notes)
    return f"{out}: {bars} bars, {struck} notes"
