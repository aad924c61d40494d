"""``glisser train --corpus``: a folder of tunes becomes a checkpoint that says where from."""

import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from instrument.cli import main
from tests import tiny

Run = Callable[..., tuple[int, str]]

assert tiny.SOURCE  # tests.tiny makes validations short
CONFIG = """
name = "mine"
[corpus]
bar_aligned = true
[model]
units = 8
embedding = 6
[glsr]
rows = 4
attributes = [{ name = "note_count", dimension = 1, mu = 1.7, variance = 0.03 }]
[schedule]
batch = 8
gate_limit_updates = 1
ramp_updates = 1
final_updates = 2
validate_every = 2
validation_windows = 4
save_every = 2
"""


def tune(seed: int) -> str:
    chance = random.Random(seed)
    bars = [" ".join(chance.choice("CDEFGABcd") for _ in range(4)) for _ in range(3)]
    return f"X:1\nT:{seed}\nM:4/4\nL:1/4\nK:C\n{'|'.join(bars)}|\n"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with eight tunes, a file that is none, a config, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tunes").mkdir()
    for seed in range(8):
        (tmp_path / "tunes" / f"{seed}.abc").write_text(tune(seed))
    (tmp_path / "tunes" / "noise.mid").write_bytes(b"noise")
    (tmp_path / "mine.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def glisser(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """``glisser ARGS`` in this process: status, stderr in one line."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["glisser", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), " ".join(capfd.readouterr().err.split())

    return run


TRAIN = ("train", "--config", "mine.toml", "--out", "run")


def test_a_folder_of_tunes_becomes_a_checkpoint(glisser: Run, work: Path) -> None:
    """What was left out is told and written down; the card names the folder and not Bach.

    Resuming and evaluating ask for the same folder, and notice another.
    """
    status, told = glisser(*TRAIN, "--corpus", "tunes")
    assert status == 0
    assert "noise.mid: not used: not parseable" in told
    assert "8 melodies from 8 of the 9 files in the folder tunes" in told
    account = (work / "run" / "corpus.txt").read_text()
    assert "0.abc: 1 melody used" in account
    assert "noise.mid: not used" in account
    text = (work / "run" / "card.json").read_text() + (work / "run" / "LICENCE.md").read_text()
    assert "Bach" not in text
    card = json.loads((work / "run" / "card.json").read_text())
    assert card["corpus"]["folder"] == "tunes"
    assert card["corpus"]["sha256"] in account
    assert card["training"]["command"].count("--corpus tunes") == 1

    assert glisser(*TRAIN, "--resume", "--corpus", "tunes")[0] == 0
    assert_refused(glisser(*TRAIN, "--resume"), "add its --corpus again")
    assert_refused(glisser("evaluate", "run"), "named tunes", "--corpus")
    shutil.copy(work / "tunes" / "0.abc", work / "tunes" / "more.abc")
    assert_refused(glisser(*TRAIN, "--resume", "--corpus", "tunes"), "no longer holds the melodies")
    assert_refused(glisser("evaluate", "run", "--corpus", "tunes"), "trained on other melodies")


def assert_refused(result: tuple[int, str], *words: str) -> None:
    assert result[0] == 2
    for word in words:
        assert word in result[1]


@pytest.mark.parametrize(
    ("keep", "words"),
    [(0, ["none of the 1 file ", "noise.mid"]), (7, ["tunes is too small", "7 different tunes"])],
)
def test_too_little_to_learn_from_is_refused_and_nothing_is_made(
    glisser: Run, work: Path, keep: int, words: list[str]
) -> None:
    """One sentence, status 2, no folder of a run."""
    for file in list((work / "tunes").glob("*.abc"))[keep:]:
        file.unlink()
    assert_refused(glisser(*TRAIN, "--corpus", "tunes"), *words)
    assert not (work / "run").exists()
