"""What a page may ask for, and in which order it travels on."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.actions import Action, Set, Transport
from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.osc_parse import MAX_DATAGRAM_BYTES, RefusedError, parse
from instrument.stage_messages import (
    MAX_ARGUMENTS,
    MAX_MESSAGES,
    Asked,
    OscMessage,
    Waiting,
    asked_by,
    bundles,
    is_trigger,
)

TABLE = addresses(Mapping())
KNOB, OTHER = "/glisser/knob/1", "/glisser/knob/2"

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
names = st.sampled_from([KNOB, OTHER, "/glisser/z/3", "/glisser/tempo"])
triggers = st.sampled_from(["/glisser/play", "/glisser/panic", "/glisser/snapshot/save"])
numbers = st.floats(-3, 3, width=32) | st.integers(0, 100)
messages = st.tuples(names | triggers, st.tuples(numbers))
# Frames that are nearly right, which is where a mistake would hide.
likely = st.fixed_dictionaries(
    {},
    optional={
        "osc": st.lists(st.lists(st.sampled_from([KNOB, "/glisser/get/z", "x"]) | anything)),
        "plane": st.fixed_dictionaries({"x": anything | st.just(1), "y": anything | st.just(2)}),
        "main": anything,
    },
)


def asked(frame: Any) -> Asked | None:
    return asked_by(json.dumps(frame))


def sense(frame: Any) -> Asked:
    """A frame that makes sense."""
    found = asked(frame)
    assert found is not None
    return found


@given(anything | likely)
def test_whatever_json_a_page_sends_only_glisser_addresses_get_out(frame: Any) -> None:
    """No text raises; what gets out is for main, is no question of ours, and can be sent."""
    found = asked(frame)
    if found is None:
        return
    assert len(found.messages) <= MAX_MESSAGES
    for address, arguments in found.messages:
        assert address.startswith("/glisser/")
        assert address.split("/")[2] not in {"subscribe", "unsubscribe", "ping", "get"}
        assert len(arguments) <= MAX_ARGUMENTS
    assert all(len(bundle) < MAX_DATAGRAM_BYTES for bundle in bundles(found.messages))


@given(st.text())
def test_no_text_at_all_raises(text: str) -> None:
    """What is no JSON is nothing."""
    asked_by(text)


def test_what_a_page_is_for_makes_sense() -> None:
    """Knobs, buttons, names, and which plane it shows."""
    frame = {"osc": [[KNOB, 0.8], ["/glisser/play"], ["/glisser/snapshot/save", "in tro"]]}
    wanted = ((KNOB, (0.8,)), ("/glisser/play", ()), ("/glisser/snapshot/save", ("in tro",)))
    assert sense(frame) == Asked(wanted)
    assert sense({"plane": {"x": 1, "y": 3}}) == Asked((), (1, 3))
    assert sense({"osc": [["/glisser/z", *[0.5] * 12]]}).messages[0][1] == (0.5,) * 12


@pytest.mark.parametrize(
    "frame",
    [
        None,
        [],
        {},
        {"osc": None},
        {"osc": [KNOB, 0.5]},
        {"osc": [[]]},
        {"osc": [[0.5, KNOB]]},
        {"osc": [[KNOB, None]]},
        {"osc": [[KNOB, True]]},
        {"osc": [[KNOB, [0.5]]]},
        {"osc": [[KNOB, float("nan")]]},
        {"osc": [[KNOB, float("inf")]]},
        {"osc": [[KNOB, 10**400]]},
        {"osc": [[KNOB, 0.5], ["/other/knob/1", 0.5]]},
        {"osc": [["/glisser", 1]]},
        {"osc": [["/glisser/", 1]]},
        {"osc": [["/glisser/knob/1\n", 1]]},
        {"osc": [["/glisser/knob/*", 1]]},
        {"osc": [["/glisser/kn\u00f6b", 1]]},
        {"osc": [["/glisser/" + "x" * 60, 1]]},
        {"osc": [["/glisser/subscribe", 9130]]},
        {"osc": [["/glisser/unsubscribe", 9130]]},
        {"osc": [["/glisser/ping"]]},
        {"osc": [["/glisser/get/stats"]]},
        {"osc": [["/glisser/song", "x" * 65]]},
        {"osc": [["/glisser/song", "a\0b"]]},
        {"osc": [["/glisser/song", "\ud800"]]},
        {"osc": [["/glisser/z", *[0.0] * 17]]},
        {"osc": [[KNOB, 0.5]] * 65},
        {"plane": None},
        {"plane": {"x": 1}},
        {"plane": {"x": 1, "y": 1}},
        {"plane": {"x": 0, "y": 1}},
        {"plane": {"x": 1, "y": 65}},
        {"plane": {"x": True, "y": 2}},
        {"plane": {"x": 1.0, "y": 2}},
        {"osc": [[KNOB, 0.5]], "plane": {"x": 1, "y": 1}},
        {"osc": [[KNOB, 0.5]], "more": 1},
    ],
    ids=lambda frame: json.dumps(frame)[:60],
)
def test_a_frame_with_anything_wrong_is_nothing_as_a_whole(frame: Any) -> None:
    """Half of what was meant would be something that nobody asked for."""
    assert asked(frame) is None


@given(st.lists(messages, max_size=40))
def test_of_a_control_the_newest_is_kept_and_of_triggers_all(sent: list[OscMessage]) -> None:
    """Nothing overtakes a trigger: before each, every control stands where it was set last."""
    waiting = Waiting()
    waiting.add(sent)
    taken = waiting.take()
    assert [each for each in taken if is_trigger(each[0])] == [
        each for each in sent if is_trigger(each[0])
    ]
    assert stands_at_triggers(taken) == stands_at_triggers(sent)
    assert len(waiting) == 0
    assert waiting.take() == []


@given(st.lists(messages, max_size=40), st.integers(0, 40))
def test_what_waits_never_grows_by_turning_a_knob(sent: list[OscMessage], cut: int) -> None:
    """A storm of four controls is four messages, and as many after each trigger."""
    waiting = Waiting()
    waiting.add(sent[:cut])
    waiting.add(sent[cut:])
    pressed = sum(is_trigger(address) for address, _ in sent)
    assert len(waiting) <= pressed + 4 * (pressed + 1)


def stands_at_triggers(sent: list[OscMessage]) -> list[dict[str, Any]]:
    """Where every control stands whenever something is triggered, and at the end."""
    now: dict[str, Any] = {}
    found = []
    for address, arguments in sent:
        if is_trigger(address):
            found.append(dict(now))
        else:
            now[address] = arguments
    return [*found, now]


def actions_of(sent: list[OscMessage]) -> list[Action]:
    """What main makes of them; nothing may be refused."""
    refused: list[RefusedError] = []
    found = [
        action
        for bundle in bundles(sent)
        for _, group in parse(bundle, TABLE, refused.append)
        for action in group
    ]
    assert refused == []
    return found


def test_main_understands_what_is_sent_and_as_one() -> None:
    """A bundle: the knob and then the play, applied together."""
    sent: list[OscMessage] = [(KNOB, (0.25,)), ("/glisser/play", ()), ("/glisser/freeze", (1,))]
    (bundle,) = bundles(sent)
    refused: list[RefusedError] = []
    ((due_s, group),) = parse(bundle, TABLE, refused.append)
    assert (due_s, refused) == (0.0, [])
    assert group == (Set("knob/1", 0.25), Transport("play"), Set("freeze", 1.0))


def test_a_great_deal_is_sent_in_several_bundles() -> None:
    """In order, each small enough for main."""
    save: OscMessage = ("/glisser/snapshot/save", ("x" * 64,))
    sent = [save] * 64 * 4
    assert len(list(bundles(sent))) > 1
    assert len(actions_of(sent)) == len(sent)
