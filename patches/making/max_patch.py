"""``Glisser.maxpat`` and ``Glisser.amxd``: one patch for Max, and as a MIDI effect for Live.

In Max a dial shows what Glisser tells by ``set``, which puts nothing out. In Live a parameter that
moves from inside would fill the undo history and fight automation. So there the dials belong to the
hand and to automation alone, and what Glisser tells stands beside them, in Hidden parameters.
"""

import json
from collections.abc import Sequence

from py2max import Patcher
from py2max.core import Box
from py2max.m4l import ensure_amxd_project_block, pack_amxd

from instrument.parameters import Parameter
from patches.making.board import (
    BUTTONS,
    FEEDBACK_PORT,
    HOST,
    PORT,
    RECALL,
    SAVE,
    SNAPSHOTS,
    SUBSCRIBE,
    SUBSCRIBE_EVERY_MS,
    Board,
)
from patches.making.max_sheet import ENUM, FLOAT, INT, Place, Range, Sheet

_MADE_AT = 3_850_000_000  # a time stamp of Max's, fixed: the same board is the same file
_WIDTH = 620
_RIGHT = 340  # where the part right of the dials begins
_CHANNEL_INLET = 6  # of midiformat


def max_patch(board: Board) -> bytes:
    """The file for Max."""
    return _json(_sheet(board, live=False))


def max_device(board: Board) -> bytes:
    """The file for Live."""
    sheet = _sheet(board, live=True)
    whole = ensure_amxd_project_block(_whole(sheet), device_type="midi_effect", mtime=_MADE_AT)
    return pack_amxd(
        json.dumps(whole, indent=1),
        device_type="midi_effect",
        patcher_filename="Glisser.maxpat",
        mtime=_MADE_AT,
    )


def _whole(sheet: Sheet) -> dict[str, dict[str, object]]:
    whole: dict[str, dict[str, object]] = sheet.patcher.to_dict()
    whole["patcher"]["parameters"] = sheet.listed()
    return whole


def _json(sheet: Sheet) -> bytes:
    return (json.dumps(_whole(sheet), indent=1) + "\n").encode()


def _sheet(board: Board, live: bool) -> Sheet:
    patcher = Patcher(openinpresentation=1, strict=True, on_invalid="raise", title="Glisser")
    patcher.devicewidth = float(_WIDTH) if live else 0.0
    sheet = Sheet(patcher, live)
    send = sheet.obj(f"udpsend {HOST} {PORT}")
    start = sheet.obj("live.thisdevice" if live else "loadbang")
    _knobs(sheet, board, send)
    _setting(sheet, "live.toggle", (_RIGHT, 52, 16, 16), board.freeze, send)
    _snapshots(sheet, send)
    _buttons(sheet, send)
    _tempo(sheet, board.tempo, start, send)
    _subscription(sheet, start, send)
    _displays(sheet)
    _notes(sheet, start)
    _feedback(sheet)
    return sheet


