"""Glisser.tosc, a layout for TouchOSC: XML, compressed by zlib.

Every control sends its address and is moved by it when it comes back; TouchOSC does not send on
what it receives (its option feedback is off).
"""

import zlib
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from patches.make import surface

WIDTH, HEIGHT, EDGE = 1024, 768, 12
AMBER, RED, GREY = (0.95, 0.70, 0.24), (0.90, 0.33, 0.25), (0.55, 0.60, 0.68)
# The layout asks for feedback itself, again and again: a subscription lasts a minute.
SCRIPT = f"""local asked = -{surface.RENEW_MS}
function update()
  local now = getMillis()
  if now - asked >= {surface.RENEW_MS} then
    asked = now
    sendOSC('{surface.SUBSCRIBE}', {surface.FEEDBACK_PORT})
  end
end
"""
Colour = tuple[float, float, float]
Frame = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sent:
    """An OSC message: its address, and whether it carries the control's value or a constant."""

    address: str
    value: str = ""  # the control's: "x"; else ``constants``
    low: float = 0.0
    high: float = 1.0
    constants: tuple[float, ...] = ()


def touch_osc() -> bytes:
    """The file."""
    root = Element("lexml", version="3")
    page = _node(root, "GROUP", "Glisser", (0, 0, WIDTH, HEIGHT), GREY)
    _property(page[0], "s", "script", SCRIPT)
    children = SubElement(page, "children")
    wide, high = (WIDTH - 7 * EDGE) // 6, 190
    for place, knob in enumerate(surface.knobs()):
        x, y = EDGE + (wide + EDGE) * (place % 6), EDGE + (high + EDGE) * (place // 6)
        _label(children, f"{knob.name}-label", knob.name, (x, y, wide, 28))
        control = _node(children, "RADIAL", knob.name, (x, y + 30, wide, high - 30), AMBER)
        _values(control, x=knob.start)
        _send(control, Sent(knob.address, "x"), receives=True)
    rows = [surface.BUTTONS[n : n + 7] for n in range(0, len(surface.BUTTONS), 7)]
    across, top = (WIDTH - 8 * EDGE) // 7, 2 * (high + EDGE) + EDGE
    for row, buttons in enumerate(rows):
        for column, button in enumerate(buttons):
            frame = (EDGE + (across + EDGE) * column, top + 90 * row, across, 78)
            colour = RED if button.label == "panic" else GREY
            control = _node(children, "BUTTON", button.label, frame, colour)
            _values(control, x=0.0)
            _send(control, Sent(button.address, constants=button.arguments))
            _label(children, f"{button.label}-label", button.label, frame)
    below = top + 90 * len(rows)
    freeze = _node(children, "BUTTON", "freeze", (EDGE, below, across, 78), AMBER, buttonType=1)
    _values(freeze, x=0.0)
    _send(freeze, Sent(surface.FREEZE, "x"), receives=True)
    _label(children, "freeze-label", "freeze", (EDGE, below, across, 78))
    tempo = surface.tempo()
    frame = (2 * EDGE + across, below, 4 * across, 78)
    fader = _node(children, "FADER", "tempo", frame, AMBER, orientation=1)
    _values(fader, x=(tempo.default - tempo.low) / (tempo.high - tempo.low))
    _send(fader, Sent(surface.TEMPO, "x", tempo.low, tempo.high), receives=True)
    xml = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return zlib.compress(xml, 9)


def _node(
    parent: Element, kind: str, name: str, frame: Frame, colour: Colour, **others: int
) -> Element:
    named = uuid5(NAMESPACE_URL, f"glisser/{kind}/{name}")  # the same layout, the same file
    node = SubElement(parent, "node", ID=str(named), type=kind)
    properties = SubElement(node, "properties")
    _property(properties, "s", "name", name)
    rectangle = _property(properties, "r", "frame")
    for key, number in zip("xywh", frame, strict=True):
        SubElement(rectangle, key).text = str(number)
    shade = _property(properties, "c", "color")
    for key, part in zip("rgba", (*colour, 1.0), strict=True):
        SubElement(shade, key).text = f"{part:g}"
    for key, whole in others.items():
        _property(properties, "i", key, str(whole))
    return node


def _property(properties: Element, kind: str, key: str, text: str | None = None) -> Element:
    each = SubElement(properties, "property", type=kind)
    SubElement(each, "key").text = key
    value = SubElement(each, "value")
    value.text = text
    return value


def _values(node: Element, **defaults: float) -> None:
    values = SubElement(node, "values")
    for key, default in defaults.items():
        value = SubElement(values, "value")
        for name, text in (("key", key), ("locked", "0"), ("lockedDefaultCurrent", "0")):
            SubElement(value, name).text = text
        SubElement(value, "default").text = f"{default:g}"
        SubElement(value, "defaultPull").text = "0"


def _label(parent: Element, name: str, text: str, frame: Frame) -> None:
    node = _node(parent, "LABEL", name, frame, GREY, interactive=0, background=0)
    values = SubElement(node, "values")
    value = SubElement(values, "value")
    for key, said in (("key", "text"), ("locked", "0"), ("lockedDefaultCurrent", "0")):
        SubElement(value, key).text = said
    SubElement(value, "default").text = text
    SubElement(value, "defaultPull").text = "0"


def _send(node: Element, sent: Sent, *, receives: bool = False) -> None:
    osc = SubElement(SubElement(node, "messages"), "osc")
    switches = {"enabled": 1, "send": 1, "receive": int(receives), "feedback": 0}
    for key, number in switches.items():
        SubElement(osc, key).text = str(number)
    SubElement(osc, "connections").text = "00001"
    trigger = SubElement(SubElement(osc, "triggers"), "trigger")
    SubElement(trigger, "var").text = "x"
    SubElement(trigger, "condition").text = "ANY" if sent.value else "RISE"
    _partial(SubElement(osc, "path"), "CONSTANT", "STRING", sent.address)
    arguments = SubElement(osc, "arguments")
    if sent.value:
        _partial(arguments, "VALUE", "FLOAT", sent.value, sent.low, sent.high)
    for constant in sent.constants:
        _partial(arguments, "CONSTANT", "FLOAT", f"{constant:g}")


def _partial(
    parent: Element, kind: str, conversion: str, value: str, low: float = 0.0, high: float = 1.0
) -> None:
    partial = SubElement(parent, "partial")
    parts = {"type": kind, "conversion": conversion, "value": value}
    for key, text in {**parts, "scaleMin": f"{low:g}", "scaleMax": f"{high:g}"}.items():
        SubElement(partial, key).text = text
