"""What a controller's messages say of its knobs: 7 and 14 bits, NRPN, encoders, buttons. Pure.

And the messages that say it to the controller, where it can show it.

MIDI 1.0 Detailed Specification: control change (Bn), its pairs of controllers (n and n + 32), the
non-registered parameters (98, 99, data entry 6 and 38, increment 96 and decrement 97), note-on.
"""

from dataclasses import dataclass, field

from instrument.mapping import ControlKind, Encoder

_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE, _PROGRAM_CHANGE = 0x80, 0x90, 0xB0, 0xC0
_DATA_MSB, _DATA_LSB, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_NRPN_LSB, _NRPN_MSB, _RPN_LSB, _RPN_MSB = 98, 99, 100, 101
_LSB_OF = 32  # controller n + 32 carries the low seven bits of controller n, for n up to 31
_NONE = 0x3FFF  # the parameter number that deselects (RPN and NRPN null)

# A turn of one detent after less than this many seconds counts more, at most this many times.
_QUICK_S, _GREATEST_GAIN = 0.06, 4.0
_DETENTS = 128  # slow ones, from one end of a knob to the other


def position_of(value: int, bits: int = 7) -> float:
    """The knob position 0..1 of a controller value: 0 is 0, the centre exactly 0.5, the last 1.

    The centre is 64 of 7 bits and 8192 of 14, what a controller sends from its centre detent,
    though it is not the middle of the range.
    """
    centre = 1 << (bits - 1)
    return value / (2 * centre) if value <= centre else 0.5 + (value - centre) / (2 * (centre - 1))


def value_of(position: float, bits: int = 7) -> int:
    """The controller value that comes closest to ``position`` 0..1: the way back."""
    centre = 1 << (bits - 1)
    if position <= 0.5:
        return round(position * 2 * centre)
    return centre + round((position - 0.5) * 2 * (centre - 1))


def messages_of(kind: ControlKind, channel: int, number: int, value: int) -> tuple[bytes, ...]:
    """What sets control ``number`` on ``channel`` 1..16 to ``value``, in order.

    ``value`` is of 14 bits for "cc14" and "nrpn", else of 7; that of a note is its velocity, and 0
    ends it. Raises ``ValueError`` for a program, which shows nothing.
    """
    low, coarse, fine = channel - 1, value >> 7, value & 0x7F
    control = _CONTROL_CHANGE | low
    match kind:
        case "cc":
            return (bytes((control, number, value)),)
        case "cc14":
            return bytes((control, number, coarse)), bytes((control, number + _LSB_OF, fine))
        case "nrpn":
            select = ((_NRPN_MSB, number >> 7), (_NRPN_LSB, number & 0x7F))
            data = ((_DATA_MSB, coarse), (_DATA_LSB, fine))
            return tuple(bytes((control, *each)) for each in (*select, *data))
        case "note":
            return (bytes((_NOTE_ON | low, number, value)),)
        case "program":
            raise ValueError("a program shows nothing")


def detents_of(value: int, encoder: Encoder) -> int:
    """How many detents a relative encoder has turned, to the right positive. ``value``: 7 bits.

    ``signed-bit``: 1 is one to the right, 65 one to the left; ``signed-bit-2`` the other way round.
    """
    match encoder:
        case "twos-complement":
            return value if value < 64 else value - 128
        case "binary-offset":
            return value - 64
        case "signed-bit":
            return value if value < 64 else 64 - value
        case "signed-bit-2":
            return -value if value < 64 else value - 64
        case "absolute":
            raise ValueError("an absolute control has no detents")


def turn(detents: int, after_s: float) -> float:
    """How far a knob goes, 0..1 being its whole way, when an encoder turns ``after_s`` after its
    last turn: slowly 128 detents are all of it, quickly a quarter of that. An encoder that tells of
    several detents at once has been quick by itself, and is taken at its word.
    """
    quick = _QUICK_S / max(after_s, 1e-6) if abs(detents) == 1 else 1.0
    return detents * min(_GREATEST_GAIN, max(1.0, quick)) / _DETENTS


