"""One process of a team: ``python -m tests.tiny_team FOLDER STOP_AT KIND`` trains the tiny run.

KIND ``noiseless`` leaves all chance out, so that a team must do what one process does. Prints what
it ended with, as one JSON line. Only the first process is ever told to stop.
"""

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from engine import files
from engine.config import TrainConfig
from engine.distributed import Team, joined
from engine.model import Posterior
from engine.train import STATE_FILE, Run, new_run, resume_run
from tests.tiny import finish, tiny_config, tiny_corpus


def noiseless_config() -> TrainConfig:
    """The tiny run without dropout or prior rows, a tangent on every row, and z the posterior mean
    (which is patched in this process).
    """
    Posterior.sample = lambda self: self.mean  # type: ignore[method-assign]
    config = tiny_config().model_dump()
    config["model"]["dropout"] = 0.0
    config["glsr"] |= {"rows": config["schedule"]["batch"], "prior_share": 0.0}
    return TrainConfig.model_validate(config)


def main(folder: Path, stop_at: int | None, config: TrainConfig) -> None:
    rows: list[list[list[int]]] = []
    writes = 0
    share, replace = Team.share, files.os.replace  # type: ignore[attr-defined]

    def watched(team: Team, batch: object) -> object:
        rows.append(share(team, batch).tolist())  # type: ignore[arg-type]
        return share(team, batch)  # type: ignore[arg-type]

    def counted(source: str, target: str) -> None:
        nonlocal writes
        writes += 1
        replace(source, target)

    Team.share = watched  # type: ignore[method-assign,assignment]
    files.os.replace = counted  # type: ignore[attr-defined]
    with joined() as team:
        begin = resume_run if (folder / STATE_FILE).is_file() else new_run
        run = begin(config, tiny_corpus(), folder, team)
        finish(run, stop_at=stop_at if team.leads else None)
        print(json.dumps(_end(run) | {"rows": rows, "writes": writes}))  # noqa: T201


def _end(run: Run) -> dict[str, object]:
    body = b"".join(w.numpy().tobytes() for w in run.model.state_dict().values())
    return {
        "weights": hashlib.sha256(body).hexdigest(),
        "progress": asdict(run.progress),
        "smoothed": run.smoothed,
        "validation": run.validation,
        "update": run.update,
    }


if __name__ == "__main__":
    asked_config = noiseless_config() if sys.argv[3] == "noiseless" else tiny_config()
    main(Path(sys.argv[1]), None if sys.argv[2] == "None" else int(sys.argv[2]), asked_config)
