"""The stage process as the rest of the main process sees it. Main process only."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from instrument.web_link import WebLink


@dataclass(frozen=True, slots=True)
class Staging:
    """What the process is asked for: where to serve, and where OSC is heard.

    It serves on the first port from ``http_port`` (0: any free one) to ``last_port`` that it gets.
    ``checkpoints``: the folders of all songs' checkpoints by the names that stage objects say.
    """

    host: str
    http_port: int
    last_port: int
    osc_host: str
    osc_port: int
    checkpoints: Mapping[str, str]


class StageLink(WebLink):
    """One stage process after another: each is told what there is to play."""

    def __init__(self, staging: Staging, fault: Callable[[str], None]) -> None:
        """``fault`` gets lines for a person, on threads of ours."""
        super().__init__("the stage", "instrument.stage_process", asdict(staging), fault)

    def stage(self, stage: Mapping[str, Any]) -> None:
        """Tell what there is to play now: :func:`instrument.stage.stage_of`. Any thread."""
        self.tell({"type": "stage", "stage": dict(stage)})
