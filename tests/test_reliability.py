"""What the torture and the fuzz make of what was heard, and what their page says of it."""

from itertools import islice
from typing import Any

import pytest

from benchmarks.broken_midi import broken as broken_midi
from benchmarks.broken_osc import broken, whole
from benchmarks.reliability_page import page
from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.osc_parse import RefusedError, parse

PLAYER = {
    "missing": 4,
    "unheard": 0,
    "again": 0,
    "gap_ms": 250.0,
    "beside_ms": 0.1,
    "still_open": 0,
    "stood_still": False,
}
ENGINE = {**PLAYER, "missing": 0, "gap_ms": 0.0, "back_s": 2.5}
MAIN = {"gone_s": 0.04, "still_open": 0, "orphans": [], "stood_still": False}
OUTPUT = {
    "back_s": 0.5,
    "beside_ms": 0.0,
    "still_open": 0,
    "silent_first": True,
    "stood_still": False,
}
SERVER = {**OUTPUT, "hung": 0, "orphans": []}
STORM = {
    "onsets": 3000,
    "missing": 0,
    "beside_ms": 0.02,
    "growth_mib": {"main": 0.5},
    "sent": 1_000_000,
    "refused": 990_000,
    "left": True,
    "moves_a_second": 50_000,
}
FAULTS: dict[str, dict[str, Any]] = {
    "nothing": ENGINE,
    "engine": ENGINE,
    "player": PLAYER,
    "stopped player": PLAYER,
    "main": MAIN,
    "output port": OUTPUT,
    "input port": {"back_s": 0.5, "stood_still": False},
    "server": SERVER,
}


def found(**changed: dict[str, Any]) -> dict[str, Any]:
    return {"faults": {name: [{**each, **changed.get(name, {})}] for name, each in FAULTS.items()}}


def test_the_page_says_what_survived_and_by_which_command() -> None:
    """One row a fault, one list a fault, nothing unmet."""
    text = page(found(), {"broken": STORM, "knobs": STORM, "midi": STORM})
    assert "| Player killed | 1 | 1 | 1 | 0 | 0 | 250 ms | `make torture` |" in text
    assert "| Broken OSC | 1,000,000 | | yes | | | 0 ms | `make fuzz` |" in text
    assert text.count("\n## ") == len(FAULTS) + 3 + 1
    assert "not met" not in text


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("engine", {"missing": 1}),
        ("engine", {"missing": 1, "unheard": 1}),
        ("engine", {"again": 1}),
        ("engine", {"back_s": 5.1}),
        ("player", {"still_open": 1}),
        ("stopped player", {"beside_ms": 4.0}),
        ("main", {"gone_s": 1.2}),
        ("main", {"orphans": ["engine.service"]}),
        ("output port", {"back_s": 2.2}),
        ("output port", {"silent_first": False}),
        ("input port", {"back_s": 30.0}),
        ("server", {"hung": 1}),
        ("server", {"beside_ms": 30.0}),
    ],
)
def test_what_was_not_reached_is_said(fault: str, changed: dict[str, Any]) -> None:
    """In the list, and the trial has not survived."""
    text = page(found(**{fault: changed}), {})
    assert text.count("**not met**") == 1
    assert text.count(" | 1 | 1 | 0 | 0 | 1 | ") == 1


def test_a_failed_trial_counts_though_the_machine_stood_still() -> None:
    """It failed; that the machine stood still stands beside it."""
    told = found()
    told["faults"]["player"].append({**PLAYER, "still_open": 3, "stood_still": True})
    told["faults"]["player"].append({**PLAYER, "beside_ms": 9.0})
    told["faults"]["player"].append({**PLAYER, "stood_still": True})
    text = page(told, {})
    assert "| Player killed | 4 | 2 | 2 | 1 | 1 |" in text
    assert "not met" in text


def test_broken_datagrams_are_broken() -> None:
    """What they begin from is accepted; of what comes of it, most is refused. Nobody stops us."""
    table, refused, actions = addresses(Mapping()), list[RefusedError](), 0
    for datagram in whole():
        parse(datagram, table, refused.append)
    assert len(refused) == 3  # a text, an address that is none, alone and in a bundle
    refused.clear()
    for datagram in islice(broken(seed=1), 5_000):
        actions += bool(parse(datagram, table, refused.append))
    assert len(refused) > 4_000
    assert list(islice(broken(seed=1), 100)) == list(islice(broken(seed=1), 100))


def test_broken_messages_are_of_every_kind() -> None:
    """Data without status, status without data, exclusive, real time."""
    messages = list(islice(broken_midi(seed=1), 2_000))
    assert all(messages)
    assert {0xF0, 0xF7, 0xFE, 0xB0, 0x90} <= {message[0] for message in messages}
    assert any(message[0] < 0x80 for message in messages)
