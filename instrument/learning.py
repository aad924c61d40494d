"""Which control was turned, and how it tells of itself: a lesson of a few turns. Pure.

The hand turns one control slowly to the left. A knob with two ends then sends one lower value after
another; an encoder sends one and the same, and which one says in which of the four ways.
"""

from collections import Counter, deque
from dataclasses import dataclass

from instrument.mapping import ControlKind, Encoder

ENOUGH = 6  # messages of one control; a touch in passing is fewer
_CONTROL_CHANGE = 0xB0
_LSB_OF = 32
_NRPN_LSB, _NRPN_MSB, _DATA_MSB, _DATA_LSB, _RPN_LSB, _RPN_MSB = 98, 99, 6, 38, 100, 101
_LEFT: dict[int, Encoder] = {
    127: "twos-complement",
    63: "binary-offset",
    65: "signed-bit",
    1: "signed-bit-2",
}


@dataclass(frozen=True, slots=True)
class Learned:
    """A control as a patch names it: its kind, number and channel 1..16, and its encoder."""

    kind: ControlKind
    number: int
    channel: int
    encoder: Encoder = "absolute"


class Lesson:
    """What one port sends while one control is turned slowly to the left."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, int], deque[int]] = {}  # by channel and controller
        self._parameter: dict[int, dict[int, int]] = {}  # by channel: what 99 and 98 said last

    def hear(self, message: bytes) -> Learned | None:
        """One whole message; what was turned, as soon as that is clear."""
        if len(message) != 3 or message[0] & 0xF0 != _CONTROL_CHANGE or max(message[1:]) > 127:
            return None
        channel, number, value = (message[0] & 0x0F) + 1, message[1], message[2]
        if number in (_NRPN_MSB, _NRPN_LSB):
            self._parameter.setdefault(channel, {})[number] = value
            return None
        if number in (_RPN_MSB, _RPN_LSB):
            return None
        values = self._values.setdefault((channel, number), deque(maxlen=ENOUGH))
        values.append(value)
        if len(values) < ENOUGH:
            return None
        return self._told(channel, number, list(values))

    def _told(self, channel: int, number: int, values: list[int]) -> Learned | None:
        selected = self._parameter.get(channel, {})
        if number in (_DATA_MSB, _DATA_LSB) and len(selected) == 2:
            return Learned("nrpn", selected[_NRPN_MSB] << 7 | selected[_NRPN_LSB], channel)
        if number < _LSB_OF and (channel, number + _LSB_OF) in self._values:
            return Learned("cc14", number, channel)
        if number - _LSB_OF in range(_LSB_OF) and (channel, number - _LSB_OF) in self._values:
            return Learned("cc14", number - _LSB_OF, channel)
        usual, often = Counter(values).most_common(1)[0]
        if often <= ENOUGH // 2:
            return Learned("cc", number, channel)
        # An encoder that was turned a little too fast says 126 now and then; a knob at its end
        # repeats 0, which no encoder does.
        encoder = _LEFT.get(usual)
        return None if encoder is None else Learned("cc", number, channel, encoder)
