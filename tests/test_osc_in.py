"""OSC in: bytes in, actions out."""

import math
import queue
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from instrument.actions import (
    Action,
    Capture,
    Get,
    Ping,
    Set,
    Snapshot,
    Subscribe,
    Transport,
    Unsubscribe,
    set_coordinate,
    set_freeze,
    set_knob,
    set_tempo,
)
from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.osc_in import MAX_WAITING, Heard, OscInput, OscPortError, OscReader, drain

FROM_MAX = ("127.0.0.1", 7_400)
WALL_S = 1_700_000_000.0
NOW_S = 5.0


def message(address: str, *arguments: tuple[str, Any]) -> bytes:
    """An OSC message of (type tag, value) pairs."""
    builder = OscMessageBuilder(address)
    for tag, value in arguments:
        builder.add_arg(value, tag)
    return bytes(builder.build().dgram)


def knob(number: int, value: float) -> bytes:
    return message(f"/glisser/knob/{number}", ("f", value))


def bundle(*elements: bytes, timetag: Any = IMMEDIATELY) -> bytes:
    head = bytes(OscBundleBuilder(timetag).build().dgram)
    return head + b"".join(struct.pack(">i", len(element)) + element for element in elements)


TABLE = addresses(Mapping())


class Ear:
    """A reader, its log, and what it heard."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.reader = OscReader(lambda: TABLE, self.lines.append)

    def hear(self, *datagrams: bytes, now_s: float = NOW_S) -> list[Heard]:
        return self.reader.read([(each, FROM_MAX) for each in datagrams], WALL_S, now_s)

    def actions(self, *datagrams: bytes) -> list[Action]:
        return [action for actions, _ in self.hear(*datagrams) for action in actions]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.mark.parametrize(
    ("datagram", "actions"),
    [
        (knob(1, 0.25), [set_knob(1, 0.25)]),
        (knob(12, 1.5), [set_knob(12, 1.0)]),
        (knob(12, -1.5), [set_knob(12, 0.0)]),
        (message("/glisser/z/2", ("f", 1.5)), [set_coordinate(2, 1.5)]),
        (
            message("/glisser/z", *[("f", float(n)) for n in range(12)]),
            [set_coordinate(n + 1, float(n)) for n in range(12)],
        ),
        (message("/glisser/play"), [Transport("play")]),
        (message("/glisser/play", ("i", 1)), [Transport("play")]),
        (message("/glisser/play", ("i", 0)), []),
        (message("/glisser/stop", ("f", 1.0)), [Transport("stop")]),
        (message("/glisser/panic", ("F", False)), []),
        (message("/glisser/tempo", ("f", 96.5)), [set_tempo(96.5)]),
        (message("/glisser/tempo", ("i", 20)), [set_tempo(20.0)]),
        (message("/glisser/freeze", ("i", 1)), [set_freeze(True)]),
        (message("/glisser/freeze", ("f", 0.0)), [set_freeze(False)]),
        (message("/glisser/freeze", ("f", 0.4)), [set_freeze(False)]),
        (message("/glisser/gate", ("i", 400)), [Set("gate", 100.0)]),
        (message("/glisser/transpose", ("f", -6.7)), [Set("transpose", -7.0)]),
        (message("/glisser/lfo/12", ("f", 0.5)), [Set("lfo/12", 0.5)]),
        (message("/glisser/pad", ("f", 2.0), ("i", 0)), [Set("pad-x", 1.0), Set("pad-y", 0.0)]),
        (message("/glisser/capture"), [Capture()]),
        (message("/glisser/capture", ("i", 0)), []),
        (message("/glisser/capture/cancel"), [Capture(False)]),
        (message("/glisser/snapshot/save", ("s", "a 1")), [Snapshot("save", "a 1")]),
        (message("/glisser/snapshot/recall", ("i", 3)), [Snapshot("recall", "3")]),
        (
            message("/glisser/snapshot/recall", ("s", "x"), ("i", 4)),
            [Snapshot("recall", "x", 4.0)],
        ),
        (message("/glisser/ping"), [Ping()]),
        (message("/glisser/get/phrase"), [Get("phrase")]),
        (message("/glisser/subscribe"), [Subscribe(9130)]),
        (message("/glisser/subscribe", ("i", 7400)), [Subscribe(7400)]),
        (message("/glisser/unsubscribe", ("i", 7400)), [Unsubscribe(7400)]),
        (b"/glisser/play\0\0\0", [Transport("play")]),
    ],
)
def test_the_osc_table(ear: Ear, datagram: bytes, actions: list[Action]) -> None:
    """Each documented address does what the table says, and is not refused."""
    assert ear.actions(datagram) == actions
    assert not ear.reader.counts


@pytest.mark.parametrize(
    "argument", [("i", 1), ("f", 1.0), ("d", 1.0), ("h", 1), ("T", True)], ids=lambda a: a[0]
)
def test_any_number_will_do(ear: Ear, argument: tuple[str, Any]) -> None:
    """Int, float, double, int64 and true all turn the knob up: Max sends 1.0 as an int."""
    assert ear.actions(message("/glisser/knob/1", argument)) == [set_knob(1, 1.0)]


@pytest.mark.parametrize(
    ("datagram", "kind"),
    [
        (message("/glisser/knob/13", ("f", 0.5)), "unknown address"),
        (message("/glisser/snapshot/delete", ("s", "a")), "unknown address"),
        (message("/glisser/snapshot/save"), "wrong arguments"),
        (message("/glisser/snapshot/save", ("s", "a"), ("i", 1)), "wrong arguments"),
        (message("/glisser/snapshot/recall", ("f", 1.0), ("s", "a")), "wrong arguments"),
        (message("/glisser/snapshot/recall", ("s", "a"), ("f", -1.0)), "out of range"),
        (message("/glisser/snapshot/recall", ("s", "a"), ("f", math.nan)), "not finite"),
        (b"/glisser/snapshot/save\0\0,s\0\0", "malformed"),
        (b"/glisser/snapshot/save\0\0,s\0\0abcd", "malformed"),
        (b"/glisser/snapshot/save\0\0,s\0\0abc\0....", "malformed"),
        (message("/glisser/pad", ("f", 0.5)), "wrong arguments"),
        (message("/glisser/gate", ("s", "long")), "wrong arguments"),
        (message("/glisser/get/secrets"), "unknown address"),
        (message("/glisser/knob/*", ("f", 0.5)), "unknown address"),
        (b"/\xff\xfe\0,f\0\0\0\0\0\0", "unknown address"),
        (message("/glisser/knob/1"), "wrong arguments"),
        (message("/glisser/knob/1", ("f", 0.5), ("f", 0.5)), "wrong arguments"),
        (message("/glisser/knob/1", ("s", "0.5")), "wrong arguments"),
        (message("/glisser/knob/1", ("N", None)), "wrong arguments"),
        (message("/glisser/z", *[("f", 0.0)] * 11), "wrong arguments"),
        (message("/glisser/ping", ("i", 1)), "wrong arguments"),
        (b"/glisser/knob/1\0,X\0\0", "wrong arguments"),
        (message("/glisser/knob/1", ("f", math.nan)), "not finite"),
        (message("/glisser/z/1", ("d", math.inf)), "not finite"),
        (message("/glisser/play", ("f", math.nan)), "not finite"),
        (message("/glisser/tempo", ("f", 19.9)), "out of range"),
        (message("/glisser/tempo", ("i", 401)), "out of range"),
        (message("/glisser/subscribe", ("i", 0)), "out of range"),
        (message("/glisser/subscribe", ("f", 9130.5)), "out of range"),
        (knob(1, 0.5)[:-4], "malformed"),
        (knob(1, 0.5) + b"\0\0\0\0", "malformed"),
        (knob(1, 0.5)[:-8], "wrong arguments"),
        (b"/glisser/knob/1\0f\0\0\0\0\0\0\0", "malformed"),
        (b"", "malformed"),
        (b"hello", "malformed"),
        (b"#bundle\0", "malformed"),
        (bundle(knob(1, 0.5))[:-4], "malformed"),
        (bundle() + struct.pack(">i", -4), "malformed"),
        (bundle(b"")[:-4] + struct.pack(">i", 0), "malformed"),
        (b"/glisser/knob/1\0" + b"\0" * 20_000, "too long"),
    ],
)
def test_what_cannot_be_done_is_counted_and_changes_nothing(
    ear: Ear, datagram: bytes, kind: str
) -> None:
    """A wrong message is counted under its kind and gives one line; nothing else happens."""
    assert ear.hear(datagram) == []
    assert dict(ear.reader.counts) == {kind: 1}
    assert len(ear.lines) == 1
    assert kind in ear.lines[0]


def test_bundles_nest_only_so_deep(ear: Ear) -> None:
    """Three thousand nested bundles are one refusal, not a broken thread; two are fine."""
    shallow, deep = knob(1, 0.5), knob(1, 0.5)
    for _ in range(2):
        shallow = bundle(shallow)
    for _ in range(800):
        deep = bundle(deep)
    assert ear.actions(shallow) == [set_knob(1, 0.5)]
    assert ear.actions(deep) == []
    assert dict(ear.reader.counts) == {"nested too deep": 1}


def test_a_bundle_applies_as_one(ear: Ear) -> None:
    """All of a bundle's messages arrive together, in order."""
    heard = ear.hear(bundle(knob(1, 0.125), knob(2, 0.25), bundle(message("/glisser/play"))))
    assert heard == [((set_knob(1, 0.125), set_knob(2, 0.25), Transport("play")), FROM_MAX)]


