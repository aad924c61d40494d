"""When lengths grow, ramps begin and training stops; everything counts updates."""

import math
from typing import Any

import pytest

from engine.config import LengthSection, ScheduleSection
from engine.schedule import Progress, Schedule

FULL = Progress(stage=2)
RAMPING = Progress(stage=2, ramp_update=100)


def schedule(**changes: Any) -> Schedule:
    """Two short lengths, a gate at 0.9 or 50 updates, ramps of 100, final part of 200."""
    settings: dict[str, Any] = {
        "curriculum": (
            {"steps": 8, "accuracy": 0.9, "limit_updates": 30},
            {"steps": 16, "accuracy": 0.8, "limit_updates": 40},
        ),
        "learning_rate": 1e-3,
        "final_learning_rate": 1e-4,
        "first_beta": 0.02,
        "final_beta": 0.5,
        "gate_accuracy": 0.9,
        "gate_limit_updates": 50,
        "ramp_updates": 100,
        "final_updates": 200,
        "patience_validations": 3,
    }
    return Schedule(ScheduleSection.model_validate(settings | changes))


def test_the_lengths_grow_in_order() -> None:
    """8, then 16, then 32 steps; a stage is left when it is learnt."""
    plan = schedule()
    progress = Progress()
    assert plan.length(progress, 0) == 8
    progress = plan.after_update(progress, 7, accuracy=0.91)
    assert progress == Progress(stage=1, stage_update=7)
    assert plan.length(progress, 7) == 16
    progress = plan.after_update(progress, 9, accuracy=0.79)
    assert progress.stage == 1
    progress = plan.after_update(progress, 10, accuracy=0.80)
    assert progress == Progress(stage=2, stage_update=10)
    assert plan.length(progress, 10) == 32
    assert plan.after_update(progress, 11, accuracy=1.0) == progress


def test_a_stage_that_is_not_learnt_is_left_at_its_limit() -> None:
    """The limit counts from the stage's own beginning."""
    plan = schedule()
    assert plan.after_update(Progress(), 29, accuracy=0.0).stage == 0
    progress = plan.after_update(Progress(), 30, accuracy=0.0)
    assert progress == Progress(stage=1, stage_update=30)
    assert plan.after_update(progress, 69, accuracy=0.0).stage == 1
    assert plan.after_update(progress, 70, accuracy=0.0).stage == 2


def test_one_batch_in_five_stays_short() -> None:
    """At full length every fifth batch is short, in turn; so nothing learnt is forgotten."""
    plan = schedule()
    lengths = [plan.length(FULL, update) for update in range(20)]
    short = {4: 8, 9: 16, 14: 8, 19: 16}
    assert lengths == [short.get(update, 32) for update in range(20)]
    assert {schedule(short_batch_every=0).length(FULL, u) for u in range(20)} == {32}
    assert {schedule(curriculum=()).length(Progress(), u) for u in range(20)} == {32}


def test_the_gate_opens_when_32_steps_are_learnt() -> None:
    """Before the gate both ramps stand still, however long it takes."""
    plan = schedule()
    assert plan.beta(FULL, 10_000) == 0.02
    assert plan.ramp(FULL, 10_000) == 0.0
    waiting = Progress(stage=2, stage_update=60)
    assert plan.after_validation(waiting, 100, accuracy=0.89, loss=1.0) == waiting
    opened = plan.after_validation(waiting, 100, accuracy=0.90, loss=1.0)
    assert opened.ramp_update == 100


def test_the_gate_opens_at_its_limit() -> None:
    """A model that never learns 32 steps is not left waiting for good."""
    plan = schedule()
    waiting = Progress(stage=2, stage_update=60)
    assert plan.after_validation(waiting, 109, accuracy=0.0, loss=1.0).ramp_update is None
    assert plan.after_validation(waiting, 110, accuracy=0.0, loss=1.0).ramp_update == 110


def test_the_gate_stays_shut_during_the_curriculum() -> None:
    """Being right on 8 steps opens nothing."""
    plan = schedule()
    for stage in (0, 1):
        early = Progress(stage=stage)
        assert plan.after_validation(early, 500, accuracy=1.0, loss=0.0) == early


def test_both_weights_rise_together_and_stay() -> None:
    """Beta goes in a straight line from first to final value, and R's weight from 0 to 1."""
    plan = schedule()
    assert plan.ramp(RAMPING, 100) == 0.0
    assert plan.ramp(RAMPING, 150) == pytest.approx(0.5)
    assert plan.beta(RAMPING, 150) == pytest.approx(0.26)
    assert plan.ramp(RAMPING, 200) == plan.ramp(RAMPING, 900) == 1.0
    assert plan.beta(RAMPING, 900) == pytest.approx(0.5)


