"""Files that are either whole or absent: everything the engine writes goes through here."""

import errno
import os
import tempfile
from pathlib import Path

PARTIAL = ".partial-"


def write_atomically(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step, so that no reader ever meets half a file.

    The folder is made if need be. Raises ``OSError`` (a full disk, no permission), and then leaves
    whatever stood at ``path`` untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes private files; these are to be read by anyone
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_partial(folder: Path) -> None:
    """Clear away what writers that were killed left in ``folder``, which must have none now."""
    for leftover in folder.glob(f"{PARTIAL}*"):
        leftover.unlink()


def check_folder(file: Path) -> None:
    """Raise ``OSError`` now if ``file`` could not be written later: no folder, or no permission."""
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(file))
    with tempfile.TemporaryFile(dir=file.parent):
        pass
