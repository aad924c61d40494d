"""A disk that is really full: one clear sentence, nothing half-written, and the music goes on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from instrument.replay import read_take
from tests.test_own_training import CONFIG, tune

REPOSITORY = Path(__file__).parent.parent
pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0,
        reason="not run here: only root on Linux can mount a small disk",
    ),
    pytest.mark.real(needs=["unshare", "mount"]),
]


def glisser(disk: Path, free_bytes: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """``glisser ARGS`` where ``disk`` has ``free_bytes`` left; what it wrote there is kept."""
    kept = disk.with_name("kept")
    script = f"""
        mount -t tmpfs -o size=1m glisser {disk} && cd {disk} || exit 99
        head -c {(1 << 20) - free_bytes} /dev/zero > filler 2> {os.devnull}
        "$@"; status=$?
        rm filler; cp -r . {kept}; exit $status
    """
    disk.mkdir()
    command = [sys.executable, "-m", "instrument.cli", *arguments]
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *command],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(disk)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_a_loop_that_does_not_fit_is_not_there(tmp_path: Path) -> None:
    """One sentence with the file's name, status 2, no half of it."""
    ran = glisser(tmp_path / "disk", 0, "render", "loop.mid", "--bars", "8", "--seed", "1")
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr == "glisser: loop.mid cannot be written: No space left on device.\n"
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_take_that_has_no_room_at_all_is_refused_before_a_note(tmp_path: Path) -> None:
    """One sentence, status 2."""
    play = ["play", "--midi-api", "none", "--osc", "127.0.0.1:0", "--bars", "1"]
    ran = glisser(tmp_path / "disk", 0, *play, "--take", "t.mid")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "No space left on device" in ran.stderr.splitlines()[-1]
    assert "bar 1" not in ran.stdout


def test_a_take_that_fills_the_disk_is_there_as_far_as_it_went(tmp_path: Path) -> None:
    """The music plays to its end, one line tells of it, and what fitted is a take."""
    play = ["play", "--midi-api", "none", "--osc", "127.0.0.1:0", "--bars", "12", "--tempo", "400"]
    ran = glisser(tmp_path / "disk", 12 << 10, *play, "--take", "t.mid")
    assert ran.returncode == 1
    assert "bar 12" in ran.stdout
    said = [line for line in ran.stdout.splitlines() if "No space left" in line]
    assert said[0] == "! t.jsonl.part ends here: No space left on device"
    (account,) = (tmp_path / "kept").glob("t.jsonl.part")
    assert read_take(account).midi()


def test_a_training_that_fills_the_disk_says_so(tmp_path: Path) -> None:
    """The corpus is read all the same, though its cache has no room; the run is refused."""
    tunes = tmp_path / "tunes"
    tunes.mkdir()
    for seed in range(8):
        (tunes / f"{seed}.abc").write_text(tune(seed))
    (tmp_path / "mine.toml").write_text(CONFIG)
    train = ["train", "--config", str(tmp_path / "mine.toml"), "--corpus", str(tunes)]
    ran = glisser(tmp_path / "disk", 12 << 10, *train, "--out", "run")
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr.splitlines()[-1] == (
        "glisser: run cannot be written: No space left on device."
    )
    shutil.rmtree(tmp_path / "kept")
