"""What one controller shows, and what it has to be told: rings, motor faders, lit buttons. Pure.

A control in a hand is left alone until the hand has let go. What comes back of what was told, from
a device that repeats what it hears, is no hand's.
"""

from collections import deque
from collections.abc import Mapping as Table
from collections.abc import Sequence
from typing import TypeAlias

from instrument.controllers import Touch, detents_of, messages_of, value_of
from instrument.mapping import ControlKind, Encoder, Mapping

EVERY_NS = 20_000_000  # at most one value to a control in this time
QUIET_NS = 300_000_000  # a hand that has done nothing for so long has let go
ECHO_NS = 150_000_000  # what says what was told so long ago at most comes back; hands are slower
AT_ONCE = 16  # messages in EVERY_NS; a cable of MIDI carries twenty
LIT_BUTTONS = ("play", "play-stop", "freeze", "capture")  # those that have a state to show

_LONG_AGO = -(1 << 62)
_COARSE_STEP = 1 << 7  # of a 14-bit value: what a device that knows seven bits rounds away

Address: TypeAlias = tuple[ControlKind, int, int]  # kind, channel 1..16, number


class Surface:
    """One controller's lamps. Not thread-safe; every ``now_ns`` is of one clock that never stops.

    A new one knows nothing of what its device shows, so it tells it all.
    """

    def __init__(self, mapping: Mapping) -> None:
        """By the patch's controls and buttons; of two on one address the first is shown."""
        self._lamps: dict[Address, _Lamp] = {}
        self._felt: dict[Address, list[_Lamp]] = {}
        self._window_ns, self._spent = _LONG_AGO, 0
        for control in mapping.controls:
            lamp = _Lamp(control.kind, control.number, control.key, control.encoder)
            self._add(lamp, control.channel, mapping.shows.channel)
        for button in mapping.buttons if mapping.shows.lights else ():
            if button.does in LIT_BUTTONS:
                lamp = _Lamp(button.kind, button.number, button.does, is_button=True)
                self._add(lamp, button.channel, mapping.shows.channel)

    def _add(self, lamp: "_Lamp", channel: int | None, any_channel: int) -> None:
        address = (lamp.kind, channel or any_channel, lamp.number)
        if address in self._lamps:
            return
        self._lamps[address] = lamp
        for heard_on in range(1, 17) if channel is None else (channel,):
            self._felt.setdefault((lamp.kind, heard_on, lamp.number), []).append(lamp)

    def by_hand(self, touch: Touch, now_ns: int) -> bool:
        """Take note of what came from the device; whether a hand did it, and no echo."""
        address = (touch.kind, touch.channel, touch.number)
        told = self._lamps.get(address)
        if told is not None and told.is_echo(touch, now_ns):
            return False
        for lamp in self._felt.get(address, ()):
            lamp.touched(touch, now_ns)
        return True

    def due(self, now_ns: int, where: Table[str, float]) -> list[bytes]:
        """The messages to send now that things stand ``where``, 0..1 by key, in order.

        The keys are those of the patch's controls and ``LIT_BUTTONS``; one that is missing is not
        shown. Not all that differs is due at once, so ask again, at least ten times a second.
        """
        if now_ns - self._window_ns >= EVERY_NS:
            self._window_ns, self._spent = now_ns, 0
        waiting = [
            (lamp.told_ns, address, lamp, value)
            for address, lamp in self._lamps.items()
            if (value := lamp.wanted(now_ns, where)) is not None
        ]
        waiting.sort(key=lambda each: each[:2])  # who was told longest ago comes first
        messages: list[bytes] = []
        for _, (kind, channel, number), lamp, value in waiting:
            told = messages_of(kind, channel, number, value)
            if self._spent + len(told) > AT_ONCE:
                break
            self._spent += len(told)
            lamp.tell(value, now_ns)
            messages += told
        return messages


class _Lamp:
    """One control or button, and what its device is believed to show of it."""

    def __init__(
        self,
        kind: ControlKind,
        number: int,
        key: str,
        encoder: Encoder = "absolute",
        *,
        is_button: bool = False,
    ) -> None:
        self.kind, self.number, self.told_ns = kind, number, _LONG_AGO
        self._key, self._encoder, self._is_button = key, encoder, is_button
        self._bits = 14 if kind in ("cc14", "nrpn") else 7
        self._shown: int | None = None  # nobody knows
        self._touched_ns = _LONG_AGO
        self._is_held = False  # a button
        self._told: deque[tuple[int, int]] = deque()  # when and what, as long as it may come back

    def wanted(self, now_ns: int, where: Table[str, float]) -> int | None:
        """The value to tell now, if any."""
        position = where.get(self._key)
        if position is None or now_ns - self.told_ns < EVERY_NS:
            return None
        if now_ns - self._touched_ns < QUIET_NS:
            return None
        value = value_of(position, self._bits)
        if self._encoder != "absolute" and abs(detents_of(value, self._encoder)) == 1:
            value -= 1  # a ring that says what a detent says would make a detent an echo
        return None if value == self._shown else value

    def tell(self, value: int, now_ns: int) -> None:
        """It was told ``value``."""
        self._shown, self.told_ns = value, now_ns
        self._told.append((now_ns, value))

    def touched(self, touch: Touch, now_ns: int) -> None:
        """A hand did ``touch``."""
        if self._is_button and (touch.position > 0.0 or self._is_held):
            # Many a device lights a button itself while it is held, and darkens it then.
            self._is_held = touch.position > 0.0
            self._shown = None if self._is_held else 0
        elif self._is_button:
            return
        elif self._encoder == "absolute" and touch.detents is None:
            self._shown, self._touched_ns = value_of(touch.position, self._bits), now_ns

    def is_echo(self, touch: Touch, now_ns: int) -> bool:
        """Whether ``touch`` is what was told, come back. Each comes back once, and in order."""
        while self._told and now_ns - self._told[0][0] > ECHO_NS:
            self._told.popleft()
        if touch.detents is not None:
            return False
        came = touch.value if self._bits == 7 else value_of(touch.position, self._bits)
        near = 1 if self._bits == 7 else _COARSE_STEP
        for place, (told_ns, value) in enumerate(self._told):
            if abs(came - value) < near:
                for _ in range(place + 1):
                    self._told.popleft()
                if self._touched_ns >= told_ns:  # or did the hand go back there? Nobody knows
                    self._shown = None
                return True
        return False


def lit(*, playing: bool, frozen: bool, capturing: bool) -> dict[str, float]:
    """What buttons show, as :meth:`Surface.due` takes it."""
    states: Sequence[bool] = (playing, playing, frozen, capturing)
    return {name: float(on) for name, on in zip(LIT_BUTTONS, states, strict=True)}
