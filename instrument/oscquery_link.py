"""The OSCQuery process as the rest of the main process sees it: values in, never absent long.

Main process only. zeroconf and ifaddr are an optional extra that main never imports.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from threading import Lock

from instrument.oscquery import Node
from instrument.web_link import NotServedError, WebLink

LIBRARIES = ("ifaddr", "zeroconf")


@dataclass(frozen=True, slots=True)
class Serving:
    """What the process is asked for: where to serve (port 0: any free one), and what.

    ``osc_host`` and ``osc_port`` are where OSC is heard; ``methods`` come from
    :func:`instrument.oscquery.methods`, ``name`` is what clients show.
    """

    host: str
    http_port: int
    osc_host: str
    osc_port: int
    methods: tuple[Node, ...]
    name: str = "Glisser"


class OscQueryLink(WebLink):
    """One OSCQuery process after another: each is told the values of all parameters."""

    def __init__(self, serving: Serving, fault: Callable[[str], None]) -> None:
        """``fault`` gets lines for a person, on threads of ours."""
        super().__init__("OSCQuery", "instrument.oscquery_process", asdict(serving), fault)
        self._values: dict[str, float] = {}
        self._changing = Lock()
        self.values({})

    def start(self) -> None:
        """As :meth:`WebLink.start`; raises :class:`NotServedError` without the extra, too."""
        if any(find_spec(library) is None for library in LIBRARIES):
            raise NotServedError(
                "OSCQuery needs its extra packages: pip install 'glisser[oscquery]'."
            )
        super().start()

    def values(self, values: Mapping[str, float]) -> None:
        """These parameters, by address, stand so now; newest wins. Never blocks. Any thread."""
        finite = {path: value for path, value in values.items() if math.isfinite(value)}
        with self._changing:
            if self._values and finite.items() <= self._values.items():
                return
            self._values = {**self._values, **finite}
            self.tell({"type": "values", "values": self._values})
