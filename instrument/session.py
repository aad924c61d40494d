"""Where a performance stands, on the disk as it changes: ``glisser play --resume`` goes back to it.

Main process only. The file is either whole or the one before.
"""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Annotated, Any, Literal

from platformdirs import user_state_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.card import Card
from engine.files import write_atomically
from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded
from instrument.opening import PlayOptions
from instrument.settings import setting_of
from instrument.tempo import MAX_TEMPO_BPM, MIN_TEMPO_BPM, TICKS_PER_BAR

FORMAT = 2
MAX_BYTES = 1 << 16
EVERY_S = 0.2  # at most so often
# Of what was asked for, all but how long to play and where to write it down.
KEPT = tuple(field.name for field in fields(PlayOptions) if field.name not in {"bars", "take"})


class SessionError(Exception):
    """There is nothing to go back to; the message is one sentence naming the file."""


@dataclass(frozen=True, slots=True)
class Place:
    """What plays: ``song_tick``, the last bar line, or ``None`` while the song stands still.

    ``z`` and ``tokens`` of the phrase; empty before there was one.
    """

    song_tick: int | None = None
    z: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """What was asked for, every control, and the place in the song."""

    options: PlayOptions
    controls: ControlState
    place: Place = Place()


class Progress:
    """The place in the song, by what the player tells. One thread."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._origin_tick = 0

    def hear(self, message: Message) -> bool:
        """Whether ``message`` has moved the place."""
        before = self.place
        match message["type"]:
            case "begin":
                self._origin_tick = message["tick"] - message["song_tick"]
                self.place = replace(before, song_tick=_bar_line(message["song_tick"]))
            case "end":
                self.place = replace(before, song_tick=None)
            case "bar":
                song_tick = before.song_tick
                if song_tick is not None:  # while it stands the next phrase is told, too
                    song_tick = _bar_line(message["tick"] - self._origin_tick)
                self.place = Place(song_tick, tuple(message["z"]), tuple(message["tokens"]))
        return self.place != before


def _bar_line(song_tick: int) -> int:
    return song_tick // TICKS_PER_BAR * TICKS_PER_BAR


def first_phrase(card: Card, dimensions: int, resumed: Place | None) -> Decoded:
    """What plays until the engine answers: the card's phrase of z = 0, or what played before."""
    tokens, z = card.start_tokens, (0.0,) * dimensions
    place = resumed or Place()
    fits = len(place.z) == dimensions and len(place.tokens) == len(tokens)
    if fits and max(place.tokens) < card.model.tokens:  # or else they are another checkpoint's
        tokens, z = place.tokens, place.z
    return Decoded(z, tokens, card.spelled().steps(tokens))


def resumed_options(session: Session, options: PlayOptions, typed: Collection[str]) -> PlayOptions:
    """The options of ``session``, but for the fields that were ``typed`` again."""
    again = {name: getattr(options, name) for name in typed}
    return replace(session.options, **{"tempo_bpm": session.controls.tempo_bpm, **again})


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Serial = Annotated[int, Field(ge=0)]
_Tempo = Annotated[float, Field(ge=MIN_TEMPO_BPM, le=MAX_TEMPO_BPM)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Options(_Strict):
    patch: str
    checkpoint: str
    out: list[str]
    clock_out: list[str]
    clock: Literal["internal", "midi", "link"]
    inputs: list[str]
    midi_api: str
    osc_host: str
    osc_port: Annotated[int, Field(ge=0, le=65535)]
    tempo_bpm: _Tempo
    oscquery: tuple[str, Annotated[int, Field(ge=0, le=65535)]] | None

    def options(self) -> PlayOptions:
        told: dict[str, Any] = self.model_dump()
        ports = {name: tuple(told[name]) for name in ("out", "clock_out", "inputs")}
        return PlayOptions(**{**told, **ports})


def _known(written: tuple[str, float, int]) -> tuple[str, float, int]:
    """Raises ``ValueError`` for a control that there is not, or a value that it cannot have."""
    key, value, _ = written
    kind, _, number = key.partition("/")
    setting = setting_of(key)
    low, high = (0.0, 1.0) if setting is None else (setting.low, setting.high)
    if setting is None and not (kind in {"knob", "z"} and number.isdecimal()):
        raise ValueError("no control")
    if kind != "z" and not low <= value <= high:
        raise ValueError("out of range")
    return written


class _Controls(_Strict):
    values: list[Annotated[tuple[str, _Finite, _Serial], AfterValidator(_known)]]
    base: list[_Finite]
    serial: _Serial


class _Place(_Strict):
    song_tick: _Serial | None
    z: list[_Finite]
    tokens: list[_Serial]


class _File(_Strict):
    format: Literal[2]
    options: _Options
    controls: _Controls
    place: _Place


def session_file() -> Path:
    """Where it is kept: one for each user."""
    return user_state_path("glisser", appauthor=False) / "session.json"


def session_bytes(session: Session) -> bytes:
    """The file, of readable JSON."""
    options = {name: value for name, value in asdict(session.options).items() if name in KEPT}
    controls, place = session.controls.to_message(), asdict(session.place)
    del controls["morph"]  # its ticks are those of a clock that is gone: it has arrived
    del controls["change"]  # the next performance counts its own
    told = {"format": FORMAT, "options": options, "controls": controls, "place": place}
    return json.dumps(told, indent=1).encode()


def read_session(file: Path) -> Session:
    """What ``file`` holds. Raises :class:`SessionError`."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SessionError(f"{file} is over {MAX_BYTES} bytes and is no session")
        found = _File.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        raise SessionError(f"there is no performance to resume: {file} is not there") from error
    except OSError as error:
        raise SessionError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "JSON"
        raise SessionError(f"{file} is damaged at {where}; play without --resume") from error
    controls = ControlState.from_message({**found.controls.model_dump(), "morph": None})
    place = Place(found.place.song_tick, tuple(found.place.z), tuple(found.place.tokens))
    return Session(found.options.options(), controls, place)


class Keeper:
    """Writes the newest session to ``file``, on a thread of its own; a fault is told once."""

    def __init__(
        self, file: Path, fault: Callable[[str], None], pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._file, self._fault, self._pause = file, fault, pause
        self._newest: Session | None = None
        self._lock = Lock()
        self._changed, self._closing = Event(), Event()
        self._failed = False
        self._thread = Thread(target=self._write_on, name="session", daemon=True)
        self._thread.start()

    def keep(self, session: Session) -> None:
        """Remember that it stands there now; returns at once. Any thread."""
        with self._lock:
            if not self._closing.is_set():
                self._newest = session
        self._changed.set()

    def close(self) -> None:
        """Write what is still to be written; what happens from now on is the end, and not kept."""
        self._closing.set()
        self._changed.set()
        self._thread.join(timeout=1.0)

    def _write_on(self) -> None:
        while not self._closing.is_set():
            self._changed.wait()
            self._changed.clear()
            self._write()
            if not self._closing.is_set():
                self._pause(EVERY_S)
        self._write()

    def _write(self) -> None:
        with self._lock:
            session, self._newest = self._newest, None
        if session is None:
            return
        try:
            write_atomically(self._file, session_bytes(session))
        except OSError as error:
            if not self._failed:
                self._failed = True
                self._fault(f"{self._file} cannot be written: {error.strerror}")
