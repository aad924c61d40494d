"""A MIDI file -> the one melody in it, in sixteenths from a bar line. Main process only.

4/4 only. Of several parts (a track and a channel each) the highest is read; drums never are.
"""

import io
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import mido

from engine.fitting import LooseNote
from engine.phrase import BEATS_PER_BAR, STEPS_PER_BEAT

MAX_BYTES = 8 << 20  # a long symphony is one of them
DRUM_CHANNEL = 9  # General MIDI's channel 10
DEFAULT_TEMPO_US = 500_000  # a beat, where the file says nothing (SMF 1.0)

Part = tuple[int, int]  # track and channel, both from 0
Timed = tuple[int, mido.Message]  # tick of the file, message


class MelodyFileError(Exception):
    """A file holds no melody we can read; the message is one sentence naming the file."""


@dataclass(frozen=True, slots=True)
class MidiMelody:
    """``notes``: as played, polyphonic perhaps; step 0 is a bar line. ``tempo_bpm``: quarters a
    minute at the first note. ``remarks``: plain sentences about what was passed over.
    """

    notes: tuple[LooseNote, ...]
    tempo_bpm: float
    remarks: tuple[str, ...]


def read_melody(file: Path) -> MidiMelody:
    """The melody of ``file``. Raises :class:`MelodyFileError`."""
    midi = _parsed(file)
    per_step = midi.ticks_per_beat / STEPS_PER_BEAT
    tracks = [_timed(track) for track in midi.tracks]
    parts = _parts(tracks)
    if not parts:
        raise MelodyFileError(f"{file} holds no notes")
    part, remarks = _highest(parts)
    first = min(on for _, on, _ in parts[part])
    last = max(off for _, _, off in parts[part])
    metas = sorted((m for t in tracks for m in t if m[1].is_meta), key=lambda m: m[0])
    upbeat = _upbeat_ticks(file, metas, midi.ticks_per_beat, last)
    tempo_us, changes = _tempo_us(metas, first, last)
    if not tempo_us:
        raise MelodyFileError(f"{file}: its tempo is no tempo; set_tempo must be above 0")
    if changes:
        remarks.append(f"its tempo changes; {60e6 / tempo_us:.4g} bpm is kept throughout")
    notes = tuple(
        LooseNote(pitch, (on + upbeat) / per_step, (off - on) / per_step)
        for pitch, on, off in parts[part]
    )
    return MidiMelody(notes, 60e6 / tempo_us, tuple(remarks))


def _parsed(file: Path) -> mido.MidiFile:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise MelodyFileError(f"{file} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise MelodyFileError(f"{file} is over {MAX_BYTES >> 20} MiB, too large for a melody")
    try:
        midi = mido.MidiFile(file=io.BytesIO(data))
    except Exception as error:  # mido raises many kinds for bytes that are no MIDI
        raise MelodyFileError(f"{file} is not a whole MIDI file: {error}") from error
    if midi.type == 2:
        raise MelodyFileError(f"{file} is a MIDI file of type 2; save it as type 0 or 1")
    if midi.ticks_per_beat <= 0:
        raise MelodyFileError(f"{file} counts time in film frames; save it with ticks to a beat")
    return midi


def _timed(track: mido.MidiTrack) -> list[Timed]:
    tick, found = 0, []
    for message in track:
        tick += message.time
        found.append((tick, message))
    return found


def _parts(tracks: list[list[Timed]]) -> dict[Part, list[tuple[int, int, int]]]:
    """Of every part that has notes: (pitch, tick on, tick off), drums left out.

    A note that is never closed ends with its track; of two on one key the older is closed first.
    """
    parts: defaultdict[Part, list[tuple[int, int, int]]] = defaultdict(list)
    for index, track in enumerate(tracks):
        sounding: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for tick, message in track:
            if message.type not in {"note_on", "note_off"} or message.channel == DRUM_CHANNEL:
                continue
            began = sounding[message.channel, message.note]
            if message.type == "note_on" and message.velocity > 0:
                began.append(tick)
            elif began:
                parts[index, message.channel].append((message.note, began.pop(0), tick))
        end = track[-1][0] if track else 0
        for (channel, pitch), began in sounding.items():
            parts[index, channel] += [(pitch, on, end) for on in began]
    return {part: notes for part, notes in parts.items() if notes}


def _highest(parts: dict[Part, list[tuple[int, int, int]]]) -> tuple[Part, list[str]]:
    """The part whose notes lie highest on average; the first of several."""
    best = max(parts, key=lambda part: mean(pitch for pitch, _, _ in parts[part]))
    if len(parts) == 1:
        return best, []
    where = f"track {best[0] + 1}, channel {best[1] + 1}"
    return best, [f"{len(parts)} parts have notes; the highest is read ({where})"]


def _upbeat_ticks(file: Path, metas: list[Timed], ticks_per_beat: int, last: int) -> int:
    """How much later the notes stand when an upbeat is given the whole first bar.

    Notation programs write an upbeat as one short bar of a metre of its own. Any other metre than
    4/4 is refused.
    """
    metres = [
        (tick, m.numerator, m.denominator)
        for tick, m in metas
        if m.type == "time_signature" and tick <= last
    ]
    upbeat = 0
    if len(metres) > 1 and metres[0][0] == 0:
        length = ticks_per_beat * 4 * metres[0][1] / metres[0][2]
        if metres[1][0] == length < ticks_per_beat * BEATS_PER_BAR:
            upbeat = ticks_per_beat * BEATS_PER_BAR - int(length)
            metres = metres[1:]
    for _, numerator, denominator in metres:
        if (numerator, denominator) != (4, 4):
            raise MelodyFileError(f"{file} is in {numerator}/{denominator}; only 4/4 can be varied")
    return upbeat


def _tempo_us(metas: list[Timed], first: int, last: int) -> tuple[int, bool]:
    """Microseconds a beat at tick ``first``, and whether that changes before ``last``."""
    tempos = [(tick, m.tempo) for tick, m in metas if m.type == "set_tempo" and tick < last]
    before = [tempo for tick, tempo in tempos if tick <= first]
    start = before[-1] if before else DEFAULT_TEMPO_US
    return start, any(tempo != start for tick, tempo in tempos if tick > first)
