"""Controllers played into a real performance over JACK, and what it then shows over OSC.

The streams of ``tests/streams`` are written down from the devices' MIDI charts, not recorded: no
device was at hand. :mod:`tests.stream_files` says what stands in them.
"""

import json
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from pythonosc.osc_message import OscMessage

from benchmarks.standstill import watching
from instrument.feedback import encode
from instrument.patch import load_patch, patch_names
from tests.jack import JackServer, running_jack
from tests.live import playing
from tests.stream_files import Passage, Shown, Stream, position, read_stream, streams

# Real processes in real time: see tests.real for what a machine that stands still may do to them.
pytestmark = pytest.mark.real(needs=["jackd", "jack_wait"])

CONTROLLER = "controller"
SETTLE_S = 1.0  # until what was under way has come
TRIES = 6  # of a passage with detents: a machine that halts between two of them slows the hand
PATIENCE_S = 20.0
EXACT = 1e-5  # OSC carries 32 bits
ROUNDED = 1e-4  # the streams have six places
LEAST_MOVE = 1 / 127  # as close as seven bits can tell: picked up is what is as near as that
MOST_OF_THE_HAND = {"pick-up": 1.0, "scaling": 3.0}  # docs/patches.md


@dataclass
class Sender:
    """The controller, in a process of its own."""

    process: subprocess.Popen[str]

    def play(self, passage: Passage) -> None:
        """Send it, and wait until it is sent."""
        stream = [(step.at_s, step.message) for step in passage.steps]
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(stream) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "sent\n"


@pytest.fixture(scope="module")
def jack() -> Iterator[JackServer]:
    with running_jack() as server:
        yield server


@pytest.fixture(scope="module")
def sender(jack: JackServer) -> Iterator[Sender]:
    """Its port is there before any performance listens to it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.controller_sender", CONTROLLER],
        env={**os.environ, **jack.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield Sender(process)
        process.communicate(timeout=PATIENCE_S)  # a client that is killed, JACK waits for
    finally:
        process.kill()
        process.wait()


@dataclass
class Surface:
    """Somebody who listens to what the performance tells over OSC."""

    socket: socket.socket
    osc_port: int
    told: list[tuple[str, float]] = field(default_factory=list)

    def say(self, address: str, *values: float) -> None:
        self.socket.sendto(encode(f"/glisser/{address}", *values), ("127.0.0.1", self.osc_port))

    def subscribe(self) -> None:
        """All that stands now is told, and every change."""
        self.say("subscribe", self.socket.getsockname()[1])

    def until(self, key: str, value: float, slack: float = 0.0) -> None:
        """Listen until ``key`` is told to stand there."""
        limit_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit_s:
            told = self._next()
            if told is not None and told[0] == key and abs(told[1] - value) <= slack + EXACT:
                return
        raise AssertionError(f"{key} is not told to be {value}; of it there is {self.of(key)}")

    def all_of_it(self) -> None:
        """Listen to what is under way."""
        self.say("ping")
        while self._next() != ("pong", 0.0):
            pass

    def of(self, key: str) -> list[float]:
        """Every value of ``key`` that was told, in order."""
        return [value for name, value in self.told if name == key]

    def _next(self) -> tuple[str, float] | None:
        try:
            message = OscMessage(self.socket.recv(65536))
        except TimeoutError as error:
            raise AssertionError(f"no more is told after {self.told[-4:]}") from error
        key = message.address.removeprefix("/glisser/")
        if key == "pong":
            return key, 0.0
        if len(message.params) != 1 or not isinstance(message.params[0], int | float):
            return None
        self.told.append((key, float(message.params[0])))
        return self.told[-1]


@contextmanager
def performance(stream: Stream, jack: JackServer, folder: Path) -> Iterator[Surface]:
    """One with the stream's patch that hears the controller; its doors are open."""
    listening = ("--patch", stream.patch, "--in", CONTROLLER)
    with (
        playing(folder / "t.mid", *listening, jack=jack, out=None) as play,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener,
    ):
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE_S)
        play.until("^OSC in")
        yield Surface(listener, play.osc_port)


def play_passage(passage: Passage, sender: Sender, surface: Surface) -> None:
    """Bring everything to where it stands, play it, hear what is told of it."""
    for key, value in passage.stands.items():
        surface.say(key, value)
    surface.subscribe()
    surface.all_of_it()
    for key, value in passage.stands.items():
        assert surface.of(key)[-1] == pytest.approx(value, abs=EXACT)
    surface.told.clear()
    sender.play(passage)
    for key in passage.stands:
        last = _heard(passage.of(key))[-1]
        standing = surface.of(key)[-1:] or [passage.stands[key]]
        if not _is(standing[0], last):
            surface.until(key, last.value or 0.0, last.slack)
    surface.all_of_it()


