"""OSC on its way in: one UDP socket, one thread, the newest value of every control.

:class:`OscReader` is the pure core (datagrams and times in, actions out); :class:`OscInput` is the
thin thread around it, and lends its socket for the answers.
"""

import errno
import heapq
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import TypeAlias

from instrument.actions import Action
from instrument.osc_parse import Addresses, RefusedError, address_of, parse

MAX_AHEAD_S = 2.0  # a timetag further ahead is a wrong clock rather than a plan
MAX_WAITING = 256  # bundles that wait for their timetag
MAX_DRAIN = 8_192  # datagrams taken at once; a flood must not keep the newest value waiting
LOG_EVERY_S = 2.0
RECEIVE_BUFFER_BYTES = 4 << 20  # a full buffer keeps the oldest datagrams and loses the newest

Sender: TypeAlias = tuple[str, int]
Heard: TypeAlias = tuple[tuple[Action, ...], Sender]


class OscPortError(Exception):
    """The OSC port cannot be opened; the message is one sentence naming host and port."""


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """A bundle that waits; in the order of its timetag, then of arrival."""

    timetag_s: float  # Unix time: two bundles of one timetag compare equal whenever they came
    arrival: int
    due_s: float = field(compare=False)  # monotonic: a jump of the wall clock holds nothing back
    heard: Heard = field(compare=False)


class OscReader:
    """What a batch of datagrams asks for. Pure: times are arguments. One thread calls it.

    ``counts`` says how many datagrams or messages were refused, by kind; ``log`` gets at most one
    line about them in ``LOG_EVERY_S`` seconds.
    """

    def __init__(self, table: Callable[[], Addresses], log: Callable[[str], None]) -> None:
        """``table()`` is what addresses there are at present."""
        self.counts: Counter[str] = Counter()
        self._table = table
        self._log = log
        self._waiting: list[_Waiting] = []
        self._arrivals = 0
        self._now_s = 0.0
        self._log_from_s = float("-inf")
        self._unlogged = 0

    def read(
        self, datagrams: Sequence[tuple[bytes, Sender]], wall_s: float, now_s: float
    ) -> list[Heard]:
        """What is to be done now, in the order it came; each entry applies as one.

        Of several values for one control only the newest valid one is kept; transport and
        questions all are. Bundles due up to ``MAX_AHEAD_S`` after ``wall_s`` (Unix time, s) wait
        for :meth:`due`; those further ahead are done now, and counted. ``now_s`` is monotonic.
        """
        self._now_s = now_s
        asked: list[tuple[float, Heard]] = []
        settled: set[bytes] = set()
        table = self._table()
        for datagram, sender in reversed(datagrams):
            address = address_of(datagram)
            endpoint = table.get(address)
            replaceable = endpoint is not None and endpoint.newest_wins
            if replaceable and address in settled:
                continue
            groups = parse(datagram, table, self.refuse)
            if replaceable and groups:
                settled.add(address)
            asked.extend((due_s, (actions, sender)) for due_s, actions in reversed(groups))
        asked.reverse()
        return [heard for due_s, heard in asked if not self._held(due_s, wall_s, heard)]

    def due(self, now_s: float) -> list[Heard]:
        """The waiting bundles whose time has come, in time order."""
        ready = []
        while self._waiting and self._waiting[0].due_s <= now_s:
            ready.append(heapq.heappop(self._waiting).heard)
        return ready

    def next_due_s(self) -> float | None:
        """When :meth:`due` next has something, monotonic; ``None`` when nothing waits."""
        return self._waiting[0].due_s if self._waiting else None

    def refuse(self, refusal: RefusedError) -> None:
        """Count a refusal, and log it unless a line went out shortly before."""
        self.counts[refusal.kind] += 1
        if self._now_s < self._log_from_s:
            self._unlogged += 1
            return
        more = f" ({self._unlogged} more refused before it)" if self._unlogged else ""
        self._log(f"OSC: {refusal.kind}: {refusal}{more}")
        self._unlogged = 0
        self._log_from_s = self._now_s + LOG_EVERY_S

    def _held(self, due_s: float, wall_s: float, heard: Heard) -> bool:
        ahead_s = due_s - wall_s
        if ahead_s <= 0.0:
            return False
        if ahead_s > MAX_AHEAD_S:
            self.refuse(
                RefusedError(
                    "timetag too far ahead", f"{ahead_s:.1f} s; at most {MAX_AHEAD_S:g}, done now"
                )
            )
            return False
        if len(self._waiting) >= MAX_WAITING:
            self.refuse(RefusedError("too many waiting", f"{MAX_WAITING} bundles; done now"))
            return False
        self._arrivals += 1
        heapq.heappush(self._waiting, _Waiting(due_s, self._arrivals, self._now_s + ahead_s, heard))
        return True


