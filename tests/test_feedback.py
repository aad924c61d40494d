"""Feedback: what listeners are told over OSC."""

from typing import Any

import pytest
from pythonosc.osc_message import OscMessage

from instrument.actions import Action, Get, Ping, Subscribe, Unsubscribe, set_knob
from instrument.controls import ControlState, after
from instrument.feedback import MAX_SUBSCRIBERS, SUBSCRIBED_FOR_S, Address, Feedback, Outgoing
from instrument.mapping import Mapping

FROM_MAX = ("127.0.0.1", 7_400)
MAX_LISTENS = ("127.0.0.1", 9_130)
STATE = ControlState()
STEPS = (60, -1, -1, -1, 62, -2, -2, -2) * 4
BAR = {"type": "bar", "bar": 3, "tick": 768, "steps": list(STEPS), "notes": 17, "misses": 2}

Told = list[tuple[Address, str, list[Any]]]


def read(outgoing: Outgoing) -> Told:
    """What each listener would see: (to, address, arguments)."""
    messages = [(to, OscMessage(datagram)) for datagram, to in outgoing]
    return [(to, message.address, message.params) for to, message in messages]


@pytest.fixture
def feedback() -> Feedback:
    return Feedback(Mapping, STEPS, lambda: {"refused": 5})


def ask(feedback: Feedback, *actions: Action, now_s: float = 0.0, state: Any = STATE) -> Told:
    return read(feedback.on_actions(actions, FROM_MAX, state, now_s))


def test_a_ping_is_answered_to_its_sender(feedback: Feedback) -> None:
    """Whoever asks whether anybody is there hears /glisser/pong on the port it sent from."""
    assert ask(feedback, Ping()) == [(FROM_MAX, "/glisser/pong", [])]


def test_answers_reach_the_subscribed_port_too(feedback: Feedback) -> None:
    """Max cannot receive on the port it sends from, so its subscribed port is answered as well."""
    ask(feedback, Subscribe(9_130))
    assert [to for to, *_ in ask(feedback, Ping())] == [FROM_MAX, MAX_LISTENS]


def test_answers_go_to_the_host_that_asked(feedback: Feedback) -> None:
    """A subscriber on another machine does not see the answers to this one."""
    feedback.on_actions([Subscribe(9_130)], ("10.0.0.9", 5_000), STATE, 0.0)
    assert [to for to, *_ in ask(feedback, Ping())] == [FROM_MAX]


def test_what_is_asked_for_is_answered_on_the_same_address(feedback: Feedback) -> None:
    """Tempo, z, phrase, bar and stats answer with the present values."""
    feedback.on_player(BAR, 0.0)
    state = after(STATE, [set_knob(1, 1.0)])
    answers = {
        what: ask(feedback, Get(what), state=state)[0][1:]
        for what in ("tempo", "z", "phrase", "bar", "stats")
    }
    assert answers["tempo"] == ("/glisser/get/tempo", [120.0])
    assert answers["z"] == ("/glisser/get/z", [3.0] + [0.0] * 11)
    assert answers["phrase"] == ("/glisser/get/phrase", list(STEPS))
    assert answers["bar"] == ("/glisser/get/bar", [3])
    assert answers["stats"] == (
        "/glisser/get/stats",
        ["bar", 3, "notes", 17, "misses", 2, "refused", 5],
    )


def test_a_new_subscriber_is_told_everything(feedback: Feedback) -> None:
    """Bar, phrase and every parameter come at once, so that a surface starts in place."""
    told = ask(feedback, Subscribe(9_130), state=after(STATE, [set_knob(2, 1.0)]))
    assert {to for to, *_ in told} == {MAX_LISTENS}
    values = {address: arguments for _, address, arguments in told}
    assert values["/glisser/phrase"] == list(STEPS)
    assert values["/glisser/bar"] == [0]
    assert values["/glisser/knob/1"] == [0.5]
    assert values["/glisser/knob/2"] == [1.0]
    assert values["/glisser/z/2"] == [3.0]
    assert values["/glisser/tempo"] == [120.0]
    assert values["/glisser/freeze"] == [0.0]


def test_a_bar_is_told_once_and_its_phrase_at_every_swap(feedback: Feedback) -> None:
    """A phrase swapped in the middle of a bar does not count as another bar."""
    ask(feedback, Subscribe(9_130))
    assert read(feedback.on_player(BAR, 1.0)) == [
        (MAX_LISTENS, "/glisser/bar", [3]),
        (MAX_LISTENS, "/glisser/phrase", list(STEPS)),
    ]
    assert [address for _, address, _ in read(feedback.on_player(BAR, 1.5))] == ["/glisser/phrase"]


