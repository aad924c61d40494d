"""A patch file -> a checked :class:`Mapping`. Main process only (pydantic).

Whatever is wrong with a file is told in one sentence: file, line, key, what is allowed.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from engine.card import CARD_FILE, CheckpointError, find_checkpoint
from instrument.mapping import DIMENSIONS, Mapping
from instrument.patch_faults import fault_of, sentence
from instrument.patch_file import KeyPath, PatchFaultError, PatchFile


class PatchError(Exception):
    """A patch cannot be had; the message is one sentence for the performer."""


@dataclass(frozen=True)
class Patch:
    """``mapping``: what the controls do. ``ports``: the rig's own names -> parts of port names."""

    mapping: Mapping
    ports: dict[str, str]


@dataclass(frozen=True)
class Draft:
    """A patch file that was read; what it means depends on the dimensions of its checkpoint.

    ``shown`` is what a sentence calls it; ``folder`` is where it lies, ``None`` for one that comes
    with Glisser.
    """

    shown: str
    text: str
    file: PatchFile
    folder: Path | None = None

    def checkpoint(self) -> str | None:
        """The checkpoint that it names, if it does: by name, or by a path that holds anywhere.

        Raises :class:`PatchError` if there is none.
        """
        return self._found(self.file.checkpoint, ("checkpoint",))

    def checkpoints_of_others(self) -> list[str | None]:
        """As :meth:`checkpoint`, of each voice from 2 on. Raises :class:`PatchError`."""
        return [
            self._found(voice.checkpoint, ("voices", str(number), "checkpoint"))
            for number, voice in self.file.other_voices()
        ]

    def _found(self, named: str | None, where: KeyPath) -> str | None:
        if named is None:
            return None
        beside = (self.folder or Path()) / named
        is_path = "/" in named or "\\" in named
        try:
            if self.folder is not None and (beside / CARD_FILE).is_file():
                return str(beside.resolve())
            find_checkpoint(beside if is_path else named)
        except (CheckpointError, OSError, ValueError) as error:
            fault = f"is {named!r}: {error}"
            raise PatchError(sentence(self.shown, self.text, where, fault)) from error
        return str(beside.resolve()) if is_path else named

    def patch(self, dimensions: int, *others: int) -> Patch:
        """What it means for so many ``dimensions``; ``others``: those of voice 2 and so on, where
        they are not the same. Raises :class:`PatchError`.
        """
        try:
            return Patch(self.file.mapping(dimensions, *others), self.file.ports)
        except PatchFaultError as error:
            raise PatchError(sentence(self.shown, self.text, error.where, str(error))) from error


def load_patch(name_or_path: str, dimensions: int = DIMENSIONS) -> Mapping:
    """The mapping of :func:`read_patch`. Raises :class:`PatchError`."""
    return read_patch(name_or_path, dimensions).mapping


def read_patch(name_or_path: str, dimensions: int = DIMENSIONS) -> Patch:
    """A patch: a name in ``patches/`` such as ``default``, or a path to a TOML file.

    ``dimensions`` is the checkpoint's d. A knob that asks for a calibration has none yet: see
    :meth:`Mapping.calibrated_by`. Raises :class:`PatchError`.
    """
    return read_draft(name_or_path).patch(dimensions)


def read_draft(name_or_path: str) -> Draft:
    """A patch that waits for the dimensions of its checkpoint. Raises :class:`PatchError`."""
    shown, text = patch_text(name_or_path)
    folder = Path(name_or_path).parent if _is_path(name_or_path) else None
    return Draft(shown, text, _file(shown, text), folder)


def check_text(shown: str, text: str, dimensions: int = DIMENSIONS) -> Patch:
    """The patch that ``text`` is; ``shown`` is what a sentence calls it.

    Raises :class:`PatchError`.
    """
    return Draft(shown, text, _file(shown, text)).patch(dimensions)


def _file(shown: str, text: str) -> PatchFile:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PatchError(f"{shown} is not TOML: {error}.") from error
    try:
        return PatchFile.model_validate(table)
    except ValidationError as error:
        raise PatchError(sentence(shown, text, *fault_of(error))) from error


def _is_path(name_or_path: str) -> bool:
    return "/" in name_or_path or "\\" in name_or_path or name_or_path.endswith(".toml")


def patch_names() -> list[str]:
    """The names of the patches that come with Glisser."""
    return sorted(Path(file.name).stem for file in _shipped() if file.name.endswith(".toml"))


def shipped_set(name: str) -> dict[str, str]:
    """The patches of a set that comes with Glisser: their text by file name."""
    (folder,) = (each for each in _shipped() if each.name == name)
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }


def _shipped() -> Iterator[Traversable]:
    # A wheel carries patches/ inside this package; the repository keeps it at its top.
    package = resources.files("instrument")
    inside = package / "patches"
    folder = inside if inside.is_dir() else Path(__file__).parent.parent / "patches"
    return folder.iterdir() if folder.is_dir() else iter(())


def patch_text(name_or_path: str) -> tuple[str, str]:
    """What to call a patch, and its text. Raises :class:`PatchError`."""
    is_path = _is_path(name_or_path)
    path: Traversable = Path(name_or_path)
    if not is_path:
        found = [file for file in _shipped() if file.name == f"{name_or_path}.toml"]
        if not found:
            raise PatchError(
                f"no patch is named {name_or_path!r}; there are {', '.join(patch_names())}, "
                "or give the path of a .toml file."
            )
        path = found[0]
    shown = name_or_path if is_path else f"patches/{path.name}"
    try:
        return shown, path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PatchError(f"patch {shown} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PatchError(f"{shown} is not TOML: it is not UTF-8 text.") from error