def test_one_wrong_message_does_not_spoil_its_bundle(ear: Ear) -> None:
    """A stop beside a NaN still stops; the NaN is counted."""
    assert ear.actions(bundle(knob(1, math.nan), message("/glisser/stop"))) == [Transport("stop")]
    assert dict(ear.reader.counts) == {"not finite": 1}


def test_a_broken_bundle_does_nothing_at_all(ear: Ear) -> None:
    """When a bundle is cut off in the middle, its whole beginning is not done either."""
    broken = bundle(message("/glisser/play"), message("/nowhere"), knob(1, 0.5))[:-4]
    assert ear.actions(broken) == []
    assert dict(ear.reader.counts) == {"malformed": 1}


def test_a_plan_up_to_two_seconds_ahead_waits(ear: Ear) -> None:
    """A bundle tagged 1.5 s ahead is done 1.5 s later, not now and not before."""
    planned = bundle(knob(1, 0.5), timetag=WALL_S + 1.5)
    assert ear.hear(planned) == []
    due_s = ear.reader.next_due_s()
    assert due_s is not None
    assert abs(due_s - (NOW_S + 1.5)) < 1e-3
    assert ear.reader.due(due_s - 1e-6) == []
    assert ear.reader.due(due_s) == [((set_knob(1, 0.5),), FROM_MAX)]
    assert ear.reader.next_due_s() is None
    assert not ear.reader.counts


