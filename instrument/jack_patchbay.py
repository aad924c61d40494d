"""The patchbay at work on a JACK server: our ports' cables plugged in again. In the listener.

Needs the optional package JACK-Client; the listener asks before it imports this.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import jack

from instrument.jack_process import open_client
from instrument.midi_api import CLIENT_NAME
from instrument.patchbay import Patchbay, role_of


class JackPatchbay:
    """Connects what a :class:`Patchbay` misses. One thread."""

    def __init__(self, client: Any, patchbay: Patchbay) -> None:  # noqa: ANN401 - jack has no type information
        """Activates ``client``."""
        self._client, self._patchbay = client, patchbay
        self._registered: set[str] = set()
        client.set_port_registration_callback(self._on_port)
        client.activate()

    def look(self) -> dict[str, list[str]]:
        """Look once, connect what is missing; what is to be remembered."""
        registered, self._registered = self._registered, set()
        self._patchbay.made_anew(registered)
        ports = {port.name: port for port in self._client.get_ports(is_midi=True)}
        ours = [name for name in ports if role_of(name) is not None]
        try:
            connections = {
                name: [peer.name for peer in self._client.get_all_connections(ports[name])]
                for name in ours
            }
        except jack.JackError:  # a port went while it was looked at: the next look knows more
            return self._patchbay.peers
        for cable in self._patchbay.missing(ports, connections):
            ends = (cable.port, cable.peer)
            source, sink = ends if ports[cable.port].is_output else ends[::-1]
            with suppress(jack.JackError):  # it went again just now
                self._client.connect(source, sink)
        return self._patchbay.peers

    def _on_port(self, port: Any, is_there: bool) -> None:  # noqa: ANN401 - as above
        # JACK's thread for notices. A port may go and come between two looks.
        if is_there:
            self._registered.add(port.name)


def open_patchbay(
    wanted: Mapping[str, Sequence[str]], peers: Mapping[str, Sequence[str]]
) -> JackPatchbay | None:
    """One for the server that runs; ``None`` where none answers. Arguments as of ``Patchbay``."""
    try:
        client = open_client(f"{CLIENT_NAME}-patchbay")
    except jack.JackError:
        return None
    return JackPatchbay(client, Patchbay(wanted, peers))
