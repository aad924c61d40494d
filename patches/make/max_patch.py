"""Glisser.maxpat and Glisser.amxd: one patcher for Max, one for Live, of the same parts.

What a hand turns is never set from inside: in Live every such change would be a step of undo. What
comes back is shown by objects of its own that are Hidden from Live, and ``set``: nothing loops.
"""

from dataclasses import dataclass
from typing import Any

from py2max import Patcher

from patches.make import surface
from patches.make.surface import Button, Knob

FLOAT, HIDDEN, STORED_AND_AUTOMATED = 0, 2, 0  # of a parameter: its type, its visibility
# Inlets and outlets of objects that the library does not know (Max's reference).
LIVE = {"live.thisdevice": (1, 3), "live.path": (1, 3), "live.observer": (2, 2)}
COLUMN, ROW = 92.0, 120.0
TEXT_HEIGHT = 22.0


@dataclass
class Builder:
    """A patcher, and where the next object goes."""

    patcher: Patcher
    sender: str = "send"

    def text(self, name: str, text: str, x: float, y: float, width: float = 160.0) -> str:
        """An object box."""
        known = {}
        if text in LIVE:
            inlets, outlets = LIVE[text]
            known = {"numinlets": inlets, "numoutlets": outlets, "outlettype": [""] * outlets}
        rect = [x, y, width, TEXT_HEIGHT]
        self.patcher.add_textbox(text, patching_rect=rect, id=name, **known)
        return name

    def message(self, name: str, text: str, x: float, y: float, width: float = 150.0) -> str:
        """A message box."""
        self.patcher.add_message(text, patching_rect=[x, y, width, TEXT_HEIGHT], id=name)
        return name

    def label(self, name: str, text: str, x: float, y: float, width: float = 80.0) -> None:
        """A comment."""
        self.patcher.add_comment(text, patching_rect=[x, y, width, TEXT_HEIGHT], id=name)

    def wire(self, source: str, target: str, outlet: int = 0, inlet: int = 0) -> None:
        """A patch cord."""
        self.patcher.add_patchline(source, outlet, target, inlet)

    def control(self, kind: str, name: str, rect: list[float], **attributes: Any) -> str:  # noqa: ANN401 - JSON
        """A control of Live's own set."""
        outlets = {"live.dial": ["", "float"], "live.numbox": ["", "float"]}[kind]
        self.patcher.add_textbox(
            kind,
            maxclass=kind,
            numinlets=1,
            numoutlets=len(outlets),
            outlettype=outlets,
            patching_rect=rect,
            presentation=1,
            presentation_rect=rect,
            id=name,
            **attributes,
        )
        return name


def parameter(
    long_name: str, short_name: str, low: float, high: float, start: float, visibility: int
) -> dict[str, Any]:
    """The attributes of a control that Live knows as a parameter."""
    return {
        "varname": long_name,
        "parameter_enable": 1,
        "saved_attribute_attributes": {
            "valueof": {
                "parameter_longname": long_name,
                "parameter_shortname": short_name,
                "parameter_type": FLOAT,
                "parameter_mmin": low,
                "parameter_mmax": high,
                "parameter_initial_enable": 1,
                "parameter_initial": [start],
                "parameter_invisible": visibility,
                "parameter_unitstyle": 1,
            }
        },
    }


def max_patch() -> Patcher:
    """The patcher for Max."""
    built = _common(Patcher(title="Glisser", layout="horizontal"))
    built.message("note-order", "$2 $3 $1", 700.0, 560.0)  # pitch, velocity, channel
    built.text("noteout", "noteout", 700.0, 600.0)
    built.label("note-help", "the notes, too: double-click for a MIDI port", 880.0, 600.0, 340.0)
    built.wire("note", "note-order")
    built.wire("note-order", "noteout")
    return built.patcher


def live_device() -> Patcher:
    """The patcher of the MIDI effect: Live's tempo and transport in, notes out into the track."""
    built = _common(Patcher(title="Glisser", layout="horizontal", device_type="midi_effect"))
    built.patcher.openinpresentation = 1
    built.text("here", "live.thisdevice", 20.0, 760.0)
    built.text("ask", "t b b b", 20.0, 800.0)
    built.message("to-set", "path live_set", 20.0, 840.0)
    built.text("set", "live.path", 20.0, 880.0)
    built.wire("here", "ask")
    built.wire("ask", "to-set", outlet=0)
    built.wire("to-set", "set")
    for place, (what, outlet) in enumerate((("tempo", 1), ("is_playing", 2))):
        x = 220.0 + 200.0 * place
        built.message(f"property-{what}", f"property {what}", x, 840.0)
        built.text(f"observe-{what}", "live.observer", x, 880.0)
        built.wire("ask", f"property-{what}", outlet=outlet)
        built.wire(f"property-{what}", f"observe-{what}")
        built.wire("set", f"observe-{what}", inlet=1)
    built.text("live-tempo", f"prepend {surface.TEMPO}", 220.0, 920.0)
    built.wire("observe-tempo", "live-tempo")
    built.wire("live-tempo", built.sender)
    built.text("runs", "sel 1 0", 420.0, 920.0)
    built.wire("observe-is_playing", "runs")
    for outlet, label in enumerate(("play", "stop")):
        built.wire("runs", _name(label), outlet=outlet)
    built.message("note-pair", "$2 $3", 700.0, 560.0, 60.0)
    built.message("note-channel", "$1", 800.0, 560.0, 40.0)
    built.text("format", "midiformat", 700.0, 600.0)
    built.text("midiout", "midiout", 700.0, 640.0)
    built.text("midiin", "midiin", 880.0, 600.0)
    # From right to left: the channel lies there when the pair comes.
    built.wire("note", "note-channel", outlet=1)
    built.wire("note-channel", "format", inlet=6)
    built.wire("note", "note-pair", outlet=0)
    built.wire("note-pair", "format")
    built.wire("format", "midiout")
    built.wire("midiin", "midiout")
    return built.patcher