def test_a_bundle_within_a_plan_waits_for_it(ear: Ear) -> None:
    """A bundle inside another is not done before the one it came in, whatever its own timetag."""
    inner = bundle(knob(2, 0.5), timetag=WALL_S - 1.0)
    assert ear.hear(bundle(knob(1, 0.5), inner, timetag=WALL_S + 1.0)) == []
    (heard,) = ear.reader.due(NOW_S + 2.0)
    assert heard == ((set_knob(1, 0.5), set_knob(2, 0.5)), FROM_MAX)


def test_plans_are_done_in_the_order_of_their_time(ear: Ear) -> None:
    """The earlier timetag first; of one timetag, in the order they came, in whatever batches."""
    ear.hear(
        bundle(knob(1, 0.375), timetag=WALL_S + 1.0), bundle(knob(1, 0.125), timetag=WALL_S + 0.5)
    )
    ear.hear(bundle(knob(1, 0.625), timetag=WALL_S + 1.0), now_s=NOW_S - 1e-3)
    values = [action for actions, _ in ear.reader.due(NOW_S + 2.0) for action in actions]
    assert values == [set_knob(1, 0.125), set_knob(1, 0.375), set_knob(1, 0.625)]


@pytest.mark.parametrize("ahead_s", [2.5, 1e6])
def test_a_plan_further_ahead_is_done_now_and_counted(ear: Ear, ahead_s: float) -> None:
    """A timetag beyond two seconds is taken for a wrong clock."""
    assert ear.actions(bundle(knob(1, 0.5), timetag=WALL_S + ahead_s)) == [set_knob(1, 0.5)]
    assert dict(ear.reader.counts) == {"timetag too far ahead": 1}


