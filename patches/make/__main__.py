"""Write the surfaces into patches/: ``python -m patches.make``, or ``make rigs``."""

import json
import sys
from pathlib import Path

from py2max.m4l import ensure_amxd_project_block, pack_amxd

from engine.files import write_atomically
from patches.make.max_patch import live_device, max_patch
from patches.make.pd_patch import pd_patch
from patches.make.touch_osc import touch_osc

PATCHES = Path(__file__).parent.parent
MADE_AT = (
    1_764_547_200  # in the device; a fixed moment, so that the same script makes the same file
)


def made() -> dict[str, bytes]:
    """Every file that is made, by its name. The same bytes each time."""
    patch = json.dumps(max_patch().to_dict(), indent=1).encode() + b"\n"
    device = live_device().to_dict()
    ensure_amxd_project_block(device, device_type="midi_effect", mtime=MADE_AT)
    live = pack_amxd(
        json.dumps(device, indent=1),
        device_type="midi_effect",
        patcher_filename="Glisser.maxpat",
        mtime=MADE_AT,
    )
    return {
        "Glisser.maxpat": patch,
        "Glisser.amxd": live,
        "Glisser.tosc": touch_osc(),
        "glisser.pd": pd_patch().encode(),
    }


def main() -> int:
    """Write them."""
    for name, content in made().items():
        write_atomically(PATCHES / name, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
