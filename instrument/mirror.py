"""What main knows of the player, from what it told: enough for another to go on in its place. Pure.

The player may die between sending a note and telling of it. So besides what is known to sound, the
mirror names every pitch that may: those of the phrase that played, and of every answer that could
have been adopted since.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain, product
from typing import Any, NamedTuple

from engine.wire import Message
from instrument.events import Decoded
from instrument.ledger import Key
from instrument.tempo import TICKS_PER_BAR, bar_line_from, checked_tempo


@dataclass(frozen=True, slots=True)
class SongLine:
    """Where a song lies in time: tick ``song_tick`` of it on ``ns`` of ``perf_counter_ns``.

    ``end_song_tick``: where it ends, or ``None``.
    """

    song_tick: int
    ns: int
    tempo_bpm: float
    end_song_tick: int | None


class Stood(NamedTuple):
    """Where a voice stood: its ``phrase``, and how often one was late."""

    phrase: Decoded
    misses: int


@dataclass(frozen=True, slots=True)
class Rejoin:
    """What a player needs to go on where another was lost.

    ``close``: the keys that may sound; ``start_tick``: a bar line that no tick told lies after;
    ``song``: where it is to play, ``None`` while stopped; ``phrase`` is kept until the engine
    answers; requests have ids above ``last_id``; ``others``: the voices from 2 on, as far as known.
    """

    close: tuple[Key, ...]
    start_tick: int
    song: SongLine | None
    phrase: Decoded
    last_id: int
    misses: int
    others: tuple[Stood, ...] = ()

    def voice(self, voice: int) -> Stood | None:
        """Where ``voice`` stood, if that is known."""
        every = (Stood(self.phrase, self.misses), *self.others)
        return every[voice - 1] if voice <= len(every) else None

    def to_message(self) -> Message:
        """The frame to the player; its ``ns`` stands where that of every message does."""
        return {
            "type": "rejoin",
            "close": [list(key) for key in self.close],
            "start_tick": self.start_tick,
            **({} if self.song is None else asdict(self.song)),
            "phrase": _plain(self.phrase),
            "last_id": self.last_id,
            "misses": self.misses,
            "others": [[_plain(its.phrase), its.misses] for its in self.others],
        }

    @classmethod
    def from_message(cls, message: Message) -> "Rejoin":
        """What :meth:`to_message` wrote. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
        song = None
        if "ns" in message:
            tempo_bpm = checked_tempo(message["tempo_bpm"])
            end_song_tick = message["end_song_tick"]
            song = SongLine(message["song_tick"], message["ns"], tempo_bpm, end_song_tick)
        return cls(
            close=tuple((port, channel, pitch) for port, channel, pitch in message["close"]),
            start_tick=message["start_tick"],
            song=song,
            phrase=_decoded(message["phrase"]),
            last_id=message["last_id"],
            misses=message["misses"],
            others=tuple(
                Stood(_decoded(phrase), misses) for phrase, misses in message.get("others", ())
            ),
        )


def _plain(phrase: Decoded) -> list[tuple[float, ...]]:
    return [phrase.z, phrase.tokens, phrase.steps]


def _decoded(message: Sequence[Any]) -> Decoded:
    z, tokens, steps = message
    return Decoded(tuple(z), tuple(tokens), tuple(steps))


