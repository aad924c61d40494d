"""What every rig's surface offers: knobs with their names, buttons, settings, and what is shown.

Names and ranges come from the default patch and from the shipped checkpoint's card, so that a
surface cannot disagree with the instrument. Pure but for reading those two.
"""

from dataclasses import dataclass

from engine.card import find_checkpoint, read_card
from instrument.mapping import Mapping
from instrument.osc_addresses import DEFAULT_FEEDBACK_PORT
from instrument.parameters import Parameter, parameters
from instrument.patch import load_patch
from instrument.true_knobs import true_knobs

HOST = "127.0.0.1"
PORT = 9129
FEEDBACK_PORT = DEFAULT_FEEDBACK_PORT
SUBSCRIBE_EVERY_MS = 30_000  # a subscription lasts a minute
SUBSCRIBE = "/glisser/subscribe"
SAVE = "/glisser/snapshot/save"
RECALL = "/glisser/snapshot/recall"
SNAPSHOTS = (1, 8)  # by number, as program changes know them; a name would do, too
CHECKPOINT = "stage"


@dataclass(frozen=True, slots=True)
class Button:
    """A press sends ``address`` without an argument."""

    label: str
    address: str


BUTTONS = (
    Button("play", "/glisser/play"),
    Button("stop", "/glisser/stop"),
    Button("panic", "/glisser/panic"),
    Button("capture", "/glisser/capture"),
    Button("song -", "/glisser/song/previous"),
    Button("song +", "/glisser/song/next"),
)


@dataclass(frozen=True, slots=True)
class Board:
    """The knobs in order, each with the name of what it does, and two settings."""

    knobs: tuple[tuple[str, Parameter], ...]
    tempo: Parameter
    freeze: Parameter


def board() -> Board:
    """The surface of the default patch under the shipped checkpoint."""
    mapping = load_patch("default")
    by_key = {parameter.key: parameter for parameter in parameters(mapping)}
    labels = labels_of(mapping)
    knobs = tuple(
        (labels[knob.knob], by_key[f"knob/{knob.knob}"])
        for knob in sorted(mapping.knobs, key=lambda knob: knob.knob)
    )
    return Board(knobs, by_key["tempo"], by_key["freeze"])


def labels_of(mapping: Mapping) -> dict[int, str]:
    """What each knob moves, by its number: a meaning where it has one, else the coordinate."""
    named = {knob.knob: f"z{knob.dimension}" for knob in mapping.knobs}
    for true in true_knobs(read_card(find_checkpoint(CHECKPOINT)), mapping):
        named[true.knob] = true.label
    return named
