"""A take played again: from what decided its notes, not from the notes. Pure but for the reading.

The account tells when each play began, which phrase was adopted where, where the swing turned,
where somebody pressed panic and where the machine stood still. The scheduler makes the notes of
that once more, each voice by itself; no engine is needed, and they must be those that were sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from pathlib import Path

from engine.wire import Message
from instrument.events import Decoded, Event, Wish
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping
from instrument.scheduler import Scheduler
from instrument.swaps import Change
from instrument.take import (
    FINISHED,
    TAKE_FORMAT,
    TakeError,
    account_of,
    midi_of,
    notes_of,
    read_lines,
    sung_by,
    unfinished,
)
from instrument.tempo import STRAIGHT, TICKS_PER_BAR
from instrument.voicing import Voicing

MAX_TICK = 1 << 26  # a night and a day at 400 bpm
# What a damaged account may hold, and what may come of it.
_NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Adopted:
    """At ``tick`` the phrase of ``wish`` was adopted: these ``tokens``."""

    tick: int
    wish: Wish
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Account:
    """A take read back. ``notes``: what was sent to the first output. ``decoders``: the sha256 of
    each checkpoint's, by name. ``firsts``: what each voice began with.
    """

    file: Path
    checkpoint: str
    decoders: dict[str, str]
    tempo_bpm: float
    bars: int
    adopted: tuple[Adopted, ...]
    notes: tuple[NoteEvent, ...]
    messages: tuple[Message, ...]
    firsts: tuple[Decoded, ...]
    mapping: Mapping

    def replay(self) -> list[NoteEvent]:
        """The notes that its account gives. Raises :class:`TakeError` if others were sent."""
        told = sung_by(self.messages)
        played = {voice: self._played(voice) for voice in range(1, len(self.firsts) + 1)}
        for voice in sorted({*played, *(voice for voice, _ in told)}):
            again = played.get(voice, [])
            sent = [note for its, note in told if its == voice]
            self._check(sent, again if self._finished else again[: len(sent)])
        # Between voices the order is that in which they were sent.
        rest = {voice: iter(notes) for voice, notes in played.items()}
        return [*(next(rest[voice]) for voice, _ in told), *merge(*rest.values(), key=_tick)]

    def _played(self, voice: int) -> list[NoteEvent]:
        """The notes that the account gives of ``voice``. Raises :class:`TakeError`."""
        try:
            replay = _Replay(self.firsts[voice - 1], self.mapping.each_voice, voice)
            return [e for e in replay.events(self.messages) if isinstance(e, NoteEvent)]
        except _NONSENSE as error:
            raise TakeError(f"{self.file} is not a whole take: {error!r}") from error

    def _check(self, sent: Sequence[NoteEvent], again: Sequence[NoteEvent]) -> None:
        """Raises :class:`TakeError` where they part."""
        if list(sent) != list(again):
            pairs = zip([*sent, None], [*again, None], strict=False)
            differing = next(pair for pair in pairs if pair[0] != pair[1])
            tick = min(note.tick for note in differing if note is not None)
            raise TakeError(f"{self.file}: from tick {tick} on its notes are not its phrases'")

    def midi(self) -> bytes:
        """The take's .mid, made again: the same bytes. Raises :class:`TakeError`."""
        notes = self.replay()
        try:
            return midi_of(notes, self.tempo_bpm, self.messages)
        except _NONSENSE as error:
            raise TakeError(f"{self.file} is not a whole take: {error!r}") from error

    @property
    def _finished(self) -> bool:
        """Whether nothing cut it off; else the notes may lag behind what decided them."""
        return self.messages[-1] == FINISHED


def _tick(note: NoteEvent) -> int:
    return note.tick


