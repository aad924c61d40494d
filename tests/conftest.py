"""What several tests share."""

from pathlib import Path

import pytest
import torch

from engine.chorales import Melody, load_melodies
from engine.train import new_run
from tests import tiny

torch.set_num_threads(1)  # tiny nets gain nothing from threads, and sums keep one order


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder trained for a few updates: whole and loadable, musically worthless."""
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    tiny.finish(new_run(tiny.tiny_config(), tiny.tiny_corpus(), folder))
    return folder


@pytest.fixture(scope="session")
def chorales(pytestconfig: pytest.Config) -> list[Melody]:
    """The real corpus, parsed once and kept in pytest's own cache."""
    assert pytestconfig.cache is not None
    return load_melodies(pytestconfig.cache.mkdir("chorales") / "chorales.json.gz")
