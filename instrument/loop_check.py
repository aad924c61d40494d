"""Whether what is sent arrives: ``python -m instrument.loop_check MIDI_API``.

From one port of ours to another, so nothing outside hears it. It tells one frame: ``looped`` {sent,
late_ns}, how long each message took that arrived, or ``refused`` {text}. In a process of its own,
because a MIDI library may hang.
"""

import os
import sys
from time import perf_counter_ns, sleep
from typing import Any

import rtmidi

from engine.wire import Message, write_message
from instrument.midi_api import CLIENT_NAME, MidiError, available_api, hushed

NOTES = 24
APART_S = 0.005
PATIENCE_S = 0.2
_NAME = f"{CLIENT_NAME}-loop"


def loop(midi_api: str) -> Message:
    """The frame to tell."""
    try:
        api = available_api(midi_api)
        if api is None:
            raise MidiError("this machine has no MIDI system")
        ear, mouth = _connected(api)
    except (MidiError, rtmidi.RtMidiError, NotImplementedError) as error:
        return {"type": "refused", "text": str(error)}
    arrived: dict[int, int] = {}
    ear.set_callback(lambda event, _: arrived.setdefault(event[0][1], perf_counter_ns()))
    sent: dict[int, int] = {}
    for number in range(NOTES):
        sent[number] = perf_counter_ns()
        mouth.send_message([0x90, number, 1])
        sleep(APART_S)
    sleep(PATIENCE_S)
    late = [arrived[number] - ns for number, ns in sent.items() if number in arrived]
    return {"type": "looped", "sent": NOTES, "late_ns": late}


def _connected(api: int) -> tuple[Any, Any]:
    with hushed():
        ear = rtmidi.MidiIn(api, name=_NAME)
        ear.open_virtual_port("in")
        mouth = rtmidi.MidiOut(api, name=_NAME)
        names: list[str] = mouth.get_ports()
        ours = [number for number, name in enumerate(names) if _NAME in name]
        if not ours:
            raise MidiError("a port of our own is not listed")
        mouth.open_port(ours[0], "out")
    return ear, mouth


if __name__ == "__main__":
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries that print spoil no frame
    write_message(frames, loop(sys.argv[1]))
    os._exit(0)  # a library that hangs in its own end must not keep the process
