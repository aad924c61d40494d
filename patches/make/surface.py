"""What every surface offers, from the one list of parameters: nobody writes an address twice."""

from dataclasses import dataclass

from engine.card import check_checkpoint, find_checkpoint
from instrument.mapping import Mapping
from instrument.parameters import ROOT, Parameter, parameters
from instrument.songs import read_patch_song
from instrument.true_knobs import true_knobs

HOST, PORT, FEEDBACK_PORT = "127.0.0.1", 9129, 9130
RENEW_MS = 20_000  # a subscription lasts a minute
SLOTS = (1, 2, 3, 4)  # snapshots; a number is a name, too
MORPH_BARS = 4.0
CHECKPOINT = "stage"


@dataclass(frozen=True)
class Knob:
    """One of the default patch's: ``name`` is what it moves."""

    number: int
    name: str
    address: str
    start: float


@dataclass(frozen=True)
class Button:
    """Sends its address with ``arguments``."""

    label: str
    address: str
    arguments: tuple[float, ...] = ()


def knobs() -> list[Knob]:
    """All twelve, with the names of the shipped checkpoint's true ones."""
    mapping = _mapping()
    named = {
        true.knob: true.label
        for true in true_knobs(check_checkpoint(find_checkpoint(CHECKPOINT)), mapping)
    }
    found = {each.address: each for each in parameters(mapping)}
    return [
        Knob(
            knob.knob,
            named.get(knob.knob, f"z{knob.dimension}"),
            f"{ROOT}knob/{knob.knob}",
            found[f"{ROOT}knob/{knob.knob}"].default,
        )
        for knob in mapping.knobs
    ]


def tempo() -> Parameter:
    """With its range."""
    return next(each for each in parameters(_mapping()) if each.address == f"{ROOT}tempo")


BUTTONS = (
    Button("play", f"{ROOT}play"),
    Button("stop", f"{ROOT}stop"),
    Button("panic", f"{ROOT}panic"),
    Button("capture", f"{ROOT}capture"),
    Button("song -", f"{ROOT}song/previous"),
    Button("song +", f"{ROOT}song/next"),
    *(Button(f"save {n}", f"{ROOT}snapshot/save", (n,)) for n in SLOTS),
    *(Button(f"recall {n}", f"{ROOT}snapshot/recall", (n, MORPH_BARS)) for n in SLOTS),
)
FREEZE, TEMPO, SUBSCRIBE = f"{ROOT}freeze", f"{ROOT}tempo", f"{ROOT}subscribe"
# What comes back, besides knobs: shown as it is.
SHOWN = ("bar", "phrase", "song", "status", "error")
NOTE = f"{ROOT}note"


def _mapping() -> Mapping:
    return read_patch_song("default", CHECKPOINT).songs[0].mapping
