"""The record of a performance: what was asked of the engine, what it answered, what was sent.

A take is two files: ``NAME.mid``, for any sequencer, and ``NAME.jsonl`` beside it, one JSON object
a line: first what was played with, then the player's own account in order. From the second,
``glisser render --from NAME.mid`` plays the take again. Main process only.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.files import check_folder, write_atomically
from engine.wire import Message
from instrument.events import Z
from instrument.ledger import NoteEvent
from instrument.mapping import Mapping
from instrument.midifile import TempoChange, midi_bytes, write_midi
from instrument.tempo import TICKS_PER_BAR

TAKE_FORMAT = 1
RECORDED = frozenset({"state", "bar", "take", "note", "swing"})


class TakeError(Exception):
    """A take cannot be written or read; the message is one sentence naming the file."""


def account_of(file: Path) -> Path:
    """The .jsonl that belongs to a take's .mid."""
    return file.with_suffix(".jsonl")


def check_writable(file: Path) -> None:
    """Refuse a path before anything sounds: a wrong suffix, no folder, no permission.

    Raises :class:`TakeError`.
    """
    if file.suffix.lower() not in {".mid", ".midi"}:
        raise TakeError(f"{file}: a take ends in .mid")
    try:
        check_folder(file)
    except OSError as error:
        raise TakeError(f"{file} cannot be written: {error.strerror}") from error


@dataclass
class Take:
    """What the player told, as it came. One thread adds to it."""

    checkpoint: str
    decoder_sha256: str
    mapping: Mapping
    tempo_bpm: float
    account: list[Message] = field(default_factory=list)

    def add(self, message: Message) -> None:
        """Keep the messages that a take is made of; others are passed over."""
        if message["type"] in RECORDED:
            self.account.append(message)

    @property
    def notes(self) -> list[NoteEvent]:
        return [
            NoteEvent(m["tick"], m["port"], m["channel"], m["pitch"], m["velocity"])
            for m in self.account
            if m["type"] == "note"
        ]

    @property
    def onsets(self) -> int:
        """Notes struck on the first output; several outputs play the same line."""
        return sum(note.velocity > 0 and note.port == 0 for note in self.notes)

    @property
    def bars(self) -> int:
        return len({m["tick"] // TICKS_PER_BAR for m in self.account if m["type"] == "bar"})

    def write(self, file: Path) -> None:
        """Both files, each whole or not at all. Raises :class:`TakeError`."""
        notes = [note for note in self.notes if note.port == 0]
        last = max((m["tick"] for m in self.account if m["type"] in {"note", "state"}), default=0)
        head = {
            "type": "glisser-take",
            "format": TAKE_FORMAT,
            "checkpoint": self.checkpoint,
            "decoder_sha256": self.decoder_sha256,
            "tempo_bpm": self.tempo_bpm,
            "mapping": self.mapping.to_message(),
        }
        lines = [json.dumps(line, separators=(",", ":")) for line in (head, *self.account)]
        data = midi_bytes(notes, self._tempos(), last, name="Glisser")
        try:
            write_atomically(account_of(file), ("\n".join(lines) + "\n").encode())
            write_midi(file, data)
        except OSError as error:
            raise TakeError(f"{file} cannot be written: {error.strerror}") from error

    def _tempos(self) -> list[TempoChange]:
        return tempo_changes(self.tempo_bpm, self.account)


def tempo_changes(start_bpm: float, account: Iterable[Message]) -> list[TempoChange]:
    """The tempo at tick 0 and every change of it after."""
    changes = [(0, start_bpm)]
    for message in account:
        if message["type"] == "state" and message["tempo_bpm"] != changes[-1][1]:
            changes.append((message["tick"], message["tempo_bpm"]))
    return changes


@dataclass(frozen=True)
class TakeAccount:
    """A take read back: enough to play it again.

    ``adopted``: (tick, z) of every phrase that began to sound, in order; ``swings``: (tick, per
    cent) likewise. ``bars``: how many.
    """

    checkpoint: str
    mapping: Mapping
    tempos: list[TempoChange]
    adopted: list[tuple[int, Z]]
    swings: list[tuple[int, float]]
    bars: int


def read_take(file: Path) -> TakeAccount:
    """The account beside ``file`` (.mid or .jsonl). Raises :class:`TakeError`.

    A take with more than one start, or begun inside a song, is refused for now: it says so.
    """
    account = account_of(file)
    try:
        lines = [json.loads(line) for line in account.read_text(encoding="utf-8").splitlines()]
        head, messages = lines[0], lines[1:]
        if head["type"] != "glisser-take" or head["format"] != TAKE_FORMAT:
            raise TakeError(f"{account} is no take of format {TAKE_FORMAT}")
        bars = [m for m in messages if m["type"] == "bar"]
        swings = [m for m in messages if m["type"] == "swing"]
        mapping = Mapping.from_message(head["mapping"])
        found = TakeAccount(
            checkpoint=head["checkpoint"],
            mapping=mapping,
            tempos=tempo_changes(head["tempo_bpm"], messages),
            adopted=[(m["tick"], tuple(m["z"])) for m in bars],
            swings=[(0, mapping.swing), *((m["tick"], m["percent"]) for m in swings)],
            bars=len({m["tick"] // TICKS_PER_BAR for m in bars}),
        )
    except OSError as error:
        raise TakeError(f"{account} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise TakeError(f"{account} is not a whole take: {error!r}") from error
    if not found.adopted:
        raise TakeError(f"{account} holds no bar")
    if bars[0]["bar"] != 1 or found.adopted[0][0] % TICKS_PER_BAR:
        raise TakeError(f"{account} begins inside a song; only takes from bar 1 can be rendered")
    if _starts(messages) > 1:
        raise TakeError(
            f"{account} has more than one start; only takes of one start can be rendered"
        )
    return found


def _starts(messages: Iterable[dict[str, Any]]) -> int:
    starts, playing = 0, False
    for message in messages:
        if message["type"] == "state":
            starts += message["playing"] and not playing
            playing = message["playing"]
    return starts
