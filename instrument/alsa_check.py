"""Whether the kernel sends notes at their moments: one client of ours queues, another hears.

Used by ``glisser doctor``, and by the player before it leaves its notes to the kernel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep

from instrument.alsa_out import MS, AlsaOutput, AlsaUnavailableError, has_package, open_alsa

NOTES = 24
LATE_NS = MS  # a queue on a timer of 250 Hz is four times as late
TRIES = 3  # a machine that is just busy starting deserves a second look
_APART_NS = 1_130_000  # prime to every timer, so that notes fall on all kinds of places in a step
_AHEAD_NS = 10 * MS
_PATIENCE_S = 0.05
_CLIENTS = ("Glisser-check", "Glisser-judge")


@dataclass(frozen=True, slots=True)
class Checked:
    """``missing`` of ``notes`` notes did not arrive; another came ``worst_ns`` off its moment."""

    notes: int
    missing: int
    worst_ns: int

    @property
    def in_time(self) -> bool:
        """Whether the kernel can be left with notes."""
        return self.missing == 0 and self.worst_ns <= LATE_NS

    @property
    def told(self) -> str:
        """How it went, without a full stop."""
        if self.missing:
            return f"{self.missing} of {self.notes} notes did not come back from the kernel's queue"
        return f"the kernel sent {self.notes} notes within {self.worst_ns / MS:.2f} ms"


def judge(sent: Sequence[tuple[int, bytes]], heard: Sequence[tuple[int, bytes]]) -> Checked:
    """Compare ``(queue_ns, message)`` as placed with the same as heard; each message once."""
    arrived = {message: queue_ns for queue_ns, message in heard}
    off_ns = [abs(arrived[message] - at_ns) for at_ns, message in sent if message in arrived]
    return Checked(len(sent), len(sent) - len(off_ns), max(off_ns, default=0))


def check_alsa() -> Checked:
    """Send notes from a port of our own to another and compare moments; best of three tries.

    Takes less than a tenth of a second each. Raises :class:`AlsaUnavailableError`.
    """
    checked = _check_once()
    for _ in range(TRIES - 1):
        if checked.in_time:
            break
        checked = _check_once()
    return checked


def open_timed(choose: Callable[[Sequence[str]], Sequence[str]]) -> list[AlsaOutput]:
    """:func:`open_alsa`, once the check has passed; else :class:`AlsaUnavailableError`."""
    checked = check_alsa()
    if not checked.in_time:
        raise AlsaUnavailableError(checked.told)
    return open_alsa(choose)


def _check_once() -> Checked:
    if not has_package():
        raise AlsaUnavailableError("alsa-midi is not installed")
    try:
        from instrument import alsa_sequencer as kernel

        sender = kernel.open_sequencer(None, _CLIENTS[0])
        try:
            ear = kernel.Ear(_CLIENTS[1], sender)
            try:
                begin_ns = sender.look().queue_ns + _AHEAD_NS
                sent = [(begin_ns + n * _APART_NS, bytes((0x90, 36 + n, 1))) for n in range(NOTES)]
                for at_ns, message in sent:
                    sender.place(message, at_ns)
                sleep((sent[-1][0] - begin_ns + _AHEAD_NS) / 1e9 + _PATIENCE_S)
                return judge(sent, ear.heard())
            finally:
                ear.close()
        finally:
            sender.close()
    except (OSError, ImportError) as error:
        raise AlsaUnavailableError(getattr(error, "strerror", None) or str(error)) from error