class _Replay:
    """The scheduler of a voice, told what the account tells of it."""

    def __init__(self, first: Decoded, mappings: Sequence[Mapping], voice: int) -> None:
        """``mappings`` of the voices that the first song has; others are silent in it."""
        self._phrase, self._voice = first, voice
        self._swing, self._voicing = STRAIGHT, Voicing()
        self._channel = mappings[min(voice, len(mappings)) - 1].channel
        self._sound_from = 0
        self._song_tick: int | None = None  # where the song begins that was told last
        self._core: Scheduler | None = None

    def events(self, messages: Sequence[Message]) -> Iterator[Event]:
        for message in messages:
            if message.get("voice", 1) != self._voice:
                continue
            if message["type"] == "begin":
                self._begin(message)
            elif message["type"] == "song":
                yield from self._change(message)
            elif self._core is not None:
                yield from self._go_on(self._core, message)
        if self._core is not None:  # cut off in the middle: as far as it was told, and closed there
            last = max(message["tick"] for message in messages if "tick" in message)
            yield from self._pop(self._core, last)
            yield from self._core.stop(last)

    def _begin(self, message: Message) -> None:
        song_tick, self._swing = message["song_tick"], message["percent"]
        self._voicing, self._sound_from = Voicing(**message["voicing"]), 0
        self._core = Scheduler(
            self._phrase,
            lambda _tick: Wish(self._phrase.z),
            channel=self._channel,
            swing_for=lambda _tick: self._swing,
            voicing_for=lambda _tick: self._voicing,
            start_tick=message["tick"] - song_tick % TICKS_PER_BAR,
        )
        self._core.swaps.frozen = True  # what is adopted, and where, the account says
        self._core.play(song_tick)

    def _change(self, message: Message) -> Iterator[Event]:
        """Another song: at a bar line of the play, or while nothing is played."""
        tick, self._channel = message["tick"], message["channel"]
        if self._core is not None:
            yield from self._up_to(self._core, tick)
        if afresh := message["phrase"] is not None:
            z, tokens, steps = message["phrase"]
            self._phrase = Decoded(tuple(z), tuple(tokens), tuple(steps))
        if self._core is not None:
            self._song_tick = tick
            self._core.change_at(Change(tick, self._channel, "bar", self._phrase, afresh))

    def _go_on(self, core: Scheduler, message: Message) -> Iterator[Event]:
        match message["type"]:
            case "take" if not message["request"]["late"]:
                tick = message["request"]["tick"]
                yield from self._up_to(core, tick)
                self._phrase = core.phrase = _decoded(message["request"])
                if tick == self._song_tick:  # what a voice that was not there before begins with
                    core.change_at(Change(tick, self._channel, "bar", self._phrase, afresh=True))
            case "swing":
                yield from self._up_to(core, message["tick"])
                self._swing = message["percent"]
            case "voiced":
                yield from self._up_to(core, message["tick"])
                self._voicing = Voicing(**message["voicing"])
            case "silence":
                yield from self._up_to(core, message["step_tick"])
                yield from self._pop(core, message["tick"] - 1)  # a note let go between two steps
                yield from core.silence(message["tick"])
            case "gap":
                yield from self._up_to(core, message["step_tick"])
                self._sound_from = message["until"]
            case "end":
                if message["step_tick"] is None:  # the player was lost: it had played to the tick
                    yield from self._pop(core, message["tick"])
                else:
                    yield from self._up_to(core, message["step_tick"])
                    yield from self._pop(core, message["tick"] - 1)
                yield from core.stop(message["tick"])
                self._core = None

    def _pop(self, core: Scheduler, tick: int) -> Sequence[Event]:
        return core.pop_due(tick, self._sound_from)

    def _up_to(self, core: Scheduler, step_tick: int) -> Iterator[Event]:
        """Play the steps before ``step_tick``."""
        while core.step_tick < step_tick and (due := core.next_due_tick) is not None:
            yield from self._pop(core, due)


def _decoded(request: Message) -> Decoded:
    return Decoded(tuple(request["z"]), tuple(request["tokens"]), tuple(request["steps"]))


def read_take(file: Path) -> Account:
    """The take of ``file``: its .mid, its .jsonl, or the .part of one that was cut off.

    Raises :class:`TakeError`, one sentence naming the file.
    """
    account = account_of(file)
    try:
        lines = read_lines(account)
        head, messages = lines[0], lines[1:]
        _check_ticks(messages)
        if head["type"] != "glisser-take" or head["format"] != TAKE_FORMAT:
            raise TakeError(f"{account} is no take of format {TAKE_FORMAT}")
        swaps = [m["request"] for m in messages if m["type"] == "take"]
        found = Account(
            file=account,
            checkpoint=head["checkpoint"],
            decoders=dict(head["decoders"]),
            tempo_bpm=head["tempo_bpm"],
            bars=len({m["tick"] // TICKS_PER_BAR for m in messages if m["type"] == "bar"}),
            adopted=tuple(_adopted(swap) for swap in swaps if not swap["late"]),
            notes=tuple(notes_of(messages)),
            messages=tuple(messages),
            firsts=tuple(_decoded(each) for each in (head["first"], *head.get("others", ()))),
            mapping=Mapping.from_message(head["mapping"]),
        )
    except FileNotFoundError as error:
        part = unfinished(file)
        hint = f"; one that was cut off is in {part}" if part.exists() else ""
        raise TakeError(f"{account} is not there{hint}") from error
    except OSError as error:
        raise TakeError(f"{account} cannot be read: {error.strerror}") from error
    except _NONSENSE as error:
        raise TakeError(f"{account} is not a whole take: {error!r}") from error
    if not found.bars:
        raise TakeError(f"{account} holds no bar")
    return found


def _check_ticks(messages: Sequence[Message]) -> None:
    """Raises ``ValueError`` for a tick that is none, or that no take lasts until."""
    for message in messages:
        for key in ("tick", "step_tick", "song_tick", "until"):
            tick = message.get(key)
            if tick is not None and not (type(tick) is int and 0 <= tick <= MAX_TICK):
                raise ValueError(f"{key} {tick!r} is no tick")


def _adopted(request: Message) -> Adopted:
    drawn = request["temperature"], request["seed"], request["checkpoint"]
    wish = Wish(tuple(request["z"]), *drawn)
    return Adopted(request["tick"], wish, tuple(request["tokens"]))


def differing(adopted: Sequence[Adopted], tokens: Sequence[Sequence[int]]) -> Adopted | None:
    """The first phrase whose ``tokens``, decoded again, are others."""
    pairs = zip(adopted, tokens, strict=True)
    return next((each for each, again in pairs if each.tokens != tuple(again)), None)