def test_the_learning_rate_falls_only_at_the_final_weights() -> None:
    """Constant up to there, half way down at half time, at its final value at the end."""
    plan = schedule()
    assert plan.learning_rate(FULL, 5000) == plan.learning_rate(RAMPING, 200) == 1e-3
    assert plan.learning_rate(RAMPING, 300) == pytest.approx(5.5e-4)
    assert plan.learning_rate(RAMPING, 400) == pytest.approx(1e-4)
    assert plan.learning_rate(RAMPING, 4000) == pytest.approx(1e-4)


def test_early_stopping_is_deaf_until_both_weights_are_final() -> None:
    """Losses during the ramps count neither as best nor as stale: the objective still changes."""
    plan = schedule()
    for update in (101, 150, 199):
        assert plan.after_validation(RAMPING, update, accuracy=1.0, loss=math.pi) == RAMPING
    first = plan.after_validation(RAMPING, 200, accuracy=1.0, loss=7.0)
    assert (first.best_loss, first.stale) == (7.0, 0)


def test_early_stopping_after_patience_runs_out() -> None:
    """Three validations in a row without a better loss end it; a better one starts anew."""
    plan = schedule()
    progress = RAMPING
    history = [(7.0, 0), (7.0, 1), (8.0, 2), (6.9, 0), (7.0, 1), (7.0, 2), (6.9, 3)]
    for step, (loss, stale) in enumerate(history):
        assert not plan.finished(progress, 210 + step)
        progress = plan.after_validation(progress, 210 + step, accuracy=1.0, loss=loss)
        assert progress.stale == stale
    assert progress.best_loss == 6.9
    assert plan.finished(progress, 217)


def test_a_nan_loss_is_never_the_best() -> None:
    """A run that has blown up counts as stale, and so comes to its end."""
    progress = Progress(stage=2, ramp_update=0, best_loss=5.0)
    after = schedule().after_validation(progress, 150, accuracy=0.0, loss=math.nan)
    assert (after.best_loss, after.stale) == (5.0, 1)


def test_training_ends_after_the_final_updates() -> None:
    """200 updates after both weights became final, not one earlier; never before the gate."""
    plan = schedule()
    assert not plan.finished(FULL, 1_000_000)
    assert not plan.finished(RAMPING, 399)
    assert plan.finished(RAMPING, 400)


POLISHED = {"polish_updates": 100, "polish_learning_rate": 5e-4}


def test_the_polish_begins_after_the_final_updates_with_a_rate_of_its_own() -> None:
    """Ramps end at 200, the final part at 400: then the rate starts again and falls again."""
    plan = schedule(**POLISHED)
    assert plan.learning_rate(RAMPING, 399) == pytest.approx(1e-4, rel=0.01)
    assert plan.learning_rate(RAMPING, 400) == pytest.approx(5e-4)
    assert plan.learning_rate(RAMPING, 500) == pytest.approx(1e-4)
    assert [plan.polish(RAMPING, update) for update in (0, 400, 410, 420, 500)] == [0, 0, 0.5, 1, 1]
    assert plan.finished(RAMPING, 499) is False
    assert plan.finished(RAMPING, 500) is True


def test_without_a_polish_there_is_none() -> None:
    """Its weight stays 0 whatever the update."""
    assert schedule().polish(RAMPING, 10**6) == 0.0


def test_the_best_is_sought_anew_once_the_polish_weighs() -> None:
    """A loss from before is of another objective; and patience counts only at the end."""
    plan = schedule(**POLISHED)
    before = Progress(stage=2, ramp_update=100, best_loss=1.0, stale=99)
    assert plan.finished(before, 390) is False
    during = plan.after_validation(before, 410, accuracy=1.0, loss=0.5)
    assert (during.best_loss, during.stale) == (None, 0)
    after = plan.after_validation(during, 420, accuracy=1.0, loss=2.0)
    assert after.best_loss == 2.0


def test_a_gate_at_zero_is_open_from_the_start() -> None:
    """A run that begins with trained weights has nothing to wait for; any other waits."""
    opened = Schedule(ScheduleSection(gate_accuracy=0.0))
    assert opened.beginning().ramp_update == 0
    assert opened.ramp(opened.beginning(), opened.config.ramp_updates) == 1.0
    lengths = (LengthSection(steps=8, accuracy=0.9, limit_updates=10),)
    for waiting in (
        ScheduleSection(),
        ScheduleSection(gate_accuracy=0.0, curriculum=lengths),
    ):
        assert Schedule(waiting).beginning().ramp_update is None
