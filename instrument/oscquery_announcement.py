"""Who looks for OSCQuery servers and OSC ports finds us: zeroconf. In the OSCQuery process alone.

``_oscjson._tcp`` is the service of the proposal ("Core Functionality"), ``_osc._udp`` that of OSC.
The library (zeroconf, LGPL) is an optional extra and imported only here.
"""

import asyncio
import os
from contextlib import suppress
from typing import Any, cast

import ifaddr
from zeroconf import InterfaceChoice, ServiceInfo
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from instrument.oscquery import WILDCARDS, Host
from instrument.web_access import is_loopback

QUERY_SERVICE = "_oscjson._tcp.local."
OSC_SERVICE = "_osc._udp.local."
MAX_NAME_BYTES = 50  # a label of DNS has 63, and a second Glisser becomes "Glisser-2"
GOODBYE_PATIENCE_S = 1.0
# What was told within the last second is told again only when that is over (RFC 6762, section 6).
LISTEN_S = 1.5


def host_name() -> str:
    """The name that our address has in zeroconf; no other process has it."""
    return f"glisser-{os.getpid()}.local."


def addresses_of(bound_to: str) -> list[str]:
    """The IP addresses that a server bound to ``bound_to`` is reached at, most useful first."""
    if bound_to not in WILDCARDS:
        return [bound_to]
    every = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    of_four = [ip for ip in every if isinstance(ip, str)]
    return [ip for ip in of_four if not is_loopback(ip)] or ["127.0.0.1"]


def services(host: Host, bound_to: str) -> list[ServiceInfo]:
    """Our two entries, both on the address of the HTTP server."""
    name = host.name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return [
        ServiceInfo(
            service,
            f"{name}.{service}",
            port=port,
            parsed_addresses=addresses_of(bound_to),
            server=host_name(),
            properties={"txtvers": "1"},
        )
        for service, port in ((QUERY_SERVICE, host.http_port), (OSC_SERVICE, host.osc_port))
    ]


class OwnMachineOnly(asyncio.DatagramProtocol):
    """Passes on what programs of this machine ask, and nothing else.

    zeroconf hears on UDP port 5353 of every interface, whichever it is given to speak on, and
    answers whoever asks that port straight.
    """

    def __init__(self, protocol: asyncio.DatagramProtocol) -> None:
        self._protocol = protocol

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if is_loopback(str(addr[0])):
            self._protocol.datagram_received(data, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def error_received(self, exc: Exception) -> None:
        self._protocol.error_received(exc)


async def _listen(neighbours: AsyncZeroconf) -> None:
    """Hear who is there, so that a name that is taken is known to be."""
    services = [QUERY_SERVICE, OSC_SERVICE]
    browser = AsyncServiceBrowser(neighbours.zeroconf, services, handlers=[_nothing])
    await asyncio.sleep(LISTEN_S)
    await browser.async_cancel()


def _nothing(**_: object) -> None:
    """The library remembers what it hears; nobody else has to."""


class Announcement:
    """Our entries on the interface that the HTTP server is bound to, and on no other."""

    def __init__(self, host: Host, bound_to: str) -> None:
        self._host, self._bound_to = host, bound_to
        self._zeroconf: AsyncZeroconf | None = None

    async def open(self) -> str:
        """Announce both; the name we got, which is another when ours was taken.

        Raises whatever the network or the library has against it.
        """
        anywhere = self._bound_to in WILDCARDS
        self._zeroconf = AsyncZeroconf(
            interfaces=InterfaceChoice.All if anywhere else [self._bound_to]
        )
        await self._zeroconf.zeroconf.async_wait_for_start()
        if is_loopback(self._bound_to):  # before there is anything that could be answered
            for reader in self._zeroconf.zeroconf.engine.readers:
                inner = cast("asyncio.DatagramProtocol", reader.transport.get_protocol())
                reader.transport.set_protocol(OwnMachineOnly(inner))
        entries = services(self._host, self._bound_to)
        await _listen(self._zeroconf)
        for entry in entries:
            await (await self._zeroconf.async_register_service(entry, allow_name_change=True))
        return entries[0].get_name()

    async def close(self) -> None:
        """Take the entries back; the others hear of it at once."""
        if self._zeroconf is not None:
            with suppress(Exception):  # a goodbye is a courtesy; an entry ends by itself
                await asyncio.wait_for(self._zeroconf.async_close(), GOODBYE_PATIENCE_S)
