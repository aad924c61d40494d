"""MIDI controllers on their way in: bytes -> actions. What the ports are, the listener knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from instrument.actions import (
    Action,
    Capture,
    ChangeSong,
    Set,
    Snapshot,
    Transport,
    set_freeze,
)
from instrument.controllers import Reader, Touch, detents_of, turn
from instrument.mapping import SNAPSHOT_BUTTON, ControlKind, ControlMapping, Mapping
from instrument.settings import setting_of
from instrument.takeover import Takeover

Actions: TypeAlias = list[Action]
Key: TypeAlias = tuple[ControlKind, int, int]  # kind, channel, number


@dataclass(frozen=True, slots=True)
class Arrival:
    """A whole message as its ``port``'s driver gave it, not empty.

    ``ns`` (``perf_counter_ns``) is when the listener's callback was called, ``delta_s`` the seconds
    since the port's message before it, by the driver's own clock.
    """

    port: str
    ns: int
    delta_s: float
    message: bytes


ByHand: TypeAlias = Callable[[Arrival, Touch], bool]


@dataclass
class Standing:
    """How things stand when a control is touched: positions 0..1 of what is mapped, and more."""

    positions: dict[str, float]
    playing: bool = False
    frozen: bool = False
    capturing: bool = False


class Hands:
    """Arrivals -> actions, by the patch's table of controls. One thread; pure but for its memory.

    It remembers, for each port, halves of values, and for each control where it was and when; with
    another patch it begins anew.
    """

    def __init__(
        self,
        mapping: Callable[[], Mapping],
        standing: Callable[[], Standing],
        by_hand: ByHand = lambda _arrival, _touch: True,
    ) -> None:
        """``mapping()`` is the present patch; ``standing()`` says where all that is mapped stands,
        and what else a button may turn.

        ``by_hand`` says of each touch of what is mapped whether a hand did it; others do nothing.
        """
        self._mapping, self._standing, self._by_hand = mapping, standing, by_hand
        self._table = _Table(mapping())

    def actions(self, arrivals: Sequence[Arrival], failed: Callable[[ValueError], None]) -> Actions:
        """What they ask for, in order; nothing for whatever the patch does not map.

        A message that is none is told by ``failed`` and passed over.
        """
        if (mapping := self._mapping()) is not self._table.mapping:
            self._table = _Table(mapping)
        table = self._table
        if not (table.controls or table.buttons):
            return []
        actions: Actions = []
        now: Standing | None = None  # looked at once, and only if something is mapped
        for arrival in arrivals:
            try:
                touch = table.reader(arrival.port).touch(arrival.message)
            except ValueError as error:
                failed(error)
                continue
            if touch is None:
                continue
            key = (touch.kind, touch.channel, touch.number)
            if key not in table.controls and key not in table.buttons:
                continue
            if not self._by_hand(arrival, touch):
                continue
            now = now or self._standing()
            actions += table.turned(touch, key, arrival.ns, now)
            if touch.position > 0.0:
                actions += [_pressed(does, now) for does in table.buttons.get(key, ())]
        return actions


class _Table:
    """What a patch does with which message, and what its controls did last."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.controls: dict[Key, list[_Control]] = {}
        self.buttons: dict[Key, list[str]] = {}
        for control in mapping.controls:
            held = _Control(control)
            for channel in _channels(control.channel):
                key = (control.kind, channel, control.number)
                self.controls.setdefault(key, []).append(held)
        for button in mapping.buttons:
            for channel in _channels(button.channel):
                key = (button.kind, channel, button.number)
                self.buttons.setdefault(key, []).append(button.does)
        if mapping.receive.program:  # most devices count programs from 1
            for channel, program in product(range(1, 17), range(128)):
                recall = [f"{SNAPSHOT_BUTTON}{program + 1}"]
                self.buttons.setdefault(("program", channel, program), []).extend(recall)
        self._pairs = frozenset(
            (channel, number) for kind, channel, number in self.controls if kind == "cc14"
        )
        self._ports: dict[str, Reader] = {}

    def reader(self, port: str) -> Reader:
        """That of an input port."""
        return self._ports.setdefault(port, Reader(self._pairs))

    def turned(self, touch: Touch, key: Key, now_ns: int, now: Standing) -> Actions:
        """What the controls that ``touch`` moves ask for; ``now`` then says that they moved."""
        actions: Actions = []
        for control in self.controls.get(key, ()):
            turned = control.mapping.key
            if turned not in now.positions:  # the song was changed this very moment
                continue
            position = control.turned(touch, now_ns, now.positions[turned])
            if position is not None:
                now.positions[turned] = position
                actions.append(Set(turned, control.value(position)))
        return actions


