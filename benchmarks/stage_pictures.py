"""The stage page as it looks, in docs/stage.png and docs/stage-phone.png. ``make stage-pictures``.

    .venv/bin/python -m benchmarks.stage_pictures [--out DIR]

A real performance, a real browser. Knobs are turned and a snapshot is kept, so that there is
something to see. Needs Chromium and the extra ``dev``.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.browser import chromium, show

DOCS = Path(__file__).parent.parent / "docs"
SIZES = {"stage": (1440, 900), "stage-phone": (390, 844)}
FINEST = "[data-size='64']"
SETTLE_MS = 2500  # a bar and a half: what was turned is heard
TURNED = {1: 0.72, 2: 0.35, 3: 0.8, 5: 0.3, 8: 0.66}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make both pictures."""
    parser = argparse.ArgumentParser(prog="make stage-pictures", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=DOCS)
    told = parser.parse_args(arguments)
    told.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept, show(Path(kept)) as play, chromium() as browser:
        for name, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(play.url)
            page.wait_for_selector(f"#field{FINEST}", timeout=60_000)
            for knob, position in TURNED.items():
                page.locator(f"[data-address='/glisser/knob/{knob}']").focus()
                page.keyboard.press("Home")
                for key in ["PageUp"] * int(10 * position) + ["ArrowUp"] * round(
                    100 * position % 10
                ):
                    page.keyboard.press(key)
            page.fill("#save-name", "verse")
            page.press("#save-name", "Enter")
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            page.wait_for_timeout(SETTLE_MS)
            page.wait_for_selector(f"#field{FINEST}", timeout=60_000)
            page.screenshot(path=told.out / f"{name}.png")
            print(told.out / f"{name}.png")
            page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