def test_bar_1_is_told_again_after_a_stop(feedback: Feedback) -> None:
    """Stopped within bar 1 and started again, the listeners hear of bar 1 again."""
    ask(feedback, Subscribe(9_130))
    stopped = {"type": "state", "playing": False, "tempo_bpm": 120.0, "tick": 0}
    addresses = []
    for message in (BAR, stopped, BAR):
        addresses += [address for _, address, _ in read(feedback.on_player(message, 1.0))]
    assert addresses.count("/glisser/bar") == 2


def test_every_note_is_told_as_it_was_sent(feedback: Feedback) -> None:
    """Channel, pitch and velocity; a velocity of 0 is the end of the note."""
    ask(feedback, Subscribe(9_130))
    note = {"type": "note", "tick": 0, "port": 0, "channel": 1, "pitch": 67, "velocity": 0}
    assert read(feedback.on_player(note, 1.0)) == [(MAX_LISTENS, "/glisser/note", [1, 67, 0])]


def test_what_went_wrong_is_told(feedback: Feedback) -> None:
    """A line from the player or from the main process reaches the listeners as text."""
    ask(feedback, Subscribe(9_130))
    told = read(feedback.on_player({"type": "error", "text": "port gone"}, 1.0))
    told += read(feedback.on_error("engine restarted: naïve\0", 1.0))
    assert [arguments for *_, arguments in told] == [["port gone"], ["engine restarted: naïve "]]


def test_a_turned_knob_is_told_once(feedback: Feedback) -> None:
    """A knob turned by a controller moves the knob on the screen, and nothing is repeated."""
    ask(feedback, Subscribe(9_130))
    assert feedback.on_controls(STATE, 1.0) == []
    turned = after(STATE, [set_knob(1, 0.75)])
    assert read(feedback.on_controls(turned, 1.0)) == [
        (MAX_LISTENS, "/glisser/knob/1", [0.75]),
        (MAX_LISTENS, "/glisser/z/1", [1.5]),
    ]
    assert feedback.on_controls(turned, 1.1) == []


def test_a_subscription_ends_unless_renewed(feedback: Feedback) -> None:
    """A listener that has gone is forgotten after a minute; one that renews is not."""
    ask(feedback, Subscribe(9_130))
    ask(feedback, Subscribe(9_130), now_s=50.0)
    assert feedback.on_error("x", SUBSCRIBED_FOR_S + 1.0)
    assert not feedback.on_error("x", 50.0 + SUBSCRIBED_FOR_S)


def test_unsubscribing_ends_it_at_once(feedback: Feedback) -> None:
    """After /glisser/unsubscribe not one message more is sent."""
    ask(feedback, Subscribe(9_130))
    assert ask(feedback, Unsubscribe(9_130)) == []
    assert feedback.on_error("x", 1.0) == []


def test_there_are_only_so_many_subscribers(feedback: Feedback) -> None:
    """A program that subscribes from port after port cannot make every note a flood."""
    for port in range(1, MAX_SUBSCRIBERS + 10):
        ask(feedback, Subscribe(port), now_s=port / 100)
    assert len(feedback.on_error("x", 1.0)) == MAX_SUBSCRIBERS


def test_without_listeners_nothing_is_sent(feedback: Feedback) -> None:
    """An instrument played alone makes no network traffic."""
    assert feedback.on_player(BAR, 0.0) == []
    assert feedback.on_controls(after(STATE, [set_knob(1, 0.75)]), 0.0) == []


def test_whether_it_plays_is_told_when_that_changes(feedback: Feedback) -> None:
    """With the full state, on a change and on a question; a new tempo is no change of it."""
    state = {"type": "state", "tempo_bpm": 120.0, "tick": 0}
    assert ("/glisser/playing", [0]) in [each[1:] for each in ask(feedback, Subscribe(9_130))]
    told = [
        message
        for playing in (True, True, False)
        for _, *message in read(feedback.on_player({**state, "playing": playing}, 0.0))
    ]
    assert told == [["/glisser/playing", [1]], ["/glisser/playing", [0]]]
    assert ask(feedback, Get("playing"))[0][1:] == ("/glisser/get/playing", [0])


def test_the_snapshots_that_there_are_are_told() -> None:
    """With the full state, after one was saved, and on a question; never more than fit."""
    names = ["intro", "3"]
    feedback = Feedback(Mapping, snapshots=lambda: names)
    told = [each[1:] for each in ask(feedback, Subscribe(9_130))]
    assert ("/glisser/snapshots", ["intro", "3"]) in told
    names.append("x" * 64)
    names += ["y" * 64] * 900
    ((_, address, saved),) = read(feedback.on_snapshots(0.0))
    assert (address, saved[:4]) == ("/glisser/snapshots", [*names[:3], "y" * 64])
    ((datagram, _),) = feedback.on_snapshots(0.0)
    assert len(datagram) < 10_000
    assert ask(feedback, Get("snapshots"))[0][1:] == ("/glisser/get/snapshots", saved)
