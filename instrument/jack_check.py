"""Whether JACK places notes to the frame here: sent by the JACK process, heard by another.

Used by ``glisser doctor``, and by the player before it trusts its notes to JACK's frames.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep

from instrument.frames import SECOND_NS
from instrument.jack_out import (
    CLOSE_PATIENCE_S,
    JackOutput,
    JackUnavailableError,
    hear,
    open_jack,
)
from instrument.midi_api import CLIENT_NAME

NOTES = 24
_APART_FRAMES = 97  # prime to every period, so that notes fall on all kinds of places in one
_CLIENTS = ("Glisser-check", "Glisser-judge")
TRIES = 3  # a machine that is just busy starting deserves a second look


@dataclass(frozen=True, slots=True)
class Checked:
    """``wrong`` of ``notes`` notes that did not arrive, or not at their frame."""

    notes: int
    wrong: int
    stops: int  # how often JACK itself was late meanwhile: with any, nothing is said of the rest
    rate: int
    lead_ns: int

    @property
    def exact(self) -> bool:
        """Whether every note arrived at its very frame."""
        return self.wrong == 0


def check_jack() -> Checked:
    """Send notes from a port of our own to another and compare frames; best of three tries.

    Takes some tenths of a second. Raises :class:`JackUnavailableError`.
    """
    checked = _check_once()
    for _ in range(TRIES - 1):
        if checked.exact:
            break
        checked = _check_once()
    return checked


def open_checked(
    choose: Callable[[Sequence[str]], Sequence[str]], client_name: str = CLIENT_NAME
) -> list[JackOutput]:
    """:func:`open_jack`, once the check has passed; else :class:`JackUnavailableError`."""
    checked = check_jack()
    if not checked.exact:
        raise JackUnavailableError(f"{checked.wrong} of {checked.notes} were not in a check")
    return open_jack(choose, client_name)


def _check_once() -> Checked:
    judge = subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "instrument.jack_listener", _CLIENTS[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    if judge.stdin is None or judge.stdout is None:
        raise RuntimeError("a child has pipes")
    told = judge.stdout
    try:
        # While the judge starts, so does the sender.
        (output,) = open_jack(lambda _inputs: [hear(told, "ready")["port"]], _CLIENTS[0])
        sent = _send(output)
        output.close()
        judge.stdin.close()
        heard = hear(told, "heard")
    finally:
        judge.kill()
        judge.wait()
        told.close()
    arrived = {bytes.fromhex(text): frame for frame, text in heard["messages"]}
    wrong = sum(arrived.get(message) != frame for message, frame in sent)
    link = output.link
    return Checked(NOTES, wrong, len(heard["stops"]), link.grid.rate, link.lead_ns)


def _send(output: JackOutput) -> Sequence[tuple[bytes, int]]:
    """Hand over all notes at once, each at a frame of its own; give them time to sound."""
    grid, clock = output.link.grid, output.clock
    begin = grid.frame_of(clock.now_ns() + output.lead_ns) + grid.rate // 50
    frames = [begin + n * _APART_FRAMES for n in range(NOTES)]
    sent = [(bytes((0x90, 36 + n, 1)), frame) for n, frame in enumerate(frames)]
    for message, frame in sent:
        output.send(message, grid.ns_of(frame))
    sleep((frames[-1] - begin) / grid.rate + CLOSE_PATIENCE_S / 50 + output.lead_ns / SECOND_NS)
    return sent
