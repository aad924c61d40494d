"""The OSCQuery namespace and who may ask for it, without a process or a socket."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.oscquery import (
    ATTRIBUTES,
    COMMANDS,
    EXTENSIONS,
    Host,
    Node,
    answer,
    find,
    host_info,
    methods,
    tree,
)
from instrument.parameters import Parameter, parameters
from instrument.web_access import is_called, is_loopback, is_meant_for, is_of_our_own, too_open

MAPPING = Mapping()
HEARD = [address.decode() for address in addresses(MAPPING)]
SET = {parameter.address: parameter for parameter in parameters(MAPPING)}
METHODS = methods(parameters(MAPPING), HEARD)
INFO = host_info(Host("Glisser", "127.0.0.1", 9129, 5678), "127.0.0.1")

names = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1)
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


def ask(path: str, query: str = "", values: dict[str, float] | None = None) -> Any:
    return answer(tree(METHODS, values or {}), path, query, INFO)


def below(node: Node) -> list[Node]:
    """The node and every one in it."""
    return [node, *(each for child in node.get("CONTENTS", {}).values() for each in below(child))]


def test_every_address_that_is_heard_is_told_and_no_other() -> None:
    """The methods of the tree are the addresses of OSC, each at its own place."""
    every = below(tree(METHODS, {}))
    assert {node["FULL_PATH"] for node in every if node["ACCESS"]} == set(HEARD)
    for node in every:
        assert find(tree(METHODS, {}), node["FULL_PATH"]) == node


def test_every_command_is_described() -> None:
    """No command without a sentence, and no sentence about one that is gone."""
    wanted = {address for address in HEARD if address not in SET} - {"/glisser/z"}
    assert set(COMMANDS) == wanted
    assert all(node["DESCRIPTION"] for node in METHODS)


@pytest.mark.parametrize("parameter", SET.values(), ids=lambda parameter: parameter.name)
def test_a_parameter_is_told_with_all_that_is_known_of_it(parameter: Parameter) -> None:
    """Type, range, value, and what happens outside the range."""
    status, node = ask(parameter.address)
    assert status == 200
    assert node["TYPE"] == ("i" if parameter.whole else "f")
    assert node["ACCESS"] == 3
    assert node["RANGE"] == [{"MIN": parameter.low, "MAX": parameter.high}]
    assert node["VALUE"] == [parameter.default]
    assert parameter.description in node["DESCRIPTION"]
    assert all(choice in node["DESCRIPTION"] for choice in parameter.choices)
    assert node["DESCRIPTION"].startswith(parameter.name)
    assert ("UNIT" in node) == bool(parameter.unit)
    assert ("CLIPMODE" in node) == (parameter.outside == "clamped")


def test_the_tempo_has_the_proposals_own_unit() -> None:
    """A client that knows units knows this one."""
    assert ask("/glisser/tempo", "UNIT") == (200, {"UNIT": ["time.bpm"]})


def test_all_coordinates_at_once_are_a_method_above_them() -> None:
    """Twelve floats with twelve ranges; it may be written only, and contains what it sets."""
    _, node = ask("/glisser/z")
    assert node["TYPE"] == "f" * 12
    assert len(node["RANGE"]) == 12
    assert node["ACCESS"] == 2
    assert set(node["CONTENTS"]) == {str(number) for number in range(1, 13)}


def test_descriptions_tell_parameters_apart() -> None:
    """Some clients show the description as the name."""
    told = [ask(address)[1]["DESCRIPTION"] for address in SET]
    assert len(set(told)) == len(told)


def test_a_value_is_the_newest() -> None:
    """What main told last stands in the tree; the rest keeps its default."""
    values = {"/glisser/tempo": 87.5, "/glisser/nothing": 1.0}
    assert ask("/glisser/tempo", "VALUE", values) == (200, {"VALUE": [87.5]})
    assert ask("/glisser/knob/1", "VALUE", values) == (200, {"VALUE": [0.5]})
    assert ask("/glisser/nothing", "", values) == (404, None)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/", "", 200),
        ("", "", 200),
        ("/glisser/", "", 200),
        ("/glisser/knob", "CONTENTS", 200),
        ("/glisser/tempo", "VALUE&RANGE", 200),
        ("/glisser/play", "VALUE", 204),
        ("/glisser", "TYPE", 204),
        ("/glisser/ping", "TYPE", 204),
        ("/glisser/tempo", "COLOUR", 400),
        ("/glisser/tempo", "value", 400),
        ("/glisser/tempo", "VALUE&COLOUR", 400),
        ("/glisser/tempos", "", 404),
        ("/glisser/tempos", "VALUE", 404),
        ("/glisser/tempo/1", "", 404),
        ("//glisser", "", 404),
    ],
)
def test_the_status_says_what_was_wrong(path: str, query: str, status: int) -> None:
    """404 no such address, 400 no such attribute, 204 nothing there; and only then no object."""
    got, node = ask(path, query)
    assert got == status
    assert (node is not None) == (status == 200)


def test_two_attributes_come_together() -> None:
    """Each that was asked for, and no other."""
    _, node = ask("/glisser/swing", "VALUE&RANGE")
    assert node == {"VALUE": [50.0], "RANGE": [{"MIN": 50.0, "MAX": 75.0}]}


def test_host_info_comes_whatever_the_path() -> None:
    """Name, ports, and exactly the extensions that there are."""
    assert ask("/no/such/path", "HOST_INFO") == (200, INFO)
    assert INFO["OSC_PORT"] == 9129
    assert INFO["WS_PORT"] == 5678
    assert INFO["OSC_TRANSPORT"] == "UDP"
    assert set(EXTENSIONS) <= {*ATTRIBUTES, "LISTEN"}
    assert INFO["EXTENSIONS"] == dict.fromkeys(EXTENSIONS, True)


def test_osc_on_every_address_is_reached_where_the_client_reached_us() -> None:
    """The one that means all of them is no address to send to."""
    info = host_info(Host("Glisser", "::", 9129, 5678), "192.0.2.7")
    assert info["OSC_IP"] == info["WS_IP"] == "192.0.2.7"


@given(st.sets(paths, max_size=12), st.floats(allow_nan=False, allow_infinity=False))
def test_any_set_of_addresses_makes_a_tree(told: set[str], value: float) -> None:
    """Also where one address lies within another: each is found with its own value, as JSON."""
    leaves = [{"FULL_PATH": path, "TYPE": "f", "ACCESS": 3, "VALUE": [0.0]} for path in told]
    root = tree(leaves, dict.fromkeys(told, value))
    json.dumps(root, allow_nan=False)
    for node in below(root):
        assert find(root, node["FULL_PATH"]) is node
        assert ("VALUE" in node) == (node["FULL_PATH"] in told)
        assert node.get("VALUE", [value]) == [value]
    assert leaves == [{**leaf, "VALUE": [0.0]} for leaf in leaves]  # nobody's input was touched


@given(st.text(), st.text())
def test_whatever_is_asked_has_an_answer(path: str, query: str) -> None:
    """No path and no query is an error of ours."""
    status, node = ask(path, query)
    assert status in {200, 204, 400, 404}
    assert (node is None) == (status != 200)


def test_a_new_parameter_needs_no_change() -> None:
    """One more in the list is one more in the tree, numbered or not."""
    new = Parameter("echo", "echo", 0, 3, 1, "bars", "refused", "Says it again.")
    told = methods([*parameters(MAPPING), new], [*HEARD, "/glisser/echo", "/glisser/unheard-of"])
    root = tree(told, {"/glisser/echo": 2.0})
    node = find(root, "/glisser/echo")
    assert node is not None
    assert node["VALUE"] == [2.0]
    assert node["UNIT"] == ["bars"]
    assert find(root, "/glisser/unheard-of") == {"FULL_PATH": "/glisser/unheard-of", "ACCESS": 2}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "::1"])
def test_this_machine_has_these_names(host: str) -> None:
    """Every address of the loopback interface, and its one name."""
    assert is_loopback(host)
    header = f"[{host}]:80" if ":" in host else f"{host}:80"
    assert is_meant_for(header, "127.0.0.1", "glisser-1.local.")


@pytest.mark.parametrize(
    "header",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "",
     "192.0.2.7:80", "[::2]:80", "[", "glisser-2.local:80", "localhost@evil.example"],
)  # fmt: skip
def test_a_foreign_host_header_is_refused_on_loopback(header: str) -> None:
    """A page whose name was made to point at this machine gets nothing (DNS rebinding)."""
    assert not is_meant_for(header, "127.0.0.1", "glisser-1.local.")
    assert is_meant_for(header, "192.0.2.7", "glisser-1.local.")


def test_the_name_that_zeroconf_tells_is_ours() -> None:
    """Who found us by it asks for it."""
    assert is_meant_for("Glisser-1.local:80", "127.0.0.1", "glisser-1.local.")


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        (None, True),
        ("http://localhost:80", True),
        ("http://localhost:81", False),
        ("http://localhost", False),
        ("https://evil.example", False),
        ("null", False),
        ("file://localhost:80", False),
        ("", False),
    ],
)
def test_only_programs_and_our_own_pages_open_a_websocket(origin: str | None, ours: bool) -> None:
    """A browser tells the page that asks; a program tells none."""
    assert is_of_our_own(origin, "localhost:80") == ours


def test_http_is_never_more_open_than_osc() -> None:
    """OSC on loopback keeps it on loopback; OSC on the network leaves the choice."""
    assert too_open("OSCQuery", "127.0.0.1", "127.0.0.1") is None
    assert too_open("OSCQuery", "127.0.0.1", "192.0.2.7") is None
    assert too_open("OSCQuery", "::", "::") is None
    for host in ("192.0.2.7", "::", "2001:db8::7"):
        assert "open OSC too" in (too_open("OSCQuery", host, "127.0.0.1") or "")


@pytest.mark.parametrize(
    ("host", "called"),
    [
        ("127.0.0.1:8129", True),
        ("localhost:8129", True),
        ("LOCALHOST.", True),
        ("[::1]:8129", True),
        ("192.0.2.7:8129", True),
        ("stage-mac:8129", True),
        ("Stage-Mac.local", True),
        ("evil.example:8129", False),
        ("127.0.0.1.evil.example", False),
        ("stage-mac.evil.example", False),
        ("stage-mac.local.evil.example", False),
        ("", False),
    ],
)
def test_what_may_be_played_is_called_by_a_number_or_its_own_name(host: str, called: bool) -> None:
    """Somebody's name server can make any other name point here, on a network as on loopback."""
    assert is_called(host, "stage-mac") == called
    assert is_called(host, "stage-mac.local") == called
    assert not is_called("evil.example", "")
