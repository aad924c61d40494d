"""What a process that keeps time asks of its system."""

import os
from typing import NoReturn

import pytest

from instrument.urgent import PRIORITY, may_be_real_time

needs_policies = pytest.mark.skipif(
    not hasattr(os, "sched_setscheduler"), reason="this system has no such policies"
)


@needs_policies
def test_asking_whether_real_time_is_allowed_changes_nothing() -> None:
    """Either way the thread goes on as ordinary as it was."""
    before = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    answers = {may_be_real_time(), may_be_real_time()}
    assert (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) == before
    assert len(answers) == 1


@needs_policies
def test_the_priority_that_will_be_asked_for_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """First that of the player, then back."""
    tried: list[tuple[int, int]] = []

    def set_scheduler(_thread: int, policy: int, param: os.sched_param) -> None:
        tried.append((policy, param.sched_priority))

    monkeypatch.setattr(os, "sched_setscheduler", set_scheduler)
    assert may_be_real_time()
    ordinary = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    assert tried == [(os.SCHED_FIFO, PRIORITY), ordinary]


@needs_policies
def test_a_system_that_forbids_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """No exception, no notice: notes are then handed over earlier."""

    def refuse(*_arguments: object) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert may_be_real_time() is False
