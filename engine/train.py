"""The training loop: seeded, annealed, stopped early, saved whole, resumed without a trace.

A run lives in one folder: ``state.safetensors`` (everything needed to go on), ``train.log`` (one
JSON line per validation) and, once 32 steps are being learnt, a checkpoint.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.aids import Terms, Weights
from engine.batches import BatchSource, update_seed
from engine.card import CheckpointError
from engine.checkpoint import take_weights
from engine.config import TrainConfig
from engine.corpus import Corpus
from engine.distributed import ALONE, Team, TeamError, shared_loss
from engine.files import remove_partial, write_atomically
from engine.intervals import intervals_of
from engine.model import VAE, ModelConfig
from engine.objective import Loss, regularised_of
from engine.recurrence import compiled_cells
from engine.run_log import LOG_FILE, append_line, cut_after
from engine.run_state import RunState, RunStateError, read_state, state_bytes
from engine.schedule import Progress, Schedule
from engine.splicing import Splicer
from engine.validation import validate

STATE_FILE = "state.safetensors"
SMOOTHING = 0.98  # of the training accuracy that the curriculum looks at


class TrainingError(Exception):
    """Training cannot start or go on; the message is one sentence."""


@dataclass(frozen=True)
class Tick:
    """What the progress bar shows after an update."""

    update: int
    length: int
    beta: float
    glsr_weight: float
    nll: float
    kl: float
    slope: float
    accuracy: float
    validation: dict[str, float]


@dataclass
class Run:
    """A training run in memory. One thread owns it, of each process of its ``team``."""

    config: TrainConfig
    corpus: Corpus
    folder: Path
    model: VAE
    optimiser: torch.optim.Adam
    terms: Terms
    loss: nn.Module
    device: torch.device
    team: Team = ALONE
    update: int = 0
    progress: Progress = field(default_factory=Progress)
    smoothed: float = 0.0
    seconds: float = 0.0
    validation: dict[str, float] = field(default_factory=dict)

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.config.schedule)


def new_run(config: TrainConfig, corpus: Corpus, folder: Path, team: Team = ALONE) -> Run:
    """A run at update 0: weights drawn from the config's seed.

    Raises :class:`TrainingError`, also when the processes of ``team`` cannot share its batches.
    """
    torch.manual_seed(config.seed)
    device = team.device
    sizes = config.model.model_dump()
    model = VAE(ModelConfig(tokens=len(corpus.vocabulary), **sizes))
    if config.start is not None:
        try:
            take_weights(model, config.start, corpus.vocabulary)
        except CheckpointError as error:
            raise TrainingError(f"start: {error}") from error
    if config.compiled:
        model.decoder.cells = compiled_cells()
    model.to(device)
    adam = torch.optim.Adam(
        model.parameters(),
        lr=config.schedule.learning_rate,
        betas=config.schedule.adam_betas,
    )
    terms = regularised_of(config.glsr, corpus.sides["train"], corpus.vocabulary)
    tokens = corpus.sides["train"].tokens
    intervals = intervals_of(tokens, corpus.vocabulary) if config.glsr.intervals else None
    try:
        team.part_of("schedule.batch", config.schedule.batch)
        loss = shared_loss(team, model, config.glsr, terms, config.ar_vae, intervals)
    except TeamError as error:
        raise TrainingError(str(error)) from error
    progress = Schedule(config.schedule).beginning()
    return Run(config, corpus, folder, model, adam, terms, loss, device, team, progress=progress)


def resume_run(config: TrainConfig, corpus: Corpus, folder: Path, team: Team = ALONE) -> Run:
    """The run saved in ``folder``. Raises :class:`TrainingError` when it is another config's."""
    run = new_run(config, corpus, folder, team)
    file = folder / STATE_FILE
    try:
        state = read_state(file, run.device)
    except OSError as error:
        raise TrainingError(f"{file} cannot be read: {error.strerror}") from error
    except RunStateError as error:
        raise TrainingError(f"{file} is damaged and cannot be resumed") from error
    try:
        # Parsed, not compared as text: a key that was added since has its default in both.
        if TrainConfig.model_validate_json(state.told["config"]) != config:
            raise TrainingError(
                f"{file} was written by another config; use that one, or a new --out"
            )
        _restore(run, state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise TrainingError(f"{file} is of another corpus or version; use a new --out") from error
    if team.leads:
        remove_partial(folder)
        cut_after(folder / LOG_FILE, run.update)
    return run


def _restore(run: Run, state: RunState) -> None:
    run.model.load_state_dict(state.model)
    run.optimiser.load_state_dict(state.optimiser)
    told = state.told
    run.update, run.smoothed, run.seconds = told["update"], told["smoothed"], told["seconds"]
    run.progress = Progress(**told["progress"])
    run.validation = told["validation"]


def save_run(run: Run) -> None:
    """Write the state in one step: a kill at any moment leaves the last save whole."""
    if not run.team.leads:
        return
    told = {
        "config": run.config.model_dump_json(),
        "update": run.update,
        "smoothed": run.smoothed,
        "seconds": run.seconds,
        "progress": asdict(run.progress),
        "validation": run.validation,
    }
    state = RunState(told, run.model.state_dict(), run.optimiser.state_dict())
    write_atomically(run.folder / STATE_FILE, state_bytes(state))


def train(
    run: Run,
    *,
    on_update: Callable[[Tick], None],
    on_better: Callable[[Run], None],
    stop: Callable[[], bool],
) -> bool:
    """Go on until the schedule is done (True) or ``stop()`` says so (False); saves either way.

    ``on_better`` is called when the weights are worth keeping: the best validation loss at the
    final weights or, before those are reached, the newest ones at full length.
    """
    windows = run.corpus.sides["train"]
    source = BatchSource(
        windows,
        run.config.schedule.batch,
        run.config.seed,
        Splicer(windows, run.corpus.vocabulary),
        run.config.augment.splice_share,
    )
    torch.set_flush_denormal(True)  # states near 0 would otherwise slow the cores
    began, spent = time.monotonic(), run.seconds
    while not run.schedule.finished(run.progress, run.update):
        if run.team.any(stop()):
            break
        loss, length = _update(run, source)
        run.update += 1
        run.seconds = spent + time.monotonic() - began
        accuracy = run.team.mean(loss.accuracy)
        run.smoothed = SMOOTHING * run.smoothed + (1.0 - SMOOTHING) * accuracy
        stage = run.progress.stage
        run.progress = run.schedule.after_update(run.progress, run.update, run.smoothed)
        if run.progress.stage != stage:
            run.smoothed = 0.0  # a longer window starts from nothing
        if run.update % run.config.schedule.validate_every == 0:
            _validate_and_keep(run, on_better)
        if run.update % run.config.schedule.save_every == 0:
            save_run(run)
        on_update(_tick(run, loss, length, accuracy))
    save_run(run)
    return run.schedule.finished(run.progress, run.update)


def _update(run: Run, source: BatchSource) -> tuple[Loss, int]:
    """One step of Adam; all its randomness comes from (seed, update)."""
    torch.manual_seed(update_seed(run.config.seed, run.update, run.team.rank))
    run.model.train()
    length = run.schedule.length(run.progress, run.update)
    rows = source.rows(run.update, length).astype(np.int64)
    rate = run.schedule.learning_rate(run.progress, run.update)
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    half = run.config.precision == "bfloat16"
    with torch.autocast(run.device.type, torch.bfloat16, enabled=half):
        tokens = torch.from_numpy(run.team.share(rows)).to(run.device)
        loss: Loss = run.loss(tokens, _weights(run))
    run.optimiser.zero_grad(set_to_none=True)
    loss.total.backward()  # type: ignore[no-untyped-call]  # torch leaves backward untyped
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), run.config.schedule.clip_norm)
    run.optimiser.step()
    return loss, length


