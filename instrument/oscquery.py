"""What an OSCQuery client may know: the tree of addresses with types, ranges, values. Pure.

After the OSCQuery proposal of Vidvox (github.com/Vidvox/OSCQueryProposal); the sections named here
are its own. A node is a JSON object: a **method** can be sent something, a **container** has
``CONTENTS``. Everything is made from the list of parameters: a new one appears with no change here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from instrument.parameters import Parameter

Node: TypeAlias = dict[str, Any]

# "Required Attributes" and those of the "Optional Attributes" that we have.
ATTRIBUTES = (
    "FULL_PATH",
    "CONTENTS",
    "TYPE",
    "ACCESS",
    "VALUE",
    "RANGE",
    "DESCRIPTION",
    "UNIT",
    "CLIPMODE",
)
EXTENSIONS = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "LISTEN")
NOTHING, WRITE_ONLY, READ_AND_WRITE = 0, 2, 3  # ACCESS: 1 may be read, 2 may be set
UNITS = {"bpm": "time.bpm"}  # the proposal's own words (its units.md) for ours
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - hosts that mean every address of this machine

# What a command takes and does, by its address; one that takes nothing has no TYPE ("Required
# Attributes"). T is a button: true when it is pressed, and false, which we pass over, when let go.
# (I or N would be a button too; osc_parse does not take such arguments.)
COMMANDS: dict[str, tuple[str, str]] = {
    "/glisser/play": ("T", "Starts at bar 1."),
    "/glisser/stop": ("T", "Stops and closes every note."),
    "/glisser/panic": ("T", "Silences everything; the music goes on."),
    "/glisser/pad": ("ff", "Stands between the four snapshots of the pad: x and y, 0 to 1."),
    "/glisser/capture": ("T", "Listens to the keyboard: two bars become the base point."),
    "/glisser/capture/cancel": ("T", "Listens no more."),
    "/glisser/snapshot/save": ("s", "Keeps where everything stands, under this name."),
    "/glisser/snapshot/recall": ("s", "Goes to the snapshot of this name, at the bar line."),
    "/glisser/song": ("s", "Another song of the set, by number or name, at the next bar line."),
    "/glisser/song/next": ("T", "The song after this one, at the next bar line."),
    "/glisser/song/previous": ("T", "The song before this one, at the next bar line."),
    "/glisser/get/song": ("", "Asks for the song that plays; answered on this address."),
    "/glisser/ping": ("", "Is answered with /glisser/pong, to the port that asked."),
    "/glisser/get/tempo": ("", "Asks for the tempo; answered on this address."),
    "/glisser/get/z": ("", "Asks for all latent coordinates; answered on this address."),
    "/glisser/get/phrase": ("", "Asks for the phrase that sounds; answered on this address."),
    "/glisser/get/bar": ("", "Asks for the bar; answered on this address."),
    "/glisser/get/playing": ("", "Asks whether it plays, 1 or 0; answered on this address."),
    "/glisser/get/snapshots": ("", "Asks for the names of all snapshots; answered here."),
    "/glisser/get/stats": ("", "Asks for all counters; answered on this address."),
    "/glisser/subscribe": ("i", "Tells every change to this port of your machine, for 60 s."),
    "/glisser/unsubscribe": ("i", "Tells this port of your machine no more."),
}
PORTS = {"MIN": 1, "MAX": 65_535}


def methods(parameters: Sequence[Parameter], addresses: Iterable[str]) -> tuple[Node, ...]:
    """One node without a value for every parameter, then for every other one of ``addresses``.

    ``addresses`` are those that OSC is heard on (of ``osc_addresses``, decoded).
    An address above numbered parameters, such as ``/glisser/z``, takes all of them at once.
    """
    told = [_method_of(parameter) for parameter in parameters]
    settable = {parameter.address for parameter in parameters}
    return (
        *told,
        *(_command(address, told) for address in addresses if address not in settable),
    )


def type_of(parameter: Parameter) -> str:
    """The OSC type tag of a parameter."""
    return "i" if parameter.whole else "f"


def _method_of(parameter: Parameter) -> Node:
    kind = type_of(parameter)
    number = int if kind == "i" else float
    node: Node = {
        "FULL_PATH": parameter.address,
        "TYPE": kind,
        "ACCESS": READ_AND_WRITE,
        "RANGE": [{"MIN": number(parameter.low), "MAX": number(parameter.high)}],
        # The name first: some clients show this as the name, and twelve of one name are no help.
        "DESCRIPTION": f"{parameter.name}: {parameter.description}{_named(parameter.choices)}",
        "VALUE": [number(parameter.default)],
    }
    if parameter.unit:
        node["UNIT"] = [UNITS.get(parameter.unit, parameter.unit)]
    if parameter.outside == "clamped":  # the proposal has no word for "refused"
        node["CLIPMODE"] = ["both"]
    return node


def _named(choices: Sequence[str]) -> str:
    told = ", ".join(f"{number} {choice}" for number, choice in enumerate(choices))
    return f" ({told})" if told else ""


def _command(address: str, told: Sequence[Node]) -> Node:
    node: Node = {"FULL_PATH": address, "ACCESS": WRITE_ONLY}
    below = [each for each in told if _numbered_below(each["FULL_PATH"], address)]
    if below:
        node["TYPE"] = "".join(each["TYPE"] for each in below)
        node["RANGE"] = [each["RANGE"][0] for each in below]
        node["DESCRIPTION"] = f"Sets all {len(below)} of them at once."
        return node
    kind, description = COMMANDS.get(address, ("", ""))
    if kind:
        node["TYPE"] = kind
    if kind == "i":
        node["RANGE"] = [PORTS]
    if description:
        node["DESCRIPTION"] = description
    return node


def _numbered_below(path: str, address: str) -> bool:
    parent, _, last = path.rpartition("/")
    return parent == address and last.isdigit()


def value_of(method: Node, value: float) -> float:
    """A value as the method's TYPE has it: whole for ``i``."""
    return int(value) if method.get("TYPE") == "i" else float(value)


