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

from engine.files import write_atomically
from engine.wire import Message
from instrument.actions import set_tempo
from instrument.controls import ControlState, after
from instrument.events import Decoded
from instrument.opening import PlayOptions
from instrument.settings import MAX_VOICES, setting_of, voice_of
from instrument.song import Song
from instrument.tempo import DEFAULT_TEMPO_BPM, MAX_TEMPO_BPM, MIN_TEMPO_BPM, TICKS_PER_BAR

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

    ``z`` and ``tokens`` of the phrase, and the ``checkpoint`` that they are of; empty before there
    was one.
    """

    song_tick: int | None = None
    z: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What was asked for, every control, the place in the song, and which song, by name."""

    options: PlayOptions
    controls: ControlState
    place: Place = Place()
    song: str = ""


class Progress:
    """The place in the song, by what the player tells. One thread."""

    def __init__(self, place: Place, checkpoint: str) -> None:
        """The first phrase is of ``checkpoint``."""
        self.place = place
        self._checkpoint = checkpoint
        self._origin_tick = 0

    def hear(self, message: Message) -> bool:
        """Whether ``message`` has moved the place."""
        before = self.place
        if "voice" in message:  # what the others play is decoded again
            return False
        match message["type"]:
            case "begin":
                self._origin_tick = message["tick"] - message["song_tick"]
                self.place = replace(before, song_tick=_bar_line(message["song_tick"]))
            case "end":
                self.place = replace(before, song_tick=None)
            case "song" if message["phrase"] is not None:  # it begins with its own first phrase
                self._checkpoint = message["checkpoint"]
            case "take" if not message["request"]["late"]:
                self._checkpoint = message["request"]["checkpoint"]
            case "bar":
                song_tick = before.song_tick
                if song_tick is not None:  # while it stands the next phrase is told, too
                    song_tick = _bar_line(message["tick"] - self._origin_tick)
                z, tokens = tuple(message["z"]), tuple(message["tokens"])
                self.place = Place(song_tick, z, tokens, self._checkpoint)
        return self.place != before


def _bar_line(song_tick: int) -> int:
    return song_tick // TICKS_PER_BAR * TICKS_PER_BAR


def first_phrase(song: Song, resumed: Place | None) -> Decoded:
    """What plays until the engine answers: the card's phrase of z = 0, or what played before."""
    first, place, card = song.first, resumed or Place(), song.card
    fits = len(place.z) == len(first.z) and len(place.tokens) == len(first.tokens)
    if not fits or max(place.tokens) >= card.model.tokens:  # they are another checkpoint's
        return first
    if place.checkpoint not in {"", song.checkpoint}:
        return first
    return Decoded(place.z, place.tokens, card.spelled().steps(place.tokens))


def start_of(song: Song, options: PlayOptions, resumed: Session | None) -> ControlState:
    """Where the controls stand before the first note; a tempo that was typed wins."""
    start = song.start(DEFAULT_TEMPO_BPM) if resumed is None else resumed.controls
    tempo_bpm = start.tempo_bpm if options.tempo_bpm is None else options.tempo_bpm
    return after(start, [set_tempo(tempo_bpm)])


def resumed_options(session: Session, options: PlayOptions, typed: Collection[str]) -> PlayOptions:
    """The options of ``session``, but for the fields that were ``typed`` again."""
    again = {name: getattr(options, name) for name in typed}
    if "patch" in again:  # either a patch or a set
        again["set_folder"] = None
    return replace(session.options, **{"tempo_bpm": session.controls.tempo_bpm, **again})


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Serial = Annotated[int, Field(ge=0)]
_Port = Annotated[int, Field(ge=0, le=65535)]
_Tempo = Annotated[float, Field(ge=MIN_TEMPO_BPM, le=MAX_TEMPO_BPM)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Options(_Strict):
    patch: str
    set_folder: str | None = None
    checkpoint: str | None
    out: list[str]
    clock_out: list[str]
    clock: Literal["internal", "midi", "link"]
    inputs: list[str]
    midi_api: str
    osc_host: str
    osc_port: _Port
    tempo_bpm: _Tempo | None
    oscquery: tuple[str, _Port] | None
    stage: tuple[str, _Port, _Port] | None = None  # sessions of older versions have none
    synth: str | None = None  # nor this

    def options(self) -> PlayOptions:
        told: dict[str, Any] = self.model_dump()
        ports = {name: tuple(told[name]) for name in ("out", "clock_out", "inputs")}
        return PlayOptions(**{**told, **ports})


def _known(written: tuple[str, float, int]) -> tuple[str, float, int]:
    """Raises ``ValueError`` for a control that there is not, or a value that it cannot have."""
    key, value, _ = written
    kind, _, number = voice_of(key)[1].partition("/")
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
    bases: list[tuple[Annotated[int, Field(ge=2, le=MAX_VOICES)], list[_Finite]]] = []


class _Place(_Strict):
    song_tick: _Serial | None
    z: list[_Finite]
    tokens: list[_Serial]
    checkpoint: str = ""


class _File(_Strict):
    format: Literal[2]
    options: _Options
    controls: _Controls
    place: _Place
    song: str = ""


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
    return json.dumps({**told, "song": session.song}, indent=1).encode()


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
    at = found.place
    place = Place(at.song_tick, tuple(at.z), tuple(at.tokens), at.checkpoint)
    return Session(found.options.options(), controls, place, found.song)


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
