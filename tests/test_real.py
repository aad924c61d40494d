"""The policy for real parts: seen where they are missing, never silent, and never skipped in CI."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.jack import running_jack

pytest_plugins = ["pytester"]

SUITE = """
import pytest

@pytest.fixture
def part():
    raise AssertionError("made although a program is missing")

@pytest.mark.real(needs=["sh", "no-such-synth"])
def test_with_a_missing_part(part):
    pass

@pytest.mark.real(needs=["sh"])
def test_with_all_parts():
    pass

@pytest.mark.real(devices={"/dev/no-such-device": "sequencer"})
def test_with_a_part_that_no_one_can_install(part):
    pass

@pytest.mark.real(needs=["sh"])
def test_that_gives_up():
    pytest.skip("not today")

def test_without_parts():
    pytest.skip("for another reason")
"""

CONFTEST = """
from tests.real import pytest_pyfunc_call, pytest_runtest_makereport, pytest_runtest_setup
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A small suite under our policy, in a folder of its own."""
    pytester.makeini("[pytest]\nmarkers = real: uses real parts\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(SUITE)
    return pytester


def test_a_missing_part_skips_and_is_named(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a developer's machine the tests that cannot run say which program is missing."""
    monkeypatch.delenv("GLISSER_REAL_PARTS", raising=False)
    result = suite.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=4)
    result.stdout.fnmatch_lines_random(
        ["*not installed here: no-such-synth", "*not run here: no sequencer"]
    )


def test_in_ci_nothing_real_is_skipped(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``GLISSER_REAL_PARTS=required`` a missing part fails; so does a test that gives up.

    But for what a kernel lacks: that is labelled, and nobody's failure.
    """
    monkeypatch.setenv("GLISSER_REAL_PARTS", "required")
    result = suite.runpytest_inprocess("-rs")
    outcomes = result.parseoutcomes()
    # A test that fails before it starts counts as an error.
    assert (outcomes["passed"], outcomes["skipped"]) == (1, 2)
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) == 2
    result.stdout.fnmatch_lines_random(
        [
            "*not installed here: no-such-synth",
            "*skipped: *not today",
            "SKIPPED*not run here: no sequencer",
        ]
    )


FAILING = """
import pytest

tries = []

@pytest.mark.real
def test_that_fails_once(tmp_path):
    tries.append(tmp_path)
    assert len(tries) > 1

@pytest.mark.real
def test_that_fails_always():
    assert False

def test_without_parts():
    assert False
"""


@pytest.mark.parametrize(("still", "passed"), [(True, 1), (False, 0)])
def test_only_on_a_machine_that_stood_still_a_failure_is_tried_again(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, still: bool, passed: int
) -> None:
    """What fails every time fails; what needs no real part is never tried again."""

    @contextmanager
    def watching() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(stood_still=lambda *_: still)

    monkeypatch.setattr("tests.real.watching", watching)
    pytester.makeini("[pytest]\nmarkers = real: uses real parts\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=passed, failed=3 - passed, warnings=2 if still else 0)


@pytest.mark.real(needs=["jackd", "jack_wait", "jack_lsp"])
def test_a_jack_server_of_our_own_comes_and_goes() -> None:
    """Clients find it by its environment while it runs, and afterwards nothing is left of it."""
    list_ports = ["jack_lsp"]
    with running_jack() as server:
        there = subprocess.run(
            list_ports, env=os.environ | server.environment, capture_output=True, check=False
        )
        assert there.returncode == 0
        assert b"system:playback_1" in there.stdout
    assert server.process.returncode is not None
    gone = subprocess.run(
        list_ports, env=os.environ | server.environment, capture_output=True, check=False
    )
    assert gone.returncode != 0


def test_what_needs_no_jack_may_run_beside_others(pytester: pytest.Pytester) -> None:
    """The rest runs by itself; what is not real is neither."""
    pytester.makeini("[pytest]\nmarkers =\n    real: uses real parts\n    beside: without JACK\n")
    pytester.makeconftest("from tests.real import pytest_collection_modifyitems")
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.real(needs=["sh"])

        def test_alone_on_its_ports(): pass

        @pytest.mark.real(needs=["jackd"])
        def test_on_jack(): pass
        """
    )
    pytester.runpytest_inprocess("-m", "beside").assert_outcomes(passed=1, deselected=1)
    pytester.runpytest_inprocess("-m", "real and not beside").assert_outcomes(
        passed=1, deselected=1
    )
