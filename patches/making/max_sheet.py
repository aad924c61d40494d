"""A patch for Max that grows box by box, as its own surface and as a device for Live."""

from dataclasses import dataclass, field
from itertools import pairwise

from py2max import Patcher
from py2max.core import Box, Rect

FLOAT, INT, ENUM = 0, 1, 2  # what Max calls a parameter's type
_HIDDEN = 2  # a parameter that is neither stored nor automated nor in Live's undo history
_AUTOMATED = 0
_AS_FLOAT, _AS_INT = 1, 0  # how its number is written
_BANK = 8  # knobs of a Push, or of any controller that Live knows

Place = tuple[int, int, int, int]  # x, y, width and height, in pixels
Shown = tuple[str, Box, int]  # address, box and inlet


@dataclass(frozen=True, slots=True)
class Range:
    """A parameter as Max keeps it: names, type, both ends, where it stands at first."""

    name: str
    kind: int
    low: float
    high: float
    initial: float
    hidden: bool = False

    def attributes(self, recall: bool) -> dict[str, object]:
        """What a box says of it. ``recall``: whether it goes to ``initial`` when it is loaded."""
        valueof: dict[str, object] = {
            "parameter_longname": self.name,
            "parameter_shortname": self.name,
            "parameter_type": self.kind,
            "parameter_mmin": self.low,
            "parameter_mmax": self.high,
            "parameter_unitstyle": _AS_FLOAT if self.kind == FLOAT else _AS_INT,
            "parameter_invisible": _HIDDEN if self.hidden else _AUTOMATED,
        }
        if recall and not self.hidden:
            valueof |= {"parameter_initial_enable": 1, "parameter_initial": [self.initial]}
        if self.kind == ENUM:
            valueof["parameter_enum"] = ["off", "on"]
        return {"valueof": valueof}


@dataclass
class Sheet:
    """A patcher, whether it is to be a device for ``live``, and what has to be shown where."""

    patcher: Patcher
    live: bool
    shown: list[Shown] = field(default_factory=list)
    _ranges: dict[str, Range] = field(default_factory=dict)
    _row: int = 0

    def obj(self, text: str, inlets: int | None = None, outlets: int | None = None) -> Box:
        """An object that does its work unseen; py2max knows how many ports most kinds have."""
        return self.patcher.add_textbox(
            text, numinlets=inlets, numoutlets=outlets, patching_rect=self._unseen()
        )

    def message(self, text: str) -> Box:
        """A message box that is not part of the surface."""
        return self.patcher.add_message(text, patching_rect=self._unseen())

    def seen(
        self, kind: str, place: Place, ports: tuple[int, int], extra: dict[str, object]
    ) -> Box:
        """A box of the surface, with so many inlets and outlets."""
        box = Box(
            id=self.patcher.get_id(),
            maxclass=kind,
            numinlets=ports[0],
            numoutlets=ports[1],
            patching_rect=Rect(*place),
        )
        box._kwds.update(  # what py2max has no argument for
            {"outlettype": [""] * ports[1], "presentation": 1, "presentation_rect": list(place)}
            | extra
        )
        return self.patcher.add_box(box)

    def parameter(self, kind: str, place: Place, outlets: int, its: Range) -> Box:
        """A control with a parameter; one that is hidden is not for the hand."""
        extra: dict[str, object] = {
            "parameter_enable": 1,
            "varname": its.name,
            "saved_attribute_attributes": its.attributes(recall=self.live),
        }
        if its.hidden:
            extra["ignoreclick"] = 1
        box = self.seen(kind, place, (1, outlets), extra)
        self._ranges[str(box.id)] = its
        return box

    def label(self, text: str, place: Place) -> None:
        """Words on the surface."""
        self.seen("comment", place, (1, 0), {"text": text, "fontsize": 9.0})

    def chain(self, *boxes: Box) -> None:
        """A cord from each to the next, from first outlet to first inlet."""
        for source, destination in pairwise(boxes):
            self.patcher.add_line(source, destination)

    def cord(self, source: Box, destination: Box, outlet: int = 0, inlet: int = 0) -> None:
        """One cord."""
        self.patcher.add_line(source, destination, outlet=outlet, inlet=inlet)

    def show(self, address: str, box: Box) -> None:
        """What Glisser tells under ``address`` is set in ``box``, which puts nothing out."""
        setting = self.obj("prepend set")
        self.cord(setting, box)
        self.tell(address, setting)

    def tell(self, address: str, box: Box) -> None:
        """What Glisser tells under ``address`` arrives at ``box`` as it is."""
        self.shown.append((address, box, 0))

    def listed(self) -> dict[str, object]:
        """The parameters as a patch lists them, and in banks of eight for Live's controllers."""
        rows: dict[str, object] = {
            number: [its.name, its.name, 0] for number, its in self._ranges.items()
        }
        names = [its.name for its in self._ranges.values() if not its.hidden]
        rows["parameterbanks"] = {
            str(bank): {"index": bank, "name": "", "parameters": names[first : first + _BANK]}
            for bank, first in enumerate(range(0, len(names), _BANK))
        }
        return rows

    def _unseen(self) -> Rect:
        column, row = divmod(self._row, 32)
        self._row += 1
        return Rect(680 + 230 * column, 20 + 26 * row, 200, 22)