def _weights(run: Run) -> Weights:
    """The weights of the loss at this update."""
    glsr, ramp = run.config.glsr, run.schedule.ramp(run.progress, run.update)
    polish = run.schedule.polish(run.progress, run.update)
    return Weights(
        beta=run.schedule.beta(run.progress, run.update),
        glsr=glsr.weight * ramp,
        level=glsr.level * ramp,
        aggregate=glsr.aggregate * ramp,
        intervals=glsr.intervals * ramp,
        evenness=glsr.evenness * (polish if run.config.schedule.polish_updates else ramp),
        ar_vae=run.config.ar_vae.weight * ramp if run.config.ar_vae else 0.0,
    )


def _tick(run: Run, loss: Loss, length: int, accuracy: float) -> Tick:
    weights = _weights(run)
    return Tick(
        update=run.update,
        length=length,
        beta=weights.beta,
        glsr_weight=weights.glsr,
        nll=float(loss.nll.detach()),
        kl=float(loss.kl.detach()),
        slope=float(loss.slope.detach().flatten()[0]),
        accuracy=accuracy,
        validation=run.validation,
    )


def _validate_and_keep(run: Run, on_better: Callable[[Run], None]) -> None:
    run.validation = run.team.from_leader(lambda: _validate(run))
    best = run.progress.best_loss
    was_full = run.schedule.full_length(run.progress)
    run.progress = run.schedule.after_validation(
        run.progress, run.update, run.validation["accuracy"], run.validation["loss"]
    )
    entry = {
        "update": run.update,
        "seconds": round(run.seconds, 1),
        "stage": run.progress.stage,
        "beta": round(run.schedule.beta(run.progress, run.update), 5),
        "glsr_weight": round(
            run.config.glsr.weight * run.schedule.ramp(run.progress, run.update), 5
        ),
        **{key: round(value, 5) for key, value in run.validation.items()},
    }
    if not run.team.leads:
        return
    append_line(run.folder / LOG_FILE, entry)
    improved = run.progress.best_loss is not None and run.progress.best_loss != best
    if improved or (was_full and run.progress.best_loss is None):
        on_better(run)


def _validate(run: Run) -> dict[str, float]:
    last_phase = not run.config.schedule.polish_updates
    return validate(
        run.model,
        run.corpus.sides["validation"],
        run.config,
        run.terms,
        polishing=last_phase or run.schedule.polish(run.progress, run.update) > 0.0,
    )
