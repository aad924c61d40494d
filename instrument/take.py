"""The record of a performance, on the disk as it is played. Main process only.

A take is two files: ``NAME.mid``, for any sequencer, and ``NAME.jsonl`` beside it, one JSON object
a line: first what was played with, then the player's own account in order. While it plays the
account is ``NAME.jsonl.part``; whatever ends the performance, that much is there.
:mod:`instrument.replay` plays it again.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.files import check_folder, write_atomically
from engine.wire import Message
from instrument.events import Decoded
from instrument.ledger import NoteEvent
from instrument.midifile import TempoChange, midi_bytes
from instrument.tempo import TICKS_PER_BAR

TAKE_FORMAT = 4
RECORDED = frozenset(
    {"state", "bar", "take", "note", "swing", "voiced", "begin", "end", "silence", "gap"}
    | {"song", "engine"}
)
FINISHED: Message = {"type": "finished"}  # the last line of an account that nothing cut off


class TakeError(Exception):
    """A take cannot be written or read; the message is one sentence naming the file."""


def account_of(file: Path) -> Path:
    """The account of a take, by whichever of its files it is called."""
    return file if file.suffix in {".jsonl", ".part"} else file.with_suffix(".jsonl")


def unfinished(file: Path) -> Path:
    """Where the account of a take ``file`` (.mid) is while it plays."""
    return file.with_suffix(".jsonl.part")


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


def opening(
    *,
    checkpoint: str,
    decoders: Mapping[str, str],
    firsts: Sequence[Decoded],
    mapping: Message,
    tempo_bpm: float,
    played_with: Mapping[str, Any],
) -> Message:
    """The first line: all that decides about the notes before the first event, and on what it was
    played. ``firsts`` of each voice; ``mapping`` as a message; ``decoders``: the sha256 of each
    checkpoint's by its name.
    """
    first, *others = ({"z": f.z, "tokens": f.tokens, "steps": f.steps} for f in firsts)
    return {
        "type": "glisser-take",
        "format": TAKE_FORMAT,
        "checkpoint": checkpoint,
        "decoders": dict(decoders),
        "first": first,
        "others": others,
        "tempo_bpm": tempo_bpm,
        "mapping": mapping,
        "glisser": version("glisser"),
        "python": sys.version.split()[0],
        "platform": sys.platform,
        **played_with,
    }


class Take:
    """A take that is being played. One thread."""

    def __init__(self, file: Path, head: Message) -> None:
        """Begin ``file`` (.mid). A take that was cut off under this name is put aside, not lost.

        Raises :class:`TakeError`.
        """
        self.file = file
        self.onsets = self.bars = 0
        self.put_aside: Path | None = None  # where the one that was cut off is now
        self.whole = True  # until the disk is full
        self._part = unfinished(file)
        self._last_bar = -1
        try:
            self._put_aside()
            self._stream = open(self._part, "wb", buffering=0)  # noqa: SIM115 - open until the end
            self._write(head)
        except OSError as error:
            raise TakeError(f"{self._part} cannot be written: {error.strerror}") from error

    def add(self, message: Message) -> None:
        """Write down what a take is made of; the rest is passed over.

        Raises :class:`TakeError` when the disk will not have it, once; what is there stays.
        """
        if message["type"] not in RECORDED or self._stream.closed:
            return
        try:
            self._write(message)
        except OSError as error:
            self._stream.close()
            self.whole = False
            raise TakeError(f"{self._part} ends here: {error.strerror}") from error
        if message["type"] == "note":  # several outputs play the same line
            self.onsets += message["velocity"] > 0 and message["port"] == 0
        elif message["type"] == "bar" and message["tick"] // TICKS_PER_BAR != self._last_bar:
            self._last_bar = message["tick"] // TICKS_PER_BAR
            self.bars += 1

    def finish(self) -> None:
        """Both files, each whole. Raises :class:`TakeError`; then the unfinished account stays."""
        try:
            if not self._stream.closed:
                self._write(FINISHED)
                os.fsync(self._stream.fileno())
                self._stream.close()
            head, *messages = read_lines(self._part)
            write_atomically(self.file, midi_of(notes_of(messages), head["tempo_bpm"], messages))
            os.replace(self._part, account_of(self.file))
        except OSError as error:
            raise TakeError(
                f"{self.file} cannot be written: {error.strerror}; the take is in {self._part}"
            ) from error

    def _write(self, message: Message) -> None:
        """One whole line, or none."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        begin, written = self._stream.tell(), 0
        try:
            while written < len(line):
                written += self._stream.write(line[written:]) or 0
        except OSError:
            self._stream.truncate(begin)
            raise

    def _put_aside(self) -> None:
        if not self._part.exists():
            return
        number = 1
        while (aside := self.file.with_name(f"{self.file.stem}-cut-off-{number}.jsonl")).exists():
            number += 1
        os.replace(self._part, aside)
        self.put_aside = aside


def read_lines(account: Path) -> list[Message]:
    """The lines of an account; one that was cut off at the end is left out.

    Raises ``OSError``, and ``ValueError`` for a line that is no JSON object with a type.
    """
    *whole, _cut_off = account.read_bytes().split(b"\n")
    messages = [json.loads(line) for line in whole]
    if not all(isinstance(each, dict) and isinstance(each.get("type"), str) for each in messages):
        raise ValueError("a line is not an object with a type")
    return messages


def notes_of(messages: Iterable[Message]) -> list[NoteEvent]:
    """What was sent to the first output, in order."""
    return [note for _, note in sung_by(messages)]


def sung_by(messages: Iterable[Message]) -> list[tuple[int, NoteEvent]]:
    """What was sent to the first output, in order, with the voice of each."""
    return [
        (
            m.get("voice", 1),
            NoteEvent(m["tick"], m["port"], m["channel"], m["pitch"], m["velocity"]),
        )
        for m in messages
        if m["type"] == "note" and m["port"] == 0
    ]


def midi_of(notes: Sequence[NoteEvent], start_bpm: float, messages: Sequence[Message]) -> bytes:
    """The .mid of a take: ``notes``, with the tempos that ``messages`` tell of."""
    ends = [message["tick"] for message in messages if message["type"] in {"note", "state", "end"}]
    last = max([*ends, *(note.tick for note in notes)], default=0)
    return midi_bytes(notes, tempo_changes(start_bpm, messages), last, name="Glisser")


def tempo_changes(start_bpm: float, messages: Iterable[Message]) -> list[TempoChange]:
    """The tempo at tick 0 and every change of it after."""
    changes = [(0, start_bpm)]
    for message in messages:
        if message["type"] == "state" and message["tempo_bpm"] != changes[-1][1]:
            changes.append((message["tick"], message["tempo_bpm"]))
    return changes
