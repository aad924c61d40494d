"""One run trained by several processes: ``torchrun --nproc-per-node N -m instrument.cli train ...``

Every process holds the same weights and takes its share of each batch; DistributedDataParallel
averages the gradients. The first process alone validates, writes and shows; the others are told
what it found, so that all decide alike. Started without torchrun, a process is a team of one, and
nothing here does anything.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from engine.aids import Terms, Weights
from engine.checkpoint import device_for_training
from engine.config import ArVaeSection, GlsrSection
from engine.intervals import Intervals
from engine.model import VAE
from engine.objective import Loss, batch_loss

Found = TypeVar("Found")
Rows = npt.NDArray[np.int64]


class TeamError(Exception):
    """The processes cannot share this run; the message is one sentence."""


@dataclass(frozen=True)
class Team:
    """The processes of a run, seen from one of them: ``rank`` of ``size``, on its own device.

    Its methods must be called by all of them, at the same places.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process validates, writes and shows."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """An accelerator of its own if there is one, else the CPU."""
        device = device_for_training()
        if self.size > 1 and device.type == "cuda":
            return torch.device("cuda", int(os.environ.get("LOCAL_RANK", self.rank)))
        return device

    def share(self, rows: Rows) -> Rows:
        """What this process takes of a batch [B, T]: [B / size, T]."""
        each = len(rows) // self.size
        return rows[self.rank * each : (self.rank + 1) * each]

    def part_of(self, key: str, count: int) -> int:
        """How many of ``count`` rows fall to this process. Raises :class:`TeamError` if no whole
        number does.
        """
        if count % self.size:
            raise TeamError(
                f"{key} is {count}; with {self.size} processes it must be a multiple of {self.size}"
            )
        return count // self.size

    def wrap(self, module: nn.Module) -> nn.Module:
        """``module``, its gradients averaged over the team at every backward pass."""
        return module if self.size == 1 else DistributedDataParallel(module)

    def mean(self, value: Tensor) -> float:
        """The mean of a number that each process has its own of; the same to the bit for all."""
        if self.size == 1:
            return float(value)
        total = value.detach().double().reshape(1)
        distributed.all_reduce(total)
        return float(total) / self.size

    def any(self, flag: bool) -> bool:
        """Whether one of the processes says so."""
        if self.size == 1:
            return flag
        count = torch.tensor([float(flag)], device=self.device)
        distributed.all_reduce(count)
        return bool(count.item())

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """The first process goes through the block before the others begin it: it may fill a cache
        that they read.
        """
        if not self.leads:
            distributed.barrier()
        try:
            yield
        finally:
            if self.leads and self.size > 1:
                distributed.barrier()

    def from_leader(self, find: Callable[[], Found]) -> Found:
        """What the first process finds; the others wait for it."""
        if self.size == 1:
            return find()
        told: list[Found | None] = [find() if self.leads else None]
        distributed.broadcast_object_list(told, src=0, device=self.device)
        return cast(Found, told[0])


ALONE = Team()


@contextmanager
def joined() -> Iterator[Team]:
    """The team that torchrun's environment names, until the block ends; else a team of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    team = Team(int(os.environ["RANK"]), size)
    if team.device.type == "cuda":
        torch.cuda.set_device(team.device)
    distributed.init_process_group("nccl" if team.device.type == "cuda" else "gloo")
    try:
        yield team
        # A thread of gloo may still hold the tensor of the last exchange. If it frees it while
        # Python ends, it asks for the interpreter's lock, gets none, and aborts a run that was
        # done. A barrier's own tensors are not Python's, and by its end the thread has let go.
        distributed.barrier()
    finally:
        distributed.destroy_process_group()


class BatchLoss(nn.Module):
    """:func:`engine.objective.batch_loss` as a module: what is wrapped must be one forward pass."""

    def __init__(
        self,
        model: VAE,
        glsr: GlsrSection,
        terms: Terms,
        ar_vae: ArVaeSection | None,
        intervals: Intervals | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.glsr, self.terms, self.ar_vae, self.intervals = glsr, terms, ar_vae, intervals

    def forward(self, tokens: Tensor, weights: Weights) -> Loss:
        """See :func:`engine.objective.batch_loss`; ``tokens`` [B / size, T]."""
        return batch_loss(
            self.model, tokens, self.glsr, self.terms, weights, self.ar_vae, self.intervals
        )


def shared_loss(
    team: Team,
    model: VAE,
    glsr: GlsrSection,
    terms: Terms,
    ar_vae: ArVaeSection | None,
    intervals: Intervals | None = None,
) -> nn.Module:
    """The loss of a process's share of a batch, with its share of the rows that carry a tangent."""
    part = {key: team.part_of(f"glsr.{key}", getattr(glsr, key)) for key in ("rows", "prior_rows")}
    shared = glsr.model_copy(update=part)
    return team.wrap(BatchLoss(model, shared, terms, ar_vae, intervals))
