"""``glisser.pd``: the same surface in Pure Data, vanilla objects only. Pure: text out."""

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

# How a label is set, then the colours of ground, knob and label.
_GREY = "0 10 #fcfcfc #000000 #000000"


class Canvas:
    """A patch that grows by objects and cords; an object is known by its number."""

    def __init__(self, width: int, height: int) -> None:
        self._head = f"#N canvas 80 60 {width} {height} 12;"
        self._objects: list[str] = []
        self._cords: list[tuple[int, int, int, int]] = []

    def add(self, kind: str, x: int, y: int, text: str) -> int:
        """An ``obj``, ``msg``, ``text``, ``floatatom`` or ``symbolatom``; its number."""
        self._objects.append(f"#X {kind} {x} {y} {text};")
        return len(self._objects) - 1

    def cord(self, source: int, destination: int, outlet: int = 0, inlet: int = 0) -> None:
        """What leaves ``source`` arrives at ``destination``."""
        self._cords.append((source, outlet, destination, inlet))

    def text(self) -> str:
        """The file."""
        cords = [f"#X connect {' '.join(map(str, cord))};" for cord in self._cords]
        return "\n".join([self._head, *self._objects, *cords]) + "\n"


def pd_patch(board: Board) -> str:
    """The file's text."""
    canvas = Canvas(1080, 620)
    canvas.add("text", 20, 8, "Glisser: start it (glisser play) \\, then turn. docs/rigs.md")
    to_glisser = canvas.add("obj", 20, 560, "s glisser-send")
    _knobs(canvas, board, to_glisser)
    _buttons(canvas, to_glisser)
    _settings(canvas, board, to_glisser)
    _snapshots(canvas, to_glisser)
    _wire_out(canvas)
    _wire_in(canvas)
    _displays(canvas)
    return canvas.text()


def _format(address: str) -> str:
    """The object that puts ``address`` before what comes in, as ``netsend`` wants it."""
    return "oscformat " + " ".join(address.strip("/").split("/"))


def _message(address: str) -> str:
    """The name under which the control that sends ``address`` is reached, but for its ``-in``."""
    return address.strip("/").replace("/", "-")