def tree(methods: Iterable[Node], values: Mapping[str, float]) -> Node:
    """The whole address space as one node, ``/``; ``values`` (by address) over the defaults."""
    root: Node = {"FULL_PATH": "/", "ACCESS": NOTHING, "DESCRIPTION": "Glisser", "CONTENTS": {}}
    for method in methods:
        present = dict(method)
        if "VALUE" in method and method["FULL_PATH"] in values:
            present["VALUE"] = [value_of(method, values[method["FULL_PATH"]])]
        node, path = root, ""
        for name in _names(method["FULL_PATH"]):
            path += f"/{name}"
            empty = {"FULL_PATH": path, "ACCESS": NOTHING}
            node = node.setdefault("CONTENTS", {}).setdefault(name, empty)
        node.update(present)
    return root


def find(root: Node, path: str) -> Node | None:
    """The node at ``path``, of an URL or of OSC; a slash at its end is passed over."""
    node = root
    for name in _names(path.rstrip("/")):
        contents = node.get("CONTENTS", {})
        if name not in contents:
            return None
        node = contents[name]
    return node


def _names(path: str) -> list[str]:
    return path.split("/")[1:]


def answer(root: Node, path: str, query: str, host_info: Node) -> tuple[int, Node | None]:
    """The HTTP status and the JSON object for a GET of ``path`` with the URL's ``query``.

    ("Core Functionality".) No query: the node and all below it. Names of attributes: these alone;
    204 when the node has none of them, 400 for one that we do not know. 404: no such node. For
    ``HOST_INFO`` the path is of no matter.
    """
    asked = [part.partition("=")[0] for part in query.split("&") if part]
    if "HOST_INFO" in asked:
        return 200, host_info
    node = find(root, path)
    if node is None:
        return 404, None
    if not all(name in ATTRIBUTES for name in asked):
        return 400, None
    found = {name: node[name] for name in asked if name in node} if asked else node
    return (200, found) if found else (204, None)


@dataclass(frozen=True, slots=True)
class Host:
    """Where things are: the OSC server's address and port, and the port of HTTP and WebSocket."""

    name: str
    osc_host: str
    osc_port: int
    http_port: int


def host_info(host: Host, reached_at: str) -> Node:
    """``HOST_INFO`` ("Required Attributes") for a client that reached us at this IP address."""
    return {
        "NAME": host.name,
        "OSC_IP": reached_at if host.osc_host in WILDCARDS else host.osc_host,
        "OSC_PORT": host.osc_port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": reached_at,
        "WS_PORT": host.http_port,
        "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
    }
