"""One line of the preflight. Pure."""

from dataclasses import asdict, dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "fail"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, and what to do if it does not stand well.

    A warning is what one can play with; with a fail one cannot.
    """

    what: str
    verdict: Verdict
    told: str

    def as_dict(self) -> dict[str, str]:
        """The line as JSON has it."""
        return asdict(self)
