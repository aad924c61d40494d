"""Headless: the scheduler under no clock at all, into a .mid or a .wav. Main process only.

It does as the stage does: the same core, the same bar-line rule, the same ties.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING

from engine.files import check_folder
from engine.phrase import HOLD_STEP
from instrument.controls import ControlState
from instrument.events import Decoded, Request, Wish, Z
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping
from instrument.midifile import TempoChange, midi_bytes, write_midi
from instrument.offline import Answer, perform_offline
from instrument.scheduler import Scheduler
from instrument.sound import write_wav
from instrument.tempo import TICKS_PER_BAR
from instrument.wishes import voicing_at, wish_at

if TYPE_CHECKING:
    from engine.decoding import PhraseDecoder

SUFFIXES = {".mid", ".midi", ".wav"}


class RenderError(Exception):
    """A render cannot be done; the message is one sentence."""


@dataclass(frozen=True)
class Plan:
    """What to render: ``base_at(tick)`` is the point that the patch's settings vary at every swap,
    in ``voice``; ``tempos`` begins at tick 0.
    """

    base_at: Callable[[int], Z]
    bars: int
    tempos: Sequence[TempoChange]
    mapping: Mapping
    loop: bool = False
    font: Path | None = None
    voice: int = 1

    def voices(self) -> tuple["Plan", ...]:
        """The plan of each voice by itself; those from 2 on stand at z = 0."""
        first, *others = (
            replace(self, mapping=mapping, voice=voice)
            for voice, mapping in enumerate(self.mapping.each_voice, start=1)
        )
        return (first, *(replace(each, base_at=steady(())) for each in others))

    def state_at(self, tick: int) -> ControlState:
        """The controls at ``tick``: those of the patch, untouched."""
        standing = ControlState.standing(self.mapping.settings).of_voice(self.voice)
        return replace(standing, base=self.base_at(tick))

    def wish_at(self, tick: int) -> Wish:
        """What is asked for at ``tick``."""
        return wish_at(self.state_at(tick), self.mapping, tick, tick)


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


def decoded(decoder: "PhraseDecoder", wishes: Sequence[Wish]) -> list[list[int]]:
    """The tokens of each wish: the most likely ones, or drawn."""
    sure = [wish.z for wish in wishes if not wish.temperature]
    most_likely = iter(decoder.tokens(sure).tolist() if sure else [])
    return [
        decoder.sample(wish.z, temperature=wish.temperature, seed=wish.seed)[0].tolist()
        if wish.temperature
        else next(most_likely)
        for wish in wishes
    ]


def render_notes(
    plan: Plan, decoder: "PhraseDecoder", others: Sequence["PhraseDecoder"] = ()
) -> list[NoteEvent]:
    """Every note event of the plan, in order; all notes are closed at the end.

    ``others`` decode for the voices from 2 on. ``loop``: a first phrase that begins with HOLD takes
    up the note that sounds at the end, so that the file can be repeated without a seam.
    """
    plans = zip(plan.voices(), (decoder, *others), strict=True)
    return list(merge(*(_render_voice(*each) for each in plans), key=lambda note: note.tick))


def _render_voice(plan: Plan, decoder: "PhraseDecoder") -> list[NoteEvent]:
    notes = _perform(plan, decoder, carried=None)
    if not plan.loop:
        return notes
    (first,) = decoded(decoder, [plan.wish_at(0)])
    end_tick = plan.bars * TICKS_PER_BAR
    sounding = [note.pitch for note in notes if note.tick == end_tick and note.velocity == 0]
    if decoder.vocabulary.steps(first)[0] != HOLD_STEP or not sounding:
        return notes
    return _perform(plan, decoder, carried=sounding[-1])


def _perform(plan: Plan, decoder: "PhraseDecoder", carried: int | None) -> list[NoteEvent]:
    def decode(request: Request) -> Answer:
        (tokens,) = decoded(decoder, [request.wish])
        return tuple(tokens), decoder.vocabulary.steps(tokens)

    start = plan.wish_at(0)
    tokens, steps = decode(Request(0, 0, start))
    mapping = plan.mapping
    core = Scheduler(
        Decoded(start.z, tokens, steps),
        plan.wish_at,
        refresh=mapping.refresh,
        channel=mapping.channel,
        bars=plan.bars,
        swing_for=lambda tick: plan.state_at(tick).value("swing"),
        voicing_for=lambda tick: voicing_at(plan.state_at(tick), tick),
    )
    notes: list[NoteEvent] = []
    if carried is not None and steps[0] == HOLD_STEP:
        velocity = voicing_at(plan.state_at(0), 0).velocity_at(0)
        notes += core.ledger.note_on(0, (0, mapping.channel, carried), velocity)
    notes += [event for event in perform_offline(core, decode) if isinstance(event, NoteEvent)]
    return notes


def render(
    plan: Plan, decoder: "PhraseDecoder", out: Path, others: Sequence["PhraseDecoder"] = ()
) -> list[NoteEvent]:
    """Write ``out`` (.mid or .wav) and return what sounds in it. Raises :class:`RenderError`."""
    notes = render_notes(plan, decoder, others)
    data = midi_bytes(notes, plan.tempos, plan.bars * TICKS_PER_BAR, name="Glisser")
    write_out(data, out, loop=plan.loop, font=plan.font)
    return notes


def write_out(data: bytes, out: Path, *, loop: bool = False, font: Path | None = None) -> None:
    """Write the .mid ``data`` as ``out``, a .mid or a .wav (see :func:`write_wav`).

    Raises :class:`RenderError`.
    """
    try:
        if out.suffix.lower() == ".wav":
            write_wav(data, out, loop=loop, font=font)
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
