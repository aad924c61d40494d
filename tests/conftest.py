"""What several tests share. torch is imported only by the fixtures that need it."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.chorales import Melody, load_melodies
from tests.jack import jack_server
from tests.real import (
    pytest_collection_modifyitems,
    pytest_pyfunc_call,
    pytest_runtest_makereport,
    pytest_runtest_setup,
)

# pytest finds a fixture and its hooks by their names in this file.
__all__ = [
    "jack_server",
    "pytest_collection_modifyitems",
    "pytest_pyfunc_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
]

# One CPU thread, here and in every process a test starts: tiny nets gain nothing from more, and
# sums keep one order. torch reads these when it is first imported.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(autouse=True)
def whole_floats() -> None:
    """Training rounds the smallest floats of its process to 0; the next test has them back."""
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session", autouse=True)
def state_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test, nor a process that it starts, touches session or snapshots of whoever runs it."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))


# No test asserts on wall time: a busy machine is no fault of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder trained for a few updates: whole and loadable, musically worthless."""
    from engine.train import new_run
    from tests import tiny

    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    tiny.finish(new_run(tiny.tiny_config(), tiny.tiny_corpus(), folder))
    return folder


@pytest.fixture(scope="session")
def other_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one of that kind, which knows other notes."""
    from engine.train import new_run
    from tests import tiny

    folder = tmp_path_factory.mktemp("checkpoint") / "other"
    tiny.finish(new_run(tiny.tiny_config(), tiny.tiny_corpus(above=12), folder))
    return folder


@pytest.fixture(scope="session")
def chorales(pytestconfig: pytest.Config) -> list[Melody]:
    """The real corpus, parsed once and kept in pytest's own cache."""
    assert pytestconfig.cache is not None
    return load_melodies(pytestconfig.cache.mkdir("chorales") / "chorales.json.gz")