def _knobs(sheet: Sheet, board: Board, send: Box) -> None:
    for place, (label, knob) in enumerate(board.knobs):
        x, y = 6 + 55 * (place % 6), 2 + 82 * (place // 6)
        its = Range(label, FLOAT, knob.low, knob.high, knob.default)
        dial = sheet.parameter("live.dial", (x, y, 50, 48), 2, its)
        sheet.chain(dial, sheet.obj(f"prepend {knob.address}"), send)
        _shown(sheet, dial, "live.numbox", 2, (x + 4, y + 52, 42, 15), knob, its)


def _setting(sheet: Sheet, kind: str, where: Place, setting: Parameter, send: Box) -> None:
    """A switch of the instrument."""
    x, y, width, height = where
    its = Range(setting.name, ENUM, setting.low, setting.high, setting.default)
    switch = sheet.parameter(kind, where, 1, its)
    sheet.label(setting.name, (x - 4, y + 16, 50, 18))
    sheet.chain(switch, sheet.obj(f"prepend {setting.address}"), send)
    _shown(sheet, switch, kind, 1, (x + width + 4, y, width, height), setting, its)


def _shown(
    sheet: Sheet,
    control: Box,
    kind: str,
    outlets: int,
    beside: Place,
    parameter: Parameter,
    its: Range,
) -> None:
    """Where ``parameter`` stands: in the control itself, in Live in a Hidden one beside it."""
    if sheet.live:
        name = f"{its.name} shown"
        hidden = Range(name, its.kind, its.low, its.high, its.initial, hidden=True)
        control = sheet.parameter(kind, beside, outlets, hidden)
    sheet.show(parameter.address, control)


def _pressed(sheet: Sheet, label: str, x: int, y: int) -> Box:
    sheet.label(label, (x - 4, y + 16, 52, 18))
    return sheet.parameter("live.button", (x, y, 16, 16), 1, Range(label, ENUM, 0, 1, 0))


def _buttons(sheet: Sheet, send: Box) -> None:
    for place, button in enumerate(BUTTONS):
        pressed = _pressed(sheet, button.label, _RIGHT + 46 * place, 6)
        sheet.chain(pressed, sheet.message(button.address), send)


def _snapshots(sheet: Sheet, send: Box) -> None:
    low, high = SNAPSHOTS
    its = Range("snapshot", INT, low, high, low)
    number = sheet.parameter("live.numbox", (_RIGHT + 92, 52, 32, 15), 2, its)
    sheet.label("snapshot", (_RIGHT + 84, 68, 52, 18))
    for place, (do, address) in enumerate((("save", SAVE), ("recall", RECALL))):
        pressed = _pressed(sheet, do, _RIGHT + 138 + 46 * place, 52)
        held = sheet.obj(f"int {low}")
        sheet.cord(number, held, inlet=1)
        sheet.chain(pressed, held, sheet.obj(f"prepend {address}"), send)


def _tempo(sheet: Sheet, tempo: Parameter, start: Box, send: Box) -> None:
    its = Range(tempo.name, FLOAT, tempo.low, tempo.high, tempo.default, hidden=sheet.live)
    box = sheet.parameter("live.numbox", (_RIGHT + 46, 52, 42, 15), 2, its)
    sheet.label("tempo", (_RIGHT + 46, 68, 42, 18))
    sheet.show(tempo.address, box)
    sending = sheet.obj(f"prepend {tempo.address}")
    sheet.chain(sending, send)
    if sheet.live:
        _follow_live(sheet, tempo, start, sending, send)
    else:
        sheet.cord(box, sending)


def _follow_live(sheet: Sheet, tempo: Parameter, start: Box, sending: Box, send: Box) -> None:
    """Live's tempo and transport, while ``follow`` is on."""
    follow = sheet.parameter(
        "live.toggle", (_RIGHT + 236, 52, 16, 16), 1, Range("follow", ENUM, 0, 1, 1)
    )
    sheet.label("follow", (_RIGHT + 232, 68, 42, 18))
    path = sheet.obj("live.path", 1, 3)
    sheet.chain(start, sheet.message("path live_set"), path)
    within = sheet.obj(f"clip {tempo.low:.1f} {tempo.high:.1f}")
    states = sheet.obj("sel 1 0")
    # Open from the start: what Live tells first is not lost if it comes before the switch.
    for watched, after in (("tempo", within), ("is_playing", states)):
        observer = sheet.obj(f"live.observer {watched}", 2, 2)
        gate = sheet.obj("gate 1 1")
        sheet.cord(path, observer, inlet=1)
        sheet.cord(follow, gate)
        sheet.cord(observer, gate, inlet=1)
        sheet.cord(gate, after)
    sheet.chain(within, sending)
    for outlet, button in enumerate(BUTTONS[:2]):
        address = sheet.message(button.address)
        sheet.cord(states, address, outlet=outlet)
        sheet.chain(address, send)


def _subscription(sheet: Sheet, start: Box, send: Box) -> None:
    """A subscription lasts a minute: it is asked for when the patch opens, and twice a minute."""
    again = sheet.obj(f"metro {SUBSCRIBE_EVERY_MS}")
    ask = sheet.message(f"{SUBSCRIBE} {FEEDBACK_PORT}")
    sheet.chain(start, sheet.message("1"), again, ask, send)
    pressed = _pressed(sheet, "feedback", _RIGHT + 236, 92)
    sheet.chain(pressed, ask)


def _displays(sheet: Sheet) -> None:
    sheet.label("bar", (_RIGHT + 2, 112, 40, 18))
    bar = sheet.seen("number", (_RIGHT, 92, 40, 20), (1, 2), {"ignoreclick": 1})
    sheet.show("/glisser/bar", bar)
    steps: dict[str, object] = {
        "size": 32,
        "settype": 0,
        "setminmax": [-2.0, 127.0],  # REST, HOLD, then pitches
        "ignoreclick": 1,
    }
    phrase = sheet.seen("multislider", (_RIGHT + 46, 92, 182, 36), (1, 2), steps)
    sheet.tell("/glisser/phrase", phrase)
    for place, name in enumerate(("song", "status", "error")):
        x, width = _RIGHT + (0, 76, 76)[place], (70, 196, 196)[place]
        y = 132 + 18 * (name == "error")
        words = {"text": name, "ignoreclick": 1, "fontsize": 9.0}
        shown = sheet.seen("message", (x, y, width, 17), (2, 1), words)
        sheet.show(f"/glisser/{name}", shown)


def _notes(sheet: Sheet, start: Box) -> None:
    """What Glisser plays, to Live's track; in Max to the default port, if that is switched on."""
    parts = sheet.obj("t l l")
    channel, note = sheet.message("$1"), sheet.message("$2 $3")
    bytes_ = sheet.obj("midiformat")
    flush, out = sheet.obj("midiflush"), sheet.obj("midiout")
    sheet.cord(parts, channel, outlet=1)  # from right to left: the channel is set first
    sheet.cord(parts, note)
    sheet.cord(channel, bytes_, inlet=_CHANNEL_INLET)
    sheet.chain(note, bytes_, flush, out)
    off = sheet.obj("sel 0")
    sheet.chain(off, flush)  # what sounds ends with the switch
    if sheet.live:
        sheet.chain(sheet.obj("midiin"), out)
        sheet.cord(start, off, outlet=1)
        sheet.tell("/glisser/note", parts)
        return
    switch = sheet.parameter(
        "live.toggle", (_RIGHT + 236, 52, 16, 16), 1, Range("notes out", ENUM, 0, 1, 0)
    )
    sheet.label("notes out", (_RIGHT + 228, 68, 52, 18))
    gate = sheet.obj("gate 1 0")
    sheet.chain(switch, gate, parts)
    sheet.chain(switch, off)
    sheet.shown.append(("/glisser/note", gate, 1))


def _feedback(sheet: Sheet) -> None:
    """One ``route`` for all that Glisser tells."""
    addresses = list(dict.fromkeys(address for address, _, _ in sheet.shown))
    route = sheet.obj(_route(addresses))
    sheet.chain(sheet.obj(f"udpreceive {FEEDBACK_PORT}"), route)
    for address, box, inlet in sheet.shown:
        sheet.cord(route, box, outlet=addresses.index(address), inlet=inlet)


def _route(addresses: Sequence[str]) -> str:
    return "route " + " ".join(addresses)
