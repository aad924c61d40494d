"""Songs from the disk: a folder that is a set, or one patch. All is checked before anything sounds.

Main process only.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.card import Card, CheckpointError, check_checkpoint, find_checkpoint
from instrument.mapping import Mapping
from instrument.opening import PlayOptions
from instrument.patch import Draft, read_draft
from instrument.snapshots import SnapshotError, Snapshots, snapshot_folder
from instrument.song import Song, Source
from instrument.true_knobs import curves_of

DEFAULT_CHECKPOINT = "stage"
SNAPSHOTS = "snapshots"  # the folder of a set's own
MAX_SONGS = 128


class SetError(Exception):
    """A set cannot be played; the message is one sentence naming the file."""


@dataclass(frozen=True)
class Repository:
    """``songs``, at least one, in order, and the folder of the ``snapshots`` that they recall."""

    songs: tuple[Song, ...]
    snapshots: Path


@dataclass
class _Checkpoints:
    """Each is checked once, however many songs name it."""

    _cards: dict[str, tuple[Path, Card]] = field(default_factory=dict)

    def card(self, name: str) -> tuple[Path, Card]:
        """Raises ``CheckpointError``."""
        if name not in self._cards:
            folder = find_checkpoint(name)
            self._cards[name] = folder, check_checkpoint(folder)
        return self._cards[name]


def songs_of(asked: PlayOptions) -> Repository:
    """What is to be played. Raises :class:`SetError`, ``PatchError`` and ``CheckpointError``."""
    if asked.set_folder is None:
        return read_patch_song(asked.patch, asked.checkpoint)
    return read_set(Path(asked.set_folder), asked.checkpoint)


def read_patch_song(patch: str, checkpoint: str | None) -> Repository:
    """The one song of ``--patch``; ``checkpoint`` as typed wins over what the patch names.

    Raises ``PatchError`` and ``CheckpointError``.
    """
    draft = read_draft(patch)
    name = checkpoint or draft.checkpoint() or DEFAULT_CHECKPOINT
    song = _song(1, Path(patch).stem, draft, name, _Checkpoints())
    return Repository((song,), snapshot_folder())


def read_set(folder: Path, checkpoint: str | None) -> Repository:
    """Every patch of ``folder``, in order of name; ``checkpoint`` is for those that name none.

    Raises :class:`SetError`, or the ``PatchError`` of a patch, each naming the file.
    """
    files = _patches_of(folder)
    checkpoints, kept = _Checkpoints(), Snapshots(folder / SNAPSHOTS)
    there = kept.names()
    songs = []
    for number, file in enumerate(files, start=1):
        draft = read_draft(str(file))
        name = draft.checkpoint() or checkpoint or DEFAULT_CHECKPOINT
        try:
            song = _song(number, file.stem, draft, name, checkpoints)
        except CheckpointError as error:
            raise SetError(f"{file}: {error}") from error
        songs.append(_with_snapshot(song, kept, file) if file.stem in there else song)
    return Repository(tuple(songs), folder / SNAPSHOTS)


def _patches_of(folder: Path) -> list[Path]:
    """Raises :class:`SetError`."""
    try:
        found = [each for each in folder.iterdir() if each.suffix == ".toml" and each.is_file()]
    except OSError as error:
        raise SetError(f"the set {folder} cannot be read: {error.strerror}") from error
    if not found:
        raise SetError(f"{folder} holds no patch, so it is no set; put .toml files there")
    if len(found) > MAX_SONGS:
        raise SetError(f"{folder} holds {len(found)} patches; a set has at most {MAX_SONGS}")
    return sorted(found, key=lambda file: file.name)


def _song(number: int, name: str, draft: Draft, checkpoint: str, known: _Checkpoints) -> Song:
    """Raises ``PatchError`` and ``CheckpointError``."""
    names = [checkpoint, *(other or checkpoint for other in draft.checkpoints_of_others())]
    first, *others = (Source(each, *known.card(each)) for each in names)
    cards = [first.card, *(other.card for other in others)]
    patch = draft.patch(*(card.model.latent_dimensions for card in cards))
    mapping: Mapping = patch.mapping.calibrated_by(*(curves_of(card) for card in cards))
    return Song(
        number,
        name,
        mapping,
        patch.ports,
        first.checkpoint,
        first.folder,
        first.card,
        others=tuple(others),
    )


def _with_snapshot(song: Song, kept: Snapshots, file: Path) -> Song:
    """The song of ``file``, beginning at the snapshot of its name. Raises :class:`SetError`."""
    try:
        found = kept.load(song.name, *(its.dimensions for its in song.mapping.each_voice))
    except SnapshotError as error:
        raise SetError(f"{file} begins at a snapshot: {error}") from error
    return replace(song, begins_at=found)
