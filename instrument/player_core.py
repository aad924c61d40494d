"""What the player does at a moment, with time and messages as arguments; no process, no thread."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from engine.wire import Message
from instrument.clock_out import STOP, ClockSender, Pulse
from instrument.controls import ControlState
from instrument.events import Bar, Done, Event, Request
from instrument.latent import z_at
from instrument.leader import SLEW_NS, SLEW_TICKS, Follow, Leader
from instrument.ledger import NoteEvent
from instrument.midi_out import note_message, quiet_channel
from instrument.outgoing import Outgoing
from instrument.panic import MS, Panic
from instrument.player_messages import Setup, event_message
from instrument.round_trips import RoundTrips
from instrument.scheduler import Scheduler
from instrument.tempo import TICKS_PER_STEP, Timeline

Post: TypeAlias = Callable[[Message], None]

LATE_NS = 50 * MS  # what is later than this is a suspended machine: its note-ons are dropped
ALIVE_EVERY_NS = 100 * MS
# A receiver shall have this long to get ready between Start and the first pulse (MIDI 1.0).
START_AHEAD_NS = 1 * MS


class Player:
    """What the player does at a moment. One thread; time comes in, messages go out by ``post``."""

    def __init__(
        self,
        setup: Setup,
        outgoing: Outgoing,
        post: Post,
        now_ns: int,
        clock_ports: Sequence[int] = (),
        ports: int | None = None,
    ) -> None:
        """Stand ready on bar 1, or play at once when ``setup`` says so.

        Of the outputs of ``outgoing`` the first ``ports`` (all) get the notes, and ``clock_ports``,
        by index, the clock.
        """
        self.exit_status: int | None = None
        self._outgoing, self._post = outgoing, post
        self._ports = range(len(outgoing.outputs) if ports is None else ports)
        self._clock_ports, self._clock = tuple(clock_ports), ClockSender()
        self._mapping, self._controls = setup.mapping, setup.controls
        self._base = setup.first.z
        self._timeline = Timeline(setup.tempo_bpm, 0, now_ns)
        self._tempo_bpm = setup.tempo_bpm  # what is told; the timeline may lean for a moment
        self._settled: tuple[int, Timeline] | None = None
        self._leader = Leader()
        self._core = Scheduler(
            setup.first,
            self._z_for,
            refresh=setup.mapping.refresh,
            channel=setup.mapping.channel,
            velocity=setup.mapping.velocity,
            ports=len(self._ports),
            bars=setup.bars,
            swing_for=self._swing_for,
        )
        self._core.frozen = setup.controls.freeze
        self._trips = RoundTrips()
        self._alive_ns = now_ns
        self._panic = Panic(outgoing, self._ports, setup.mapping.channel)
        self._quitting = False
        self._set_margin()
        if setup.playing:
            self._play(now_ns)
        elif self._clock_ports:
            self._clock.run(0)

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
        self._play_due(now_ns)  # a play begins at once
        if self._quitting:
            if self._outgoing.next_ns is None:
                self.exit_status = 0
            return self._outgoing.next_ns or now_ns
        if (cued := self._core.cue()) is not None:
            self._do([cued], now_ns)
        self._panic.flood(now_ns, self._core.ledger.sounding)
        if now_ns >= self._alive_ns:
            self._post({"type": "alive"})
            for text in self._outgoing.troubles():
                self._post({"type": "error", "text": text})
            self._alive_ns += ((now_ns - self._alive_ns) // ALIVE_EVERY_NS + 1) * ALIVE_EVERY_NS
        return self._next_ns()

    def abandon(self, now_ns: int) -> None:
        """After a fault: close what sounds, and quieten the channel, on every port that works."""
        offs = self._core.silence(self._tick_at(now_ns))
        for off in offs:
            self._post(event_message(off, self._tempo_bpm))
        for port in self._ports:
            mine = [note_message(off) for off in offs if off.port == port]
            for message in (*mine, *quiet_channel(self._mapping.channel)):
                with suppress(Exception):
                    self._outgoing.outputs[port].send(message, now_ns)
        for port in self._clock_ports:
            with suppress(Exception):
                self._outgoing.outputs[port].send(STOP, now_ns)

    def _z_for(self, _tick: int) -> tuple[float, ...]:
        return z_at(self._controls, self._mapping, self._base)

    def _swing_for(self, _tick: int) -> float:
        return self._controls.swing

    def _horizon(self, now_ns: int) -> int:
        """The last tick that is handed over by now: what is before it cannot be recalled."""
        return self._timeline.tick_at(now_ns + self._outgoing.ahead_ns)

    def _tick_at(self, now_ns: int) -> int:
        """The tick of now; while stopped, that of the bar 1 to come."""
        return self._horizon(now_ns) if self._core.playing else self._core.origin_tick

    def _next_ns(self) -> int:
        ticks = (self._core.next_due_tick, self._clock.next_due_tick)
        ahead_ns = self._outgoing.ahead_ns
        due = [self._timeline.ns_of(tick) - ahead_ns for tick in ticks if tick is not None]
        waits = (self._alive_ns, self._outgoing.next_ns, self._panic.next_ns, *due)
        return min(ns for ns in waits if ns is not None)

    def _play_due(self, now_ns: int) -> None:
        if self._core.playing:
            if self._settled is not None and self._horizon(now_ns) >= self._settled[0]:
                self._timeline, self._settled = self._settled[1], None
            sound_from = self._sound_from(now_ns)
            before = self._core.left_out
            horizon = self._horizon(now_ns)
            origin_tick = self._core.origin_tick
            events = self._core.pop_due(horizon, sound_from)
            ended: list[Pulse] = [] if self._core.playing else self._last_pulses()
            self._do(events, now_ns, [*ended, *self._pulses(horizon, sound_from, origin_tick)])
            if (left_out := self._core.left_out - before) > 0:
                text = f"the machine stood still for over {LATE_NS // MS} ms; notes left out"
                self._post({"type": "error", "text": f"{text}: {left_out}"})
        else:  # the song stands, its clock does not
            horizon, sound_from = self._horizon(now_ns), self._sound_from(now_ns)
            self._do([], now_ns, self._pulses(horizon, sound_from, self._core.origin_tick))
        self._outgoing.send_due(now_ns)

    def _sound_from(self, now_ns: int) -> int:
        return self._timeline.tick_at(now_ns - LATE_NS - 1) + 1

    def _last_pulses(self) -> list[Pulse]:
        """Those up to the end of the last bar, and Stop."""
        end_tick = self._core.origin_tick
        return [*self._clock.pop_due(end_tick - 1), *self._clock.end(end_tick)]

    def _pulses(self, horizon: int, sound_from: int, origin_tick: int) -> list[Pulse]:
        late = self._clock.skip_to(sound_from, origin_tick)
        return [*late, *self._clock.pop_due(horizon)]

    def _do(
        self,
        events: Sequence[Event],
        now_ns: int,
        pulses: Sequence[Pulse] = (),
        *,
        at_once: bool = False,
    ) -> None:
        """Send the notes and pulses first, then tell of everything in order."""
        notes = [
            (event.tick, (event.port,), note_message(event))
            for event in events
            if isinstance(event, NoteEvent)
        ]
        clock = [(tick, self._clock_ports, message) for tick, message in pulses]
        for tick, ports, message in sorted([*clock, *notes], key=lambda sent: sent[0]):
            for port in ports:
                if at_once:
                    self._outgoing.hurry(port, message, now_ns)
                else:
                    self._outgoing.hand_over(port, message, self._timeline.ns_of(tick))
        self._outgoing.send_due(now_ns)
        for event in events:
            if isinstance(event, Request):
                self._trips.asked(event.id, now_ns)
            told = event_message(event, self._tempo_bpm)
            if isinstance(event, Bar):
                told |= {"cutoff_ms": self._cutoff_ms(), "refresh": self._mapping.refresh}
            self._post(told)
            if isinstance(event, Done):
                self._post_state(event.tick)

    def _obey(self, message: Message, now_ns: int) -> None:
        match message:
            case {"type": "controls"}:
                self._take_controls(ControlState.from_message(message), now_ns)
            case {"type": "follow"}:
                self._follow(Follow.from_message(message), now_ns)
            case {"type": "transport", "do": "play", "song_tick": song_tick}:
                self._play_from(song_tick, message, now_ns)
            case {"type": "transport", "do": "play"}:
                self._play(now_ns)
            case {"type": "transport", "do": "stop"}:
                self._stop(now_ns)
            case {"type": "transport", "do": "panic"}:
                self._do(self._core.silence(self._tick_at(now_ns)), now_ns, at_once=True)
                self._panic.press(now_ns)
            case {"type": "quit"} | {"type": "end"}:  # the end of stdin: main is gone
                self._halt(now_ns)
                self._panic.end()
                self._clock.silence()
                self._quitting = True
            case {"type": "phrase"}:
                pass
            case _:
                self._post({"type": "error", "text": f"the player does not know {message!r:.80}"})

    def _play(self, now_ns: int) -> None:
        """Begin, unless it plays: where a leader stands in the song, or else at bar 1 at once."""
        if self._core.playing:
            return
        start_ns = now_ns + self._outgoing.ahead_ns + START_AHEAD_NS * bool(self._clock_ports)
        follow = self._leader.heard(now_ns)
        if follow is not None and follow.placed:
            song_line = Timeline(follow.tempo_bpm, follow.song_tick, follow.ns)
            self._begin(max(0, song_line.tick_at(start_ns) + 1), song_line)
        else:
            tempo_bpm = self._timeline.tempo_bpm if follow is None else follow.tempo_bpm
            if (pulse_tick := self._clock.next_due_tick) is not None:  # as evenly as the clock goes
                start_ns = self._timeline.ns_of(pulse_tick)
            self._begin(0, Timeline(tempo_bpm, 0, start_ns))

    def _play_from(self, song_tick: int, message: Message, now_ns: int) -> None:
        """Play at ``song_tick``, which lies at ``ns`` if the message has one, or now."""
        if self._core.playing:
            self._stop(now_ns)
        start_ns = message.get("ns", now_ns + self._outgoing.ahead_ns)
        tempo_bpm = message.get("tempo_bpm", self._timeline.tempo_bpm)
        self._begin(song_tick, Timeline(tempo_bpm, song_tick, start_ns))

    def _begin(self, song_tick: int, song_line: Timeline) -> None:
        """Begin at ``song_tick`` of a song whose ticks lie on ``song_line``."""
        origin_tick = self._core.play(song_tick)
        tempo_bpm, first_tick = song_line.tempo_bpm, self._core.step_tick
        anchor_tick = song_line.anchor_tick + origin_tick
        self._timeline, self._settled = Timeline(tempo_bpm, anchor_tick, song_line.anchor_ns), None
        self._tempo_bpm = tempo_bpm
        self._set_margin()
        self._leader.begin()
        if self._clock_ports:
            for tick, message in self._clock.begin(first_tick, first_tick - origin_tick):
                due_ns = self._timeline.ns_of(tick) - START_AHEAD_NS
                for port in self._clock_ports:
                    self._outgoing.hand_over(port, message, due_ns)
        self._post_state(first_tick)

    def _halt(self, now_ns: int) -> None:
        """Close what sounds and go back to bar 1, after what cannot be recalled."""
        tick = self._tick_at(now_ns)
        pulses = self._clock.end(tick)
        self._do(self._core.stop(tick), now_ns, pulses, at_once=True)

    def _stop(self, now_ns: int) -> None:
        tick = self._tick_at(now_ns)
        self._halt(now_ns)
        self._post_state(tick)

    def _follow(self, follow: Follow, now_ns: int) -> None:
        """Play where the leader is: a little late or early is leant away, more is one step."""
        self._leader.hear(follow, now_ns)
        self._tempo_bpm = round(follow.tempo_bpm, 2)
        if not self._core.playing:
            self._timeline = self._timeline.at_tempo(follow.tempo_bpm, self._horizon(now_ns) + 1)
        else:
            self._go_along(
                self._leader.line(follow, self._timeline, self._core.origin_tick), now_ns
            )
        self._set_margin()
        tick = self._tick_at(now_ns)
        if self._leader.news(follow, tick):
            self._post_state(tick + 1 if self._core.playing else tick)

    def _go_along(self, wanted: Timeline, now_ns: int) -> None:
        next_tick = self._horizon(now_ns) + 1  # nothing that is handed over moves
        error_ns = wanted.ns_of(next_tick) - self._timeline.ns_of(next_tick)
        there = wanted.tick_at(now_ns + self._outgoing.ahead_ns) + 1
        if abs(error_ns) < SLEW_NS:
            self._timeline = self._timeline.towards(wanted, next_tick, SLEW_TICKS)
            self._settled = next_tick + SLEW_TICKS, wanted
        elif abs(there - next_tick) < TICKS_PER_STEP:  # the next step comes sooner or later
            self._timeline, self._settled = wanted, None
        else:  # another place in the song
            origin_tick = self._core.origin_tick
            self._stop(now_ns)
            anchor_tick = wanted.anchor_tick - origin_tick
            song_line = Timeline(wanted.tempo_bpm, anchor_tick, wanted.anchor_ns)
            self._begin(max(0, there - origin_tick), song_line)

    def _take_phrase(self, message: Message, now_ns: int) -> None:
        self._trips.answered(message["id"], now_ns)
        self._set_margin()
        try:
            self._core.answer(message["id"], tuple(message["tokens"]), tuple(message["steps"]))
        except ValueError as error:
            self._post({"type": "error", "text": f"the engine's answer is unusable: {error}"})

    def _take_controls(self, state: ControlState, now_ns: int) -> None:
        tempo_is_new = state.tempo_bpm != self._controls.tempo_bpm
        self._controls = state
        self._core.frozen = state.freeze
        if tempo_is_new and self._leader.heard(now_ns) is None:
            next_tick = self._horizon(now_ns) + 1  # nothing that is handed over moves
            self._timeline = self._timeline.at_tempo(state.tempo_bpm, next_tick)
            self._tempo_bpm, self._settled = state.tempo_bpm, None
            self._set_margin()
            self._post_state(next_tick if self._core.playing else self._core.origin_tick)

    def _set_margin(self) -> None:
        self._core.margin_ticks = self._timeline.ticks_for(self._trips.margin_ns())

    def _cutoff_ms(self) -> float:
        """How long before a bar line, or with refresh = step a sixteenth, a knob still counts."""
        return round((self._trips.slowest_ns() + self._outgoing.ahead_ns) / MS, 1)

    def _post_state(self, tick: int) -> None:
        playing, tempo_bpm = self._core.playing, self._tempo_bpm
        self._leader.told(tempo_bpm, tick)
        self._post({"type": "state", "playing": playing, "tempo_bpm": tempo_bpm, "tick": tick})