def _common(patcher: Patcher) -> Builder:
    """Knobs, buttons, freeze, tempo, and what comes back."""
    built = Builder(patcher)
    built.text(built.sender, f"udpsend {surface.HOST} {surface.PORT}", 20.0, 700.0, 200.0)
    built.text("receive", f"udpreceive {surface.FEEDBACK_PORT}", 700.0, 20.0)
    _subscription(built)
    knobs = surface.knobs()
    for place, knob in enumerate(knobs):
        _knob(built, knob, 20.0 + COLUMN * (place % 6), 60.0 + ROW * (place // 6))
    for place, button in enumerate(surface.BUTTONS):
        _button(built, button, 20.0 + 165.0 * (place % 4), 320.0 + 34.0 * (place // 4))
    _freeze_and_tempo(built)
    _feedback(built, knobs)
    return built


def _subscription(built: Builder) -> None:
    """Main forgets who does not ask again."""
    built.text("begin", "loadbang", 420.0, 620.0)
    built.text("every", f"metro {surface.RENEW_MS} @active 1", 420.0, 660.0)
    built.message("subscribe", f"{surface.SUBSCRIBE} {surface.FEEDBACK_PORT}", 420.0, 700.0, 190.0)
    built.wire("begin", "every")
    built.wire("every", "subscribe")
    built.wire("subscribe", built.sender)


def _knob(built: Builder, knob: Knob, x: float, y: float) -> None:
    name = f"knob-{knob.number}"
    long_name = f"Glisser {knob.number} {knob.name}"
    built.label(f"{name}-label", knob.name, x, y - 18.0)
    turned = parameter(long_name, knob.name, 0.0, 1.0, knob.start, STORED_AND_AUTOMATED)
    built.control("live.dial", name, [x, y, 44.0, 48.0], **turned)
    built.text(f"{name}-address", f"prepend {knob.address}", x, y + 78.0, 88.0)
    built.wire(name, f"{name}-address")
    built.wire(f"{name}-address", built.sender)
    shown = parameter(f"{long_name} is", "is", 0.0, 1.0, knob.start, HIDDEN)
    built.control("live.numbox", f"{name}-shown", [x, y + 52.0, 44.0, 15.0], **shown)


def _button(built: Builder, button: Button, x: float, y: float) -> None:
    sent = " ".join([button.address, *(f"{argument:g}" for argument in button.arguments)])
    built.message(_name(button.label), sent, x, y)
    built.wire(_name(button.label), built.sender)


def _freeze_and_tempo(built: Builder) -> None:
    built.text("freeze", "toggle", 20.0, 480.0, 24.0)
    built.text("freeze-address", f"prepend {surface.FREEZE}", 60.0, 480.0)
    built.wire("freeze", "freeze-address")
    built.wire("freeze-address", built.sender)
    tempo = surface.tempo()
    built.text("tempo", f"flonum @minimum {tempo.low:g} @maximum {tempo.high:g}", 20.0, 520.0, 60.0)
    built.text("tempo-address", f"prepend {surface.TEMPO}", 100.0, 520.0)
    built.wire("tempo", "tempo-address")
    built.wire("tempo-address", built.sender)


def _feedback(built: Builder, knobs: list[Knob]) -> None:
    """Each address to what shows it, by ``set``: nothing that comes back is sent on."""
    addresses = [knob.address for knob in knobs]
    built.text("route-knobs", " ".join(["route", *addresses]), 700.0, 60.0, 700.0)
    built.wire("receive", "route-knobs")
    for outlet, knob in enumerate(knobs):
        name = f"knob-{knob.number}"
        built.text(f"{name}-set", "prepend set", 700.0 + 90.0 * outlet, 100.0, 80.0)
        built.wire("route-knobs", f"{name}-set", outlet=outlet)
        built.wire(f"{name}-set", f"{name}-shown")
    others = [f"{surface.ROOT}{what}" for what in surface.SHOWN]
    state = [surface.FREEZE, surface.TEMPO]
    routed = " ".join(["route", *others, *state, surface.NOTE])
    built.text("route-others", routed, 700.0, 180.0, 700.0)
    built.wire("route-knobs", "route-others", outlet=len(knobs))
    for outlet, what in enumerate(surface.SHOWN):
        built.text(f"{what}-set", "prepend set", 700.0, 230.0 + 60.0 * outlet, 80.0)
        built.message(f"{what}-shown", what, 800.0, 230.0 + 60.0 * outlet, 420.0)
        built.wire("route-others", f"{what}-set", outlet=outlet)
        built.wire(f"{what}-set", f"{what}-shown")
    for place, what in enumerate(("freeze", "tempo")):
        built.text(f"{what}-set", "prepend set", 260.0, 480.0 + 40.0 * place, 80.0)
        built.wire("route-others", f"{what}-set", outlet=len(others) + place)
        built.wire(f"{what}-set", what)
    built.text("note", "t l l", 700.0, 530.0, 60.0)
    built.wire("route-others", "note", outlet=len(others) + len(state))


def _name(label: str) -> str:
    return "button-" + label.replace(" ", "-").replace("+", "next").replace("--", "-previous")
