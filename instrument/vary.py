"""Variations of a melody: its phrases encoded, some coordinates swept, decoded again.

The paper's Fig. 4 as a tool. Main process only; the decoder is given, so that nothing here imports
torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.files import check_folder
from engine.fitting import is_silent
from engine.phrase import REST_STEP, STEPS_PER_BAR, Phrase, notes_from_steps
from instrument.events import Z
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping
from instrument.midifile import midi_bytes, write_midi
from instrument.tempo import TICKS_PER_STEP
from instrument.voicing import Voicing

if TYPE_CHECKING:
    from engine.decoding import PhraseDecoder

AS_HEARD = "as the model hears it"
Sweep = tuple[int, float, float]  # dimension from 1, first value, last value


class VaryError(Exception):
    """Variations cannot be made; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Variation:
    """``steps``: the whole melody's, 32 to a phrase."""

    name: str
    steps: tuple[int, ...]

    @property
    def notes(self) -> int:
        return len(notes_from_steps(self.steps))


@dataclass(frozen=True, slots=True)
class Varied:
    """``heard``: the reconstruction. ``kept``: how many of the melody's ``notes`` it has, onset
    and pitch. ``stands_at``: for each swept dimension, the melody's own mean coordinate.
    """

    heard: Variation
    variations: tuple[Variation, ...]
    notes: int
    kept: int
    stands_at: dict[int, float]

    @property
    def bars(self) -> int:
        """Of the melody, and so of each variation."""
        return len(self.heard.steps) // STEPS_PER_BAR


def vary(
    phrases: Sequence[Phrase], decoder: "PhraseDecoder", sweeps: Sequence[Sweep], count: int
) -> Varied:
    """``count`` variations of the melody in ``phrases``, which are of the decoder's vocabulary.

    In variation i every swept coordinate of every phrase is set to its i-th value, from first to
    last by even steps; all other coordinates stay where the encoder put them. A silent bar stays
    silent. ``count`` >= 2.
    """
    vocabulary = decoder.vocabulary
    points: list[Z] = [tuple(map(float, z)) for z in decoder.encode(phrases)]
    audible = [not is_silent(phrase, vocabulary) for phrase in phrases]
    original = _row([phrase.tokens for phrase in phrases], decoder)

    def variation(name: str, moved: dict[int, float]) -> Variation:
        z = [[moved.get(d, value) for d, value in enumerate(point, start=1)] for point in points]
        decoded = _row(decoder.tokens(z).tolist(), decoder)
        return Variation(name, _with_silences_of(original, decoded))

    heard = variation(AS_HEARD, {})
    places = [
        {d: low + (high - low) * i / (count - 1) for d, low, high in sweeps} for i in range(count)
    ]
    wanted, played = _onsets(original), _onsets(heard.steps)
    return Varied(
        heard,
        tuple(variation(_named(place), place) for place in places),
        notes=len(wanted),
        kept=len(wanted & played),
        stands_at={
            d: sum(z[d - 1] for z, sounds in zip(points, audible, strict=True) if sounds)
            / sum(audible)
            for d, _, _ in sweeps
        },
    )


def midi_of(varied: Varied, tempo_bpm: float) -> bytes:
    """A MIDI file: the melody as heard, then each variation, a marker where each begins.

    Nothing is carried from one to the next: a last note ends with its variation.
    """
    channel, velocity = Mapping().channel, Voicing().velocity_at(0)
    events: list[NoteEvent] = []
    markers = []
    tick = 0
    for variation in (varied.heard, *varied.variations):
        markers.append((tick, variation.name))
        for note in notes_from_steps(variation.steps):
            onset = tick + note.onset_step * TICKS_PER_STEP
            end = onset + note.duration_steps * TICKS_PER_STEP
            events.append(NoteEvent(onset, 0, channel, note.pitch, velocity))
            events.append(NoteEvent(end, 0, channel, note.pitch, 0))
        tick += len(variation.steps) * TICKS_PER_STEP
    return midi_bytes(events, [(0, tempo_bpm)], tick, name="Glisser", markers=markers)


def check_out(melody: Path, out: Path) -> None:
    """Refuse, before anything is read, a path that cannot become the variations.

    Raises :class:`VaryError`.
    """
    if out.suffix.lower() not in {".mid", ".midi"}:
        raise VaryError(f"{out}: variations end in .mid")
    try:
        if out.exists() and melody.exists() and out.samefile(melody):
            raise VaryError(f"{out} is the melody itself; choose another name for the variations")
        check_folder(out)
    except OSError as error:
        raise VaryError(f"{out} cannot be written: {error.strerror}") from error


def write_variations(out: Path, varied: Varied, tempo_bpm: float) -> None:
    """Put the file there, whole or not at all. Raises :class:`VaryError`."""
    try:
        write_midi(out, midi_of(varied, tempo_bpm))
    except OSError as error:
        raise VaryError(f"{out} cannot be written: {error.strerror or error}") from error


def report(varied: Varied) -> list[str]:
    """What was made, in lines for a person."""
    stands = ", ".join(f"z{d} = {value:.2f}" for d, value in sorted(varied.stands_at.items()))
    return [
        f"{AS_HEARD}: {varied.kept} of {varied.notes} notes kept (onset and pitch), "
        f"{varied.heard.notes} played; it stands at {stands}",
        *(f"{v.name}: {v.notes} note{'' if v.notes == 1 else 's'}" for v in varied.variations),
    ]


def _row(rows: Sequence[Sequence[int]], decoder: "PhraseDecoder") -> tuple[int, ...]:
    return tuple(value for row in rows for value in decoder.vocabulary.steps(row))


def _with_silences_of(original: Sequence[int], decoded: Sequence[int]) -> tuple[int, ...]:
    """``decoded``, with rest wherever a whole bar of ``original`` is rest."""
    found: list[int] = []
    silence = (REST_STEP,) * STEPS_PER_BAR
    for start in range(0, len(original), STEPS_PER_BAR):
        bar = slice(start, start + STEPS_PER_BAR)
        found += silence if tuple(original[bar]) == silence else decoded[bar]
    return tuple(found)


def _onsets(steps: Sequence[int]) -> set[tuple[int, int]]:
    return {(note.onset_step, note.pitch) for note in notes_from_steps(steps)}


def _named(place: dict[int, float]) -> str:
    # Adding 0 turns -0 into 0.
    return ", ".join(f"z{d} = {round(value, 3) + 0.0:g}" for d, value in sorted(place.items()))