def test_a_late_plan_is_done_now(ear: Ear) -> None:
    """A timetag in the past loses no message, and is no fault."""
    assert ear.actions(bundle(knob(1, 0.5), timetag=WALL_S - 60.0)) == [set_knob(1, 0.5)]
    assert not ear.reader.counts


def test_only_so_many_plans_wait(ear: Ear) -> None:
    """A flood of plans cannot fill the memory: those too many are done now, and counted."""
    plans = [bundle(knob(1, 0.5), timetag=WALL_S + 1.0)] * (MAX_WAITING + 3)
    assert len(ear.hear(*plans)) == 3
    assert dict(ear.reader.counts) == {"too many waiting": 3}


def test_the_newest_value_of_a_control_wins(ear: Ear) -> None:
    """Of many values of one knob the last is kept, in its place among the others."""
    heard = ear.actions(knob(1, 0.125), message("/glisser/z/1", ("f", 2.0)), knob(1, 0.875))
    assert heard == [set_coordinate(1, 2.0), set_knob(1, 0.875)]


def test_a_wrong_newest_value_does_not_hide_the_right_one_before_it(ear: Ear) -> None:
    """NaN after 0.5 changes nothing, so the knob stands at 0.5."""
    assert ear.actions(knob(1, 0.25), knob(1, 0.5), knob(1, math.nan)) == [set_knob(1, 0.5)]


def test_transport_is_never_merged(ear: Ear) -> None:
    """Two panics within one batch are two panics, and stay where they were among the others."""
    panic, play = message("/glisser/panic"), message("/glisser/play")
    heard = ear.actions(panic, knob(1, 0.5), panic, play)
    assert heard == [Transport("panic"), set_knob(1, 0.5), Transport("panic"), Transport("play")]


def test_questions_keep_their_sender(ear: Ear) -> None:
    """Two programs that ping in one batch are both answered."""
    ping = message("/glisser/ping")
    one, other = ("127.0.0.1", 1_001), ("127.0.0.1", 1_002)
    heard = ear.reader.read([(ping, one), (ping, other)], WALL_S, NOW_S)
    assert [sender for _, sender in heard] == [one, other]


def test_refusals_are_logged_once_in_a_while(ear: Ear) -> None:
    """A flood of wrong messages gives one line, and later one that says how many more."""
    for _ in range(100):
        ear.hear(b"hello")
    assert len(ear.lines) == 1
    ear.hear(b"hello", now_s=NOW_S + 10.0)
    assert len(ear.lines) == 2
    assert "99 more" in ear.lines[1]
    assert ear.reader.counts["malformed"] == 101


