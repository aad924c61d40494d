"""The outputs that lead back to the controllers we hear. In the listener process, one thread.

Sending may hang as hearing may; whoever watches the listener starts another.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import rtmidi

from engine.wire import Message
from instrument.midi_api import CLIENT_NAME, FEEDBACK_PORT, hushed, plain_name

# What tells a device's two directions apart: "midi_capture_1" and "midi_playback_1", "knobs in"
# and "knobs out", "(capture_0)" and "(playback_0)".
_DIRECTION = re.compile(r"(?<![a-z])(capture|playback|input|output|in|out)(?![a-z])")
_LAST_NUMBER = re.compile(r"[\s-]+\d+$")
# Clients of JACK that stand for many devices: another port of theirs is another device.
_MANY_DEVICES = ("a2j", "alsa_midi", "alsa_pcm", "midi-bridge", "system")


def way_back(heard: str, outputs: Sequence[str]) -> str | None:
    """The one of ``outputs`` that belongs to the device of input ``heard``; ``None``: nobody knows.

    The same name; or the same but for the direction, then but for the last number (Windows numbers
    both directions); or the only port of the same client.
    """
    if heard in outputs:
        return heard
    for alike in (_without_direction, _without_number, _client):
        wanted = alike(heard)
        found = [name for name in outputs if wanted is not None and alike(name) == wanted]
        if len(found) == 1:
            return found[0]
    return None


def _without_direction(name: str) -> str:
    return _DIRECTION.sub("", plain_name(name).casefold())


def _without_number(name: str) -> str:
    return _LAST_NUMBER.sub("", _without_direction(name))


def _client(name: str) -> str | None:
    client, colon, _ = plain_name(name).casefold().partition(":")
    return client if colon and not client.startswith(_MANY_DEVICES) else None


class FeedbackPorts:
    """An open output for each input that has one. Ports of one name count as one."""

    def __init__(self, api: int) -> None:
        self._api = api
        self._open: dict[str, tuple[str, Any]] = {}  # the input's plain name -> ours, its client
        self._dark: set[str] = set()  # inputs that were told of in vain
        self._told: set[str] = set()  # inputs whose devices are shown things

    def look(self, inputs: Sequence[str], outputs: Sequence[str]) -> list[Message]:
        """Open and close what the ``inputs``, now heard, and the ``outputs``, now there, ask for.

        None of the ``outputs`` is an input of ours.

        What to tell: ``shows`` {port, open} as that changes; ``dark`` {port}, once, if nothing
        leads back to it.
        """
        told: list[Message] = []
        heard = {plain_name(name): name for name in inputs}
        for port, (output, _) in list(self._open.items()):
            if port not in heard or (output != FEEDBACK_PORT and output not in outputs):
                self._close(port)
                self._told.discard(port)
                told.append({"type": "shows", "port": port, "open": False})
        for port in heard.keys() - self._open.keys():
            if self._try_to_open(port, heard[port], outputs):
                self._dark.discard(port)
            elif port not in self._dark:
                self._dark.add(port)
                told.append({"type": "dark", "port": port})
        fresh = sorted(self._open.keys() - self._told)
        self._told |= set(fresh)
        return told + [{"type": "shows", "port": port, "open": True} for port in fresh]

    def start_again(self) -> None:
        """Other devices are connected to our port: the next look tells that they show nothing."""
        self._told.clear()

    def show(self, port: str, messages: Sequence[str]) -> None:
        """Send ``messages``, hex digits, to the device of input ``port``, if it is there."""
        if port not in self._open:
            return
        _, client = self._open[port]
        for message in messages:
            with suppress(rtmidi.RtMidiError):  # it went just now: the next look finds out
                client.send_message(list(bytes.fromhex(message)))

    def _try_to_open(self, port: str, heard: str, outputs: Sequence[str]) -> bool:
        is_virtual = port.startswith(f"{CLIENT_NAME}:")
        output = FEEDBACK_PORT if is_virtual else way_back(heard, outputs)
        if output is None:
            return False
        client = None
        try:
            with hushed():
                client = rtmidi.MidiOut(self._api, name=CLIENT_NAME)
                if is_virtual:
                    client.open_virtual_port(FEEDBACK_PORT)
                else:
                    client.open_port(client.get_ports().index(output), FEEDBACK_PORT)
        except (rtmidi.RtMidiError, ValueError):  # taken by another program, or gone again
            self._delete(client)
            return False
        self._open[port] = output, client
        return True

    def _close(self, port: str) -> None:
        _, client = self._open.pop(port)
        self._delete(client)

    def _delete(self, client: Any) -> None:  # noqa: ANN401 - rtmidi has no type information
        if client is not None:
            with hushed():
                client.delete()
