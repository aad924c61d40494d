"""What main knows of the player, from what it told: enough for another to go on in its place. Pure.

The player may die between sending a note and telling of it. So besides what is known to sound, the
mirror names every pitch that may: those of the phrase that played, and of every answer that could
have been adopted since.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product

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


@dataclass(frozen=True, slots=True)
class Rejoin:
    """What a player needs to go on where another was lost.

    ``close``: the keys that may sound; ``start_tick``: a bar line that no tick told lies after;
    ``song``: where it is to play, ``None`` while stopped; ``phrase`` is kept until the engine
    answers; requests have ids above ``last_id``.
    """

    close: tuple[Key, ...]
    start_tick: int
    song: SongLine | None
    phrase: Decoded
    last_id: int
    misses: int

    def to_message(self) -> Message:
        """The frame to the player; its ``ns`` stands where that of every message does."""
        return {
            "type": "rejoin",
            "close": [list(key) for key in self.close],
            "start_tick": self.start_tick,
            **({} if self.song is None else asdict(self.song)),
            "phrase": [self.phrase.z, self.phrase.tokens, self.phrase.steps],
            "last_id": self.last_id,
            "misses": self.misses,
        }

    @classmethod
    def from_message(cls, message: Message) -> "Rejoin":
        """What :meth:`to_message` wrote. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
        z, tokens, steps = message["phrase"]
        song = None
        if "ns" in message:
            tempo_bpm = checked_tempo(message["tempo_bpm"])
            end_song_tick = message["end_song_tick"]
            song = SongLine(message["song_tick"], message["ns"], tempo_bpm, end_song_tick)
        return cls(
            close=tuple((port, channel, pitch) for port, channel, pitch in message["close"]),
            start_tick=message["start_tick"],
            song=song,
            phrase=Decoded(tuple(z), tuple(tokens), tuple(steps)),
            last_id=message["last_id"],
            misses=message["misses"],
        )


class Mirror:
    """The player's ledger and timeline as main has been told of them. One thread at a time."""

    def __init__(self, first: Decoded, ports: int, channel: int, bars: int | None) -> None:
        """``first`` plays until a bar tells of another phrase, on ``ports`` outputs."""
        self._phrase, self._ports, self._bars = first, range(ports), bars
        # By number of change: that of the song that plays, and of those that may have begun.
        self._channels = {0: channel}
        self._sounding: dict[Key, None] = {}
        self._answers: list[Sequence[int]] = []  # steps that may have been adopted untold
        self._playing = False
        self._reached = 0  # the last tick that was told
        self._origin_tick = 0
        self._end_song_tick: int | None = None
        self._line: tuple[int, int, float] | None = None  # tick, perf_counter_ns, tempo
        self._last_id = self._misses = 0

    def hear(self, message: Message) -> None:
        """Take note of a message of the player."""
        kind = message["type"]
        if kind in {"note", "bar", "state", "end", "silence", "song"}:
            self._reached = max(self._reached, message["tick"])
        if "line" in message:
            tick, ns, tempo_bpm = message["line"]
            self._line = tick, ns, tempo_bpm
        match kind:
            case "note":
                key = message["port"], message["channel"], message["pitch"]
                if message["velocity"]:
                    self._sounding[key] = None
                else:
                    self._sounding.pop(key, None)
            case "request":
                self._last_id = message["id"]
            case "begin":
                self._playing = True
                self._origin_tick = message["tick"] - message["song_tick"]
                bar_tick = message["song_tick"] // TICKS_PER_BAR * TICKS_PER_BAR
                if self._bars is not None:
                    self._end_song_tick = bar_tick + self._bars * TICKS_PER_BAR
            case "song":
                begun = message["change"]
                later = {at: its for at, its in self._channels.items() if at > begun}
                self._channels = {begun: message["channel"], **later}
            case "end":
                self._playing = False
            case "bar":
                self._misses = message["misses"]
                steps = tuple(message["steps"])
                self._phrase = Decoded(tuple(message["z"]), tuple(message["tokens"]), steps)
                self._answers = self._answers[-1:]

    def changing(self, message: Message) -> None:
        """Another song went to the player, which may begin it before it tells."""
        change = message["controls"]["change"]
        self._channels[change] = message["mapping"]["channel"]

    def answered(self, message: Message) -> None:
        """The engine's answer went to the player."""
        self._answers.append(message["steps"])

    def lost(self) -> tuple[list[Message], Rejoin]:
        """The player is gone: the lines that end its play in the account, and how to go on."""
        song, lines = None, list[Message]()
        if self._playing:
            lines.append({"type": "end", "tick": self._reached, "step_tick": None})
            if self._line is not None:
                tick, ns, tempo_bpm = self._line
                song = SongLine(tick - self._origin_tick, ns, tempo_bpm, self._end_song_tick)
        for port, channel, pitch in self._sounding:
            where = {"tick": self._reached, "port": port, "channel": channel, "pitch": pitch}
            lines.append({"type": "note", **where, "velocity": 0})
        found = Rejoin(
            close=self._may_sound(),
            start_tick=bar_line_from(self._reached + 1),
            song=song,
            phrase=self._phrase,
            last_id=self._last_id,
            misses=self._misses,
        )
        self._playing = False
        self._sounding.clear()
        return lines, found

    def _may_sound(self) -> tuple[Key, ...]:
        steps = [self._phrase.steps, *self._answers]
        pitches = {step for row in steps for step in row if step >= 0}
        channels = sorted(set(self._channels.values()))
        untold = list(product(self._ports, channels, sorted(pitches)))
        return tuple(dict.fromkeys([*self._sounding, *untold]))
