"""The kernel's sequencer, through alsa-midi: the only room that imports it. Imported when opened.

A client of ours for each port, so that taking back what waits takes back that port's only.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from alsa_midi import ALSAError, Error, MidiBytesEvent, PortCaps, PortInfo, PortType, RealTime
from alsa_midi.client import SequencerClientBase
from alsa_midi.queue import QueueTimer, TimerId

from instrument.alsa_out import Look
from instrument.midi_api import CLIENT_NAME, hushed, plain_name

_SECOND_NS = 1_000_000_000
_PORT_NAME = "out"
_WRITABLE = PortCaps.WRITE | PortCaps.SUBS_WRITE
_READABLE = PortCaps.READ | PortCaps.SUBS_READ
# As RtMidi has it, so that `glisser ports` lists what can be opened here.
_PLAYABLE = PortType.MIDI_GENERIC | PortType.SYNTH | PortType.APPLICATION
# The kernel's sound/asound.h: the timer that is not tied to its HZ; and the finest step that a
# queue may ask of it. The default is a millisecond, or with HZ = 250 four.
_GLOBAL_CLASS, _HIGH_RESOLUTION = 1, 3
_STEPS_PER_SECOND = 6250
# What may wait in the kernel at once; 500 unless asked for.
_POOL_MESSAGES = 2000


class KernelSequencer:
    """A client with one port and one queue; see :class:`instrument.alsa_out.Sequencer`."""

    def __init__(self, client_name: str, to: PortInfo | None) -> None:
        """Connect to ``to``, or offer a port to others. Raises ``OSError``."""
        with _as_os_errors(), hushed():
            self._client = SequencerClientBase(client_name)
        try:
            with _as_os_errors():
                self._port = self._client.create_port(_PORT_NAME, _READABLE)
                self._queue = self._client.create_queue(client_name)
                with suppress(Error):
                    self._client.set_client_pool_output(_POOL_MESSAGES)
                with suppress(Error):
                    self._queue.set_timer(_fine_timer())
                self._queue.start()
                self._client.drain_output()
                if to is not None:
                    self._port.connect_to(to)
        except OSError:
            self._client.close()
            raise
        self._connected = to is not None
        self.name = f"{client_name}:{_PORT_NAME}" if to is None else plain_name(_name(to))

    @property
    def address(self) -> tuple[int, int]:
        """Client and port by the kernel's numbers."""
        return self._port.client_id, self._port.port_id

    @property
    def queue_id(self) -> int:
        """The queue by the kernel's number."""
        return int(self._queue.queue_id)

    def look(self) -> Look:
        """One question to the kernel."""
        with _as_os_errors():
            status = self._queue.get_status()
        time = status.real_time
        return Look(time.seconds * _SECOND_NS + time.nanoseconds, status.events)

    def place(self, message: bytes, at_ns: int, /) -> None:
        """Into the queue, with the kernel's real time."""
        event = MidiBytesEvent(message, time=RealTime(*divmod(at_ns, _SECOND_NS)))
        self._put(lambda: self._client.event_output(event, queue=self._queue, port=self._port))

    def send_now(self, message: bytes, /) -> None:
        """Straight to whoever is connected."""
        event = MidiBytesEvent(message)
        self._put(lambda: self._client.event_output(event, port=self._port))

    def remove_queued(self) -> None:
        """All that this client has in any queue."""
        with _as_os_errors():
            self._client.drop_output()

    def is_heard(self) -> bool:
        """Whether the kernel still knows of the connection."""
        if not self._connected:
            return True
        with _as_os_errors():
            return bool(self._port.list_subscribers())

    def close(self) -> None:
        """The kernel frees queue, port and connection."""
        with suppress(Error):
            self._client.close()

    def _put(self, output: Callable[[], int]) -> None:
        with _as_os_errors():
            try:
                output()
                self._client.drain_output()
            except ALSAError:  # it may lie in the library's buffer: then it would come some day
                self._client.drop_output_buffer()
                raise


class Ear:
    """A port that hears ``sender``; the kernel writes on each message when it came."""

    def __init__(self, client_name: str, sender: KernelSequencer) -> None:
        """Raises ``OSError``."""
        with _as_os_errors(), hushed():
            self._client = SequencerClientBase(client_name)
        try:
            with _as_os_errors():
                self._port = self._client.create_port(
                    "in",
                    _WRITABLE,
                    timestamping=True,
                    timestamp_real=True,
                    timestamp_queue=sender.queue_id,
                )
                self._port.connect_from(sender.address)
        except OSError:
            self._client.close()
            raise

    def heard(self) -> list[tuple[int, bytes]]:
        """``(queue_ns, message)`` of what came since the last call, in order; never waits."""
        heard: list[tuple[int, bytes]] = []
        while True:
            try:
                event = self._client.event_input(prefer_bytes=True)
            except ALSAError as error:
                if error.errnum == -errno.EAGAIN:
                    return heard
                raise OSError(-error.errnum, str(error)) from error
            if isinstance(event, MidiBytesEvent) and event.time is not None:
                at_ns = event.time.seconds * _SECOND_NS + event.time.nanoseconds
                heard.append((at_ns, event.midi_bytes))

    @property
    def name(self) -> str:
        """The port as :func:`port_names` calls it."""
        address = f" {self._port.client_id}:{self._port.port_id}"
        return next(name for name in port_names() if name.endswith(address))

    def close(self) -> None:
        """The port is gone, and whoever plays to it plays to nobody."""
        with suppress(Error):
            self._client.close()


def port_names() -> list[str]:
    """What can be played to, as RtMidi spells it: ``CLIENT:PORT 128:0``. Raises ``OSError``."""
    return [_name(port) for port in _ports()]


def open_sequencer(name: str | None, client_name: str = CLIENT_NAME) -> KernelSequencer:
    """Connected to the port that :func:`port_names` calls ``name``, or to none. ``OSError``."""
    if name is None:
        return KernelSequencer(client_name, None)
    to = next((port for port in _ports() if _name(port) == name), None)
    if to is None:
        raise OSError(0, f"{plain_name(name)} is gone")
    return KernelSequencer(client_name, to)


def _ports() -> list[PortInfo]:
    with _as_os_errors():
        with hushed():
            client = SequencerClientBase(f"{CLIENT_NAME}-probe")
        try:
            ports = client.list_ports(output=True, type=PortType.ANY, sort=False)
        finally:
            client.close()
    return [port for port in ports if port.type & _PLAYABLE]


def _name(port: PortInfo) -> str:
    return f"{port.client_name}:{port.name} {port.client_id}:{port.port_id}"


def _fine_timer() -> QueueTimer:
    timer = TimerId(_GLOBAL_CLASS, 0, 0, _HIGH_RESOLUTION, 0)
    return QueueTimer(timer, resolution=_STEPS_PER_SECOND)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What alsa-midi raises, as what the rest of us knows."""
    try:
        yield
    except ALSAError as error:
        raise OSError(abs(error.errnum), os.strerror(abs(error.errnum))) from error
    except Error as error:
        raise OSError(0, str(error)) from error
