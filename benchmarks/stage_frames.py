"""How evenly the stage page draws on a slow machine: ``python -m benchmarks.stage_frames``.

Chromium's processor is slowed down (6: a phone's), the window is a phone's, and a hand drags the
cursor in circles while it plays. Told are the gaps between animation frames and the work in each.
"""

import argparse
import math
import statistics
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

from benchmarks.stage_browser import browser, settled, staged

SECONDS = 10
STEP_MS = 16
MEASURE = """() => {
    const frames = [];
    const ask = requestAnimationFrame.bind(globalThis);
    let on = true;
    const look = (now) => { frames.push(now); if (on) ask(look); };
    ask(look);
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((each) => each.duration)))
        .observe({ type: "longtask" });
    globalThis.measured = () => { on = false; return { frames, tasks }; };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", type=float, default=6.0, help="how many times slower")
    slow = parser.parse_args().slow
    with staged("--tempo", "132") as stage, browser() as chromium:
        page = chromium.new_page(
            viewport={"width": 390, "height": 844}, device_scale_factor=3, has_touch=True
        )
        page.goto(stage.url)
        settled(page)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        told("playing", measured(page, drag=False))
        told("dragging", measured(page, drag=True))


def measured(page: Page, *, drag: bool) -> dict[str, Any]:
    """Times of frames and lengths of long tasks, ms, over ``SECONDS``."""
    box = page.locator("#plane").bounding_box()
    if box is None:
        raise RuntimeError("the plane is not to be seen")
    page.evaluate(MEASURE)
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if drag:
        page.mouse.move(*middle)
        page.mouse.down()
    for step in range(SECONDS * 1000 // STEP_MS):
        if drag:
            turn, far = step / 40, box["width"] / 3
            page.mouse.move(middle[0] + far * math.cos(turn), middle[1] + far * math.sin(turn))
        page.wait_for_timeout(STEP_MS)
    if drag:
        page.mouse.up()
    seen: dict[str, Any] = page.evaluate("measured()")
    return seen


def told(what: str, seen: dict[str, Any]) -> None:
    gaps = sorted(b - a for a, b in pairwise(seen["frames"]))
    late = sum(gap > 34 for gap in gaps) / len(gaps)
    print(
        f"{what}: {len(gaps)} frames, median {statistics.median(gaps):.1f} ms, "
        f"99 % within {gaps[len(gaps) * 99 // 100]:.1f} ms, longest {gaps[-1]:.1f} ms, "
        f"{late:.1%} longer than two; tasks over 50 ms: {len(seen['tasks'])}"
    )


if __name__ == "__main__":
    main()
