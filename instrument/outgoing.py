"""What the player has handed over: messages with their moment, each on its way to one output.

Once here a message keeps its moment, whatever happens to the tempo. Nothing here waits; time is an
argument. One thread.
"""

from collections.abc import Sequence
from heapq import heappop, heappush

from instrument.midi_out import Output


class Outgoing:
    """The outputs of a player, and what waits for its moment on them.

    ``nudges_ns``: how much later than written each output plays, earlier if negative; as many as
    there are outputs. ``ahead_ns``: how long before its moment a message must be handed over so
    that no output gets it too late: what an output with a queue of its own, or a negative nudge,
    asks for.
    """

    def __init__(self, outputs: Sequence[Output], nudges_ns: Sequence[int] = ()) -> None:
        self.outputs = tuple(outputs)
        self._nudges_ns = tuple(nudges_ns) or (0,) * len(self.outputs)
        self._leads_ns = tuple(output.lead_ns for output in self.outputs)
        early_ns = [a - b for a, b in zip(self._leads_ns, self._nudges_ns, strict=True)]
        self.ahead_ns = max(0, *early_ns)
        self._last_due_ns = [0] * len(self.outputs)
        self._waiting: list[tuple[int, int, int, bytes, int]] = []
        self._handed_over = 0

    @property
    def next_ns(self) -> int | None:
        """When :meth:`send_due` next has something to send; ``None`` when nothing waits."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def lost(self) -> bool:
        """Whether an output will not be heard again."""
        return any(output.lost for output in self.outputs)

    def hand_over(self, port: int, message: bytes, due_ns: int) -> None:
        """Keep ``message`` for ``due_ns``, nudged; never before what ``port`` already has."""
        self._keep(port, message, due_ns + self._nudges_ns[port])

    def hurry(self, port: int, message: bytes, now_ns: int) -> None:
        """Keep ``message`` for now, or for right after what ``port`` already has."""
        self._keep(port, message, now_ns)

    def send_due(self, now_ns: int) -> None:
        """Give the outputs what it is time to give them, in order."""
        while self._waiting and self._waiting[0][0] <= now_ns:
            _, _, port, message, due_ns = heappop(self._waiting)
            self.outputs[port].send(message, due_ns)

    def troubles(self) -> list[str]:
        """What went wrong on the outputs since the last call, a sentence each."""
        return [text for output in self.outputs if (text := output.trouble()) is not None]

    def _keep(self, port: int, message: bytes, due_ns: int) -> None:
        due_ns = self._last_due_ns[port] = max(due_ns, self._last_due_ns[port])
        self._handed_over += 1
        entry = (due_ns - self._leads_ns[port], self._handed_over, port, message, due_ns)
        heappush(self._waiting, entry)
