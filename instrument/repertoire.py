"""The song that the player plays and the one that comes after it. Pure; the player imports it.

A change of song is data with a tick: up to its bar line the one decides about everything, from
there on the other.
"""

from dataclasses import dataclass, replace

from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded, Wish
from instrument.mapping import Mapping
from instrument.voicing import Voicing
from instrument.wishes import voicing_at, wish_at


@dataclass(frozen=True)
class Part:
    """What the player has to know of a song.

    ``first`` is played where nothing else was decoded yet; ``song`` counts from 1 within its set.
    """

    mapping: Mapping
    controls: ControlState
    checkpoint: str
    first: Decoded
    song: int = 1
    name: str = ""

    def to_message(self) -> Message:
        """The frame to the player, ``song``."""
        first = self.first
        return {
            "type": "song",
            "song": self.song,
            "name": self.name,
            "checkpoint": self.checkpoint,
            "first": [first.z, first.tokens, first.steps],
            "mapping": self.mapping.to_message(),
            "controls": self.controls.to_message(),
        }

    @classmethod
    def from_message(cls, message: Message) -> "Part":
        """What :meth:`to_message` wrote. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
        z, tokens, steps = message["first"]
        return cls(
            mapping=Mapping.from_message(message["mapping"]),
            controls=ControlState.from_message(message["controls"]),
            checkpoint=message["checkpoint"],
            first=Decoded(tuple(z), tuple(tokens), tuple(steps)),
            song=message["song"],
            name=message["name"],
        )


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

    def wish_at(self, tick: int, song_tick: int) -> Wish:
        """What is asked for at ``tick``, ``song_tick`` of the song that plays."""
        part = self.at(tick)
        wish = wish_at(part.controls, part.mapping, tick, song_tick)
        return wish._replace(checkpoint=part.checkpoint)

    def swing_at(self, tick: int) -> float:
        """The swing at ``tick``, per cent."""
        return self.at(tick).controls.value_at("swing", tick)

    def voicing_at(self, tick: int) -> Voicing:
        """How the step at ``tick`` is sounded."""
        return voicing_at(self.at(tick).controls, tick)

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
