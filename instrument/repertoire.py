"""The song that the player plays and the one that comes after it. Pure; the player imports it.

A change of song is data with a tick: up to its bar line the one decides about everything, from
there on the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded, Wish
from instrument.mapping import Mapping
from instrument.voicing import SILENT, Voicing
from instrument.wishes import voicing_at, wish_at


class Sung(NamedTuple):
    """By which checkpoint a voice is decoded, and what it plays where nothing was decoded yet."""

    checkpoint: str
    first: Decoded


@dataclass(frozen=True)
class Part:
    """What the player has to know of a song.

    ``first`` is played where nothing else was decoded yet; ``song`` counts from 1 within its set;
    ``others`` are the voices from 2 on.
    """

    mapping: Mapping
    controls: ControlState
    checkpoint: str
    first: Decoded
    song: int = 1
    name: str = ""
    others: tuple[Sung, ...] = ()

    @property
    def voices(self) -> tuple["Part", ...]:
        """What the song is for each of its voices, as if it were the only one."""
        # Not kept for one voice: what holds itself waits for a collector, and the player has none.
        return self._several if self.others else (self,)

    @cached_property
    def _several(self) -> tuple["Part", ...]:
        sung = (Sung(self.checkpoint, self.first), *self.others)
        return tuple(
            Part(mapping, self.controls.of_voice(voice), *its, self.song, self.name)
            for voice, (mapping, its) in enumerate(
                zip(self.mapping.each_voice, sung, strict=True), start=1
            )
        )

    def voice(self, voice: int) -> "Part | None":
        """What it is for ``voice``; ``None`` for one that it has not."""
        return self.voices[voice - 1] if voice <= len(self.voices) else None

    @property
    def channels(self) -> tuple[int, ...]:
        """The MIDI channel of each voice."""
        return tuple(part.mapping.channel for part in self.voices)

    def to_message(self) -> Message:
        """The frame to the player, ``song``."""
        return {
            "type": "song",
            "song": self.song,
            "name": self.name,
            "checkpoint": self.checkpoint,
            "first": phrase_message(self.first),
            "others": [[its.checkpoint, phrase_message(its.first)] for its in self.others],
            "mapping": self.mapping.to_message(),
            "controls": self.controls.to_message(),
        }

    @classmethod
    def from_message(cls, message: Message) -> "Part":
        """What :meth:`to_message` wrote. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
        return cls(
            mapping=Mapping.from_message(message["mapping"]),
            controls=ControlState.from_message(message["controls"]),
            checkpoint=message["checkpoint"],
            first=phrase_of(message["first"]),
            song=message["song"],
            name=message["name"],
            others=sung_of(message.get("others", ())),
        )


def phrase_message(phrase: Decoded) -> list[tuple[float, ...]]:
    """Plain data for a frame."""
    return [phrase.z, phrase.tokens, phrase.steps]


def phrase_of(message: Sequence[Sequence[Any]]) -> Decoded:
    """What :func:`phrase_message` wrote. Raises ``ValueError`` or ``TypeError``."""
    z, tokens, steps = message
    return Decoded(tuple(z), tuple(tokens), tuple(steps))


def sung_of(message: Sequence[Any]) -> tuple[Sung, ...]:
    """The voices from 2 on, of a message. Raises ``ValueError`` or ``TypeError``."""
    return tuple(Sung(checkpoint, phrase_of(first)) for checkpoint, first in message)


class Repertoire:
    """Which song decides at a tick. One thread."""

    def __init__(self, part: Part) -> None:
        self.present = part
        self.coming: Part | None = None
        self.bar_line = 0  # where the coming one begins

    @property
    def newest(self) -> Part:
        """The song that was asked for last."""
        return self.coming or self.present

    def at(self, tick: int) -> Part:
        """The song of ``tick``, which is not past."""
        return self.present if self.coming is None or tick < self.bar_line else self.coming

    def wish_at(self, tick: int, song_tick: int, voice: int = 1) -> Wish | None:
        """What ``voice`` asks for at ``tick``, ``song_tick`` of the song that plays.

        ``None`` where that song has no such voice.
        """
        part = self.at(tick).voice(voice)
        if part is None:
            return None
        wish = wish_at(part.controls, part.mapping, tick, song_tick)
        return wish._replace(checkpoint=part.checkpoint)

    def swing_at(self, tick: int) -> float:
        """The swing at ``tick``, per cent."""
        return self.at(tick).controls.value_at("swing", tick)

    def voicing_at(self, tick: int, voice: int = 1) -> Voicing:
        """How the step at ``tick`` of ``voice`` is sounded: not at all if the song has it not."""
        part = self.at(tick).voice(voice)
        return SILENT if part is None else voicing_at(part.controls, tick)

    def turn(self, controls: ControlState) -> bool:
        """Take the controls of the newest song; whether they are those of the one that plays.

        Those of a song before it are too late and change nothing.
        """
        newest = replace(self.newest, controls=controls)
        if controls.change != self.newest.controls.change:
            return False
        if self.coming is None:
            self.present = newest
            return True
        self.coming = newest
        return False

    def tempo_turns(self, horizon: int) -> Part | None:
        """The coming song if it begins by ``horizon``, at another tempo."""
        coming = self.coming
        if coming is None or self.bar_line > horizon:
            return None
        same = coming.controls.tempo_bpm == self.present.controls.tempo_bpm
        return None if same else coming

    def is_news(self, part: Part) -> bool:
        """Whether ``part`` is a song that was asked for after all others."""
        return part.controls.change > self.newest.controls.change

    def announce(self, part: Part, bar_line: int) -> None:
        """``part`` begins at the tick ``bar_line``; of two that come the later is the one."""
        self.coming, self.bar_line = part, bar_line

    def begin(self) -> None:
        """The song that was asked for last is the one that plays."""
        self.present, self.coming = self.newest, None

    def words(self) -> Message:
        """What is told of the song that plays, beside when it begins."""
        part = self.present
        return {
            "song": part.song,
            "name": part.name,
            "change": part.controls.change,
            "checkpoint": part.checkpoint,
        }
