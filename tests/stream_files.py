"""The controller streams of ``tests/streams``, read. No test in here.

A file names its patch and holds passages. A passage says where things stand before it, then what
the device sends, a message a line; after the bar, what the device shows and what is heard of it::

    patch lpd8
    [knob 1, from its middle to the right]
    stands knob/1 0.5
    0.00  b0 01 40  | knob/1 64/127            the value goes to what the device shows
    0.02  b0 01 60  | knob/1 96/127 stays      the hand moves, the value does not
    0.04  b0 01 70  | knob/1 112/127 -> 0.61   the value goes elsewhere
    0.06  b0 01 41  | knob/2 +1                an encoder: so many detents of 128; ~ is about
    0.08  b0 63 02                             half of a message: nothing

Seconds are those since the passage began. ``#`` begins a comment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "streams"
DETENTS = 128  # of a whole knob, docs/patches.md
ABOUT = 0.4  # of a detent between quick and slow: JACK gives it a period early or late

_STEP = re.compile(r"^(?P<at>[\d.]+) +(?P<hex>(?:[0-9a-f]{2} ?)+?) *(?:\| *(?P<shown>.*))?$")
_SHOWN = re.compile(
    r"^(?P<key>\S+)(?: (?P<display>\d+)/(?P<most>\d+))?"
    r"(?: (?P<stays>stays)| -> (?P<value>-?[\d.]+)| (?P<about>~?)(?P<detents>[+-][\d.]+))?$"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message makes of ``key``: its ``value``, give or take ``slack``; ``None``: nothing.

    ``hand``: where the device shows its control, 0..1; ``None``: it has no place of its own.
    """

    key: str
    hand: float | None
    value: float | None
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One message, ``at_s`` seconds after the passage began."""

    at_s: float
    message: str
    shown: Shown | None


@dataclass
class Passage:
    """``stands``: where each control is moved before, by OSC."""

    title: str
    stands: dict[str, float] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def races(self) -> bool:
        """Whether detents are told, of which the value depends on when they come."""
        return any(step.shown is not None and step.shown.hand is None for step in self.steps)

    def of(self, key: str) -> list[Shown]:
        """What is shown of ``key``, message by message."""
        shown = (step.shown for step in self.steps)
        return [each for each in shown if each is not None and each.key == key]


@dataclass
class Stream:
    """One file."""

    patch: str
    passages: list[Passage]


def streams() -> list[Path]:
    """Every file there is."""
    return sorted(FOLDER.glob("*.txt"))


def read_stream(file: Path) -> Stream:
    """The stream in ``file``. Raises ``ValueError`` with the line that is none."""
    patch, passages = "", list[Passage]()
    for line in _lines(file):
        word, _, rest = line.partition(" ")
        if word == "patch":
            own = FOLDER / rest
            patch = str(own) if own.is_file() else rest
        elif line.startswith("["):
            passages.append(Passage(line.strip("[]")))
        elif word == "stands":
            key, value = rest.split()
            passages[-1].stands[key] = float(value)
        else:
            passages[-1].steps.append(_step(line, passages[-1]))
    return Stream(patch, passages)


def position(display: int, most: int) -> float:
    """Where a control of ``most`` + 1 places stands that shows ``display``; its centre is 0.5."""
    centre = (most + 1) // 2
    if display <= centre:
        return 0.5 * display / centre
    return 0.5 + 0.5 * (display - centre) / (most - centre)


def _lines(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if told := line.partition("#")[0].strip():
            yield told


def _step(line: str, passage: Passage) -> Step:
    found = _STEP.match(line)
    if found is None:
        raise ValueError(f"no step: {line!r}")
    message = found["hex"].replace(" ", "")
    shown = None if found["shown"] is None else _shown(found["shown"], passage)
    return Step(float(found["at"]), message, shown)


def _shown(text: str, passage: Passage) -> Shown:
    found = _SHOWN.match(text)
    if found is None:
        raise ValueError(f"nothing that can be shown: {text!r}")
    key = found["key"]
    hand = None if found["display"] is None else position(int(found["display"]), int(found["most"]))
    if found["stays"]:
        return Shown(key, hand, None)
    if found["value"]:
        return Shown(key, hand, float(found["value"]))
    if found["detents"] is None:
        return Shown(key, hand, hand)
    before = [each for each in passage.of(key) if each.value is not None]
    start = before[-1].value if before else passage.stands[key]
    slack = before[-1].slack if before else 0.0
    moved = float(found["detents"]) / DETENTS
    if found["about"]:
        slack += ABOUT * abs(moved)
    return Shown(key, None, min(1.0, max(0.0, (start or 0.0) + moved)), slack)
