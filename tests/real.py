"""Which tests need real programs, and what happens where one is missing. No test in here.

A test marked ``@pytest.mark.real(needs=["jackd", "oscsend"])`` is skipped, with the names of what
is missing, on a machine without them. With ``GLISSER_REAL_PARTS=required`` (as in CI) it fails
instead, and so does a real-part test that skips itself for any other reason. ``conftest.py`` takes
the two hooks from here.
"""

import os
import shutil
from collections.abc import Generator, Sequence

import pytest

REQUIRED = "GLISSER_REAL_PARTS"


def required() -> bool:
    """Whether a missing part is a failure."""
    return os.environ.get(REQUIRED) == "required"


def missing_programs(needs: Sequence[str]) -> list[str]:
    """Those of ``needs`` that are not on the PATH."""
    return [program for program in needs if shutil.which(program) is None]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail ``item`` before its fixtures are made, if a program it needs is missing."""
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
    if report.skipped and required() and item.get_closest_marker("real"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{REQUIRED}=required, but this test was skipped: {why}"
    return report
