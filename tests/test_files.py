"""Files that are either whole or absent."""

import os
import stat
from pathlib import Path

import pytest

from engine.files import PARTIAL, remove_partial, write_atomically


def test_the_folder_is_made_and_the_file_is_readable(tmp_path: Path) -> None:
    """A file appears whole in a new folder, readable by everyone, with nothing beside it."""
    file = tmp_path / "deep" / "er" / "card.json"
    write_atomically(file, b"whole")
    assert file.read_bytes() == b"whole"
    assert os.listdir(file.parent) == ["card.json"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    """A second write replaces the first, also by something shorter."""
    file = tmp_path / "state"
    write_atomically(file, b"long and old")
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """When the disk is full, the old file stands untouched and no temporary one is left behind."""
    file = tmp_path / "state"
    write_atomically(file, b"old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state"]


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    """Half-written files go; everything else in the folder stays."""
    (tmp_path / f"{PARTIAL}abc").write_bytes(b"half")
    (tmp_path / ".hidden").write_bytes(b"yours")
    write_atomically(tmp_path / "state", b"whole")
    remove_partial(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden", "state"]