def _knobs(canvas: Canvas, board: Board, to_glisser: int) -> None:
    for place, (label, knob) in enumerate(board.knobs):
        x, y = 20 + 80 * (place % 6), 50 + 100 * (place // 6)
        # A bare number sent to its name turns it; "set" and a number only shows: no loop.
        name = _message(knob.address)
        slider = canvas.add(
            "obj",
            x,
            y,
            f"hsl 64 16 {knob.low:g} {knob.high:g} 0 0 empty {name}-in {label} 0 -8 {_GREY} "
            f"{round(6300 * (knob.default - knob.low) / (knob.high - knob.low))} 1",
        )
        address = canvas.add("obj", x, y + 40, _format(knob.address))
        canvas.cord(slider, address)
        canvas.cord(address, to_glisser)


def _buttons(canvas: Canvas, to_glisser: int) -> None:
    for place, button in enumerate(BUTTONS):
        x = 20 + 80 * place
        name = _message(button.address)
        pressed = canvas.add(
            "obj",
            x,
            260,
            f"bng 20 250 50 0 empty {name}-in {button.label.replace(' ', '_')} 0 -8 {_GREY}",
        )
        address = canvas.add("obj", x, 290, _format(button.address))
        canvas.cord(pressed, address)
        canvas.cord(address, to_glisser)


def _settings(canvas: Canvas, board: Board, to_glisser: int) -> None:
    tempo, freeze = board.tempo, board.freeze
    box = canvas.add(
        "obj",
        20,
        350,
        f"nbx 5 16 {tempo.low:g} {tempo.high:g} 0 0 empty {_message(tempo.address)}-in tempo 0 -8 "
        f"{_GREY} {tempo.default:g} 256",
    )
    switch = canvas.add(
        "obj",
        140,
        350,
        f"tgl 20 0 empty {_message(freeze.address)}-in freeze 0 -8 {_GREY} 0 1",
    )
    for control, address, x in ((box, tempo.address, 20), (switch, freeze.address, 140)):
        formatted = canvas.add("obj", x, 385, _format(address))
        canvas.cord(control, formatted)
        canvas.cord(formatted, to_glisser)


def _snapshots(canvas: Canvas, to_glisser: int) -> None:
    low, high = SNAPSHOTS
    number = canvas.add(
        "obj",
        260,
        350,
        f"nbx 3 16 {low} {high} 0 1 empty glisser-snapshot-in snapshot 0 -8 {_GREY} {low} 256",
    )
    for x, label, address in ((330, "save", SAVE), (430, "recall", RECALL)):
        name = _message(address)
        pressed = canvas.add("obj", x, 350, f"bng 20 250 50 0 empty {name}-in {label} 0 -8 {_GREY}")
        held = canvas.add("obj", x, 385, f"f {low}")
        formatted = canvas.add("obj", x, 415, _format(address))
        canvas.cord(pressed, held)
        canvas.cord(number, held, inlet=1)
        canvas.cord(held, formatted)
        canvas.cord(formatted, to_glisser)


def _wire_out(canvas: Canvas) -> None:
    """The socket to Glisser, and a subscription that is renewed while the patch is open."""
    begin = canvas.add("obj", 560, 40, "loadbang")
    first = canvas.add("obj", 560, 65, "t b b")
    where = canvas.add("msg", 640, 90, f"connect {HOST} {PORT}")
    later = canvas.add("obj", 560, 90, "del 50")
    again = canvas.add("obj", 560, 115, f"metro {SUBSCRIBE_EVERY_MS}")
    pressed = canvas.add("obj", 700, 115, f"bng 20 250 50 0 empty empty subscribe 24 10 {_GREY}")
    port = canvas.add("msg", 560, 145, str(FEEDBACK_PORT))
    subscribe = canvas.add("obj", 560, 170, _format(SUBSCRIBE))
    heard = canvas.add("obj", 760, 170, "r glisser-send")
    send = canvas.add("obj", 640, 200, "list prepend send")
    bare = canvas.add("obj", 640, 225, "list trim")
    socket = canvas.add("obj", 640, 250, "netsend -u -b")
    canvas.cord(begin, first)
    canvas.cord(first, where, outlet=1)
    canvas.cord(first, later)
    canvas.cord(where, socket)
    canvas.cord(later, again)
    canvas.cord(again, port)
    canvas.cord(pressed, port)
    canvas.cord(port, subscribe)
    canvas.cord(subscribe, send)
    canvas.cord(heard, send)
    canvas.cord(send, bare)
    canvas.cord(bare, socket)


def _wire_in(canvas: Canvas) -> None:
    """What Glisser tells: each address to the part that shows it, and nothing back."""
    socket = canvas.add("obj", 560, 300, f"netreceive -u -b {FEEDBACK_PORT}")
    parse = canvas.add("obj", 560, 325, "oscparse")
    bare = canvas.add("obj", 560, 350, "list trim")
    ours = canvas.add("obj", 560, 375, "route glisser")
    kinds = canvas.add("obj", 560, 400, "route knob tempo freeze bar phrase note song status error")
    for source, destination in ((socket, parse), (parse, bare), (bare, ours), (ours, kinds)):
        canvas.cord(source, destination)
    # oscparse tells the number in an address as a symbol, which would count as a selector.
    numbered = canvas.add("obj", 560, 440, "list")
    where = canvas.add("msg", 560, 465, "\\; glisser-knob-\\$1-in set \\$2")
    canvas.cord(kinds, numbered)
    canvas.cord(numbered, where)
    for outlet, name, x in ((1, "tempo", 680), (2, "freeze", 680 + 170)):
        told = canvas.add("msg", x, 440 + 25 * outlet, f"\\; glisser-{name}-in set \\$1")
        canvas.cord(kinds, told, outlet=outlet)
    for outlet, name in enumerate(("bar", "phrase", "note", "song", "status", "error"), start=3):
        told = canvas.add("obj", 560 + 85 * (outlet - 3), 520, f"s glisser-told-{name}")
        canvas.cord(kinds, told, outlet=outlet)


def _displays(canvas: Canvas) -> None:
    """The bar, the phrase, the song, and the last line said."""
    x = 800
    told = canvas.add("obj", x, 40, "r glisser-told-bar")
    shown = canvas.add("floatatom", x, 65, "6 0 0 1 bar - - 0")
    canvas.cord(told, shown)
    for place, name in enumerate(("phrase", "song", "status", "error")):
        told = canvas.add("obj", x, 100 + 50 * place, f"r glisser-told-{name}")
        words = canvas.add("obj", x + 130, 100 + 50 * place, "list prepend set")
        bare = canvas.add("obj", x + 130, 100 + 25 + 50 * place, "list trim")
        shown = canvas.add("msg", x, 125 + 50 * place, name)
        canvas.cord(told, words)
        canvas.cord(words, bare)
        canvas.cord(bare, shown)
    _notes(canvas)


def _notes(canvas: Canvas) -> None:
    """The notes that Glisser plays, to Pd's own MIDI output: silent until a port is chosen."""
    told = canvas.add("obj", 800, 310, "r glisser-told-note")
    # noteout sounds at its left inlet, and unpack speaks from right to left: the pitch comes last.
    order = canvas.add("msg", 800, 335, "\\$2 \\$3 \\$1")
    parts = canvas.add("obj", 800, 360, "unpack f f f")
    out = canvas.add("obj", 800, 390, "noteout")
    canvas.cord(told, order)
    canvas.cord(order, parts)
    for number in range(3):
        canvas.cord(parts, out, outlet=number, inlet=number)
