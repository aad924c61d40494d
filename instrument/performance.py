"""Wiring and supervision: the main process of ``glisser play``. It knows all the other rooms.

    knob -> controls -> player (latent, scheduler, port) <-> engine

It carries the player's requests to the engine and the answers back, sends the control state on,
tells the display and whoever subscribed, starts a new engine when one dies, and ends everything
silent. It never touches the output port and never imports torch.
"""

import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event, Thread
from types import FrameType

from engine.wire import Message
from instrument.actions import Action, Capture, ChangeSong, Transport, set_freeze, set_tempo
from instrument.controls import Controls, ControlState
from instrument.desk import Desk
from instrument.display import Display, keys
from instrument.doors import Doors
from instrument.engine_link import EngineLink, Held
from instrument.events import Decoded
from instrument.fault import Fault
from instrument.feedback import Feedback
from instrument.input_link import InputLink, Listening
from instrument.midi_api import MidiError, available_api
from instrument.midi_in import MidiInput, Standing
from instrument.mirror import Mirror
from instrument.opening import PlayOptions, what_is_open
from instrument.patchbay import Presence, roles_of
from instrument.player_link import PlayerLink
from instrument.player_messages import Setup
from instrument.programme import Programme
from instrument.recording import Recording
from instrument.session import (
    Keeper,
    Place,
    Progress,
    Session,
    first_phrase,
    session_file,
    start_of,
)
from instrument.showing import Showing
from instrument.songs import Repository, songs_of
from instrument.take import opening
from instrument.timekeeper import Timekeeper
from instrument.urgent import be_brisk

CONTROL_INTERVAL_S = 0.001  # at most one control message a millisecond


