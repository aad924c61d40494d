"""Which tests need real programs, and what happens where one is missing. No test in here.

A test marked ``@pytest.mark.real(needs=["jackd", "oscsend"])`` is skipped, with the names of what
is missing, on a machine without them. With ``GLISSER_REAL_PARTS=required`` (as in CI) it fails
instead, and so does a real-part test that skips itself for any other reason. ``conftest.py`` takes
the two hooks from here.

What a kernel lacks, nobody can install: ``real(devices={"/dev/snd/seq": "ALSA sequencer"})`` is
labelled "not run here: no ALSA sequencer" on a machine without that file, and is a failure nowhere.
"""

import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import pytest

REQUIRED = "GLISSER_REAL_PARTS"


def required() -> bool:
    """Whether a missing part is a failure."""
    return os.environ.get(REQUIRED) == "required"


def missing_programs(needs: Sequence[str]) -> list[str]:
    """Those of ``needs`` that are not on the PATH."""
    return [program for program in needs if shutil.which(program) is None]


def missing_devices(item: pytest.Item) -> list[str]:
    """What the kernel lacks that ``item`` needs, as a person calls it."""
    marker = item.get_closest_marker("real")
    devices: Mapping[str, str] = marker.kwargs.get("devices", {}) if marker else {}
    return [name for path, name in devices.items() if not Path(path).exists()]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail ``item`` before its fixtures are made, if something it needs is missing."""
    if lacking := missing_devices(item):
        pytest.skip(f"not run here: no {', no '.join(lacking)}")
    marker = item.get_closest_marker("real")
    missing = missing_programs(marker.kwargs.get("needs", ())) if marker else []
    if missing:
        sentence = f"not installed here: {', '.join(missing)}"
        if required():
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where real parts are required, a real-part test that was skipped has failed."""
    report = yield
    real = item.get_closest_marker("real") and not missing_devices(item)
    if report.skipped and required() and real:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{REQUIRED}=required, but this test was skipped: {why}"
    return report
