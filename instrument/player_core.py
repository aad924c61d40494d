"""What the player does at a moment, with time and messages as arguments; no process, no thread."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count, product
from typing import TypeAlias

from engine.wire import Message
from instrument.clock_out import STOP, ClockSender, Pulse
from instrument.controls import ControlState
from instrument.course import LATE_NS, Course
from instrument.ensemble import Ensemble
from instrument.events import Bar, Changed, Done, Heard, Request, Wish
from instrument.leader import Follow
from instrument.ledger import NoteEvent
from instrument.midi_out import note_message, quiet_channel
from instrument.mirror import Rejoin
from instrument.outgoing import Outgoing
from instrument.panic import MS, Panic
from instrument.player_messages import Setup, event_message
from instrument.repertoire import Part, Repertoire
from instrument.round_trips import RoundTrips
from instrument.scheduler import Scheduler
from instrument.tempo import Timeline

Post: TypeAlias = Callable[..., None]  # takes messages, and tells them all or none

ALIVE_EVERY_NS = 100 * MS
OUTPUT_LOST = 3  # exit status: another player may find the output again
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
        perf_ns: Callable[[int], int] = lambda ns: ns,
    ) -> None:
        """Stand ready on bar 1, or play at once when ``setup`` says so.

        Of the outputs of ``outgoing`` the first ``ports`` (all) get the notes, and ``clock_ports``,
        by index, the clock. ``perf_ns(ns)`` is a moment of the player's clock by perf_counter_ns.
        """
        self.exit_status: int | None = None
        self._outgoing, self._post = outgoing, post
        self._ports = range(len(outgoing.outputs) if ports is None else ports)
        self._clock_ports, self._clock = tuple(clock_ports), ClockSender()
        self._songs = Repertoire(setup.part)
        self._bars = setup.bars
        self._perf_ns = perf_ns
        self._course = Course(setup.tempo_bpm, now_ns, outgoing.ahead_ns)
        self._voices = max(setup.voices, len(setup.part.voices))
        self._core = self._new_core()
        self._trips = RoundTrips()
        self._trips.voices = len(setup.part.voices)
        self._alive_ns = now_ns
        self._panic = Panic(outgoing, self._ports)
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
        if self._held_ns(now_ns) is None and (cued := self._core.cue()):
            self._do(cued, now_ns)
        self._panic.flood(now_ns, self._core.sounding)
        if now_ns >= self._alive_ns:
            self._post({"type": "alive", "line": self._line()})
            for text in self._outgoing.troubles():
                self._post({"type": "error", "text": text})
            if self._outgoing.lost:
                self.exit_status = OUTPUT_LOST
            self._alive_ns += ((now_ns - self._alive_ns) // ALIVE_EVERY_NS + 1) * ALIVE_EVERY_NS
        return self._next_ns(now_ns)

    def abandon(self, now_ns: int) -> None:
        """After a fault: close what sounds, and quieten our channels, on every port that works."""
        events = self._core.silence(self._tick_at(now_ns))
        for voice, event in events:
            self._post(event_message(event, self._course.tempo_bpm, voice))
        offs = [event for _, event in events if isinstance(event, NoteEvent)]
        for port in self._ports:
            mine = [note_message(off) for off in offs if off.port == port]
            quiet = [message for each in self._channels for message in quiet_channel(each)]
            for message in (*mine, *quiet):
                with suppress(Exception):
                    self._outgoing.outputs[port].send(message, now_ns)
        for port in self._clock_ports:
            with suppress(Exception):
                self._outgoing.outputs[port].send(STOP, now_ns)

    @property
    def _channels(self) -> tuple[int, ...]:
        return self._songs.present.channels

    def _new_core(self, rejoin: Rejoin | None = None) -> Ensemble:
        """As many voices as the set's songs have at most; those that this one lacks are silent."""
        song = self._songs.present
        start_tick, last_id = (0, 0) if rejoin is None else (rejoin.start_tick, rejoin.last_id)
        ids = count(last_id + 1)
        voices = []
        for number in range(1, self._voices + 1):
            part = song.voice(number) or song
            stood = None if rejoin is None else rejoin.voice(number)
            core = Scheduler(
                part.first if stood is None else stood.phrase,
                self._wishes_of(number),
                refresh=song.mapping.refresh,
                channel=part.mapping.channel,
                ports=len(self._ports),
                bars=self._bars,
                swing_for=self._songs.swing_at,
                voicing_for=partial(self._songs.voicing_at, voice=number),
                start_tick=start_tick,
                ids=ids,
            )
            core.swaps.frozen = song.controls.freeze
            core.misses = 0 if stood is None else stood.misses
            voices.append(core)
        return Ensemble(voices, len(song.voices))

    def _wishes_of(self, voice: int) -> Callable[[int], Wish | None]:
        return lambda tick: self._songs.wish_at(tick, tick - self._core.origin_tick, voice)

    def _tick_at(self, now_ns: int) -> int:
        """The tick of now; while stopped, that of the bar 1 to come."""
        return self._course.horizon(now_ns) if self._core.playing else self._core.origin_tick

    def _line(self) -> tuple[int, int, float]:
        """Where our ticks lie: a tick, its moment by perf_counter_ns, the tempo."""
        timeline = self._course.timeline
        return timeline.anchor_tick, self._perf_ns(timeline.anchor_ns), timeline.tempo_bpm

    def _held_ns(self, now_ns: int) -> int | None:
        """While a knob that moves has to wait for the last call before the swap: when that is."""
        if not self._core.playing:
            return None
        swap_ns = self._course.timeline.ns_of(self._core.swap_due_tick)
        return self._trips.held_until(now_ns, swap_ns - self._outgoing.ahead_ns)

    def _next_ns(self, now_ns: int) -> int:
        ticks = (self._core.next_due_tick, self._clock.next_due_tick)
        ahead_ns = self._outgoing.ahead_ns
        due = [self._course.timeline.ns_of(tick) - ahead_ns for tick in ticks if tick is not None]
        others = self._outgoing.next_ns, self._panic.next_ns, self._held_ns(now_ns)
        waits = (self._alive_ns, *others, *due)
        return min(ns for ns in waits if ns is not None)

    def _play_due(self, now_ns: int) -> None:
        course = self._course
        if self._core.playing:
            course.settle(now_ns)
            if (begins := self._songs.tempo_turns(course.horizon(now_ns))) is not None:
                self._turn_tempo(begins.controls.tempo_bpm, now_ns)
            self._play_to(course.horizon(now_ns), now_ns)
        else:  # the song stands, its clock does not
            horizon, sound_from = course.horizon(now_ns), course.sound_from(now_ns)
            self._do([], now_ns, self._pulses(horizon, sound_from, self._core.origin_tick))
        self._outgoing.send_due(now_ns)

    def _play_to(self, horizon: int, now_ns: int) -> None:
        sound_from = self._course.sound_from(now_ns)
        before = self._core.left_out
        origin_tick = self._core.origin_tick
        events = self._core.pop_due(horizon, sound_from)
        ended: list[Pulse] = [] if self._core.playing else self._last_pulses()
        self._do(events, now_ns, [*ended, *self._pulses(horizon, sound_from, origin_tick)])
        if (left_out := self._core.left_out - before) > 0:
            text = f"the machine stood still for over {LATE_NS // MS} ms; notes left out"
            self._post({"type": "error", "text": f"{text}: {left_out}"})

    def _last_pulses(self) -> list[Pulse]:
        """Those up to the end of the last bar, and Stop."""
        end_tick = self._core.origin_tick
        return [*self._clock.pop_due(end_tick - 1), *self._clock.end(end_tick)]

    def _pulses(self, horizon: int, sound_from: int, origin_tick: int) -> list[Pulse]:
        late = self._clock.skip_to(sound_from, origin_tick)
        return [*late, *self._clock.pop_due(horizon)]

    def _do(
        self,
        events: Sequence[Heard],
        now_ns: int,
        pulses: Sequence[Pulse] = (),
        *,
        at_once: bool = False,
    ) -> None:
        """Send the notes and pulses first, then tell of everything in order."""
        notes = [
            (event.tick, (event.port,), note_message(event))
            for _, event in events
            if isinstance(event, NoteEvent)
        ]
        clock = [(tick, self._clock_ports, message) for tick, message in pulses]
        for tick, ports, message in sorted([*clock, *notes], key=lambda sent: sent[0]):
            for port in ports:
                if at_once:
                    self._outgoing.hurry(port, message, now_ns)
                else:
                    self._outgoing.hand_over(port, message, self._course.timeline.ns_of(tick))
        self._outgoing.send_due(now_ns)
        told, before_bpm = list[Message](), None
        for voice, event in events:
            line = event_message(event, self._course.tempo_bpm, voice)
            if isinstance(event, Request):
                self._trips.asked(event.id, now_ns)
            elif isinstance(event, Bar):
                if voice > len(self._channels):  # it plays no part in this song
                    continue
                refresh = self._songs.present.mapping.refresh
                line |= {"cutoff_ms": self._cutoff_ms(), "refresh": refresh}
            elif isinstance(event, Changed) and voice == 1:
                before_bpm = self._songs.present.controls.tempo_bpm
                line |= self._begin_song()
            told.append(line)
            if isinstance(event, Done):
                told.append(self._state(event.tick))
        if told:
            self._post(*told)
        if before_bpm is not None and not self._core.playing:
            self._take_tempo(before_bpm, now_ns)

    def _obey(self, message: Message, now_ns: int) -> None:
        match message:
            case {"type": "controls"}:
                self._take_controls(ControlState.from_message(message), now_ns)
            case {"type": "song"}:
                self._take_song(Part.from_message(message), now_ns)
            case {"type": "follow"}:
                self._follow(Follow.from_message(message), now_ns)
            case {"type": "transport", "do": "play", "song_tick": song_tick}:
                self._play_from(song_tick, message, now_ns)
            case {"type": "transport", "do": "play"}:
                self._play(now_ns)
            case {"type": "make way"}:  # another player goes on: nothing ends but this one
                self._do(self._core.silence(self._tick_at(now_ns)), now_ns, at_once=True)
                self._panic.end()
                self._clock.silence()
                self._quitting = True
            case {"type": "rejoin"}:
                self._rejoin(Rejoin.from_message(message), now_ns)
            case {"type": "transport", "do": "stop"}:
                self._stop(now_ns)
            case {"type": "transport", "do": "panic"}:
                self._do(self._core.silence(self._tick_at(now_ns)), now_ns, at_once=True)
                self._panic.press(now_ns, self._channels)
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
        follow = self._course.led_by(now_ns)
        if follow is not None and follow.placed:
            song_line = Timeline(follow.tempo_bpm, follow.song_tick, follow.ns)
            self._begin(max(0, song_line.tick_at(start_ns) + 1), song_line)
        else:
            timeline = self._course.timeline
            tempo_bpm = timeline.tempo_bpm if follow is None else follow.tempo_bpm
            if (pulse_tick := self._clock.next_due_tick) is not None:  # as evenly as the clock goes
                start_ns = timeline.ns_of(pulse_tick)
            self._begin(0, Timeline(tempo_bpm, 0, start_ns))

    def _play_from(self, song_tick: int, message: Message, now_ns: int) -> None:
        """Play at ``song_tick``, which lies at ``ns`` if the message has one, or now."""
        if self._core.playing:
            self._stop(now_ns)
        start_ns = message.get("ns", now_ns + self._outgoing.ahead_ns)
        tempo_bpm = message.get("tempo_bpm", self._course.timeline.tempo_bpm)
        self._begin(song_tick, Timeline(tempo_bpm, song_tick, start_ns))

    def _rejoin(self, rejoin: Rejoin, now_ns: int) -> None:
        """Go on where another player was lost: silence first, then the next step of the song."""
        for port, channel, pitch in rejoin.close:
            if port in self._ports:
                off = note_message(NoteEvent(0, port, channel, pitch, 0))
                self._outgoing.hurry(port, off, now_ns)
        channels = sorted({*self._channels, *(channel for _, channel, _ in rejoin.close)})
        for port, channel in product(self._ports, channels):
            for message in quiet_channel(channel):
                self._outgoing.hurry(port, message, now_ns)
        self._outgoing.send_due(now_ns)
        self._core = self._new_core(rejoin)
        # The lost one may not have begun it, or not have told so.
        for voice, line in enumerate(self._core.voices, start=1):
            # Of another voice nothing may have been told yet.
            phrase = None if voice == 1 else line.phrase
            changed = Changed(rejoin.start_tick, line.channel, phrase)
            words = self._songs.words() if voice == 1 else {}
            self._post(event_message(changed, self._course.tempo_bpm, voice) | words)
        if (song := rejoin.song) is not None:
            start_ns = now_ns + self._outgoing.ahead_ns + START_AHEAD_NS * bool(self._clock_ports)
            song_line = Timeline(song.tempo_bpm, song.song_tick, song.ns)
            song_tick = max(0, song_line.tick_at(start_ns) + 1)
            self._begin(song_tick, song_line, song.end_song_tick)
        else:
            self._post_state(rejoin.start_tick)

    def _begin(self, song_tick: int, song_line: Timeline, end_song_tick: int | None = None) -> None:
        """Begin at ``song_tick`` of a song whose ticks lie on ``song_line``."""
        origin_tick = self._core.play(song_tick, end_song_tick)
        first_tick = self._core.step_tick
        anchor_tick = song_line.anchor_tick + origin_tick
        self._course.begin(Timeline(song_line.tempo_bpm, anchor_tick, song_line.anchor_ns))
        self._set_margin()
        if self._clock_ports:
            for tick, message in self._clock.begin(first_tick, first_tick - origin_tick):
                due_ns = self._course.timeline.ns_of(tick) - START_AHEAD_NS
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
        """Play where the leader is; at another place in the song, after closing what sounds."""
        origin_tick = self._core.origin_tick
        line = self._course.follow(follow, now_ns, origin_tick if self._core.playing else None)
        if line is not None:
            there = line.tick_at(now_ns + self._outgoing.ahead_ns) + 1
            self._stop(now_ns)
            song_line = Timeline(line.tempo_bpm, line.anchor_tick - origin_tick, line.anchor_ns)
            self._begin(max(0, there - origin_tick), song_line)
        self._set_margin()
        tick = self._tick_at(now_ns)
        if self._course.news(follow, tick):
            self._post_state(tick + 1 if self._core.playing else tick)

    def _take_phrase(self, message: Message, now_ns: int) -> None:
        self._trips.answered(message["id"], now_ns)
        self._set_margin()
        try:
            self._core.answer(message["id"], tuple(message["tokens"]), tuple(message["steps"]))
        except ValueError as error:
            self._post({"type": "error", "text": f"the engine's answer is unusable: {error}"})

    def _take_controls(self, state: ControlState, now_ns: int) -> None:
        before_bpm = self._songs.present.controls.tempo_bpm
        if self._songs.turn(state):
            self._core.freeze(state.freeze)
            self._take_tempo(before_bpm, now_ns)

    def _take_tempo(self, before_bpm: float, now_ns: int) -> None:
        tempo_bpm = self._songs.present.controls.tempo_bpm
        is_new = tempo_bpm != before_bpm
        next_tick = self._course.set_tempo(tempo_bpm, now_ns) if is_new else None
        if next_tick is not None:
            self._set_margin()
            self._post_state(next_tick if self._core.playing else self._core.origin_tick)

    def _take_song(self, part: Part, now_ns: int) -> None:
        """Begin it at a bar line, or at once while the song stands."""
        if not self._songs.is_news(part):  # what has become of its controls meanwhile
            self._take_controls(part.controls, now_ns)
            return
        firsts = [its.first for its in part.voices]
        if len(firsts) > self._trips.voices:
            self._trips.voices = len(firsts)
            self._set_margin()
        tick, events = self._core.change(part.channels, part.mapping.refresh, firsts)
        self._songs.announce(part, tick)
        self._do(events, now_ns)

    def _begin_song(self) -> Message:
        """The song that was announced plays; what is told of it."""
        self._songs.begin()
        self._core.freeze(self._songs.present.controls.freeze)
        self._trips.voices = len(self._channels)
        self._set_margin()
        return self._songs.words()

    def _turn_tempo(self, tempo_bpm: float, now_ns: int) -> None:
        """What is before the coming song's bar line is of the old tempo, the rest of its own."""
        tick = self._songs.bar_line
        self._play_to(tick - 1, now_ns)
        if self._course.led_by(now_ns) is None:
            self._course.turn(tempo_bpm, tick)
            self._set_margin()
            self._post_state(tick)

    def _set_margin(self) -> None:
        self._core.ask_before(self._course.timeline.ticks_for(self._trips.margin_ns()))

    def _cutoff_ms(self) -> float:
        """How long before a bar line, or with refresh = step a sixteenth, a knob still counts."""
        return round((self._trips.slowest_ns() + self._outgoing.ahead_ns) / MS, 1)

    def _post_state(self, tick: int) -> None:
        self._post(self._state(tick))

    def _state(self, tick: int) -> Message:
        self._course.told(tick)
        state = {"playing": self._core.playing, "tempo_bpm": self._course.tempo_bpm, "tick": tick}
        return {"type": "state", **state, "line": self._line()}
