"""Two processes on one run: what they agree on, and that it is the run that one process trains."""

import json
import os
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.batches import update_seed
from engine.config import GlsrSection
from engine.distributed import ALONE, BatchLoss, Team, TeamError, joined, shared_loss
from engine.run_log import LOG_FILE
from engine.train import STATE_FILE, TrainingError, new_run
from tests.tiny import finish, tiny_config, tiny_corpus

REPOSITORY = Path(__file__).parent.parent
NOISE = 0.15  # relative; the two draw other posterior samples and other dropout masks


def test_alone_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torchrun a process is the whole team: all rows, its own findings, no wrapper."""
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined() as team:
        assert team == ALONE
    rows = np.arange(12).reshape(4, 3)
    module = torch.nn.Linear(2, 2)
    assert np.array_equal(ALONE.share(rows), rows)
    assert ALONE.wrap(module) is module
    assert ALONE.from_leader(lambda: 5) == 5
    assert ALONE.any(True)
    assert not ALONE.any(False)
    assert ALONE.mean(torch.tensor(0.25)) == 0.25


def test_shares_make_up_the_batch() -> None:
    """The processes' windows, one after the other, are those that one process would take."""
    rows = np.arange(24).reshape(8, 3)
    shares = [Team(rank, 4).share(rows) for rank in range(4)]
    assert np.array_equal(np.concatenate(shares), rows)


def test_noise_is_each_process_s_own() -> None:
    """No two processes draw the same noise; the first draws what a single process would."""
    assert update_seed(3, 7, 0) == update_seed(3, 7)
    assert len({update_seed(3, 7, rank) for rank in range(8)}) == 8


def test_tangent_rows_are_shared_too(tmp_path: Path) -> None:
    """Two processes carry half of the tangents each."""
    run = new_run(tiny_config(), tiny_corpus(), tmp_path)
    section = GlsrSection(rows=6, prior_rows=4)
    half = BatchLoss(run.model, section, run.terms, None)
    assert half.glsr == section
    loss = shared_loss(Team(0, 1), run.model, section, run.terms, None)
    assert isinstance(loss, BatchLoss)
    assert Team(0, 2).part_of("glsr.rows", 6) == 3


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    """One sentence names the key, its value and what it must be a multiple of."""
    with pytest.raises(TeamError, match="rows is 7; with 2 processes it must be a multiple of 2"):
        Team(0, 2).part_of("glsr.rows", 7)
    with pytest.raises(TrainingError, match=r"schedule\.batch is 8; with 3 processes"):
        new_run(tiny_config(), tiny_corpus(), tmp_path, Team(0, 3))


def together(
    folder: Path, *, stop_at: int | None = None, size: int = 2, kind: str = "noisy"
) -> list[dict[str, Any]]:
    """Train the tiny run in ``size`` real processes over gloo; what each of them saw at its end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "tests.tiny_team", str(folder), str(stop_at), kind]
    processes = [
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=os.environ | shared | {"RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    told = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * size
    return [json.loads(line.splitlines()[-1]) for line in told]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The tiny run, trained by two processes without a stop."""
    folder = tmp_path_factory.mktemp("pair")
    return folder, together(folder)


def test_two_processes_give_the_loss_of_one(
    pair: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """At the same global batch, the final validation loss is that of one process, within noise."""
    alone = new_run(tiny_config(), tiny_corpus(), tmp_path)
    finish(alone)
    _, (first, _) = pair
    for figure in ("nll", "kl", "loss"):
        assert first["validation"][figure] == pytest.approx(alone.validation[figure], rel=NOISE)
    assert first["update"] == alone.update


def test_without_noise_two_processes_are_one(tmp_path: Path) -> None:
    """With all chance left out, the averaged gradients of two halves are the gradient of the whole:
    every validation of the run says the same, to rounding.
    """
    for size in (1, 2):
        together(tmp_path / str(size), size=size, kind="noiseless")
    one, two = (
        [json.loads(line) for line in (tmp_path / size / LOG_FILE).read_text().splitlines()]
        for size in ("1", "2")
    )
    for figure in ("update", "stage", "nll", "kl", "slope", "loss"):
        of_one, of_two = ([line[figure] for line in log] for log in (one, two))
        assert of_two == pytest.approx(of_one, rel=1e-4), figure
    assert one[-1]["nll"] < 0.99 * one[0]["nll"]  # there was something to learn


def test_both_hold_the_same_weights_and_see_the_same_schedule(
    pair: tuple[Path, list[dict[str, Any]]],
) -> None:
    """To the bit: weights, progress, validation; together they saw every window of a batch."""
    folder, (first, second) = pair
    for seen in ("weights", "progress", "smoothed", "validation", "update"):
        assert first[seen] == second[seen], seen
    by_update: defaultdict[int, list[list[int]]] = defaultdict(list)
    for process in (first, second):
        for update, rows in enumerate(process["rows"]):
            by_update[update] += rows
    assert all(len(rows) == tiny_config().schedule.batch for rows in by_update.values())
    assert first["rows"] != second["rows"]
    assert (folder / "card.json").is_file()


def test_only_the_first_writes(pair: tuple[Path, list[dict[str, Any]]]) -> None:
    """One log without a line twice, one state, one checkpoint."""
    folder, (first, second) = pair
    updates = [json.loads(line)["update"] for line in (folder / LOG_FILE).read_text().splitlines()]
    assert updates == [4, 8, 12, 16, 20, 24]
    assert (first["writes"] > 0, second["writes"]) == (True, 0)


def test_a_stopped_pair_goes_on_to_the_same_end(
    pair: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """One process is told to stop, both do, at the same update; resumed, they end to the bit."""
    (first, second) = together(tmp_path, stop_at=10)
    assert first["update"] == second["update"] == 10
    assert (tmp_path / STATE_FILE).is_file()
    resumed = together(tmp_path)
    assert resumed[0]["weights"] == pair[1][0]["weights"]
