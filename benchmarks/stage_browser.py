"""A performance with its stage page, and Debian's Chromium to look at it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "chromium"
# Without a GPU, a sandbox that containers refuse, and all that asks the network unasked.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_S = 30.0
LOOK_MS = 20
_OPENED = re.compile(r"^stage: (http://\S+:(\d+))")
_OSC = re.compile(r"^OSC in: \S+:(\d+)")


@dataclass
class Staged:
    """A running ``glisser play --stage``: its page, and the ports to begin it anew on."""

    process: subprocess.Popen[str]
    url: str
    http_port: int
    osc_port: int

    def end(self) -> None:
        """As TERM ends it; waits."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)


def start(*arguments: str, data: str, http_port: int = 0, osc_port: int = 0) -> Staged:
    """Play without MIDI, on free ports of loopback; its files go under ``data``."""
    where = [f"127.0.0.1:{http_port}", f"127.0.0.1:{osc_port}"]
    process = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
        [
            *(sys.executable, "-m", "instrument.cli", "play", "--midi-api", "none"),
            *("--stage", "--stage-at", where[0], "--osc", where[1], *arguments),
        ],
        env={**os.environ, "XDG_DATA_HOME": data, "XDG_STATE_HOME": data},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, heard = [], 0
    for line in process.stdout or ():
        said.append(line)
        if osc := _OSC.match(line):
            heard = int(osc[1])
        if opened := _OPENED.match(line):
            return Staged(process, opened[1], int(opened[2]), heard)
    process.wait()
    raise RuntimeError(f"it ended without a stage; it said: {''.join(said)}")


@contextmanager
def staged(*arguments: str) -> Iterator[Staged]:
    """A performance that is over afterwards, and whose files are gone."""
    with tempfile.TemporaryDirectory() as data:
        one = start(*arguments, data=data)
        try:
            yield one
        finally:
            one.end()


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(
            executable_path=shutil.which(CHROMIUM), args=list(FLAGS), headless=True
        )
        try:
            yield one
        finally:
            one.close()


def until(page: Page, true: str) -> None:
    """Wait until this expression is true in the page.

    Asked from outside again and again: the page's own rules let no text be run in it, and so
    Playwright's ``wait_for_function`` neither.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    while not page.evaluate(true):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"it did not become so: {true}")
        page.wait_for_timeout(LOOK_MS)


def wish(page: Page, address: str, *arguments: float | str) -> None:
    """Have the page ask for this, as its controls do."""
    page.evaluate("message => glisser.connection.send(...message)", [address, *arguments])


def settled(page: Page) -> None:
    """Wait until the plane under the cursor is as fine as it gets."""
    until(page, "glisser.state.plane?.size === 64")
