"""``Glisser.tosc``: a TouchOSC layout, which is XML compressed by zlib. Pure: bytes out.

The names of elements and properties are those of TouchOSC's own files (its manual lists controls,
properties and the parts of a message). Every id is made from the control's name, so that the same
board is the same file.
"""

import zlib
from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from patches.making.board import (
    BUTTONS,
    FEEDBACK_PORT,
    RECALL,
    SAVE,
    SNAPSHOTS,
    SUBSCRIBE,
    SUBSCRIBE_EVERY_MS,
    Board,
)

WIDTH, HEIGHT = 1024, 640
_FIRST_CONNECTION = "00001"  # of five
_AMBER, _BLUE, _RED, _GREY = "1 .75 .2", ".3 .6 1", "1 .3 .25", ".45 .45 .5"
_LOUD = {"panic": _RED, "play": _AMBER}

# A subscription lasts a minute: the script of the whole layout renews it.
_SCRIPT = f"""local told = -{SUBSCRIBE_EVERY_MS}
function update()
  local now = getMillis()
  if now - told >= {SUBSCRIBE_EVERY_MS} then
    told = now
    sendOSC('{SUBSCRIBE}', {FEEDBACK_PORT}, {{true}})
  end
end
"""

Frame = tuple[int, int, int, int]
Argument = tuple[str, str, float, float]  # conversion, value, low and high


