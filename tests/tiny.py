"""A training run small enough for a test: six made-up melodies, eight units, two dozen updates.

``python -m tests.tiny FOLDER UPDATE MOMENT`` trains it and kills itself with SIGKILL, either right
after that update (``after``) or in the middle of writing that update's save (``saving``).
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from engine import files, validation
from engine.chorales import Bar, Melody
from engine.config import TrainConfig
from engine.corpus import Corpus, build_corpus
from engine.export import keep
from engine.phrase import HOLD_STEP
from engine.source import CorpusSource
from engine.train import Run, Tick, new_run, train

C_MAJOR = {60: 0, 62: 2, 64: 4, 65: -1, 67: 1, 69: 3, 71: 5, 72: 0}  # pitch -> line of fifths
SOURCE = CorpusSource("made-up melodies", "0" * 64, "no rights in them", "# Licence\n")

validation.SWEEP_SAMPLE = 4  # sweeps of a validation; what they show is not what these runs are for


def tiny_melody(seed: int, *, bars: int = 6, above: int = 0) -> Melody:
    """Quarters and eighths of C major in 4/4, one random tune for each seed, so much ``above``."""
    chance = random.Random(seed)
    steps: list[int] = []
    while len(steps) < 16 * bars:
        pitch, length = chance.choice(list(C_MAJOR)), chance.choice([2, 4])
        steps += [pitch] + [HOLD_STEP] * (length - 1)
    steps = steps[: 16 * bars]
    fifths = tuple(C_MAJOR[value] if value >= 0 else 0 for value in steps)
    grid = tuple(Bar(16 * bar, 16, 4, 4) for bar in range(bars))
    steps = [step + above if step >= 0 else step for step in steps]
    return Melody(f"tiny-{seed}", tuple(steps), fifths, 0, grid)


def tiny_corpus(above: int = 0) -> Corpus:
    """Ten tunes, so that each side of the split has at least one, so many semitones ``above``."""
    melodies = [tiny_melody(seed, above=above) for seed in range(10)]
    return build_corpus(melodies, bar_aligned=True, hop_steps=16)


def tiny_config(**schedule: object) -> TrainConfig:
    """A whole schedule in 24 updates: two short lengths, ramps, final updates."""
    settings: dict[str, object] = {
        "batch": 8,
        "curriculum": [
            {"steps": 8, "accuracy": 1.0, "limit_updates": 3},
            {"steps": 16, "accuracy": 1.0, "limit_updates": 3},
        ],
        "gate_limit_updates": 2,
        "ramp_updates": 6,
        "final_updates": 10,
        "validate_every": 4,
        "validation_windows": 8,
        "save_every": 4,
    }
    return TrainConfig.model_validate(
        {
            "name": "tiny",
            "corpus": {"bar_aligned": True},
            "model": {"units": 8, "embedding": 6},
            "glsr": {
                "rows": 4,
                "prior_share": 0.5,
                "onset_retreat": 0.2,
                "attributes": [{"name": "note_count", "dimension": 1, "mu": 1.7, "variance": 0.03}],
            },
            "schedule": settings | schedule,
        }
    )


def finish(run: Run, *, stop_at: int | None = None) -> list[Tick]:
    """Train to the end or to ``stop_at``, keeping a checkpoint as ``glisser train`` does."""
    ticks: list[Tick] = []
    train(
        run,
        on_update=ticks.append,
        on_better=lambda better: keep(better, SOURCE),
        stop=lambda: run.update == stop_at,
    )
    return ticks


def _killed(folder: Path, update: int, moment: str) -> None:
    run = new_run(tiny_config(), tiny_corpus(), folder)
    replace: Callable[..., None] = os.replace

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def die_before_replacing(source: Path, target: Path) -> None:
        if run.update == update and Path(target).name == "state.safetensors":
            die()
        replace(source, target)

    if moment == "saving":
        files.os.replace = die_before_replacing  # type: ignore[attr-defined]
    train(
        run,
        on_update=lambda tick: die() if moment == "after" and tick.update == update else None,
        on_better=lambda better: keep(better, SOURCE),
        stop=lambda: False,
    )


if __name__ == "__main__":
    _killed(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
