"""The ports that this machine's MIDI systems offer.

``python -m instrument.midi_ports`` writes what can be opened as one frame to stdout and ends.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import rtmidi

from engine.wire import Message, write_message
from instrument.midi_api import (
    API_NAMES,
    CLIENT_NAME,
    MidiError,
    available_api,
    hushed,
    is_our_output,
    not_our_inputs,
    plain_name,
)


def output_names(api: int) -> list[str]:
    """What can be played to, but for our own inputs."""
    with hushed():
        port = rtmidi.MidiOut(api, name=CLIENT_NAME)
        try:
            return not_our_inputs(port.get_ports())
        finally:
            port.delete()


def input_names(api: int) -> list[str]:
    """What can be listened to, but for our own outputs."""
    with hushed():
        port = rtmidi.MidiIn(api, name=CLIENT_NAME)
        try:
            return [name for name in port.get_ports() if not is_our_output(name)]
        finally:
            port.delete()


@dataclass(frozen=True, slots=True)
class Ports:
    """What one MIDI system offers: port names to play to and to listen to, as ``--out`` and
    ``--in`` take them.
    """

    api: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]


def list_ports() -> list[Ports]:
    """Every MIDI system that works here, with its ports.

    Call it from a short-lived process: it opens a client per system, and libraries may chatter.
    """
    found = []
    for name in API_NAMES:
        if name in ("auto", "none"):
            continue
        try:
            api = available_api(name)
        except MidiError:
            continue
        if api is not None:
            outputs, inputs = output_names(api), input_names(api)
            found.append(Ports(name, _plain(outputs), _plain(inputs)))
    return found


def _plain(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(plain_name(name) for name in names)


def ports_message() -> Message:
    """:func:`list_ports` as a frame: ``systems`` is a list of its fields by name."""
    systems = [
        {"api": ports.api, "outputs": list(ports.outputs), "inputs": list(ports.inputs)}
        for ports in list_ports()
    ]
    return {"type": "ports", "systems": systems}


if __name__ == "__main__":
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as frames:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries that print spoil no frame
        write_message(frames, ports_message())
