"""Snapshots on the disk: where the controls stood, one small file each. Main process only.

Nothing that comes from the network is a path: a name has letters, digits, spaces, _ and -.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.files import write_atomically
from instrument.settings import MAX_VOICES

SNAPSHOT_NAME = r"^[A-Za-z0-9]([A-Za-z0-9 _-]{0,62}[A-Za-z0-9_-])?$"
MAX_SNAPSHOTS = 999
MAX_BYTES = 1 << 15

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class SnapshotError(Exception):
    """A snapshot cannot be written or read; the message is one sentence naming it."""


class Spot(NamedTuple):
    """Where a voice stands: the point ``z``, and the point that its knobs vary."""

    z: tuple[float, ...]
    base: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a snapshot holds: the point ``z``, the point that knobs vary, settings by key.

    ``others`` are the voices from 2 on, as many as there were.
    """

    z: tuple[float, ...]
    base: tuple[float, ...]
    settings: dict[str, float]
    others: tuple[Spot, ...] = ()

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Each voice."""
        return (Spot(self.z, self.base), *self.others)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Spot(_Strict):
    z: list[_Finite]
    base: list[_Finite]


class _File(_Spot):
    """Format 1 has voice 1 only; format 2 has those from 2 on in ``voices``."""

    format: Literal[1, 2] = 2
    settings: dict[str, _Finite]
    voices: list[_Spot] = Field(default=[], max_length=MAX_VOICES - 1)


def snapshot_folder() -> Path:
    """Where they are kept: one folder for each user."""
    return user_data_path("glisser", appauthor=False) / "snapshots"


class Snapshots:
    """Those of one folder, which is made when the first is saved. Any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, tuple[int, Kept]] = {}  # by name: when the file was written, and it

    def names(self) -> list[str]:
        """What there is to recall."""
        files = self._folder.glob("*.json") if self._folder.is_dir() else ()
        return sorted(file.stem for file in files if re.fullmatch(SNAPSHOT_NAME, file.stem))

    def save(self, name: str, kept: Kept) -> None:
        """Write it, over the one of that name. Raises :class:`SnapshotError`."""
        file = self._file(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not file.exists() and len(self.names()) >= MAX_SNAPSHOTS:
                raise SnapshotError(f"{self._folder} holds {MAX_SNAPSHOTS} snapshots; that is all")
            voices = [_Spot(z=list(spot.z), base=list(spot.base)) for spot in kept.others]
            own = {"z": list(kept.z), "base": list(kept.base), "settings": kept.settings}
            told = _File.model_validate({**own, "voices": voices})
            write_atomically(file, told.model_dump_json(indent=1).encode())
        except OSError as error:
            raise SnapshotError(f"{file} cannot be written: {error.strerror}") from error

    def load(self, name: str, dimensions: int, *others: int) -> Kept:
        """The newest of that name, for so many dimensions of each voice.

        Voices that are not asked for are left out. Raises :class:`SnapshotError`.
        """
        kept = self._load(name)
        for voice, (spot, wanted) in enumerate(
            zip(kept.spots, (dimensions, *others), strict=False), start=1
        ):
            if len(spot.z) != wanted or len(spot.base) not in {0, len(spot.z)}:
                whose = "" if voice == 1 else f" for voice {voice}"
                raise SnapshotError(
                    f"snapshot {name!r} has {len(spot.z)} coordinates{whose}; "
                    f"this checkpoint has {wanted}"
                )
        return replace(kept, others=kept.others[: len(others)])

    def _load(self, name: str) -> Kept:
        file = self._file(name)
        try:
            status = file.stat()
            if status.st_size > MAX_BYTES:
                raise SnapshotError(f"{file} is over {MAX_BYTES} bytes and is no snapshot")
            written, kept = self._read.get(name, (None, None))
            if kept is not None and written == status.st_mtime_ns:
                return kept
            found = _File.model_validate_json(file.read_bytes())
        except FileNotFoundError as error:
            there = ", ".join(self.names()[:20]) or "none yet"
            raise SnapshotError(f"there is no snapshot {name!r}; there are: {there}") from error
        except OSError as error:
            raise SnapshotError(f"{file} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "JSON"
            raise SnapshotError(f"{file} is damaged at {where}") from error
        others = tuple(Spot(tuple(spot.z), tuple(spot.base)) for spot in found.voices)
        kept = Kept(tuple(found.z), tuple(found.base), found.settings, others)
        self._read[name] = status.st_mtime_ns, kept
        return kept

    def _file(self, name: str) -> Path:
        if not re.fullmatch(SNAPSHOT_NAME, name):
            raise SnapshotError(
                f"{name[:80]!r} names no snapshot; letters, digits, spaces, _ and - are allowed"
            )
        return self._folder / f"{name}.json"
