"""When the lengths grow, when the ramps begin, when training may stop. Pure; counts updates.

The decoder sees z once and sits on an "always HOLD" plateau for thousands of updates; a beta that
rises by the clock freezes it there. So lengths grow when the shorter ones are learnt, the ramps of
beta and of the GLSR weight begin when 32 steps are learnt, and early stopping opens when both
weights are final.
"""

import math
from dataclasses import dataclass, replace

from engine.config import ScheduleSection
from engine.phrase import PHRASE_STEPS

POLISH_RAMP = 0.2  # the share of the polish in which its weight grows


@dataclass(frozen=True)
class Progress:
    """Where a run stands; saved and resumed as it is.

    ``stage``: index into the curriculum, its length once 32 steps are reached. ``stage_update``:
    the
    update at which this stage began. ``ramp_update``: the update at which the ramps began, or None.
    ``best_loss``: lowest validation loss at the final weights; ``stale``: validations since then.
    """

    stage: int = 0
    stage_update: int = 0
    ramp_update: int | None = None
    best_loss: float | None = None
    stale: int = 0


@dataclass(frozen=True)
class Schedule:
    config: ScheduleSection

    def beginning(self) -> Progress:
        """Before update 0. A gate at 0, with nothing to learn before it, is open from the start."""
        opened = self.config.gate_accuracy == 0.0 and not self.config.curriculum
        return Progress(ramp_update=0 if opened else None)

    def full_length(self, progress: Progress) -> bool:
        return progress.stage >= len(self.config.curriculum)

    def length(self, progress: Progress, update: int) -> int:
        """Steps of this update's windows; one batch in five stays short so that nothing is
        forgotten.
        """
        if not self.full_length(progress):
            return self.config.curriculum[progress.stage].steps
        every, shorter = self.config.short_batch_every, self.config.curriculum
        if every and shorter and update % every == every - 1:
            return shorter[(update // every) % len(shorter)].steps
        return PHRASE_STEPS

    def ramp(self, progress: Progress, update: int) -> float:
        """How far the ramps have come, 0..1."""
        if progress.ramp_update is None:
            return 0.0
        return min(1.0, (update - progress.ramp_update) / self.config.ramp_updates)

    def beta(self, progress: Progress, update: int) -> float:
        """The weight of the KL term (equation 16's beta)."""
        first, final = self.config.first_beta, self.config.final_beta
        return first + (final - first) * self.ramp(progress, update)

    def learning_rate(self, progress: Progress, update: int) -> float:
        """Constant until the weights are final, then a half cosine down to the final rate.

        The polish has a cosine of its own.
        """
        start, spent = self.config.learning_rate, self._final_update(progress, update)
        length = self.config.final_updates
        if self.config.polish_updates and spent >= length:
            start, spent = self.config.polish_learning_rate, spent - length
            length = self.config.polish_updates
        end = self.config.final_learning_rate
        return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, spent / length)))

    def polish(self, progress: Progress, update: int) -> float:
        """How far the polish's weight has come, 0..1: it is whole after a fifth of the phase."""
        if not self.config.polish_updates:
            return 0.0
        spent = self._final_update(progress, update) - self.config.final_updates
        return min(1.0, max(0.0, spent / (self.config.polish_updates * POLISH_RAMP)))

    def _final_update(self, progress: Progress, update: int) -> int:
        """Updates since both weights became final; 0 before."""
        if progress.ramp_update is None:
            return 0
        return max(0, update - progress.ramp_update - self.config.ramp_updates)

    def after_update(self, progress: Progress, update: int, accuracy: float) -> Progress:
        """Leave a short stage when its smoothed training ``accuracy`` (or its limit) is reached."""
        if self.full_length(progress):
            return progress
        stage = self.config.curriculum[progress.stage]
        learnt = accuracy >= stage.accuracy
        if not learnt and update - progress.stage_update < stage.limit_updates:
            return progress
        return replace(progress, stage=progress.stage + 1, stage_update=update)

    def after_validation(
        self, progress: Progress, update: int, accuracy: float, loss: float
    ) -> Progress:
        """Open the ramps at the gate; keep account of the best once the weights are final."""
        if not self.full_length(progress):
            return progress
        if progress.ramp_update is None:
            waited = update - progress.stage_update
            ready = accuracy >= self.config.gate_accuracy
            if ready or waited >= self.config.gate_limit_updates:
                return replace(progress, ramp_update=update)
            return progress
        if self.ramp(progress, update) < 1.0:
            return progress
        if 0.0 < self.polish(progress, update) < 1.0:
            return replace(progress, best_loss=None, stale=0)  # what was best is not, by now
        if progress.best_loss is None or loss < progress.best_loss:
            return replace(progress, best_loss=loss, stale=0)
        return replace(progress, stale=progress.stale + 1)

    def finished(self, progress: Progress, update: int) -> bool:
        """After the last phase, or earlier when validation no longer improves in it."""
        updates = self.config.final_updates + self.config.polish_updates
        in_last = not self.config.polish_updates or self.polish(progress, update) == 1.0
        stale = in_last and progress.stale >= self.config.patience_validations
        return stale or self._final_update(progress, update) >= updates
