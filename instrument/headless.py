"""``glisser render`` and ``glisser vary``: the commands that write music down without playing it.

torch is imported inside them, by way of the decoder.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.card import DECODER_FILE, check_checkpoint, find_checkpoint
from engine.fitting import MelodyError, fit_melody
from instrument.arguments import (
    InputError,
    bars_of,
    base_point,
    sweep_of,
    sweeps_of,
    tempo_of,
    variations_of,
)
from instrument.ledger import NoteEvent
from instrument.melody_file import read_melody
from instrument.options import Checkpoint, CheckpointOrNone, Patch, SoundFont, TempoOrNone
from instrument.render import Plan, check_target, decoded, render, steady, sweep, write_out
from instrument.replay import Account, differing, read_take
from instrument.song import Song
from instrument.songs import read_patch_song
from instrument.take import TakeError
from instrument.tempo import DEFAULT_TEMPO_BPM
from instrument.vary import check_out, report, vary, write_variations

if TYPE_CHECKING:
    from engine.decoding import PhraseDecoder


def render_command(
    out: Annotated[Path, typer.Argument(metavar="OUT.mid|OUT.wav")],
    patch: Patch = "default",
    checkpoint: CheckpointOrNone = None,
    bars: Annotated[int, typer.Option("--bars", metavar="N", help="How many.")] = 8,
    tempo: TempoOrNone = None,
    z: Annotated[
        str | None, typer.Option("--z", metavar='"z1,z2,..."', help="The point to decode.")
    ] = None,
    sweep_: Annotated[
        str | None,
        typer.Option("--sweep", metavar="z1=-3:3", help="Move one coordinate, a step each bar."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="Start from a random point, the N-th."),
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", help="Carry the last note into the beginning.")
    ] = False,
    soundfont: SoundFont = None,
    take: Annotated[
        Path | None, typer.Option("--from", metavar="TAKE.mid", help="Play a take again.")
    ] = None,
    redecode: Annotated[
        bool, typer.Option("--redecode", help="With --from: decode its phrases again and compare.")
    ] = False,
) -> None:
    """Perform without a clock, into a .mid or .wav file."""
    check_target(out)
    bars = bars_of(bars)
    if take is not None:
        if z is not None or sweep_ is not None or seed is not None or loop:
            raise InputError("--from brings its own z; leave out --z, --sweep, --seed and --loop.")
        _render_take(take, out, redecode, soundfont)
        return
    if redecode:
        raise InputError("--redecode is for a take: name it with --from.")
    (song,) = read_patch_song(patch, checkpoint).songs
    mapping, dimensions = song.mapping, song.mapping.dimensions
    base = base_point(z, seed, dimensions)
    base_at = steady(base) if sweep_ is None else sweep(base, *sweep_of(sweep_, dimensions), bars)
    tempo_bpm = song.tempo_bpm or DEFAULT_TEMPO_BPM if tempo is None else tempo_of(tempo)
    plan = Plan(base_at, bars, [(0, tempo_bpm)], mapping, loop, soundfont)
    first, *others = _decoders(song)
    notes = render(plan, first, out, others)
    typer.echo(f"{out}: {bars} bars, {_onsets(notes)} notes")


def _decoders(song: Song) -> "list[PhraseDecoder]":
    """Of each voice; each checkpoint is loaded once."""
    folders = [source.folder for source in song.sources]
    loaded = {folder: _decoder(folder) for folder in dict.fromkeys(folders)}
    return [loaded[folder] for folder in folders]


def _render_take(file: Path, out: Path, redecode: bool, soundfont: Path | None) -> None:
    """No engine is needed to play a take again; to check its phrases it is."""
    account = read_take(file)
    notes = account.replay()
    if redecode:
        typer.echo(_decoded_again(account))
    write_out(account.midi(), out, font=soundfont)
    typer.echo(f"{out}: {account.bars} bars, {_onsets(notes)} notes")


def _decoded_again(account: Account) -> str:
    """Raises :class:`TakeError` where another decoder, or this one, finds other tokens."""
    for name in dict.fromkeys(each.wish.checkpoint for each in account.adopted):
        folder = find_checkpoint(name)
        if check_checkpoint(folder).weights[DECODER_FILE] != account.decoders.get(name):
            raise TakeError(f"{account.file} was played with another checkpoint {name!r}")
        its = [each for each in account.adopted if each.wish.checkpoint == name]
        tokens = decoded(_decoder(folder), [each.wish for each in its])
        if (other := differing(its, tokens)) is not None:
            fault = f"the phrase at tick {other.tick} decodes to other tokens"
            raise TakeError(f"{account.file}: {fault}")
    return f"{account.file}: {len(account.adopted)} phrases decoded again, all the same"


def _onsets(notes: Sequence[NoteEvent]) -> int:
    return sum(note.velocity > 0 for note in notes)


def vary_command(
    melody: Annotated[Path, typer.Argument(metavar="PHRASE.mid")],
    out: Annotated[Path, typer.Argument(metavar="OUT.mid")],
    sweep_: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="z1=-3:3", help="A coordinate to move; several at once."),
    ] = None,
    checkpoint: Checkpoint = "stage",
    steps: Annotated[int, typer.Option("--steps", metavar="N", help="How many variations.")] = 7,
    tempo: Annotated[
        float | None, typer.Option("--tempo", metavar="BPM", help="Else the melody's own.")
    ] = None,
) -> None:
    """Vary a melody of your own: two bars at a time, one coordinate moved, the others as heard."""
    check_out(melody, out)
    folder = find_checkpoint(checkpoint)
    card = check_checkpoint(folder)
    sweeps = sweeps_of(sweep_ or [], card.model.latent_dimensions)
    steps = variations_of(steps)
    found = read_melody(melody)
    tempo_bpm = found.tempo_bpm if tempo is None else tempo_of(tempo)
    try:
        fitted = fit_melody(found.notes, card.spelled())
    except MelodyError as error:
        raise InputError(f"{melody}: {error}.") from error
    varied = vary(fitted.phrases, _decoder(folder), sweeps, steps)
    write_variations(out, varied, tempo_bpm)
    typer.echo(f"{melody}: {varied.notes} notes, {varied.bars} bars at {tempo_bpm:.4g} bpm")
    for line in (*found.remarks, *fitted.changes):
        typer.echo(f"  {line}")
    for line in report(varied):
        typer.echo(line)
    typer.echo(f"{out}: {1 + steps} times {varied.bars} bars")


def _decoder(folder: Path) -> "PhraseDecoder":
    # Networks as small as these gain nothing from a second thread, and where the cores are busy
    # two threads wait for each other: encoding then takes a hundred times as long.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from engine.decoding import PhraseDecoder

    return PhraseDecoder.load(folder)