@dataclass(frozen=True, slots=True)
class Touch:
    """A control was touched: which (channel 1..16), and where it stands.

    ``position`` is 0..1; ``value`` the last seven bits as they came, for encoders. ``detents`` is
    only for a parameter that was incremented or decremented. A note that ends is at position 0.
    """

    kind: ControlKind
    channel: int
    number: int
    position: float
    value: int
    detents: int | None = None


@dataclass
class _Pair:
    """Two controllers that make one value of 14 bits, the coarse one first.

    A coarse value waits for its fine one, so that no value is told that the hand never set. After
    one that got none, coarse values are told at once: this controller sends no others.
    """

    coarse: int | None = None
    waiting: bool = False
    alone: bool = False

    def tell_coarse(self, value: int) -> float | None:
        self.alone |= self.waiting
        self.coarse, self.waiting = value, True
        return position_of(value) if self.alone else None

    def tell_fine(self, value: int) -> float | None:
        self.alone = self.waiting = False
        return None if self.coarse is None else position_of(self.coarse << 7 | value, 14)


@dataclass
class _Parameter:
    """The parameter that a channel has selected."""

    msb: int | None = None
    lsb: int | None = None
    values: dict[int, _Pair] = field(default_factory=dict)

    @property
    def number(self) -> int | None:
        if self.msb is None or self.lsb is None or self.msb << 7 | self.lsb == _NONE:
            return None
        return self.msb << 7 | self.lsb


class Reader:
    """One port's messages -> touches. It remembers halves of values, so it is one port's alone."""

    def __init__(self, pairs: frozenset[tuple[int, int]] = frozenset()) -> None:
        """``pairs``: the channels and controllers 0..31 whose controller + 32 belongs to them."""
        self._pairs = {key: _Pair() for key in pairs}
        self._parameters = {channel: _Parameter() for channel in range(1, 17)}

    def touch(self, message: bytes) -> Touch | None:
        """What one whole message says; ``None`` for what is no control, or only half of a value.

        Raises ``ValueError`` for a channel message of the wrong length or with bad data bytes.
        """
        kind = message[0] & 0xF0 if message else 0
        if kind not in (_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE, _PROGRAM_CHANGE):
            return None
        length = 2 if kind == _PROGRAM_CHANGE else 3
        if len(message) != length or max(message[1:]) > 127:
            raise ValueError(f"{message.hex(' ')} is not a whole message")
        channel, number = (message[0] & 0x0F) + 1, message[1]
        match kind:
            case 0xC0:
                return Touch("program", channel, number, 1.0, 127)
            case 0xB0:
                return self._control(channel, number, message[2])
        struck = message[2] if kind == _NOTE_ON else 0
        return Touch("note", channel, number, position_of(struck), struck)

    def _control(self, channel: int, number: int, value: int) -> Touch | None:
        if number in (_NRPN_MSB, _NRPN_LSB, _RPN_MSB, _RPN_LSB):
            self._select(self._parameters[channel], number, value)
            return None
        for coarse, tell in ((number, _Pair.tell_coarse), (number - _LSB_OF, _Pair.tell_fine)):
            if (pair := self._pairs.get((channel, coarse))) is not None:
                position = tell(pair, value)
                return None if position is None else Touch("cc14", channel, coarse, position, value)
        parameter = self._parameters[channel]
        if parameter.number is not None and number in (_DATA_MSB, _DATA_LSB):
            pair = parameter.values.setdefault(parameter.number, _Pair())
            position = (pair.tell_coarse if number == _DATA_MSB else pair.tell_fine)(value)
            if position is None:
                return None
            return Touch("nrpn", channel, parameter.number, position, value)
        if parameter.number is not None and number in (_INCREMENT, _DECREMENT):
            detents = 1 if number == _INCREMENT else -1
            return Touch("nrpn", channel, parameter.number, 0.0, value, detents)
        return Touch("cc", channel, number, position_of(value), value)

    def _select(self, parameter: _Parameter, number: int, value: int) -> None:
        match number:
            case 99:
                parameter.msb = value
            case 98:
                parameter.lsb = value
            case _:  # a registered one: its data is nothing of ours
                parameter.msb = parameter.lsb = None
