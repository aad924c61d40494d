"""Every controller that can show it is told how things stand. Main process only."""

from collections.abc import Callable, Sequence
from threading import Lock

from instrument.controllers import Touch
from instrument.mapping import Mapping
from instrument.midi_in import Arrival, Standing
from instrument.surface import Surface, lit

LOOK_EVERY_NS = 5_000_000  # a control that races is looked at no oftener


class Showing:
    """One :class:`Surface` for each port that can be told. Any thread."""

    def __init__(
        self,
        mapping: Callable[[], Mapping],
        standing: Callable[[], Standing],
        send: Callable[[str, Sequence[bytes]], bool],
    ) -> None:
        """``mapping()`` is the present patch; ``send(port, messages)`` sends without waiting;
        whether it could. Neither it nor ``standing`` may call back.
        """
        self._mapping, self._standing, self._send = mapping, standing, send
        self._lock = Lock()  # guards what follows
        self._shown = mapping()  # the patch of the surfaces
        self._surfaces: dict[str, Surface | None] = {}  # None: its patch tells controllers nothing
        self._looked_ns: int | None = None

    def opened(self, port: str, is_open: bool) -> None:
        """What is sent for ``port``, an input's name, arrives from now on, or no more."""
        with self._lock:
            if is_open:
                self._surfaces[port] = self._surface()
            else:
                self._surfaces.pop(port, None)

    def by_hand(self, arrival: Arrival, touch: Touch) -> bool:
        """Whether a hand did ``touch``, and not the device that repeats what it was told."""
        with self._lock:
            surface = self._surfaces.get(arrival.port)
            return surface is None or surface.by_hand(touch, arrival.ns)

    def look(self, now_ns: int) -> None:
        """Tell what is due; to be called after every change, and ten times a second."""
        with self._lock:
            recent = self._looked_ns is not None and now_ns - self._looked_ns < LOOK_EVERY_NS
            if recent or not self._surfaces:
                return
            self._looked_ns = now_ns
            if (mapping := self._mapping()) is not self._shown:  # another song: all is told anew
                self._shown = mapping
                self._surfaces = {port: self._surface() for port in self._surfaces}
            standing = self._standing()
            where = standing.positions | lit(
                playing=standing.playing, frozen=standing.frozen, capturing=standing.capturing
            )
            for port, surface in self._surfaces.items():
                if surface is None:
                    continue
                messages = surface.due(now_ns, where)
                if messages and not self._send(port, messages):
                    self._surfaces[port] = self._surface()  # it never got that

    def _surface(self) -> Surface | None:
        return Surface(self._shown) if self._shown.shows.on else None
