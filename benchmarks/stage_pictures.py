"""``make stage-pictures``: the stage page as it looks, for the docs, out of a real browser.

A performance is started on free ports, a few knobs are moved, and two windows are pictured:
``docs/stage.png`` at 1440 by 900, ``docs/stage-phone.png`` at 390 by 844.
"""

import argparse
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.stage_browser import Staged, browser, settled, staged, until, wish

DOCS = Path(__file__).parent.parent / "docs"
WINDOWS = {"stage.png": (1440, 900), "stage-phone.png": (390, 844)}
MOVED = {1: 0.78, 2: 0.62, 3: 0.7, 6: 0.35, 9: 0.64}
SNAPSHOTS = ("intro", "verse", "bridge", "out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS, help="where the pictures go")
    out = parser.parse_args().out
    with staged("--tempo", "132") as stage, browser() as chromium:
        for number, (name, size) in enumerate(WINDOWS.items()):
            picture(chromium, stage, out / name, size, move=number == 0)
            print(out / name)


def picture(
    chromium: Browser, stage: Staged, file: Path, size: tuple[int, int], *, move: bool
) -> None:
    """The window of ``size`` once its plane is fine and its phrases are known."""
    width, height = size
    page = chromium.new_page(viewport={"width": width, "height": height}, device_scale_factor=1)
    page.goto(stage.url)
    until(page, "glisser.state.next !== null")
    if move:
        for name in SNAPSHOTS:
            wish(page, "/glisser/snapshot/save", name)
        for knob, position in MOVED.items():
            wish(page, f"/glisser/knob/{knob}", position)
        page.wait_for_timeout(500)  # the plane of the base before is no more
    settled(page)
    until(page, "glisser.phase.at(performance.now()) !== null")
    if move:  # what sounds stays, and something else is asked for
        wish(page, "/glisser/freeze", 1)
        wish(page, "/glisser/z/1", 2.3)
        page.wait_for_timeout(1000)
    until(page, "(at => at > 0.3 && at < 0.7)(glisser.phase.overPhrase(performance.now()))")
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    main()
