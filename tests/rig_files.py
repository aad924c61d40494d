"""What the rigs' files in patches/ say, read without their programs. No test in here."""

import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PATCHES = Path(__file__).parent.parent / "patches"

Argument = float | str
Sent = tuple[str, tuple[Argument, ...]]  # an address, and the arguments it is sent with
Cord = tuple[str, int, str, int]  # from a box and its outlet to a box and its inlet


def chunks(data: bytes, order: str, inclusive: bool) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk: four letters, a size of four bytes, so many bytes."""
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(order + "I", data, at + 4)
        end = at + size if inclusive else at + 8 + size
        assert end <= len(data), "a chunk runs past the end"
        yield data[at : at + 4], data[at + 8 : end]
        at = end


def device_text(data: bytes) -> str:
    """The patcher's JSON out of a .amxd; every size in its container has to be right."""
    assert data[:12] == b"ampf" + struct.pack("<I", 4) + b"mmmm", "not a MIDI effect"
    ((name, content),) = chunks(data[12:], "<", inclusive=False)
    assert name == b"ptch"
    tag, offset, flags, size = struct.unpack_from(">4sIII", content)
    assert (tag, offset, flags) == (b"mx@c", 16, 0)
    text = content[16:size]
    assert text.endswith(b"\0")
    ((directory, entries),) = chunks(content[size:], ">", inclusive=True)
    assert directory == b"dlst"
    ((entry, fields),) = chunks(entries, ">", inclusive=True)
    assert entry == b"dire"
    described = dict(chunks(fields, ">", inclusive=True))
    assert struct.unpack(">I", described[b"sz32"]) == (len(text),)
    assert struct.unpack(">I", described[b"of32"]) == (16,)
    return text[:-1].decode()


@dataclass
class MaxPatch:
    """A patcher's boxes by id, and its cords."""

    boxes: dict[str, dict[str, Any]]
    cords: list[Cord]

    def text(self, box: str) -> str:
        return str(self.boxes[box].get("text", self.boxes[box]["maxclass"]))

    def after(self, box: str) -> list[str]:
        return [there for here, _, there, _ in self.cords if here == box]

    def named(self, beginning: str) -> list[str]:
        return [box for box in self.boxes if self.text(box).startswith(beginning)]

    def moved_by_hand(self) -> dict[str, dict[str, Any]]:
        """Address -> the parameter of the control that a ``prepend`` of this address hears."""
        return {
            self.text(there).split()[1]: valueof(self.boxes[here])
            for here, _, there, _ in self.cords
            if self.text(there).startswith("prepend /") and valueof(self.boxes[here])
        }

    def told(self) -> set[str]:
        """All that is reached from what Glisser tells; ``set`` puts nothing out and ends a way."""
        reached, ahead = set[str](), self.named("udpreceive")
        while ahead:
            box = ahead.pop()
            if box not in reached:
                reached.add(box)
                onwards = self.after(box)
                if self.text(box) == "prepend set":
                    reached.update(onwards)
                else:
                    ahead += onwards
        return reached


def valueof(box: dict[str, Any]) -> dict[str, Any]:
    """The parameter of a box, empty where it has none."""
    found: dict[str, Any] = box.get("saved_attribute_attributes", {}).get("valueof", {})
    return found


def max_patch(name: str) -> MaxPatch:
    data = (PATCHES / name).read_bytes()
    text = device_text(data) if name.endswith(".amxd") else data.decode()
    patcher = json.loads(text)["patcher"]
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    assert len(boxes) == len(patcher["boxes"]), "two boxes of one id"
    lines = [line["patchline"] for line in patcher["lines"]]
    return MaxPatch(boxes, [(*line["source"], *line["destination"]) for line in lines])


def sent_by_max(name: str) -> list[Sent]:
    """Each message with the ends of what it can carry."""
    patch = max_patch(name)
    hand = patch.moved_by_hand()
    sent: list[Sent] = []
    for box in patch.boxes:
        words = patch.text(box).split()
        if patch.text(box).startswith("/glisser/"):
            sent.append((words[0], tuple(float(word) for word in words[1:])))
        elif words[:1] == ["prepend"] and words[1] in hand:
            its = hand[words[1]]
            sent += [(words[1], (float(its[end]),)) for end in ("parameter_mmin", "parameter_mmax")]
        elif words[:1] == ["prepend"] and words[1] != "set":
            (before,) = [
                patch.text(here).split() for here, _, there, _ in patch.cords if there == box
            ]
            sent += [(words[1], (float(number),)) for number in before[1:]]  # of a clip, or an int
    return sent