class _Control:
    """One control of the patch, and what it did last."""

    def __init__(self, mapping: ControlMapping) -> None:
        self.mapping = mapping
        self._setting = setting_of(mapping.key)
        self._takeover = Takeover(mapping.takeover, self._on_the_grid)
        self._turned_ns: int | None = None

    def turned(self, touch: Touch, now_ns: int, value: float) -> float | None:
        """Where its knob stands now, which stood at ``value``; ``None``: where it stood."""
        relative = self.mapping.encoder != "absolute"
        if touch.detents is None and not relative:
            return self._takeover.turned(touch.position, value)
        detents = touch.detents
        if detents is None:
            detents = detents_of(touch.value, self.mapping.encoder)
        before_ns, self._turned_ns = self._turned_ns, now_ns
        after_s = 1.0 if before_ns is None else (now_ns - before_ns) / 1e9
        if self._setting is not None and self._setting.whole:  # a detent is a number
            turned = detents / (self._setting.high - self._setting.low)
        else:
            turned = turn(detents, after_s)
        return min(1.0, max(0.0, value + turned))

    def value(self, position: float) -> float:
        """What is set when it stands at ``position``: that of a knob, or a setting's own value."""
        return position if self._setting is None else self._setting.at_position(position)

    def _on_the_grid(self, position: float) -> float:
        """Where it will be told to stand: a whole number has few places."""
        if self._setting is None:
            return position
        return self._setting.position_of(self._setting.at_position(position))


def _pressed(does: str, now: Standing) -> Action:
    match does:
        case "freeze":
            now.frozen = not now.frozen
            return set_freeze(now.frozen)
        case "capture":
            now.capturing = not now.capturing
            return Capture(now.capturing)
        case "play-stop":
            now.playing = not now.playing
            return Transport("play" if now.playing else "stop")
        case "play" | "stop" | "panic":
            return Transport(does)
        case "next" | "previous":
            return ChangeSong(does)
        case _:
            return Snapshot("recall", does.removeprefix(SNAPSHOT_BUTTON))


def _channels(channel: int | None) -> Sequence[int]:
    return range(1, 17) if channel is None else (channel,)


class MidiInput:
    """What arrives on the input ports, made into actions. One thread.

    ``errors`` counts messages that could not be used. Every message goes to all ``ears`` first.
    """

    def __init__(
        self,
        mapping: Callable[[], Mapping],
        hear: Callable[[Sequence[Action]], None],
        log: Callable[[str], None],
        standing: Callable[[], Standing],
        ears: Sequence[Callable[[Arrival], None]] = (),
        by_hand: ByHand = lambda _arrival, _touch: True,
    ) -> None:
        """``standing``, ``by_hand``: as of :class:`Hands`."""
        self.errors = 0
        self._ears = tuple(ears)
        self._hands = Hands(mapping, standing, by_hand)
        self._hear = hear
        self._log = log

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Do what ``arrivals`` ask for, as one change; errors are counted, not raised."""
        for arrival in arrivals:
            for ear in self._ears:
                try:
                    ear(arrival)
                except ValueError as error:
                    self._failed(error)
        actions = self._hands.actions(arrivals, self._failed)
        try:
            if actions:
                self._hear(actions)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.errors += 1
        if self.errors & (self.errors - 1) == 0:  # the 1st, 2nd, 4th, 8th: a flood stays readable
            self._log(f"MIDI in: {error} ({self.errors} so far)")
