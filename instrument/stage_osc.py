"""The stage process as one more OSC client of main: it subscribes, asks, passes wishes on.

One UDP socket, connected to main's: what comes from anywhere else the kernel throws away. Of the
asyncio loop of the stage process alone.
"""

import asyncio
import math
import socket
from collections.abc import Callable, Sequence
from typing import Any

from pythonosc.osc_message import OscMessage as Packet
from pythonosc.osc_message import ParseError

from instrument.feedback import encode
from instrument.oscquery import WILDCARDS
from instrument.stage_messages import Argument, OscMessage, bundles

RENEW_S = 20.0  # a third of what a subscription lasts
LOOK_S = 1.0
SILENT_S = 3.0  # after so long without a word main is told as lost
RECEIVE_BUFFER_BYTES = 1 << 20

Heard = Callable[[str, tuple[Argument, ...]], None]


class MainOsc(asyncio.DatagramProtocol):
    """Main's OSC port, while somebody looks (:meth:`listen`, :meth:`rest`)."""

    def __init__(
        self,
        osc: tuple[socket.AddressFamily, Any],
        heard: Heard,
        lost: Callable[[bool], None],
        renewed: Callable[[], None],
    ) -> None:
        """``osc``: the family and the address where OSC is heard. ``heard`` gets each message;
        ``lost`` whether main has fallen silent or is back; ``renewed`` is called as often as the
        full state is asked for.
        """
        self._osc, self._heard, self._lost, self._renewed = osc, heard, lost, renewed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._socket = _connected(*osc)
        self._look: asyncio.TimerHandle | None = None
        self._renew_s = self._heard_s = 0.0
        self._gone = False

    @property
    def gone(self) -> bool:
        """Whether main does not answer."""
        return self._gone

    async def open(self) -> None:
        """Begin to hear."""
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: self, sock=self._socket
        )

    def listen(self) -> None:
        """Have main tell how things stand, and all that changes."""
        self._heard_s, self._gone = self._loop.time(), False
        self.subscribe()
        self._every_second()

    def rest(self) -> None:
        """Nobody looks: main need tell no more."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
            self._say("/glisser/unsubscribe", self._socket.getsockname()[1])

    def subscribe(self) -> None:
        """The full state once more, and changes from then on."""
        self._renew_s = self._loop.time() + RENEW_S
        self._renewed()
        self._say("/glisser/subscribe", self._socket.getsockname()[1])

    def send(self, messages: Sequence[OscMessage]) -> None:
        """What a page asks for: to be done as one, in order."""
        for bundle in bundles(messages):
            self._send(bundle)

    def close(self) -> None:
        self.rest()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, _address: Any) -> None:  # noqa: ANN401 - asyncio's
        self._heard_s = self._loop.time()
        self._be_there(there=True)
        if (message := message_of(data)) is not None:
            self._heard(*message)

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, ConnectionRefusedError):
            self._be_there(there=False)

    def _every_second(self) -> None:
        self._look = self._loop.call_later(LOOK_S, self._every_second)
        now_s = self._loop.time()
        if now_s - self._heard_s > SILENT_S:
            self._be_there(there=False)
        if self._gone or now_s >= self._renew_s:
            self.subscribe()
        self._say("/glisser/get/stats")

    def _be_there(self, *, there: bool) -> None:
        if self._gone == there:
            self._gone = not there
            self._lost(self._gone)

    def _say(self, address: str, *arguments: float) -> None:
        self._send(encode(address, *arguments))

    def _send(self, datagram: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram)


def message_of(datagram: bytes) -> tuple[str, tuple[Argument, ...]] | None:
    """The message that main sent; ``None`` for what a page could not use. Never raises."""
    try:
        message = Packet(datagram)
    except ParseError:
        return None
    arguments = tuple(message.params)
    return (message.address, arguments) if all(map(_is_plain, arguments)) else None


def _is_plain(argument: object) -> bool:
    return isinstance(argument, str | int) or (
        isinstance(argument, float) and math.isfinite(argument)
    )


def _connected(family: socket.AddressFamily, address: Any) -> socket.socket:  # noqa: ANN401
    """A socket that speaks to ``address`` alone; one that means all of this machine is loopback."""
    if address[0] in WILDCARDS:
        loopback = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        address = (loopback, *address[1:])
    speaking = socket.socket(family, socket.SOCK_DGRAM)
    speaking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    speaking.setblocking(False)
    speaking.connect(address)
    return speaking
