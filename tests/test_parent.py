"""A child that ends with its parent, whatever it is busy with."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.parent import LOOK_S, outlive_nobody

ROOT = Path(__file__).parent.parent

# A main that starts an engine, says its number, and is gone before the engine has loaded torch. The
# engine's stdin stays open: the grandchild holds the other end itself.
GONE_AT_ONCE = """
import os, subprocess, sys
reading, writing = os.pipe()
child = subprocess.Popen(
    [sys.executable, "-m", "engine.service"], stdin=reading, stdout=subprocess.DEVNULL,
    pass_fds=[writing], start_new_session=True,
)
print(child.pid, flush=True)
sys.stdin.readline()
os._exit(0)
"""


def test_nobody_is_outlived() -> None:
    """It ends when the parent's number is another, and not a look before."""
    parents, looks, ended = [7, 7, 7, 1], list[float](), list[int]()
    outlive_nobody(lambda: parents.pop(0), looks.append, ended.append)
    assert ended == [0]
    assert looks == [LOOK_S] * 2
    assert not parents


@pytest.mark.skipif(sys.platform == "win32", reason="a lost parent keeps its number there")
def test_an_engine_ends_with_a_main_that_dies_while_it_loads() -> None:
    """No orphan holds a core and a quarter of a gigabyte for a performance that is over."""
    main = subprocess.Popen(
        [sys.executable, "-c", GONE_AT_ONCE],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert main.stdin is not None
    assert main.stdout is not None
    engine = psutil.Process(int(main.stdout.readline()))
    deadline_s = time.monotonic() + 20.0
    while engine.num_threads() == 1 and time.monotonic() < deadline_s:  # until it watches
        time.sleep(0.01)
    main.communicate("go\n")
    engine.wait(20.0)  # raises if it lives on; without the watch it would for ever
