"""The wheel: what a person without the repository gets."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import mido
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository, unpacked into an empty folder elsewhere."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    # A copy, so that nothing a former build left behind gets in, and nothing is left in the tree.
    leave = shutil.ignore_patterns(".*", "build", "dist", "runs", "takes", "*.egg-info")
    source = shutil.copytree(ROOT, folder / "source", ignore=leave)
    subprocess.run([sys.executable, *build, "-w", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("glisser-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``glisser`` out of the wheel, in a folder that knows nothing of the repository."""
    return subprocess.run(
        [sys.executable, "-m", "instrument.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_patches_checkpoint_configs_and_licences(installed: Path) -> None:
    """Everything that play and render read, and the licence of everything shipped."""
    for name in (
        "instrument/patches/default.toml",
        "instrument/stage_page/index.html",
        "instrument/patches/Glisser.amxd",
        "instrument/patches/Glisser.maxpat",
        "instrument/patches/Glisser.tosc",
        "instrument/patches/glisser.pd",
        "instrument/patches/glisser.scd",
        "engine/checkpoints/stage/card.json",
        "engine/checkpoints/stage/decoder.safetensors",
        "engine/checkpoints/stage/encoder.safetensors",
        "engine/checkpoints/stage/LICENCE.md",
        "engine/checkpoints/paper-256/card.json",
        "engine/checkpoints/paper-256/decoder.safetensors",
        "engine/checkpoints/reference/plain/decoder.safetensors",
        "engine/checkpoints/reference/glsr-5-1/LICENCE.md",
        "engine/configs/stage.toml",
        "engine/configs/results/plain.toml",
        "engine/configs/paper.toml",
    ):
        assert (installed / name).is_file(), name
    assert list(installed.glob("glisser-*.dist-info/licenses/LICENSE"))
    assert not list(installed.glob("instrument/patches/**/*.py"))


def test_the_wheel_plays_and_renders_outside_the_repository(
    installed: Path, tmp_path: Path
) -> None:
    """Two bars played into the recorder and two rendered, from the wheel's own files."""
    options = ["--midi-api", "none", "--osc", "127.0.0.1:0", "--bars", "2", "--tempo", "400"]
    where = run(installed, tmp_path, "play", *options)
    assert where.returncode == 0, where.stderr
    assert "bar 2" in where.stdout
    done = run(installed, tmp_path, "render", "loop.mid", "--bars", "2")
    assert done.returncode == 0, done.stderr
    assert mido.MidiFile(tmp_path / "loop.mid").length == pytest.approx(4.0)
