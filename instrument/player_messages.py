"""What main and the player say to each other, where it is more than a word or two. Pure."""

from dataclasses import asdict, dataclass

from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import (
    Bar,
    Begin,
    Changed,
    Decoded,
    Done,
    End,
    Event,
    Gap,
    Request,
    Silence,
    Swap,
    Swing,
    Voiced,
)
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping
from instrument.repertoire import Part, Sung, phrase_message, sung_of
from instrument.tempo import checked_tempo

VERSION = 5  # of the messages between main and player


@dataclass(frozen=True, slots=True)
class Setup:
    """What main says first: all that the player needs to make music before any other message.

    ``out``, ``clock_out`` and ``midi_api`` as on the command line; ``tempo_bpm`` 20..400; ``bars``
    ``None`` for without end; ``first`` plays until the engine answers; ``playing``: start at once;
    ``checked``: the outputs were found to be exact already; ``song``, ``name``: which one of a set
    it is; ``others``: its voices from 2 on; ``voices``: how many the songs of the set have at most.
    """

    out: tuple[str, ...]
    midi_api: str
    tempo_bpm: float
    bars: int | None
    checkpoint: str
    first: Decoded
    mapping: Mapping
    controls: ControlState
    playing: bool
    clock_out: tuple[str, ...] = ()
    checked: bool = False
    song: int = 1
    name: str = ""
    others: tuple[Sung, ...] = ()
    voices: int = 1

    @property
    def part(self) -> Part:
        """What follows from the song."""
        which = self.song, self.name, self.others
        return Part(self.mapping, self.controls, self.checkpoint, self.first, *which)

    def to_message(self) -> Message:
        """The frame to send."""
        return {
            "type": "setup",
            "version": VERSION,
            "out": list(self.out),
            "midi_api": self.midi_api,
            "tempo_bpm": self.tempo_bpm,
            "bars": self.bars,
            "checkpoint": self.checkpoint,
            "z": list(self.first.z),
            "tokens": list(self.first.tokens),
            "steps": list(self.first.steps),
            "mapping": self.mapping.to_message(),
            "controls": self.controls.to_message(),
            "playing": self.playing,
            "clock_out": list(self.clock_out),
            "checked": self.checked,
            "song": self.song,
            "name": self.name,
            "others": [[its.checkpoint, phrase_message(its.first)] for its in self.others],
            "voices": self.voices,
        }

    @classmethod
    def from_message(cls, message: Message) -> "Setup":
        """Read the frame. Raises ``ValueError`` when it is no setup of this version."""
        if message["type"] != "setup" or message.get("version") != VERSION:
            raise ValueError(f"the player speaks version {VERSION} and is first told its setup")
        try:
            z, tokens, steps = message["z"], message["tokens"], message["steps"]
            return cls(
                out=tuple(message["out"]),
                midi_api=message["midi_api"],
                tempo_bpm=checked_tempo(message["tempo_bpm"]),
                bars=message["bars"],
                checkpoint=message["checkpoint"],
                first=Decoded(tuple(z), tuple(tokens), tuple(steps)),
                mapping=Mapping.from_message(message["mapping"]),
                controls=ControlState.from_message(message["controls"]),
                playing=message["playing"],
                clock_out=tuple(message["clock_out"]),
                checked=message["checked"],
                song=message["song"],
                name=message["name"],
                others=sung_of(message["others"]),
                voices=message["voices"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"the player's setup is not complete: {error!r}") from error


def event_message(event: Event, tempo_bpm: float, voice: int = 1) -> Message:
    """What main is told of an event that happens at ``tempo_bpm``; ``voice`` only from 2 on."""
    told = _event_message(event, tempo_bpm)
    return told if voice == 1 else {**told, "voice": voice}


def _event_message(event: Event, tempo_bpm: float) -> Message:
    match event:
        case NoteEvent(tick, port, channel, pitch, velocity):
            where = {"tick": tick, "port": port, "channel": channel}
            return {"type": "note", **where, "pitch": pitch, "velocity": velocity}
        case Request(request_id, tick, wish):
            return {"type": "request", "id": request_id, "tick": tick, **wish._asdict()}
        case Swap(tick, request, adopted):
            answer = (None, None) if adopted is None else (adopted.tokens, adopted.steps)
            asked = {"tick": tick, "id": request.id, **request.wish._asdict(), "late": event.late}
            return {"type": "take", "request": {**asked, "tokens": answer[0], "steps": answer[1]}}
        case Bar(tick, bar, half, phrase, late, misses):
            return {
                "type": "bar",
                "bar": bar,
                "tick": tick,
                "tempo_bpm": tempo_bpm,
                "z": phrase.z,
                "steps": phrase.steps,
                "tokens": phrase.tokens,
                "half": half,
                "late": late,
                "misses": misses,
                "notes": phrase.onsets,
            }
        case Swing(tick, percent):
            return {"type": "swing", "tick": tick, "percent": percent}
        case Voiced(tick, voicing):
            return {"type": "voiced", "tick": tick, "voicing": asdict(voicing)}
        case Changed(tick, channel, phrase):
            first = None if phrase is None else [phrase.z, phrase.tokens, phrase.steps]
            return {"type": "song", "tick": tick, "channel": channel, "phrase": first}
        case Begin(tick, song_tick, percent, voicing):
            sounded = {"percent": percent, "voicing": asdict(voicing)}
            return {"type": "begin", "tick": tick, "song_tick": song_tick, **sounded}
        case End(tick, step_tick):
            return {"type": "end", "tick": tick, "step_tick": step_tick}
        case Silence(tick, step_tick):
            return {"type": "silence", "tick": tick, "step_tick": step_tick}
        case Gap(step_tick, until):
            return {"type": "gap", "step_tick": step_tick, "until": until}
        case Done():
            return {"type": "done"}