def heard_by_max(name: str) -> set[str]:
    patch = max_patch(name)
    return {word for box in patch.named("route ") for word in patch.text(box).split()[1:]}


@dataclass
class PdPatch:
    """A Pd patch: the words of each object, after its place; its cords."""

    objects: list[list[str]]
    cords: list[tuple[int, int, int, int]]

    def address(self, number: int) -> str | None:
        words = self.objects[number]
        return "/" + "/".join(words[2:]) if words[:2] == ["obj", "oscformat"] else None


def pd_patch() -> PdPatch:
    text = (PATCHES / "glisser.pd").read_text()
    objects, cords = [], []
    for line in text.split(";\n")[1:-1]:
        kind, *words = line.removeprefix("#X ").split()
        if kind == "connect":
            source, outlet, destination, inlet = map(int, words)
            cords.append((source, outlet, destination, inlet))
        else:
            objects.append([kind, *words[2:]])
    return PdPatch(objects, cords)


def sent_by_pd() -> list[Sent]:
    patch = pd_patch()
    sent: list[Sent] = []
    for source, _, destination, _ in patch.cords:
        address, words = patch.address(destination), patch.objects[source]
        if address is None:
            continue
        match words[:2]:
            case ["obj", "hsl"] | ["obj", "nbx"]:
                sent += [(address, (float(words[4]),)), (address, (float(words[5]),))]
            case ["obj", "tgl"]:
                sent += [(address, (0.0,)), (address, (1.0,))]
            case ["obj", "bng"]:
                sent.append((address, ()))
            case ["obj", "f"] | ["msg", _]:
                sent.append((address, (float(words[-1]),)))
            case _:
                raise AssertionError(f"what does {words} send to {address}?")
    return sent


def heard_by_pd() -> set[str]:
    (kinds,) = [o[2:] for o in pd_patch().objects if o[:2] == ["obj", "route"] and len(o) > 3]
    numbered = {f"/glisser/knob/{number}" for number in range(1, 13)}
    return {f"/glisser/{kind}" for kind in kinds if kind != "knob"} | numbered


def touchosc() -> ElementTree.Element:
    packed = (PATCHES / "Glisser.tosc").read_bytes()
    return ElementTree.fromstring(zlib.decompress(packed))  # noqa: S314 - a file of our own


def _partials(message: ElementTree.Element, part: str) -> list[dict[str, str]]:
    return [
        {child.tag: child.text or "" for child in partial}
        for partial in message.iterfind(f"{part}/partial")
    ]


def messages_of_touchosc(flag: str) -> list[tuple[str, list[dict[str, str]]]]:
    """Address and arguments of every message with ``flag``, ``send`` or ``receive``."""
    return [
        ("".join(part["value"] for part in _partials(osc, "path")), _partials(osc, "arguments"))
        for osc in touchosc().iter("osc")
        if osc.findtext(flag) == "1"
    ]


def sent_by_touchosc() -> list[Sent]:
    sent: list[Sent] = []
    for address, arguments in messages_of_touchosc("send"):
        (argument,) = arguments
        if argument["type"] == "CONSTANT":
            sent.append((address, (argument["value"],)))
        else:
            sent += [(address, (float(argument[end]),)) for end in ("scaleMin", "scaleMax")]
    for script in re.findall(r"sendOSC\('([^']*)', (\d+)", _scripts()):
        sent.append((script[0], (float(script[1]),)))
    return sent


def _scripts() -> str:
    properties = touchosc().iter("property")
    return "".join(p.findtext("value") or "" for p in properties if p.findtext("key") == "script")


def heard_by_touchosc() -> set[str]:
    return {address for address, _ in messages_of_touchosc("receive")}


def supercollider() -> tuple[set[str], set[str]]:
    """The addresses that glisser.scd sends, and those it hears; a knob's number is put in."""
    text = (PATCHES / "glisser.scd").read_text()

    def filled(pattern: str) -> set[str]:
        found = set(re.findall(pattern, text))
        knobs = {f"{a}{n}" for a in found if a.endswith("/") for n in range(1, 13)}
        return {a for a in found if not a.endswith("/")} | knobs

    return filled(r'\.tell\("([^"]+)"'), filled(r'\.hear\(\\?\w+, "([^"]+)"')
