"""The player process: ``python -m instrument.player``, frames on stdin and stdout.

File descriptors, threads, watchdog and the timing loop around the ``Player`` of ``player_core``. It
imports no torch, numpy or anything else that is large, and nothing at all once it has started.
"""

import faulthandler
import os
import sys
import traceback
from dataclasses import dataclass

from engine.wire import BrokenStreamError, Message, read_message
from instrument.clock import Clock
from instrument.jack_out import clock_for
from instrument.midi_api import CLOCK_CLIENT_NAME, MidiError
from instrument.midi_out import Output, open_outputs
from instrument.nudge import nudged_port
from instrument.outgoing import Outgoing
from instrument.pipes import Inbox, Outbox
from instrument.player_core import ALIVE_EVERY_NS, Player, Post
from instrument.player_messages import Setup
from instrument.urgent import ask_for_real_time, ignore_signals, settle_down

WATCHDOG_S = 1.0


def perform(player: Player, clock: Clock, inbox: Inbox) -> None:
    """The timing loop: runs until main says quit or is gone."""
    rearm_ns = clock.now_ns()
    while player.exit_status is None:
        heard = [_by_our_clock(message, clock) for message in inbox.take()]
        next_ns = player.turn(clock.now_ns(), heard)
        if clock.now_ns() >= rearm_ns:
            # A MIDI library that hangs keeps the interpreter's lock: only this can end us then.
            faulthandler.dump_traceback_later(WATCHDOG_S, exit=True)
            rearm_ns = clock.now_ns() + ALIVE_EVERY_NS
        clock.wait_until(next_ns)


def _by_our_clock(message: Message, clock: Clock) -> Message:
    """Main says when by ``perf_counter_ns``; the player may go by JACK's frames."""
    if "ns" not in message:
        return message
    return {**message, "ns": clock.of_perf_ns(message["ns"])}


@dataclass(frozen=True, slots=True)
class Doors:
    """The open outputs and their nudges; the first ``ports`` get notes, ``clock_ports`` pulses."""

    outputs: tuple[Output, ...]
    nudges_ns: tuple[int, ...]
    ports: int
    clock_ports: tuple[int, ...]


def open_doors(setup: Setup) -> Doors:
    """Open what ``--out`` and ``--clock-out`` ask for; a port that both name is opened once.

    Such a port has the nudge that ``--out`` gives it. Raises ``MidiError`` and ``NudgeError``.
    """
    notes = [nudged_port(text) for text in setup.out]
    clocks = [nudged_port(text) for text in setup.clock_out]
    names = [port.name for port in notes]
    more = {clock.name: clock.nudge_ns for clock in clocks if clock.name not in names}
    # All at once, since outputs that JACK opens together count the same frames.
    outputs = open_outputs([*names, *more] if names else [], setup.midi_api, checked=setup.checked)
    nudges_ns = [*(port.nudge_ns for port in notes), *more.values()] if names else [0]
    if not names and more:  # a virtual port for the notes
        names = [""]
        nudges_ns += more.values()
        try:
            outputs += open_outputs(
                [*more], setup.midi_api, client_name=CLOCK_CLIENT_NAME, checked=setup.checked
            )
        except MidiError:
            for output in outputs:
                output.close()
            raise
    every = [*names, *more]
    clock_ports = dict.fromkeys(every.index(clock.name) for clock in clocks)
    return Doors(tuple(outputs), tuple(nudges_ns), len(outputs) - len(more), tuple(clock_ports))


def _play_until_told(setup: Setup, doors: Doors, post: Post) -> int:
    clock = clock_for(doors.outputs)
    inbox = Inbox(sys.stdin.buffer, clock.wake)
    outgoing = Outgoing(doors.outputs, doors.nudges_ns)
    player = Player(
        setup, outgoing, post, clock.now_ns(), doors.clock_ports, doors.ports, clock.perf_ns
    )
    faulthandler.dump_traceback_later(WATCHDOG_S, exit=True)
    try:
        perform(player, clock, inbox)
    except Exception as error:
        faulthandler.cancel_dump_traceback_later()
        traceback.print_exc()
        player.abandon(clock.now_ns())
        post({"type": "error", "text": f"the player failed: {error!r}"})
        return 1
    faulthandler.cancel_dump_traceback_later()
    return player.exit_status or 0


def main() -> int:
    """Be the player process; the exit status. 2 when the ports or the setup are refused."""
    ignore_signals()
    outbox = Outbox(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no frame
    try:
        message = read_message(sys.stdin.buffer)
        if message is None:
            return 0
        setup = Setup.from_message(message)
        doors = open_doors(setup)
    except (MidiError, BrokenStreamError, ValueError) as error:
        outbox.post({"type": "refused", "text": str(error)})
        outbox.close()
        return 2
    outputs = doors.outputs
    opened = {"port": ", ".join(output.name for output in outputs[: doors.ports])}
    clock_to = ", ".join(outputs[port].name for port in doors.clock_ports)
    recorder = all(output.api == "none" for output in outputs)
    opened |= {"clock_to": clock_to, "api": outputs[0].api}
    exact = all(output.lead_ns > 0 for output in outputs)  # so they passed their check
    outbox.post({"type": "opened", **opened, "recorder": recorder, "exact": exact})
    settle_down()
    ask_for_real_time()
    status = _play_until_told(setup, doors, outbox.post)
    for output in outputs:
        output.close()
    if status == 0:
        outbox.post({"type": "bye"})
    outbox.close()
    return status


if __name__ == "__main__":
    # Not sys.exit: the interpreter's own end stumbles on stdin, which the reader thread holds.
    os._exit(main())