class Mirror:
    """The player's ledger and timeline as main has been told of them. One thread at a time."""

    def __init__(
        self,
        first: Decoded,
        ports: int,
        channel: int,
        bars: int | None,
        others: Sequence[tuple[Decoded, int]] = (),
    ) -> None:
        """``first`` plays until a bar tells of another phrase, on ``ports`` outputs.

        ``others``: the first phrase and the channel of each voice from 2 on.
        """
        self._ports, self._bars = range(ports), bars
        firsts = (first, *(phrase for phrase, _ in others))
        self._stood = {n: Stood(phrase, 0) for n, phrase in enumerate(firsts, start=1)}
        # By number of change: those of the song that plays, and of those that may have begun.
        self._channels = {0: {channel, *(each for _, each in others)}}
        self._sounding: dict[Key, int] = {}  # and the voice that plays it
        # By voice: steps that may have been adopted untold.
        self._answers: dict[int, list[Sequence[int]]] = {}
        self._playing = False
        self._began: list[int] = []  # the voices of the play
        self._reached = 0  # the last tick that was told
        self._origin_tick = 0
        self._end_song_tick: int | None = None
        self._line: tuple[int, int, float] | None = None  # tick, perf_counter_ns, tempo
        self._last_id = 0

    def hear(self, message: Message) -> None:
        """Take note of a message of the player."""
        kind, voice = message["type"], message.get("voice", 1)
        if kind in {"note", "bar", "state", "end", "silence", "song"}:
            self._reached = max(self._reached, message["tick"])
        if "line" in message:
            tick, ns, tempo_bpm = message["line"]
            self._line = tick, ns, tempo_bpm
        match kind:
            case "note":
                key = message["port"], message["channel"], message["pitch"]
                if message["velocity"]:
                    self._sounding[key] = voice
                else:
                    self._sounding.pop(key, None)
            case "request":
                self._last_id = message["id"]
            case "begin":
                if voice == 1:
                    self._began = []
                self._began.append(voice)
                self._playing = True
                self._origin_tick = message["tick"] - message["song_tick"]
                bar_tick = message["song_tick"] // TICKS_PER_BAR * TICKS_PER_BAR
                if self._bars is not None:
                    self._end_song_tick = bar_tick + self._bars * TICKS_PER_BAR
            case "song" if voice == 1:
                begun = message["change"]
                later = {at: its for at, its in self._channels.items() if at > begun}
                its = self._channels.get(begun, set()) | {message["channel"]}
                self._channels = {begun: its, **later}
            case "end":
                self._playing = False
            case "bar":
                phrase = _decoded([message["z"], message["tokens"], message["steps"]])
                self._stood[voice] = Stood(phrase, message["misses"])
                self._answers[voice] = self._answers.get(voice, [])[-1:]

    def changing(self, message: Message) -> None:
        """Another song went to the player, which may begin it before it tells."""
        change = message["controls"]["change"]
        mapping = message["mapping"]
        others = (voice["channel"] for voice in mapping.get("voices", ()))
        self._channels[change] = {mapping["channel"], *others}
        firsts = (steps for _, (_, _, steps) in message.get("others", ()))
        for voice, steps in enumerate(firsts, start=2):  # with which it may begin
            self._answers.setdefault(voice, []).append(steps)

    def answered(self, message: Message) -> None:
        """The engine's answer went to the player."""
        self._answers.setdefault(message.get("voice", 1), []).append(message["steps"])

    def lost(self) -> tuple[list[Message], Rejoin]:
        """The player is gone: the lines that end its play in the account, and how to go on."""
        song, lines = None, list[Message]()
        if self._playing:
            ended: Message = {"type": "end", "tick": self._reached, "step_tick": None}
            lines += [_of_voice(ended, voice) for voice in self._began]
            if self._line is not None:
                tick, ns, tempo_bpm = self._line
                song = SongLine(tick - self._origin_tick, ns, tempo_bpm, self._end_song_tick)
        for (port, channel, pitch), voice in self._sounding.items():
            where = {"tick": self._reached, "port": port, "channel": channel, "pitch": pitch}
            lines.append(_of_voice({"type": "note", **where, "velocity": 0}, voice))
        first, *others = (self._stood[voice] for voice in sorted(self._stood))
        found = Rejoin(
            close=self._may_sound(),
            start_tick=bar_line_from(self._reached + 1),
            song=song,
            phrase=first.phrase,
            last_id=self._last_id,
            misses=first.misses,
            others=tuple(others),
        )
        self._playing = False
        self._sounding.clear()
        return lines, found

    def _may_sound(self) -> tuple[Key, ...]:
        played = [stood.phrase.steps for stood in self._stood.values()]
        steps = chain(played, *self._answers.values())
        pitches = {step for row in steps for step in row if step >= 0}
        channels = sorted(set().union(*self._channels.values()))
        untold = list(product(self._ports, channels, sorted(pitches)))
        return tuple(dict.fromkeys([*self._sounding, *untold]))


def _of_voice(message: Message, voice: int) -> Message:
    return message if voice == 1 else {**message, "voice": voice}