class Performance:
    """One ``glisser play`` from first check to last note-off."""

    def __init__(
        self, asked: PlayOptions, display: Display, resumed: Session | None = None
    ) -> None:
        """Check everything that can be checked before anything is opened.

        ``resumed``: go on where that one stood, with the options ``asked``. Raises the one-sentence
        errors of the rooms below (``CheckpointError``, ``PatchError``, ``SetError``, ``MidiError``,
        ``OscPortError``, ``PlayerError``, ``TakeError``).
        """
        self._asked, self._display = asked.from_anywhere(), display
        self._fault = Fault(display)
        self._recording = Recording(asked.take, display.say, self._fault)
        found = songs_of(asked)
        self._controls = Controls()
        self._programme = self._programme_of(found, resumed)
        song = self._programme.song
        display.show_knobs(song.true_knobs)
        # The rig is one for the whole set: its ports, and who beats time.
        options = self._options = asked.with_aliases(found.songs[0].ports)
        self._resumed = None if resumed is None else resumed.place
        self._first = first_phrase(song, self._resumed)
        self._opening = self._programme.part(self._first)  # what the take begins with
        self._doors = self._doors_of(self._programme)
        self._fault.others = self._doors.on_error
        self._engine = self._engine_of(found)
        told = self._encode, self._tell, self._fault
        self._desk = Desk(self._controls, self._programme, found.snapshots, *told)
        self._player = PlayerLink(self._setup, self._mirror(), self._engine.request, self._fault)
        self._cutoff_ms = 0.0  # how long before a bar line a knob still counts
        self._stopping = Event()
        self._playing = True  # what the space bar ends
        self._progress = Progress(self._resumed or Place(), song.checkpoint)
        self._keeper: Keeper | None = None
        self._time = Timekeeper(
            options.clock,
            found.songs[0].mapping.receive,
            self._controls.state().tempo_bpm,
            self._send_player,
            display.say,
        )
        self._presence = Presence(options.played_to)
        self._showing = self._showing_of(self._programme)
        self._midi = self._midi_input()
        self._inputs = self._listener(options)

    def _mirror(self) -> Mirror:
        part, ports = self._opening, max(1, len(self._options.out))
        others = [(its.first, its.mapping.channel) for its in part.voices[1:]]
        return Mirror(part.first, ports, part.mapping.channel, self._options.bars, others)

    def _programme_of(self, found: Repository, resumed: Session | None) -> Programme:
        at_name = "" if resumed is None else resumed.song
        programme = Programme(found.songs, at_name, self._controls, self._send_player, self._tell)
        start = start_of(programme.song, self._asked, resumed)
        self._controls.change(lambda _: start)
        return programme

    def _doors_of(self, programme: Programme) -> Doors:
        feedback = Feedback(
            programme.mapping,
            self._first.steps,
            self._stats,
            (programme.song.number, programme.song.name),
            lambda: self._desk.snapshots(),
        )
        return Doors(self._options, programme, self._controls, feedback, self._fault)

    def _showing_of(self, programme: Programme) -> Showing:
        return Showing(
            programme.mapping, self._standing, lambda port, told: self._inputs.show(port, told)
        )

    def _midi_input(self) -> MidiInput:
        ears = [ear for ear in (self._time.hear, self._desk.hear_midi) if ear is not None]
        mapping = self._programme.mapping
        by_hand = self._showing.by_hand
        return MidiInput(mapping, self._act, self._fault, self._standing, ears, by_hand)

    def run(self) -> int:
        """Perform until told to stop or until the bars are over; the exit status.

        Runs in the main thread, because it handles SIGINT, SIGTERM and SIGHUP.
        """
        self._handle_signals()
        status = 1
        with ExitStack() as stack:
            stack.callback(self._display.close)
            stack.callback(self._doors.close)
            self._doors.open_osc(self._act)
            self._player.start()
            stack.callback(self._engine.close)
            stack.callback(self._player.close)
            stack.callback(self._time.close)
            self._time.start()
            self._engine.start()
            # The output opened first, so that on JACK it is the one named Glisser:out.
            if available_api(self._options.midi_api) is not None:
                stack.callback(self._inputs.close)
                self._inputs.start()
            elif self._options.inputs:
                raise MidiError(f"--in {self._options.inputs[0]}: there is no MIDI to listen to.")
            self._say_what_is_open()
            for line in self._doors.open_others(self._what_is_open):
                self._display.say(line)
            self._recording.begin(self._played_with)
            self._doors.listen()
            self._keeper = Keeper(session_file(), self._fault)
            stack.callback(self._keeper.close)  # before the end, which is not to be resumed
            Thread(target=self._send_controls, name="controls", daemon=True).start()
            self._display.start()
            be_brisk()  # a knob's way to the player leads through threads of this process
            self._begin()
            with keys(self._on_key):
                status = self._supervise()
        self._drain_player()
        return status if self._recording.finish() else 1

    def _engine_of(self, found: Repository) -> EngineLink:
        return EngineLink(
            {
                source.checkpoint: Held(source.folder, source.card.spelled())
                for song in found.songs
                for source in song.sources
            },
            answered=self._send_player,
            ready=self._engine_ready,
            fault=self._fault,
            encoded=lambda answer: self._desk.encoded(answer),
        )

    def _listener(self, options: PlayOptions) -> InputLink:
        shows = any(song.mapping.shows.on for song in self._programme.songs)
        cables = roles_of(
            options.played_to,
            virtual=not options.out,
            listening=bool(options.inputs),
            showing=shows,
        )
        return InputLink(
            Listening(options.midi_api, options.inputs, options.clock == "midi", cables, shows),
            self._midi.take,
            self._outputs_changed,
            self._fault,
            self._showing.opened,
        )

    def _begin(self) -> None:
        """Play, or stand where the performance stood that is resumed, or wait for a Start."""
        place = self._resumed
        self._playing = not self._time.starts_us and (place is None or place.song_tick is not None)
        if place is not None:
            self._act([Transport("panic")])  # what was lost may have left notes
        if self._playing and place is not None and not self._time.is_another:
            song_tick = place.song_tick
            self._send_player({"type": "transport", "do": "play", "song_tick": song_tick})
        elif self._playing:
            self._act([Transport("play")])
        self._controls.changed.set()  # kept from the beginning

    def _setup(self) -> Setup:
        """What a player is told first, now; a later one opens what the first one did."""
        part, opened = self._programme.part(self._first), self._player.opened
        return Setup(
            out=self._options.out,
            midi_api=opened.get("api", self._options.midi_api),
            tempo_bpm=part.controls.tempo_bpm,
            bars=self._options.bars,
            checkpoint=part.checkpoint,
            first=part.first,
            mapping=part.mapping,
            controls=part.controls,
            song=part.song,
            name=part.name,
            others=part.others,
            voices=self._programme.voices,
            playing=False,  # not before every door is open
            clock_out=self._options.clock_out,
            checked=opened.get("exact", False),
        )

    def _what_is_open(self) -> list[str]:
        opened, ports = self._player.opened, self._inputs.ports
        return list(what_is_open(self._options, opened, ports, self._doors.osc_port))

    def _say_what_is_open(self) -> None:
        for line in (*self._what_is_open(), *self._programme.remarks()):
            self._display.say(line)
        self._display.say("the engine is loading; until it is ready the first phrase repeats")

    def _supervise(self) -> int:
        """The main thread's loop: what the player tells, until the end."""
        while not self._stopping.is_set():
            if (words := self._time.words(time.perf_counter_ns())) is not None:
                self._display.on_clock(words)
            self._desk.look(time.perf_counter_ns())
            self._showing.look(time.perf_counter_ns())
            self._inputs.watch()
            self._engine.watch()
            message = self._player.get(timeout_s=0.1)
            if message is not None and message["type"] == "done":
                return 0
            if message is not None:
                self._note(message)
        return 0

    def _outputs_changed(self, names: Sequence[str]) -> None:
        """Reader thread of the listener: there are other ports to play to."""
        gone, back = self._presence.changes(names)
        for part in gone:
            self._fault(f"MIDI out: {part} is gone; the music goes on")
        for part in back:
            self._fault(f"MIDI out: {part} is back")
        if back and self._player.opened.get("api") == "jack":
            # Our ports stayed, and the listener has plugged the cable in again. What sounded when
            # it was pulled was never closed there.
            self._act([Transport("panic")])
        elif back:
            self._player.replace()

    def _note(self, message: Message) -> None:
        self._recording.add(message)
        self._desk.hear_player(message)
        self._display.on_player(message)
        if self._progress.hear(message):
            self._keep()
        if message["type"] == "state":
            self._playing = message["playing"]
            if self._time.is_another:  # so that whoever asks for the tempo gets the clock's
                self._controls.apply([set_tempo(message["tempo_bpm"])])
        elif message["type"] == "song" and "voice" not in message:
            song = self._programme.songs[message["song"] - 1]
            self._display.on_song(self._programme.words(song), song.true_knobs)
        elif message["type"] == "bar" and "voice" not in message:
            self._cutoff_ms = message["cutoff_ms"]
        elif message["type"] == "error":
            self._display.fault(message["text"])
        elif message["type"] == "rejoined":
            self._display.say(f"the player goes on after {message['seconds']:.1f} s")
        self._doors.on_player(message)

    def _drain_player(self) -> None:
        """What the player still had to say when it was ended: its last note-offs."""
        while (message := self._player.get(timeout_s=0.0)) is not None:
            self._note(message)

    def _played_with(self) -> Message:
        return opening(
            checkpoint=self._opening.checkpoint,
            decoders=self._programme.decoders(),
            firsts=self._firsts(),
            mapping=self._opening.mapping.to_message(),
            tempo_bpm=self._opening.controls.tempo_bpm,
            played_with={key: self._player.opened[key] for key in ("port", "api")},
        )

    def _firsts(self) -> list[Decoded]:
        """What each voice begins with, those too that only a later song has."""
        firsts = [part.first for part in self._opening.voices]
        return firsts + [self._opening.first] * (self._programme.voices - len(firsts))

    def _engine_ready(self, ready: Message, took_s: float) -> None:
        """Reader thread of the engine."""
        self._player.put({**ready, "type": "engine"})
        self._display.say(f"engine ready after {took_s:.1f} s: the knobs are heard")

    def _encode(self, message: Message) -> None:
        sources = self._programme.song.sources
        source = sources[min(message["voice"], len(sources)) - 1]
        self._engine.encode({**message, "checkpoint": source.checkpoint})

    def _act(self, actions: Sequence[Action]) -> None:
        """Apply controls as one change and pass transport on in order. Any thread."""
        self._desk.act(actions, time.perf_counter_ns())
        transports = [action for action in actions if isinstance(action, Transport)]
        if transports and len(transports) < len(actions):
            # A bundle that sets a tempo and plays must not begin at the old tempo.
            self._send_state()
        self._time.pass_on(actions)
        self._doors.on_done(actions)

    def _standing(self) -> Standing:
        """How things stand, for a control that goes on from there."""
        return self._desk.standing(self._playing)

    def _tell(self, text: str) -> None:
        """A line for the performer, on the terminal and over OSC. Any thread."""
        self._display.say(text)
        self._doors.on_said(text)

    def _on_key(self, key: str) -> None:
        match key:
            case " ":
                self._act([Transport("stop" if self._playing else "play")])
            case "p":
                self._act([Transport("panic")])
            case "f":
                self._act([set_freeze(not self._controls.state().freeze)])
            case "c":
                self._act([Capture(not self._desk.capturing)])
            case "n":
                self._act([ChangeSong("next")])
            case "b":
                self._act([ChangeSong("previous")])
            case "q":
                self._stopping.set()

    def _send_controls(self) -> None:
        """Thread: the whole control state, newest wins, at most once a millisecond."""
        while not self._stopping.is_set():
            self._controls.changed.wait()
            self._controls.changed.clear()
            state = self._send_state()
            self._keep()
            self._display.on_freeze(state.freeze)
            self._doors.on_controls(state)
            self._showing.look(time.perf_counter_ns())
            time.sleep(CONTROL_INTERVAL_S)

    def _send_state(self) -> ControlState:
        state = self._controls.state()
        self._send_player({"type": "controls", **state.to_message()})
        return state

    def _send_player(self, message: Message) -> None:
        self._player.send(message)

    def _keep(self) -> None:
        """So that ``--resume`` comes back to this."""
        if self._keeper is not None:
            song, place = self._programme.song.name, self._progress.place
            self._keeper.keep(Session(self._asked, self._controls.state(), place, song))

    def _stats(self) -> dict[str, float]:
        stats: dict[str, float] = {
            "osc_refused": self._doors.refused,
            "engine_starts": self._engine.starts,
            "player_starts": self._player.starts,
            "cutoff_ms": self._cutoff_ms,
        }
        return stats | self._time.stats(time.perf_counter_ns())

    def _handle_signals(self) -> None:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping.set()

        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if (number := getattr(signal, name, None)) is not None:
                signal.signal(number, stop)
