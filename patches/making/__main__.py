"""Writes the rigs' files into patches/: ``make rigs``. Same input, same bytes."""

from pathlib import Path

from patches.making.board import board
from patches.making.max_patch import max_device, max_patch
from patches.making.pd_patch import pd_patch
from patches.making.touchosc import touchosc_layout

PATCHES = Path(__file__).parent.parent


def rigs() -> dict[str, bytes]:
    """Each file's name and what is in it."""
    surface = board()
    return {
        "Glisser.maxpat": max_patch(surface),
        "Glisser.amxd": max_device(surface),
        "Glisser.tosc": touchosc_layout(surface),
        "glisser.pd": pd_patch(surface).encode(),
    }


if __name__ == "__main__":
    for name, content in rigs().items():
        (PATCHES / name).write_bytes(content)