valid = st.sampled_from(
    [
        knob(1, 0.5),
        message("/glisser/z", *[("d", 0.5)] * 12),
        message("/glisser/play", ("T", True)),
        message("/glisser/subscribe", ("h", 7400)),
        bundle(knob(1, 0.5), bundle(message("/glisser/stop"), timetag=WALL_S + 1.0)),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid datagram with some bytes changed, cut out or put in."""
    datagram = bytearray(draw(valid))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(datagram)))
        end = draw(st.integers(at, min(len(datagram), at + 4)))
        datagram[at:end] = draw(st.binary(max_size=4))
    return bytes(datagram)


@given(st.lists(st.one_of(st.binary(max_size=200), valid, mutated()), max_size=8))
def test_no_datagram_can_break_the_reader(datagrams: list[bytes]) -> None:
    """Whatever comes, nothing is raised, our own faults stay at none, and every value is finite."""
    ear = Ear()
    heard = ear.hear(*datagrams) + ear.reader.due(NOW_S + 3.0)
    assert ear.reader.counts["our fault"] == 0
    for actions, _ in heard:
        for action in actions:
            if isinstance(action, Set):
                assert math.isfinite(action.value)


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        each.bind(("127.0.0.1", 0))
        each.settimeout(10.0)
        yield each


def test_a_flood_ends_at_the_newest_value_of_every_knob(sender: socket.socket) -> None:
    """When hundreds of datagrams wait in the socket, one drain gives each knob's last value."""
    ear = Ear()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        for value in range(15):
            for number in range(1, 13):
                sender.sendto(knob(number, value / 16), receiver.getsockname())
        sender.sendto(message("/glisser/panic"), receiver.getsockname())
        heard = ear.reader.read(drain(receiver), WALL_S, NOW_S)
    actions = [action for actions, _ in heard for action in actions]
    assert actions == [*(set_knob(n, 14 / 16) for n in range(1, 13)), Transport("panic")]


Listening = Callable[[Callable[[tuple[Action, ...], tuple[str, int]], None]], OscInput]


@pytest.fixture
def listen() -> Iterator[Listening]:
    opened: list[OscInput] = []

    def start(hear: Callable[[tuple[Action, ...], tuple[str, int]], None]) -> OscInput:
        opened.append(OscInput("127.0.0.1", 0, lambda: TABLE, hear, lambda _: None))
        opened[-1].start()
        return opened[-1]

    yield start
    for each in opened:
        each.close()
        each.close()


def test_a_real_socket_hears_and_answers(sender: socket.socket, listen: Listening) -> None:
    """A datagram over UDP reaches the callback with its sender, and an answer finds its way."""
    heard: queue.Queue[Heard] = queue.Queue()
    osc = listen(lambda actions, address: heard.put((actions, address)))
    sender.sendto(b"rubbish", (osc.host, osc.port))
    sender.sendto(knob(1, 0.5), (osc.host, osc.port))
    assert heard.get(timeout=10.0) == ((set_knob(1, 0.5),), sender.getsockname())
    osc.send([(b"answer", sender.getsockname())])
    assert sender.recvfrom(100) == (b"answer", (osc.host, osc.port))
    assert osc.counts == {"malformed": 1}


def test_a_fault_of_the_instrument_does_not_deafen_it(
    sender: socket.socket, listen: Listening
) -> None:
    """When doing one message fails, the next is still heard, and the fault is counted."""
    heard: queue.Queue[Action] = queue.Queue()

    def hear(actions: tuple[Action, ...], _sender: tuple[str, int]) -> None:
        heard.put(actions[0])
        if actions == (Ping(),):
            raise RuntimeError("not now")

    osc = listen(hear)
    sender.sendto(message("/glisser/ping"), (osc.host, osc.port))
    assert heard.get(timeout=10.0) == Ping()
    sender.sendto(knob(1, 0.5), (osc.host, osc.port))
    assert heard.get(timeout=10.0) == set_knob(1, 0.5)
    assert osc.counts == {"our fault": 1}


def test_a_plan_is_done_by_the_thread(sender: socket.socket, listen: Listening) -> None:
    """A planned bundle is done although nothing comes after it to wake the thread."""
    heard: queue.Queue[tuple[Action, ...]] = queue.Queue()
    osc = listen(lambda actions, _: heard.put(actions))
    sender.sendto(bundle(knob(1, 0.5), timetag=time.time() + 0.05), (osc.host, osc.port))
    assert heard.get(timeout=10.0) == (set_knob(1, 0.5),)


def test_a_busy_port_is_told_in_one_sentence(listen: Listening) -> None:
    """The sentence names host and port and says what to do."""
    osc = listen(lambda *_: None)
    with pytest.raises(OscPortError, match=rf"OSC port 127\.0\.0\.1:{osc.port} is taken"):
        OscInput("127.0.0.1", osc.port, lambda: TABLE, lambda *_: None, lambda _: None)


def test_a_host_of_somebody_else_is_told() -> None:
    """An address that this machine does not have is refused by name."""
    with pytest.raises(OscPortError, match=r"192\.0\.2\.1:9129"):
        OscInput("192.0.2.1", 9129, lambda: TABLE, lambda *_: None, lambda _: None)
