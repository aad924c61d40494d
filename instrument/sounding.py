"""One melody on its way to the outputs: struck, held, let go. Pure."""

from instrument.ledger import Ledger, NoteEvent
from instrument.voicing import Voicing

LEGATO = 100.0  # per cent of a note that is held


class Sounding:
    """A monophonic line on ``ports`` outputs. One thread.

    ``let_go``: the tick at which the note that sounds ends before its time, or ``None``.
    """

    def __init__(self, ports: int, channel: int) -> None:
        self.ledger = Ledger()
        self.channel = channel  # of what is struck from now on
        self.let_go: int | None = None
        self._ports = range(ports)

    def close(self, tick: int) -> list[NoteEvent]:
        """End what sounds, on the channel where it began."""
        self.let_go = None
        return self.ledger.close_all(tick)

    def strike(self, tick: int, pitch: int, place: int, voicing: Voicing) -> list[NoteEvent]:
        """Begin the note that stands at ``place`` of the cycle."""
        heard, velocity = voicing.pitch(pitch), voicing.velocity_at(place)
        events: list[NoteEvent] = []
        for port in self._ports:
            events += self.ledger.note_on(tick, (port, self.channel, heard), velocity)
        return events

    def hold(self, tick: int, whole: int, voicing: Voicing) -> None:
        """Let go, by the gate, of what began at ``tick`` and is written ``whole`` ticks long.

        After a tick at least; legato holds it until something else ends it.
        """
        if voicing.gate < LEGATO:
            self.let_go = tick + max(1, round(whole * voicing.gate / LEGATO))
