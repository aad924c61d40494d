"""``train.log``: one JSON line for each validation of a run."""

import json
from pathlib import Path
from typing import Any

from engine.files import write_atomically

LOG_FILE = "train.log"


def append_line(file: Path, entry: dict[str, Any]) -> None:
    """Add one validation. Raises ``OSError``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")


def cut_after(file: Path, update: int) -> None:
    """Drop the lines after the last save: the resumed run will write them again.

    A kill may have left half a line; nothing after it is from before the save.
    """
    if not file.exists():
        return
    kept = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            if json.loads(line)["update"] > update:
                break
        except ValueError:
            break
        kept.append(f"{line}\n")
    write_atomically(file, "".join(kept).encode())
