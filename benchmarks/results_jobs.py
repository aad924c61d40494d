"""The processes of ``make results``: N at a time, watched, and stopped together."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from engine.run_log import LOG_FILE

ROOT = Path(__file__).parent.parent
LOOK_EVERY_S = 1.0
# One core for each run. glibc gives large tensors back to the kernel unless told to keep them.
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "16000000000",
    "MALLOC_TOP_PAD_": "1000000000",
}


class ResultsError(Exception):
    """The runs cannot go on; the message is one sentence."""


@dataclass(frozen=True)
class Job:
    """One process: ``step`` (start, train, evaluate) of one run."""

    step: str
    model: str
    seed: int

    def folder(self, out: Path) -> Path:
        return out / f"{'start' if self.step == 'start' else self.model}-{self.seed}"

    def command(self, out: Path) -> list[str]:
        worker = ["--worker", self.step, self.model, str(self.seed), "--out", str(out)]
        return [sys.executable, "-m", "benchmarks.results", *worker]


def work_off(jobs: Sequence[Job], at_once: int, out: Path) -> None:
    """Run every job, ``at_once`` processes at a time. Raises :class:`ResultsError` if one fails.

    On Ctrl-C all are told to stop and waited for, so that each is saved.
    """
    waiting, running = list(jobs), dict[Job, subprocess.Popen[bytes]]()
    environment = os.environ | WORKER_ENVIRONMENT
    with _bars() as bars:
        tasks = {
            job: bars.add_task(f"{job.model}, seed {job.seed}", start=False, total=None, state="")
            for job in jobs
        }
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job = waiting.pop(0)
                    bars.start_task(tasks[job])
                    running[job] = subprocess.Popen(  # noqa: S603  # our own module
                        job.command(out), env=environment, cwd=ROOT, start_new_session=True
                    )
                time.sleep(LOOK_EVERY_S)
                for job, process in list(running.items()):
                    bars.update(tasks[job], state=_state(job, out))
                    if process.poll() is None:
                        continue
                    if process.returncode:
                        raise ResultsError(f"{' '.join(job.command(out)[1:])} failed, see above")
                    bars.update(tasks[job], state=f"{job.step}: done", total=1, completed=1)
                    bars.stop_task(tasks[job])
                    del running[job]
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait()


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("{task.fields[state]}"), console=Console(stderr=True))


def _state(job: Job, out: Path) -> str:
    """How far a run is, by the last whole line of its log."""
    try:
        lines = (job.folder(out) / LOG_FILE).read_text(encoding="utf-8").splitlines()
        last = json.loads(lines[-1])
    except (OSError, IndexError, ValueError):
        return f"{job.step}: begins"
    return f"{job.step}: update {last['update']}, accuracy {last['accuracy']:.3f}"
