"""Note events and tempos -> a Standard MIDI File. Pure but for the writing; main process only."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import mido

from engine.files import write_atomically
from instrument.ledger import NoteEvent
from instrument.tempo import TICKS_PER_BEAT

TempoChange = tuple[int, float]  # tick, quarters a minute from there on
Marker = tuple[int, str]  # tick, what begins there


def midi_bytes(
    notes: Iterable[NoteEvent],
    tempos: Sequence[TempoChange],
    end_tick: int,
    *,
    name: str,
    markers: Sequence[Marker] = (),
) -> bytes:
    """A type 1 file: tempo, metre and ``markers`` on the first track, the notes on the second.

    The same arguments give the same bytes. ``end_tick`` is where both tracks end, so that a loop of
    whole bars is whole bars long. At one tick note-offs come before note-ons, as they were sent.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_conductor(tempos, markers, end_tick))
    file.tracks.append(_line(notes, end_tick, name))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def write_midi(file: Path, data: bytes) -> None:
    """Put the file there whole or not at all. Raises ``OSError``."""
    write_atomically(file, data)


def _conductor(
    tempos: Sequence[TempoChange], markers: Sequence[Marker], end_tick: int
) -> mido.MidiTrack:
    timed = [(0, mido.MetaMessage("time_signature", numerator=4, denominator=4))]
    for tick, bpm in tempos:
        # A file stores whole microseconds a beat (SMF 1.0, "Set Tempo").
        timed.append((tick, mido.MetaMessage("set_tempo", tempo=round(60_000_000 / bpm))))
    timed += [(tick, mido.MetaMessage("marker", text=text)) for tick, text in markers]
    return _track(sorted(timed, key=lambda event: event[0]), end_tick)


def _line(notes: Iterable[NoteEvent], end_tick: int, name: str) -> mido.MidiTrack:
    timed = [(0, mido.MetaMessage("track_name", name=name))]
    for event in notes:
        kind = "note_on" if event.velocity else "note_off"
        velocity = event.velocity or 64  # what a sender without release velocity sends
        message = mido.Message(kind, channel=event.channel - 1, note=event.pitch, velocity=velocity)
        timed.append((event.tick, message))
    return _track(timed, end_tick)


def _track(timed: list[tuple[int, mido.Message]], end_tick: int) -> mido.MidiTrack:
    """Messages at absolute ticks -> a track of deltas, ended at ``end_tick`` or after its last."""
    track = mido.MidiTrack()
    last = 0
    for tick, message in timed:
        track.append(message.copy(time=tick - last))
        last = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - last)))
    return track