def drain(receiver: socket.socket) -> list[tuple[bytes, Sender]]:
    """What the non-blocking ``receiver`` holds, oldest first, at most ``MAX_DRAIN`` datagrams."""
    datagrams = []
    for _ in range(MAX_DRAIN):
        try:
            datagram, sender = receiver.recvfrom(65_535)
        except (BlockingIOError, InterruptedError):
            break
        except OSError:  # Windows reports here that an earlier answer reached nobody
            continue
        datagrams.append((datagram, (sender[0], sender[1])))
    return datagrams


class OscInput:
    """Listens on ``host:port`` and hands what it hears to ``hear``, on one thread of its own.

    ``hear(actions, sender)`` gets each message or bundle as one; should it raise, that is counted
    and logged, and listening goes on. ``port`` 0 takes any free port, then told by ``port``.
    ``table()`` is what addresses there are at present.
    Raises :class:`OscPortError` when the port cannot be had.
    """

    def __init__(
        self,
        host: str,
        port: int,
        table: Callable[[], Addresses],
        hear: Callable[[tuple[Action, ...], Sender], None],
        log: Callable[[str], None],
    ) -> None:
        self._reader = OscReader(table, log)
        self._hear = hear
        self._socket = _bound(host, port)
        self.host: str = host
        self.port: int = self._socket.getsockname()[1]
        self.unsent = 0  # datagrams that the network did not take at once
        self._wake, self._waker = socket.socketpair()
        self._thread = Thread(target=self._listen, name="osc-in", daemon=True)

    @property
    def counts(self) -> dict[str, int]:
        """How many datagrams or messages were refused, by kind."""
        return dict(self._reader.counts)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def send(self, datagrams: Iterable[tuple[bytes, Sender]]) -> None:
        """Send from the listening port; never blocks, never raises. Any thread."""
        for datagram, address in datagrams:
            try:
                self._socket.sendto(datagram, address)
            except OSError:  # a full buffer, an unreachable host: feedback is only ever the newest
                self.unsent += 1

    def close(self) -> None:
        """Stop listening and free the port. Safe to call twice."""
        with suppress(OSError):
            self._waker.send(b"\0")
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)
        if self._thread.is_alive():
            return  # it is stuck in ``hear``; its sockets go when the process does
        for each in (self._socket, self._wake, self._waker):
            each.close()

    def _listen(self) -> None:
        while True:
            next_due_s = self._reader.next_due_s()
            wait_s = None if next_due_s is None else max(0.0, next_due_s - time.monotonic())
            ready, _, _ = select.select([self._socket, self._wake], [], [], wait_s)
            if self._wake in ready:
                return
            datagrams = drain(self._socket)
            now_s = time.monotonic()
            planned = self._reader.due(now_s)
            for heard in [*planned, *self._reader.read(datagrams, time.time(), now_s)]:
                self._deliver(heard)

    def _deliver(self, heard: Heard) -> None:
        try:
            self._hear(*heard)
        except Exception as error:
            self._reader.refuse(RefusedError("our fault", f"{type(error).__name__}: {error}"))


def _bound(host: str, port: int) -> socket.socket:
    where = f"{host}:{port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        receiver = socket.socket(family, kind)
    except (OSError, UnicodeError, OverflowError) as error:
        raise OscPortError(f"OSC address {where} means nothing here: {error}.") from error
    try:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        receiver.setblocking(False)
        receiver.bind(address)
    except OSError as error:
        receiver.close()
        if error.errno == errno.EADDRINUSE:
            raise OscPortError(
                f"OSC port {where} is taken by another program; choose one with --osc HOST:PORT."
            ) from error
        raise OscPortError(f"OSC port {where} cannot be opened: {error.strerror}.") from error
    return receiver
