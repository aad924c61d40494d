"""Notes on ALSA by the kernel's queue: handed over a little early, sent by the kernel when due.

Lives in the player process. Nothing here waits while music plays: what the kernel does not take is
left out, and :meth:`AlsaOutput.trouble` says so once.
"""

import importlib.util
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter_ns, sleep
from typing import Protocol

from instrument.alsa_time import Anchor, Handed, Reading, is_worth_keeping, tightest

PACKAGE = "alsa_midi"  # what alsa-midi is called when imported
MS = 1_000_000  # nanoseconds
# The player may wake a little late, and the queue looks up only every so often.
LEAD_NS = 5 * MS
READINGS = 5
# Two quartzes part by some millionths, so by some microseconds within this time.
RENEW_NS = 1000 * MS
WIDE_GAP_NS = MS // 5  # interrupted in each of its readings: the anchor before it knows better
CLOSE_PATIENCE_NS = 500 * MS
_POLL_S = 0.001


class AlsaUnavailableError(Exception):
    """The kernel does not time notes here; the message says why, without a full stop."""


def has_package() -> bool:
    """Whether the optional package alsa-midi is installed; it is not imported here."""
    return importlib.util.find_spec(PACKAGE) is not None


@dataclass(frozen=True, slots=True)
class Look:
    """The queue at a moment: its time in nanoseconds, and how many messages wait in it."""

    queue_ns: int
    waiting: int


class Sequencer(Protocol):
    """A port of ours in the kernel's sequencer, with a queue that runs. One thread.

    No method waits. Each raises ``OSError`` where the kernel says no.
    """

    @property
    def name(self) -> str:
        """The port it plays to, or our own if others connect to it; as a person calls it."""
        ...

    def look(self) -> Look:
        """Where the queue is."""
        ...

    def place(self, message: bytes, at_ns: int, /) -> None:
        """Let the kernel send ``message`` when its queue is at ``at_ns``; at once if it was.

        What waits is sent in order of ``at_ns``, and of two the one placed first.
        """
        ...

    def send_now(self, message: bytes, /) -> None:
        """Send past the queue."""
        ...

    def remove_queued(self) -> None:
        """Take back everything that waits."""
        ...

    def is_heard(self) -> bool:
        """Whether the port it was connected to is still there; true of a virtual one."""
        ...

    def close(self) -> None:
        """Take the port away."""
        ...


class AlsaOutput:
    """One port of ALSA. The kernel sends each message at its moment, whatever Python does then.

    A message that comes too late is sent at once. One thread.
    """

    api = "alsa"
    lead_ns = LEAD_NS
    lost = False

    def __init__(
        self,
        sequencer: Sequencer,
        perf_ns: Callable[[], int] = perf_counter_ns,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        """Raises ``OSError`` if the queue cannot be read."""
        self.name = sequencer.name
        self._sequencer, self._perf_ns, self._pause = sequencer, perf_ns, pause
        self._handed = Handed()
        self._refused: list[tuple[bytes, int]] = []  # what ends a sound and was not taken, in order
        self._trouble: str | None = None
        self._gone = self._closed = False
        self._anchor = self._read()

    def send(self, message: bytes, due_ns: int, /) -> None:
        """Hand over one message, due at ``due_ns`` of ``perf_counter_ns``; never waits."""
        if self._closed:
            return
        self._renew()
        self._try_again()
        if self._refused or not self._placed(message, due_ns):
            self._refuse(message, due_ns)

    def trouble(self) -> str | None:
        """A sentence about what went wrong since the last call: notes left out, a port gone."""
        if not self._closed:
            self._try_again()
            with suppress(OSError):
                gone = not self._sequencer.is_heard()
                if gone and not self._gone:
                    until_back = "nothing is heard there until it is back"
                    self._trouble = f"ALSA: {self.name} is gone; {until_back}"
                self._gone = gone
        trouble, self._trouble = self._trouble, None
        return trouble

    def close(self) -> None:
        """Let out what is due within half a second, take back the rest, close what sounds."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError):
            self._let_out()
        with suppress(OSError):
            self._sequencer.remove_queued()
        for note_off in self._handed.owed():
            with suppress(OSError):
                self._sequencer.send_now(note_off)
        self._sequencer.close()

    def _read(self) -> Anchor:
        return tightest([self._reading() for _ in range(READINGS)])

    def _reading(self) -> Reading:
        before_ns = self._perf_ns()
        look = self._sequencer.look()
        return Reading(before_ns, look.queue_ns, self._perf_ns())

    def _renew(self) -> None:
        """Look at both clocks again, now and then, while nothing waits that went by the old."""
        if self._perf_ns() - self._anchor.perf_ns < RENEW_NS:
            return
        with suppress(OSError):
            if self._sequencer.look().waiting == 0:
                self._handed.settle()
                anchor = self._read()
                if anchor.gap_ns <= max(WIDE_GAP_NS, self._anchor.gap_ns):
                    self._anchor = anchor

    def _placed(self, message: bytes, due_ns: int) -> bool:
        at_ns = self._anchor.queue_ns_of(due_ns)
        try:
            self._sequencer.place(message, at_ns)
        except OSError as error:
            self._trouble = f"ALSA: {error.strerror or error}; notes are left out"
            return False
        self._handed.add(message, at_ns)
        return True

    def _refuse(self, message: bytes, due_ns: int) -> None:
        if is_worth_keeping(message):
            self._refused.append((message, due_ns))

    def _try_again(self) -> None:
        """What ends a sound comes late rather than never."""
        while self._refused and self._placed(*self._refused[0]):
            del self._refused[0]

    def _let_out(self) -> None:
        end_ns = self._perf_ns() + CLOSE_PATIENCE_NS
        while self._sequencer.look().waiting:
            if self._perf_ns() >= end_ns:
                return
            self._pause(_POLL_S)
        self._handed.settle()


def open_alsa(choose: Callable[[Sequence[str]], Sequence[str]]) -> list[AlsaOutput]:
    """An output for each port that ``choose`` takes of those on offer; a virtual one for none.

    Raises :class:`AlsaUnavailableError`, and whatever ``choose`` raises.
    """
    if not has_package():
        raise AlsaUnavailableError("alsa-midi is not installed")
    try:
        from instrument import alsa_sequencer as kernel

        chosen = choose(kernel.port_names())
        opened: list[AlsaOutput] = []
        try:
            for name in chosen:
                opened.append(AlsaOutput(kernel.open_sequencer(name)))  # noqa: PERF401 - kept to close on a failure
            return opened or [AlsaOutput(kernel.open_sequencer(None))]
        except OSError:
            for output in opened:
                output.close()
            raise
    except (OSError, ImportError) as error:  # the package without its library is of no use either
        raise AlsaUnavailableError(getattr(error, "strerror", None) or str(error)) from error
