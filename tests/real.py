"""Which tests need real programs, and what happens where one is missing. No test in here.

A test marked ``@pytest.mark.real(needs=["jackd", "oscsend"])`` is skipped, with the names of what
is missing, on a machine without them. With ``GLISSER_REAL_PARTS=required`` (as in CI) it fails
instead, and so does a real-part test that skips itself for any other reason. ``conftest.py`` takes
its hooks from here.

A real-part test that fails is run again, twice at most, when the machine stood still meanwhile: see
:mod:`benchmarks.standstill`. A warning says so. What fails on a machine that moves, fails.

What needs no JACK is marked ``beside``, too: it may run beside another test. What needs it runs by
itself, since a server that is late loses notes.

What a kernel lacks, nobody can install: ``real(devices={"/dev/snd/seq": "ALSA sequencer"})`` is
labelled "not run here: no ALSA sequencer" on a machine without that file, and is a failure nowhere.
"""

import os
import shutil
import warnings
from collections.abc import Generator, Mapping, Sequence
from inspect import signature
from pathlib import Path
from time import perf_counter_ns

import pytest

from benchmarks.standstill import watching

REQUIRED = "GLISSER_REAL_PARTS"
TRIES = 3
STOOD_STILL_NS = 15_000_000  # longer than what the player spares for a slow answer


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


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the real-part tests that may run beside others."""
    for item in items:
        markers = list(item.iter_markers("real"))
        needs = {program for marker in markers for program in marker.kwargs.get("needs", ())}
        if markers and "jackd" not in needs:
            item.add_marker("beside")


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


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a real-part test, and again if the machine it failed on stood still."""
    if not pyfuncitem.get_closest_marker("real") or not hasattr(os, "sched_setaffinity"):
        return None
    names = signature(pyfuncitem.obj).parameters
    given = {name: pyfuncitem.funcargs[name] for name in names}
    with watching() as watch:
        for tries_left in reversed(range(TRIES)):
            began_ns = perf_counter_ns()
            try:
                pyfuncitem.obj(**given)
            except Exception as error:
                still = watch.stood_still(began_ns, perf_counter_ns(), STOOD_STILL_NS)
                if not still or not tries_left:
                    raise
                warnings.warn(f"again, the machine stood still: {error!r:.200}", stacklevel=1)
            else:
                break
    return True


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