def touchosc_layout(board: Board) -> bytes:
    """The file's bytes."""
    root = Element("lexml", version="3")
    children = _node(root, "GROUP", "Glisser", (0, 0, WIDTH, HEIGHT), "0 0 0", script=_SCRIPT)
    for place, (label, knob) in enumerate(board.knobs):
        x, y = 24 + 164 * (place % 6), 20 + 190 * (place // 6)
        dial = _control(children, "RADIAL", label, (x, y, 140, 140), _AMBER if place < 4 else _BLUE)
        _osc(dial, knob.address, [("FLOAT", "x", knob.low, knob.high)])
        _label(children, f"{label} name", (x, y + 140, 140, 28), label)
    _buttons(children)
    _settings(children, board)
    _told(children)
    return zlib.compress(tostring(root, encoding="UTF-8", xml_declaration=True), 9)


def _buttons(children: Element) -> None:
    for place, button in enumerate(BUTTONS):
        x = 24 + 164 * place
        name = button.label
        pressed = _control(children, "BUTTON", name, (x, 410, 140, 56), _LOUD.get(name, _GREY))
        # 1 when it is pressed, 0 when it is let go: Glisser takes the 0 for what it is.
        _osc(pressed, button.address, [("FLOAT", "x", 0, 1)], receive=False)
        _label(children, f"{name} name", (x, 424, 140, 28), name)


def _settings(children: Element, board: Board) -> None:
    tempo, freeze = board.tempo, board.freeze
    fader = _control(children, "FADER", "tempo", (24, 490, 304, 44), _GREY, orientation="1")
    _osc(fader, tempo.address, [("FLOAT", "x", tempo.low, tempo.high)])
    shown = _label(children, "tempo shown", (24, 536, 304, 24), "tempo")
    _osc(shown, tempo.address, [("STRING", "text", 0, 1)], send=False, variable="text")
    switch = _control(children, "BUTTON", "freeze", (352, 490, 140, 44), _BLUE, buttonType="1")
    _osc(switch, freeze.address, [("FLOAT", "x", freeze.low, freeze.high)])
    _label(children, "freeze name", (352, 536, 140, 24), "freeze")
    for place, number in enumerate(range(SNAPSHOTS[0], SNAPSHOTS[0] + 4)):
        x = 516 + 124 * place
        for do, address, y, colour in (("save", SAVE, 490, _GREY), ("recall", RECALL, 530, _AMBER)):
            pressed = _control(children, "BUTTON", f"{do} {number}", (x, y, 112, 32), colour)
            # The name is a number; only a press is sent, since a release would be another save.
            name = [("STRING", str(number), 0.0, 1.0)]
            _osc(pressed, address, name, receive=False, constant=True, condition="RISE")
            _label(children, f"{do} {number} name", (x, y + 4, 112, 24), f"{do} {number}")


def _told(children: Element) -> None:
    places = (("bar", 24, 80), ("song", 112, 80), ("status", 200, 396), ("error", 604, 396))
    for name, x, width in places:
        shown = _label(children, f"told {name}", (x, 584, width, 36), name)
        arguments = [("STRING", "text", 0.0, 1.0)]
        _osc(shown, f"/glisser/{name}", arguments, send=False, variable="text")


def _control(
    children: Element, kind: str, name: str, frame: Frame, colour: str, **properties: str
) -> Element:
    node = _bare(children, kind, name, frame, colour, **properties)
    _values(node, {"x": "0", "touch": "false"})
    return node


def _label(children: Element, name: str, frame: Frame, text: str) -> Element:
    """Text that no finger meets: what lies under it is pressed."""
    node = _bare(
        children, "LABEL", name, frame, "0 0 0", interactive="0", background="0", textSize="16"
    )
    _values(node, {"text": text, "touch": "false"})
    return node


def _node(parent: Element, kind: str, name: str, frame: Frame, colour: str, script: str) -> Element:
    node = _bare(parent, kind, name, frame, colour, script=script)
    _values(node, {"touch": "false"})
    return SubElement(node, "children")


_TYPES = {"script": "s", "textSize": "i", "orientation": "i", "buttonType": "i"}  # else a boolean


def _bare(
    parent: Element, kind: str, name: str, frame: Frame, colour: str, **properties: str
) -> Element:
    address = uuid5(NAMESPACE_URL, f"glisser/touchosc/{name}")
    node = SubElement(parent, "node", ID=str(address), type=kind)
    its = SubElement(node, "properties")
    _text(_property(its, "s", "name"), name)
    rectangle = _property(its, "r", "frame")
    for axis, pixels in zip("xywh", frame, strict=True):
        SubElement(rectangle, axis).text = str(pixels)
    painted = _property(its, "c", "color")
    for channel, number in zip("rgba", (*colour.split(), "1"), strict=True):
        SubElement(painted, channel).text = str(float(number))
    for key, value in properties.items():
        _text(_property(its, _TYPES.get(key, "b"), key), value)
    return node


def _property(properties: Element, kind: str, key: str) -> Element:
    entry = SubElement(properties, "property", type=kind)
    SubElement(entry, "key").text = key
    return SubElement(entry, "value")


def _text(element: Element, text: str) -> None:
    element.text = text


def _values(node: Element, values: dict[str, str]) -> None:
    held = SubElement(node, "values")
    for key, default in values.items():
        value = SubElement(held, "value")
        SubElement(value, "key").text = key
        SubElement(value, "locked").text = "0"
        SubElement(value, "lockedDefaultCurrent").text = "0"
        SubElement(value, "default").text = default
        SubElement(value, "defaultPull").text = "0"


def _osc(
    node: Element,
    address: str,
    arguments: Sequence[Argument],
    *,
    send: bool = True,
    receive: bool = True,
    variable: str = "x",
    constant: bool = False,
    condition: str = "ANY",
) -> None:
    """A message of this control. ``feedback`` is 0: what is received is never sent on."""
    messages = SubElement(node, "messages")
    osc = SubElement(messages, "osc")
    for flag, on in (("enabled", True), ("send", send), ("receive", receive), ("feedback", False)):
        SubElement(osc, flag).text = str(int(on))
    SubElement(osc, "connections").text = _FIRST_CONNECTION
    trigger = SubElement(SubElement(osc, "triggers"), "trigger")
    SubElement(trigger, "var").text = variable
    SubElement(trigger, "condition").text = condition
    _partial(SubElement(osc, "path"), "CONSTANT", ("STRING", address, 0, 1))
    listed = SubElement(osc, "arguments")
    for argument in arguments:
        _partial(listed, "CONSTANT" if constant else "VALUE", argument)


def _partial(parent: Element, kind: str, argument: Argument) -> None:
    conversion, value, low, high = argument
    partial = SubElement(parent, "partial")
    for key, text in (
        ("type", kind),
        ("conversion", conversion),
        ("value", value),
        ("scaleMin", f"{low:g}"),
        ("scaleMax", f"{high:g}"),
    ):
        SubElement(partial, key).text = text
