"""The player process: ``python -m instrument.player``, frames on stdin and stdout.

:class:`Player` is what it does at a moment, with time and messages as arguments; below it stands
the process: file descriptors, threads, watchdog and the timing loop. It imports no torch, numpy or
anything else that is large, and nothing at all once it has started.
"""

import faulthandler
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeAlias

from engine.wire import BrokenStreamError, Message, read_message
from instrument.clock import Clock
from instrument.controls import ControlState
from instrument.jack_out import clock_for
from instrument.latent import z_at
from instrument.ledger import NoteEvent
from instrument.midi_api import MidiError
from instrument.midi_out import Output, every_note, note_message, open_outputs, quiet_channel
from instrument.pipes import Inbox, Outbox
from instrument.player_messages import Setup, event_message
from instrument.round_trips import RoundTrips
from instrument.scheduler import Done, Event, Request, Scheduler
from instrument.tempo import Timeline
from instrument.urgent import ask_for_real_time, ignore_signals, settle_down

Post: TypeAlias = Callable[[Message], None]

MS = 1_000_000  # nanoseconds
LATE_NS = 50 * MS  # what is later than this is a suspended machine: its note-ons are dropped
ALIVE_EVERY_NS = 100 * MS
WATCHDOG_S = 1.0
SECOND_PANIC_NS = 1000 * MS
# A DIN cable carries a message in 0.96 ms: at that pace nothing overflows or holds up the beat. (Of
# 600 messages sent at once through RtMidi and JACK, periods of 64 frames, 465 were lost.)
FLOOD_EVERY_NS = 8 * MS
FLOOD_MESSAGES = 8


