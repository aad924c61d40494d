"""MIDI controllers on their way in: ports, one thread, bytes -> actions.

On JACK the names of clients are unique: where the player's output opened first, the virtual input
``Glisser:in`` is called ``Glisser-01:in``.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import perf_counter_ns

import rtmidi

from instrument.actions import Action, SetKnob
from instrument.mapping import Mapping
from instrument.midi_api import (
    CLIENT_NAME,
    MidiError,
    api_name,
    hushed,
    is_our_output,
    match_port,
    plain_name,
)

CONTROL_CHANGE = 0xB0  # MIDI 1.0, channel voice messages: Bn cc value
PROGRAM_CHANGE = 0xC0
MAX_WAITING = 4_096  # messages; when the drain falls behind, the oldest go and the newest stay

VIRTUAL_PORT = "in"


def position_of(value: int) -> float:
    """The knob position 0..1 of a 7-bit controller value: 0 is 0, 64 is exactly 0.5, 127 is 1.

    64 is what a controller sends from its centre detent, though it is not the middle of 0..127.
    """
    return value / 128 if value <= 64 else 0.5 + (value - 64) / 126


@dataclass(frozen=True, slots=True)
class Arrival:
    """A whole message as its ``port``'s driver gave it, not empty.

    ``ns`` (``perf_counter_ns``) is when our callback was called, ``delta_s`` the seconds since the
    port's message before it, by the driver's own clock.
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
    """Listens to MIDI ports and hands what they ask for to ``hear``, on one thread of its own.

    ``api`` is an rtmidi constant (:func:`instrument.midi_api.available_api`); ``None`` listens to
    nothing. ``wanted`` names existing ports by a part of their name; empty opens the virtual port
    ``Glisser:in``, or nothing on Windows, which has none. ``ports`` is what it listens to,
    ``errors`` counts messages that could not be used, ``programs`` the program changes of a patch
    that receives them. With ``hear_clock`` the ports let clock through, and every message goes
    there first, on the same thread. Raises :class:`MidiError`, one sentence.
    """

    def __init__(
        self,
        api: int | None,
        wanted: Sequence[str],
        mapping: Mapping,
        hear: Callable[[Sequence[Action]], None],
        log: Callable[[str], None],
        hear_clock: Callable[[Arrival], None] | None = None,
    ) -> None:
        self.ports: tuple[str, ...] = ()
        self.errors = 0
        self.programs = 0
        self._receives_programs = mapping.receive.program
        self._hear_clock = hear_clock
        self._reader = ControllerReader(mapping)
        self._hear = hear
        self._log = log
        self._waiting: deque[Arrival] = deque(maxlen=MAX_WAITING)
        self._arrived = Event()
        self._closing = False
        self._open: list[rtmidi.MidiIn] = []
        self._thread = Thread(target=self._listen, name="midi-in", daemon=True)
        if api is None and wanted:
            raise MidiError(f"--in {wanted[0]}: this machine has no MIDI system to listen with.")
        if api is not None:
            try:
                self._open_all(api, wanted)
            except BaseException:
                self.close()
                raise

    def start(self) -> None:
        """Begin to act on what arrives; messages since the ports opened are not lost."""
        self._thread.start()

    def close(self) -> None:
        """Close the ports and end the thread. Safe to call twice."""
        self._closing = True
        self._arrived.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)
        with hushed():
            while self._open:
                with suppress(rtmidi.RtMidiError):
                    self._open.pop().delete()

    def drain(self) -> list[Action]:
        """What the messages that have arrived ask for, in order; errors are counted, not raised."""
        actions: list[Action] = []
        while self._waiting:
            arrival = self._waiting.popleft()
            try:
                if self._hear_clock is not None:
                    self._hear_clock(arrival)
                if arrival.message[0] & 0xF0 == PROGRAM_CHANGE:
                    self.programs += self._receives_programs
                actions.extend(self._reader.actions(arrival.message))
            except ValueError as error:
                self._failed(error)
        return actions

    def _listen(self) -> None:
        while True:
            self._arrived.wait()
            self._arrived.clear()
            if self._closing:
                return
            try:
                if actions := self.drain():
                    self._hear(actions)
            except Exception as error:
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.errors += 1
        if self.errors & (self.errors - 1) == 0:  # the 1st, 2nd, 4th, 8th: a flood stays readable
            self._log(f"MIDI in: {error} ({self.errors} so far)")

    def _on_message(self, event: tuple[list[int], float], port: object) -> None:
        # RtMidi's own thread: an exception here would vanish, and slowness would lose messages.
        now_ns = perf_counter_ns()
        if event[0]:
            self._waiting.append(Arrival(str(port), now_ns, event[1], bytes(event[0])))
            self._arrived.set()

    def _open_all(self, api: int, wanted: Sequence[str]) -> None:
        if not wanted and api == rtmidi.API_WINDOWS_MM:
            return
        for name in wanted or [VIRTUAL_PORT]:
            with hushed():
                try:
                    self._open_one(api, name, virtual=not wanted)
                except rtmidi.RtMidiError as error:
                    raise MidiError(
                        f"MIDI input {name!r} did not open on {api_name(api)}: {error}"
                    ) from error

    def _open_one(self, api: int, name: str, *, virtual: bool) -> None:
        port = rtmidi.MidiIn(api, name=CLIENT_NAME)
        self._open.append(port)
        if self._hear_clock is not None:
            port.ignore_types(timing=False)
        if virtual:
            port.set_callback(self._on_message, f"{CLIENT_NAME}:{name}")
            port.open_virtual_port(name)
            self.ports += (f"{CLIENT_NAME}:{name}",)
            return
        names = port.get_ports()
        chosen = match_port([other for other in names if not is_our_output(other)], name)
        if chosen in self.ports:
            raise MidiError(f"--in {name}: {plain_name(chosen)!r} is listened to already.")
        port.set_callback(self._on_message, plain_name(chosen))
        port.open_port(names.index(chosen), VIRTUAL_PORT)
        self.ports += (chosen,)


def input_names(api: int | None) -> list[str]:
    """The ports that could be listened to, by name, our own output left out."""
    if api is None:
        return []
    with hushed():
        listing = rtmidi.MidiIn(api, name=f"{CLIENT_NAME}-listing")
        names = [name for name in listing.get_ports() if not is_our_output(name)]
        listing.delete()
    return names
