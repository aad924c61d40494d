"""A hundred thousand bars on a clock that does not wait: the real player, the real scheduler.

A stand-in decodes (a phrase made of z's digits), because what is proved here is the player's
arithmetic: no tick missed, no beat moved, every note closed, no memory kept.
"""

import resource
import sys
from collections import deque
from dataclasses import dataclass, field

from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP
from engine.wire import Message
from instrument.clock import ManualClock
from instrument.controls import ControlState
from instrument.events import Decoded
from instrument.mapping import Mapping
from instrument.outgoing import Outgoing
from instrument.player_core import Player
from instrument.player_messages import Setup
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP, Timeline

TEMPO_BPM = 123.0  # a step of this is no whole number of nanoseconds
ANSWER_NS = 5_000_000


@dataclass
class Counter:
    """An output that counts, and looks at the clock: how far from the exact grid a note is."""

    clock: ManualClock
    line: Timeline
    name: str = "counter"
    api: str = "none"
    lead_ns: int = 0
    lost: bool = False
    ons: int = 0
    offs: int = 0
    worst_ns: int = 0
    open: set[int] = field(default_factory=set)

    def send(self, message: bytes, _due: int, /) -> None:
        """Count one message."""
        status, pitch, velocity = message
        if status & 0xF0 == 0x90 and velocity:
            self.ons += 1
            self.open.add(pitch)
            self._judge()
        elif status & 0xF0 == 0x80:
            self.offs += 1
            self.open.discard(pitch)

    def trouble(self) -> str | None:
        """Nothing can go wrong with it."""
        return None

    def close(self) -> None:
        """Nothing to let go of."""

    def _judge(self) -> None:
        now_ns = self.clock.now_ns()
        step = self.line.tick_at(now_ns) // TICKS_PER_STEP
        due_ns = self.line.ns_of(step * TICKS_PER_STEP)
        self.worst_ns = max(self.worst_ns, abs(now_ns - due_ns))


class Told:
    """Main and the engine in one: turns the knob, answers requests, counts what it is told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.misses = self.swaps = self.bars = self.requests = 0
        self.done, self.done_ns = False, 0
        self._due: deque[tuple[int, Message]] = deque()
        self._next: list[Message] = []

    def post(self, *messages: Message) -> None:
        """What the player says."""
        for message in messages:
            self._hear(message)

    def _hear(self, message: Message) -> None:
        match message["type"]:
            case "request":
                self.requests += 1
                self._due.append((self.clock.now_ns() + ANSWER_NS, phrase_for(message)))
            case "take":
                self.swaps += 1
                self.misses += bool(message["request"]["late"])
            case "bar":
                self.bars += 1
                self._next.append(turned(self.bars))
            case "done":
                self.done, self.done_ns = True, self.clock.now_ns()

    def take(self) -> list[Message]:
        """What arrives at the player now."""
        given, self._next = self._next, []
        while self._due and self._due[0][0] <= self.clock.now_ns():
            given.append(self._due.popleft()[1])
        return [*given, {"type": "quit"}] if self.done else given

    @property
    def next_answer_ns(self) -> int | None:
        """When the next answer comes."""
        return self._due[0][0] if self._due else None


class Pacer(ManualClock):
    """A manual clock that also stops where an answer arrives, as a wake would."""

    told: Told | None = None

    def wait_until(self, deadline_ns: int) -> None:
        """Be at ``deadline_ns``, or where the next answer comes."""
        answer_ns = None if self.told is None else self.told.next_answer_ns
        super().wait_until(deadline_ns if answer_ns is None else min(deadline_ns, answer_ns))


def turned(bar: int) -> Message:
    """Knob 1 somewhere else in every bar."""
    values = {"knob/1": (bar * 0.37 % 1.0, bar), "tempo": (TEMPO_BPM, 0)}
    state = ControlState(values, serial=bar)
    return {"type": "controls", **state.to_message()}


def phrase_for(request: Message) -> Message:
    """A phrase of notes, holds and rests that depends on z alone."""
    seed = int(abs(sum(request["z"])) * 1e6)
    kinds = [(seed >> step % 16) % 7 for step in range(PHRASE_STEPS)]
    steps = [
        HOLD_STEP if kind > 3 else REST_STEP if kind == 3 else 60 + (seed + step) % 20
        for step, kind in enumerate(kinds)
    ]
    return {"type": "phrase", "id": request["id"], "tokens": [0] * PHRASE_STEPS, "steps": steps}


def soak_offline(bars: int) -> dict[str, float]:
    """Play so many bars; what was counted. ``drift_ns`` is the worst distance from the grid."""
    clock = Pacer()
    told = Told(clock)
    clock.told = told
    output = Counter(clock, Timeline(TEMPO_BPM, 0, 0))
    steps = (60, *[HOLD_STEP] * (PHRASE_STEPS - 1))
    first = Decoded((0.0,) * 12, (0,) * PHRASE_STEPS, steps)
    controls = ControlState.standing({"tempo": TEMPO_BPM})
    setup = Setup((), "none", TEMPO_BPM, bars, "stage", first, Mapping(), controls, playing=True)
    player = Player(setup, Outgoing([output]), told.post, 0)
    _play_bars(player, clock, told, min(bars // 10, 1000))
    before = _peak_mib()
    _play_bars(player, clock, told, None)
    due_ns = output.line.ns_of(bars * TICKS_PER_BAR)
    return {
        "bars": told.bars,
        "requests": told.requests,
        "misses": told.misses,
        "note_ons": output.ons,
        "note_offs": output.offs,
        "still_open": len(output.open),
        "drift_ns": max(output.worst_ns, abs(told.done_ns - due_ns)),
        "growth_mib": _peak_mib() - before,
    }


def _play_bars(player: Player, clock: Pacer, told: Told, bars: int | None) -> None:
    while player.exit_status is None and (bars is None or told.bars < bars):
        clock.wait_until(player.turn(clock.now_ns(), told.take()))


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
