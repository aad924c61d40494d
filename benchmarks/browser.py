"""A real browser and a performance with its stage page: for pictures and for tests."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPENED = "stage: http://"
# Chromium looks for its maker's hosts at every start; none of that is ours.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@dataclass
class Show:
    """A running ``glisser play --stage``; ``url`` is its page's."""

    process: subprocess.Popen[str]
    url: str


@contextmanager
def show(kept: Path, *arguments: str, at: str = "127.0.0.1:0") -> Iterator[Show]:
    """``glisser play`` with ``arguments``, without MIDI, on free ports; ended at the end.

    Sessions and snapshots go to ``kept``. Raises ``RuntimeError`` when no page is served.
    """
    command = [sys.executable, "-m", "instrument.cli", "play", "--midi-api", "none"]
    command += ["--osc", "127.0.0.1:0", "--stage-at", at, *arguments]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        env={**os.environ, "XDG_STATE_HOME": str(kept), "XDG_DATA_HOME": str(kept)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Show(process, _address(process))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if OPENED in line:
            return "http://" + line.partition(OPENED)[2].split()[0]
    raise RuntimeError(f"no stage page is served: {''.join(said)[-500:]}")


@contextmanager
def chromium(flags: Sequence[str] = FLAGS) -> Iterator["Browser"]:
    """The system's Chromium, without a window. Raises ``ImportError`` without playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=list(flags))
        try:
            yield browser
        finally:
            browser.close()
