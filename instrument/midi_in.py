"""MIDI controllers on their way in: bytes -> actions. What the ports are, the listener knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instrument.actions import Action, SetKnob
from instrument.mapping import Mapping

CONTROL_CHANGE = 0xB0  # MIDI 1.0, channel voice messages: Bn cc value
PROGRAM_CHANGE = 0xC0


def position_of(value: int) -> float:
    """The knob position 0..1 of a 7-bit controller value: 0 is 0, 64 is exactly 0.5, 127 is 1.

    64 is what a controller sends from its centre detent, though it is not the middle of 0..127.
    """
    return value / 128 if value <= 64 else 0.5 + (value - 64) / 126


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


class ControllerReader:
    """MIDI messages -> actions, by the patch's table of controllers. Pure."""

    def __init__(self, mapping: Mapping) -> None:
        self._knobs: dict[tuple[int, int], list[int]] = {}
        for entry in mapping.ccs:
            channels = range(1, 17) if entry.channel is None else (entry.channel,)
            for channel in channels:
                self._knobs.setdefault((channel, entry.cc), []).append(entry.knob)

    def actions(self, message: bytes) -> list[Action]:
        """What one complete message asks for; nothing for whatever the patch does not map.

        Raises ``ValueError`` for a control change that is not three bytes of which two are data.
        """
        if not message or message[0] & 0xF0 != CONTROL_CHANGE:
            return []
        if len(message) != 3 or max(message[1:]) > 127:
            raise ValueError(f"{message.hex(' ')} is not a whole control change")
        status, cc, value = message
        knobs = self._knobs.get((status - CONTROL_CHANGE + 1, cc), ())
        return [SetKnob(knob, position_of(value)) for knob in knobs]


class MidiInput:
    """What arrives on the input ports, made into actions. One thread.

    ``errors`` counts messages that could not be used, ``programs`` the program changes of a patch
    that receives them. Every message goes to ``hear_clock`` first.
    """

    def __init__(
        self,
        mapping: Mapping,
        hear: Callable[[Sequence[Action]], None],
        log: Callable[[str], None],
        hear_clock: Callable[[Arrival], None] | None = None,
    ) -> None:
        self.errors = 0
        self.programs = 0
        self._receives_programs = mapping.receive.program
        self._hear_clock = hear_clock
        self._reader = ControllerReader(mapping)
        self._hear = hear
        self._log = log

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Do what ``arrivals`` ask for, as one change; errors are counted, not raised."""
        actions: list[Action] = []
        for arrival in arrivals:
            try:
                if self._hear_clock is not None:
                    self._hear_clock(arrival)
                if arrival.message[0] & 0xF0 == PROGRAM_CHANGE:
                    self.programs += self._receives_programs
                actions.extend(self._reader.actions(arrival.message))
            except ValueError as error:
                self._failed(error)
        try:
            if actions:
                self._hear(actions)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.errors += 1
        if self.errors & (self.errors - 1) == 0:  # the 1st, 2nd, 4th, 8th: a flood stays readable
            self._log(f"MIDI in: {error} ({self.errors} so far)")
