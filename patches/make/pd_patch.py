"""glisser.pd, of vanilla objects only.

A slider has two names: a float to ``glisser-knob-1`` turns it, and ``set`` to the same name only
shows; so what comes back is not sent on.
"""

from itertools import pairwise

from patches.make import surface
from patches.make.surface import BUTTONS, FEEDBACK_PORT, HOST, PORT, RENEW_MS

OUT = "glisser-out"
GREY, BLACK = "#fcfcfc", "#000000"


class Canvas:
    """Objects in order, by their numbers, and the cords between them."""

    def __init__(self) -> None:
        self._objects: list[str] = []
        self._cords: list[tuple[int, int, int, int]] = []

    def add(self, kind: str, x: int, y: int, text: str) -> int:
        """One more object; its number."""
        self._objects.append(f"#X {kind} {x} {y} {text};")
        return len(self._objects) - 1

    def chain(self, *objects: int) -> None:
        """Left outlet to left inlet, one after another."""
        for source, target in pairwise(objects):
            self.wire(source, target)

    def wire(self, source: int, target: int, outlet: int = 0, inlet: int = 0) -> None:
        """A cord."""
        self._cords.append((source, outlet, target, inlet))

    def text(self) -> str:
        """The file."""
        cords = [f"#X connect {a} {b} {c} {d};" for a, b, c, d in self._cords]
        return "\n".join(["#N canvas 40 40 980 640 12;", *self._objects, *cords, ""])


def pd_patch() -> str:
    """The patch as a file's text."""
    canvas = Canvas()
    canvas.add("text", 20, 10, "Glisser: knobs to the left \\, what comes back to the right.")
    _network(canvas)
    for place, knob in enumerate(surface.knobs()):
        y = 60 + 34 * place
        label = knob.name.replace(" ", "_")
        slider = canvas.add(
            "obj",
            20,
            y,
            f"hsl 160 18 0 1 0 0 {OUT}-nowhere {_name(knob.address)} {label} 168 9 0 12 "
            f"{GREY} {BLACK} {BLACK} {round(15900 * knob.start)} 1",
        )
        sends = canvas.add("obj", 290, y, f"oscformat {_path(knob.address)}")
        canvas.chain(slider, sends, canvas.add("obj", 470, y, f"s {OUT}"))
    for place, button in enumerate(BUTTONS):
        x, y = 20 + 110 * (place % 4), 490 + 30 * (place // 4)
        given = " ".join(f"{argument:g}" for argument in button.arguments) or "bang"
        message = canvas.add("msg", x, y, given)
        canvas.add("text", x, y - 13, button.label)
        named = canvas.add("obj", x + 60, y, f"r glisser-{button.label.replace(' ', '-')}")
        sends = canvas.add("obj", x + 30, y + 14, f"oscformat {_path(button.address)}")
        canvas.chain(named, message, sends, canvas.add("obj", x + 60, y + 14, f"s {OUT}"))
    _freeze_and_tempo(canvas)
    _feedback(canvas)
    return canvas.text()


def _network(canvas: Canvas) -> None:
    begin = canvas.add("obj", 600, 20, "loadbang")
    first = canvas.add("obj", 600, 46, "t b b")
    connect = canvas.add("msg", 690, 46, f"connect {HOST} {PORT}")
    again = canvas.add("obj", 600, 72, f"metro {RENEW_MS}")
    port = canvas.add("msg", 690, 72, str(FEEDBACK_PORT))
    subscribe = canvas.add("obj", 740, 72, f"oscformat {_path(surface.SUBSCRIBE)}")
    taken = canvas.add("obj", 600, 98, f"r {OUT}")
    send = canvas.add("obj", 700, 98, "list prepend send")
    plain = canvas.add("obj", 830, 98, "list trim")
    net = canvas.add("obj", 600, 124, "netsend -u -b")
    canvas.chain(begin, first, again, port, subscribe, send, plain, net)
    canvas.wire(first, connect, outlet=1)
    canvas.wire(connect, net)
    canvas.wire(taken, send)


def _freeze_and_tempo(canvas: Canvas) -> None:
    low, high = surface.tempo().low, surface.tempo().high
    toggle = canvas.add(
        "obj",
        470,
        490,
        f"tgl 22 0 {OUT}-nowhere glisser-freeze freeze 28 11 0 12 {GREY} {BLACK} {BLACK} 0 1",
    )
    number = canvas.add(
        "obj",
        470,
        530,
        f"nbx 5 22 {low:g} {high:g} 0 0 {OUT}-nowhere glisser-tempo tempo 80 11 0 14 "
        f"{GREY} {BLACK} {BLACK} 120 256",
    )
    for control, address, y in ((toggle, surface.FREEZE, 490), (number, surface.TEMPO, 530)):
        sends = canvas.add("obj", 600, y, f"oscformat {_path(address)}")
        canvas.chain(control, sends, canvas.add("obj", 760, y, f"s {OUT}"))


def _feedback(canvas: Canvas) -> None:
    receive = canvas.add("obj", 600, 170, f"netreceive -u -b {FEEDBACK_PORT}")
    parse = canvas.add("obj", 600, 196, "oscparse")
    plain = canvas.add("obj", 680, 196, "list trim")
    root = canvas.add("obj", 600, 222, f"route {surface.ROOT.strip('/')}")
    shown = [*surface.SHOWN, "note", "freeze", "tempo"]
    kinds = canvas.add("obj", 600, 248, f"route knob {' '.join(shown)}")
    canvas.chain(receive, parse, plain, root, kinds)
    knobs = surface.knobs()
    # oscparse gives the number in an address as a symbol, which no route matches; written down and
    # read again it is a number.
    written = canvas.add("obj", 600, 274, "fudiformat -u")
    read = canvas.add("obj", 720, 274, "fudiparse")
    which = canvas.add("obj", 600, 300, f"route {' '.join(str(knob.number) for knob in knobs)}")
    canvas.chain(written, read, which)
    canvas.wire(kinds, written)
    for place, knob in enumerate(knobs):
        x, y = 600 + 90 * (place % 4), 330 + 50 * (place // 4)
        only = canvas.add("msg", x, y, "set \\$1")
        canvas.chain(only, canvas.add("obj", x, y + 22, f"s {_name(knob.address)}"))
        canvas.wire(which, only, outlet=place)
    for place, what in enumerate(shown, start=1):
        x, y = 600 + 120 * ((place - 1) % 3), 570 + 26 * ((place - 1) // 3)
        if what in {"freeze", "tempo"}:
            only = canvas.add("msg", x, y, "set \\$1")
            canvas.chain(only, canvas.add("obj", x + 50, y, f"s glisser-{what}"))
            canvas.wire(kinds, only, outlet=place)
        else:
            canvas.wire(kinds, canvas.add("obj", x, y, f"s glisser-{what}"), outlet=place)
    bar = canvas.add("obj", 480, 60, "r glisser-bar")
    canvas.chain(bar, canvas.add("floatatom", 480, 86, "5 0 0 1 bar - - 0"))
    for place, what in enumerate(("status", "error")):
        heard = canvas.add("obj", 480, 120 + 60 * place, f"r glisser-{what}")
        canvas.chain(heard, canvas.add("obj", 480, 146 + 60 * place, f"print {what}"))


def _path(address: str) -> str:
    return address.strip("/").replace("/", " ")


def _name(address: str) -> str:
    return address.strip("/").replace("/", "-")