class Player:
    """What the player does at a moment. One thread; time comes in, messages go out by ``post``."""

    def __init__(self, setup: Setup, outputs: Sequence[Output], post: Post, now_ns: int) -> None:
        """Stand ready on bar 1, or play at once when ``setup`` says so."""
        self.exit_status: int | None = None
        self._outputs, self._post = outputs, post
        # A note is handed over so much before its moment: the horizon is that far ahead of now.
        self._lead_ns = max(output.lead_ns for output in outputs)
        self._mapping, self._controls = setup.mapping, setup.controls
        self._base = setup.first.z
        self._timeline = Timeline(setup.tempo_bpm, 0, now_ns)
        self._core = Scheduler(
            setup.first,
            self._z_for,
            refresh=setup.mapping.refresh,
            channel=setup.mapping.channel,
            velocity=setup.mapping.velocity,
            ports=len(outputs),
            bars=setup.bars,
        )
        self._core.frozen = setup.controls.freeze
        self._trips = RoundTrips()
        self._alive_ns = now_ns
        self._last_panic_ns: int | None = None
        self._flood: Iterator[tuple[int, int]] | None = None
        self._flood_ns = 0
        self._set_margin()
        if setup.playing:
            self._play(now_ns)

    def turn(self, now_ns: int, messages: Sequence[Message]) -> int:
        """Do what is due at ``now_ns`` and what ``messages`` ask; when to come back, at the latest.

        Once ``exit_status`` is set everything is closed and there is nothing to come back for.
        """
        for message in messages:
            if message["type"] == "phrase":  # first: it may be for a swap that is due now
                self._take_phrase(message, now_ns)
        self._play_due(now_ns)
        for message in messages:
            self._obey(message, now_ns)
        if self.exit_status is not None:
            return now_ns
        self._play_due(now_ns)  # a play begins at once
        if (cued := self._core.cue()) is not None:
            self._do([cued], now_ns)
        if self._flood is not None and now_ns >= self._flood_ns:
            self._send_flood(now_ns)
        if now_ns >= self._alive_ns:
            self._post({"type": "alive"})
            for text in filter(None, [output.trouble() for output in self._outputs]):
                self._post({"type": "error", "text": text})
            self._alive_ns += ((now_ns - self._alive_ns) // ALIVE_EVERY_NS + 1) * ALIVE_EVERY_NS
        return self._next_ns()

    def abandon(self, now_ns: int) -> None:
        """After a fault: close what sounds, and quieten the channel, on every port that works."""
        for off in self._core.silence(self._tick_at(now_ns)):
            with suppress(Exception):
                self._do([off], now_ns)
        for output in self._outputs:
            with suppress(Exception):
                self._quieten(output, 0)

    def _z_for(self, _tick: int) -> tuple[float, ...]:
        return z_at(self._controls, self._mapping, self._base)

    def _tick_at(self, now_ns: int) -> int:
        """The last tick handed over by now; while stopped, that of the bar 1 to come."""
        if self._core.playing:
            return self._timeline.tick_at(now_ns + self._lead_ns)
        return self._core.origin_tick

    def _next_ns(self) -> int:
        next_ns = self._alive_ns
        if (due_tick := self._core.next_due_tick) is not None:
            next_ns = min(next_ns, self._timeline.ns_of(due_tick) - self._lead_ns)
        return next_ns if self._flood is None else min(next_ns, self._flood_ns)

    def _play_due(self, now_ns: int) -> None:
        if self._core.playing:
            sound_from = self._timeline.tick_at(now_ns - LATE_NS - 1) + 1
            before = self._core.left_out
            events = self._core.pop_due(self._tick_at(now_ns), sound_from)
            self._do(events, now_ns)
            if (left_out := self._core.left_out - before) > 0:
                text = f"the machine stood still for over {LATE_NS // MS} ms; notes left out"
                self._post({"type": "error", "text": f"{text}: {left_out}"})

    def _do(self, events: Sequence[Event], now_ns: int) -> None:
        """Send the notes first, then tell of everything in order."""
        for event in events:
            if isinstance(event, NoteEvent):
                due_ns = self._timeline.ns_of(event.tick)
                self._outputs[event.port].send(note_message(event), due_ns)
        for event in events:
            if isinstance(event, Request):
                self._trips.asked(event.id, now_ns)
            self._post(event_message(event, self._timeline.tempo_bpm))
            if isinstance(event, Done):
                self._post_state(event.tick)

    def _obey(self, message: Message, now_ns: int) -> None:
        match message:
            case {"type": "controls"}:
                self._take_controls(ControlState.from_message(message), now_ns)
            case {"type": "transport", "do": "play"}:
                self._play(now_ns)
            case {"type": "transport", "do": "stop"}:
                tick = self._tick_at(now_ns)
                self._do(self._core.stop(tick), now_ns)
                self._post_state(tick)
            case {"type": "transport", "do": "panic"}:
                self._panic(now_ns)
            case {"type": "quit"} | {"type": "end"}:  # the end of stdin: main is gone
                self._do(self._core.stop(self._tick_at(now_ns)), now_ns)
                self._flood = None
                self.exit_status = 0
            case {"type": "phrase"}:
                pass
            case _:
                self._post({"type": "error", "text": f"the player does not know {message!r:.80}"})

    def _play(self, now_ns: int) -> None:
        if not self._core.playing:
            origin_tick = self._core.play()
            self._timeline = Timeline(self._timeline.tempo_bpm, origin_tick, now_ns + self._lead_ns)
            self._post_state(origin_tick)

    def _take_phrase(self, message: Message, now_ns: int) -> None:
        self._trips.answered(message["id"], now_ns)
        self._set_margin()
        try:
            self._core.answer(message["id"], tuple(message["tokens"]), tuple(message["steps"]))
        except ValueError as error:
            self._post({"type": "error", "text": f"the engine's answer is unusable: {error}"})

    def _take_controls(self, state: ControlState, now_ns: int) -> None:
        self._controls = state
        self._core.frozen = state.freeze
        if state.tempo_bpm != self._timeline.tempo_bpm:
            next_tick = self._timeline.tick_at(now_ns + self._lead_ns) + 1  # nothing due moves
            self._timeline = self._timeline.at_tempo(state.tempo_bpm, next_tick)
            self._set_margin()
            self._post_state(next_tick if self._core.playing else self._core.origin_tick)

    def _set_margin(self) -> None:
        self._core.margin_ticks = self._timeline.ticks_for(self._trips.margin_ns())

    def _post_state(self, tick: int) -> None:
        playing, tempo_bpm = self._core.playing, self._timeline.tempo_bpm
        self._post({"type": "state", "playing": playing, "tempo_bpm": tempo_bpm, "tick": tick})

    def _panic(self, now_ns: int) -> None:
        tick = self._tick_at(now_ns)
        self._do(self._core.silence(tick), now_ns)
        for output in self._outputs:
            self._quieten(output, tick)
        last_ns, self._last_panic_ns = self._last_panic_ns, now_ns
        if last_ns is not None and now_ns - last_ns <= SECOND_PANIC_NS and self._flood is None:
            self._flood, self._flood_ns = every_note(self._mapping.channel), now_ns

    def _quieten(self, output: Output, tick: int) -> None:
        for message in quiet_channel(self._mapping.channel):
            output.send(message, self._timeline.ns_of(tick))

    def _send_flood(self, now_ns: int) -> None:
        """Some of the note-offs of a second panic, but none for a note begun since."""
        self._flood_ns = now_ns + FLOOD_EVERY_NS
        sounding = {(channel, pitch) for _, channel, pitch in self._core.ledger.sounding}
        tick = self._tick_at(now_ns)
        for _ in range(FLOOD_MESSAGES):
            note = next(self._flood or iter(()), None)
            if note is None:
                self._flood = None
                return
            if note not in sounding:
                for port, output in enumerate(self._outputs):
                    off = note_message(NoteEvent(tick, port, *note, 0))
                    output.send(off, self._timeline.ns_of(tick))


def perform(player: Player, clock: Clock, inbox: Inbox) -> None:
    """The timing loop: runs until main says quit or is gone."""
    rearm_ns = clock.now_ns()
    while player.exit_status is None:
        next_ns = player.turn(clock.now_ns(), inbox.take())
        if clock.now_ns() >= rearm_ns:
            # A MIDI library that hangs keeps the interpreter's lock: only this can end us then.
            faulthandler.dump_traceback_later(WATCHDOG_S, exit=True)
            rearm_ns = clock.now_ns() + ALIVE_EVERY_NS
        clock.wait_until(next_ns)


def _play_until_told(setup: Setup, outputs: Sequence[Output], post: Post) -> int:
    clock = clock_for(outputs)
    inbox = Inbox(sys.stdin.buffer, clock.wake)
    player = Player(setup, outputs, post, clock.now_ns())
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
        outputs = open_outputs(setup.out, setup.midi_api)
    except (MidiError, BrokenStreamError, ValueError) as error:
        outbox.post({"type": "refused", "text": str(error)})
        outbox.close()
        return 2
    ports = ", ".join(output.name for output in outputs)
    recorder = all(output.api == "none" for output in outputs)
    outbox.post({"type": "opened", "port": ports, "api": outputs[0].api, "recorder": recorder})
    settle_down()
    ask_for_real_time()
    status = _play_until_told(setup, outputs, outbox.post)
    for output in outputs:
        output.close()
    if status == 0:
        outbox.post({"type": "bye"})
    outbox.close()
    return status


if __name__ == "__main__":
    # Not sys.exit: the interpreter's own end stumbles on stdin, which the reader thread holds.
    os._exit(main())
