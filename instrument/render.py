"""Headless: the scheduler under no clock at all, into a .mid or a .wav. Main process only.

It does as the stage does: the same core, the same bar-line rule, the same ties.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.files import check_folder
from engine.phrase import HOLD_STEP
from instrument.events import Decoded, Request, Z
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping
from instrument.midifile import TempoChange, midi_bytes, write_midi
from instrument.offline import Answer, perform_offline
from instrument.scheduler import Scheduler
from instrument.sound import write_wav
from instrument.tempo import TICKS_PER_BAR

if TYPE_CHECKING:
    from engine.decoding import PhraseDecoder

SUFFIXES = {".mid", ".midi", ".wav"}


class RenderError(Exception):
    """A render cannot be done; the message is one sentence."""


@dataclass(frozen=True)
class Plan:
    """What to render: ``z_at(tick)`` is asked at every swap; ``tempos`` begins at tick 0."""

    z_at: Callable[[int], Z]
    bars: int
    tempos: Sequence[TempoChange]
    mapping: Mapping
    loop: bool = False


def steady(z: Z) -> Callable[[int], Z]:
    """One point, from first bar to last."""
    return lambda _tick: z


def sweep(base: Z, dimension: int, low: float, high: float, bars: int) -> Callable[[int], Z]:
    """Coordinate ``dimension`` (from 1) goes from ``low`` to ``high``, one even step a bar."""

    def at(tick: int) -> Z:
        bar = min(tick // TICKS_PER_BAR, bars - 1)
        share = bar / (bars - 1) if bars > 1 else 0.0
        moved = low + (high - low) * share
        return (*base[: dimension - 1], moved, *base[dimension:])

    return at


def render_notes(plan: Plan, decoder: "PhraseDecoder") -> list[NoteEvent]:
    """Every note event of the plan, in order; all notes are closed at the end.

    ``loop``: a first phrase that begins with HOLD takes up the note that sounds at the end, so that
    the file can be repeated without a seam.
    """
    notes = _perform(plan, decoder, carried=None)
    if not plan.loop:
        return notes
    first_steps = decoder.decode(plan.z_at(0))[0]
    end_tick = plan.bars * TICKS_PER_BAR
    sounding = [note.pitch for note in notes if note.tick == end_tick and note.velocity == 0]
    if not first_steps.tied_in or not sounding:
        return notes
    return _perform(plan, decoder, carried=sounding[-1])


def _perform(plan: Plan, decoder: "PhraseDecoder", carried: int | None) -> list[NoteEvent]:
    def decode(request: Request) -> Answer:
        phrase = decoder.decode(request.z)[0]
        return phrase.tokens, decoder.vocabulary.steps(phrase.tokens)

    start = plan.z_at(0)
    tokens, steps = decode(Request(0, 0, start))
    mapping = plan.mapping
    core = Scheduler(
        Decoded(start, tokens, steps),
        plan.z_at,
        refresh=mapping.refresh,
        channel=mapping.channel,
        velocity=mapping.velocity,
        bars=plan.bars,
        swing_for=lambda _tick: mapping.swing,
    )
    notes: list[NoteEvent] = []
    if carried is not None and steps[0] == HOLD_STEP:
        notes += core.ledger.note_on(0, (0, mapping.channel, carried), mapping.velocity)
    notes += [event for event in perform_offline(core, decode) if isinstance(event, NoteEvent)]
    return notes


def render(plan: Plan, decoder: "PhraseDecoder", out: Path) -> list[NoteEvent]:
    """Write ``out`` (.mid or .wav) and return what sounds in it. Raises :class:`RenderError`."""
    notes = render_notes(plan, decoder)
    write_out(midi_bytes(notes, plan.tempos, plan.bars * TICKS_PER_BAR, name="Glisser"), out)
    return notes


def write_out(data: bytes, out: Path) -> None:
    """Write the .mid ``data`` as ``out``, a .mid or a .wav. Raises :class:`RenderError`."""
    try:
        if out.suffix.lower() == ".wav":
            write_wav(data, out)
        else:
            write_midi(out, data)
    except OSError as error:
        raise RenderError(f"{out} cannot be written: {error.strerror or error}") from error


def check_target(out: Path) -> None:
    """Refuse, before anything is decoded, a path that cannot become a render.

    Raises :class:`RenderError`.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise RenderError(f"{out}: a render ends in .mid or .wav")
    try:
        check_folder(out)
    except OSError as error:
        raise RenderError(f"{out} cannot be written: {error.strerror}") from error