def _heard(shown: list[Shown]) -> list[Shown]:
    return [each for each in shown if each.value is not None]


def _is(told: float, shown: Shown) -> bool:
    return shown.value is not None and abs(told - shown.value) <= shown.slack + EXACT


def places(shown: list[Shown], told: list[float], start: float) -> list[int]:
    """Which message of ``shown`` each told value comes from, in order.

    A value may be passed over: what comes within a millisecond is told once. Where it stood at the
    ``start`` may be told again before the first.
    """
    found = list[int]()
    for value in told:
        if not found and abs(value - start) <= EXACT:
            continue
        after = found[-1] + 1 if found else 0
        place = next((n for n in range(after, len(shown)) if _is(value, shown[n])), None)
        assert place is not None, f"{value} is told after {found}, of {shown}"
        found.append(place)
    return found


def greatest_share(shown: list[Shown], found: list[int], start: float) -> float:
    """How far the value went at most in one step, in terms of how far the hand went meanwhile."""
    stays = next((n for n, each in enumerate(shown) if each.value is not None), 0) - 1
    way = [(max(stays, 0), start), *((n, shown[n].value or 0.0) for n in found)]
    hands = [each.hand or 0.0 for each in shown]
    share = 0.0
    for (before, from_value), (now, to_value) in pairwise(way):
        hand = sum(abs(b - a) for a, b in pairwise(hands[before : now + 1]))
        share = max(share, abs(to_value - from_value) / max(hand, LEAST_MOVE))
    return share


def judge_passage(passage: Passage, surface: Surface, takeovers: Mapping[str, str]) -> None:
    """What was told is what the device shows; with a takeover no step is larger than the hand's."""
    for key, start in passage.stands.items():
        shown, told = passage.of(key), surface.of(key)
        found = places(shown, told, start)
        last = _heard(shown)[-1]
        assert _is(told[-1] if told else start, last), (passage.title, key, told)
        most = MOST_OF_THE_HAND.get(takeovers.get(key, "none"))
        if most is not None and key.startswith("knob/"):
            assert greatest_share(shown, found, start) <= most + ROUNDED, passage.title


@pytest.mark.parametrize("file", streams(), ids=lambda file: file.stem)
def test_every_control_lands_where_its_device_shows_it(
    file: Path, jack: JackServer, sender: Sender, tmp_path: Path
) -> None:
    """Bytes of its chart on a real port; with a takeover no step is larger than the hand's."""
    stream = read_stream(file)
    takeovers = {each.key: each.takeover for each in load_patch(stream.patch).controls}
    with watching() as watch, performance(stream, jack, tmp_path) as surface:
        for passage in stream.passages:
            for left in reversed(range(TRIES if passage.races else 1)):
                began_ns = time.perf_counter_ns()
                try:
                    play_passage(passage, sender, surface)
                    judge_passage(passage, surface, takeovers)
                    break
                except AssertionError as error:
                    if not left or not watch.stood_still(began_ns, time.perf_counter_ns()):
                        raise  # what fails on a machine that moves, fails
                    time.sleep(SETTLE_S)
                    warnings.warn(f"once more: {passage.title}: {error!r:.200}", stacklevel=1)


def test_there_is_a_stream_for_every_patch() -> None:
    """And one for every kind of control, encoder and takeover that a patch may ask for."""
    patches = [read_stream(file).patch for file in streams()]
    assert set(patch_names()) <= set(patches)
    (kinds,) = (patch for patch in patches if patch not in patch_names())
    asked = {(each.kind, each.encoder, each.takeover) for each in load_patch(kinds).controls}
    takeovers = ("none", "pick-up", "scaling")
    encoders = ("twos-complement", "binary-offset", "signed-bit", "signed-bit-2")
    absolute = {(kind, "absolute", way) for kind in ("cc", "cc14", "nrpn") for way in takeovers}
    assert asked >= absolute | {("cc", encoder, "none") for encoder in encoders}


@pytest.mark.parametrize("file", streams(), ids=lambda file: file.stem)
def test_a_passage_ends_where_nothing_stood_before(file: Path) -> None:
    """So that whoever listens knows when it has heard all of it."""
    for passage in read_stream(file).passages:
        for key, start in passage.stands.items():
            *before, last = (each.value for each in _heard(passage.of(key)))
            assert last not in {start, *before}, passage.title


def test_a_centre_is_the_middle() -> None:
    """What the streams call 64 of 127 and 8192 of 16383 is half-way; the ends are the ends."""
    for most in (127, 16383):
        shown = [position(display, most) for display in (0, (most + 1) // 2, most)]
        assert shown == [0.0, 0.5, 1.0]
