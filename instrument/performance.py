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

from engine.card import DECODER_FILE, check_checkpoint, find_checkpoint
from engine.wire import Message
from instrument.actions import Action, SetFreeze, SetTempo, Transport
from instrument.controls import Controls, ControlState
from instrument.display import Display, keys
from instrument.engine_link import EngineLink
from instrument.events import Decoded
from instrument.feedback import Feedback
from instrument.following import Following
from instrument.link_session import LinkFollowing, LinkSession
from instrument.mapping import Mapping
from instrument.midi_api import available_api
from instrument.midi_in import MidiInput
from instrument.mirror import Mirror
from instrument.opening import PlayOptions, what_is_open
from instrument.osc_in import OscInput
from instrument.patch import load_patch
from instrument.player_link import PlayerLink
from instrument.player_messages import Setup
from instrument.take import Take, TakeError, check_writable, opening
from instrument.true_knobs import curves_of, true_knobs, without_calibration

CONTROL_INTERVAL_S = 0.001  # at most one control message a millisecond


class Fault:
    """Where a line about something wrong goes: the terminal and every subscriber."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self.feedback: Feedback | None = None
        self.osc: OscInput | None = None

    def __call__(self, line: str) -> None:
        self._display.fault(line)
        if self.feedback is not None and self.osc is not None:
            self.osc.send(self.feedback.on_error(line, time.monotonic()))


class Performance:
    """One ``glisser play`` from first check to last note-off."""

    def __init__(self, options: PlayOptions, display: Display) -> None:
        """Check everything that can be checked before anything is opened.

        Raises the one-sentence errors of the rooms below (``CheckpointError``, ``PatchError``,
        ``MidiError``, ``OscPortError``, ``PlayerError``, ``TakeError``).
        """
        self._options, self._display = options, display
        if options.take is not None:
            check_writable(options.take)
        folder = find_checkpoint(options.checkpoint)
        self._card = check_checkpoint(folder)
        patch = load_patch(options.patch, self._card.model.latent_dimensions)
        self._mapping: Mapping = patch.calibrated_by(curves_of(self._card))
        display.show_knobs(true_knobs(self._card, self._mapping))
        self._controls = Controls(
            ControlState(tempo_bpm=options.tempo_bpm, swing=self._mapping.swing)
        )
        self._take: Take | None = None
        vocabulary = self._card.spelled()
        self._start_steps = vocabulary.steps(self._card.start_tokens)
        base = (0.0,) * self._mapping.dimensions
        self._first = Decoded(base, self._card.start_tokens, self._start_steps)
        self._fault = Fault(display)
        self._feedback = Feedback(self._mapping, self._start_steps, self._stats)
        self._engine = EngineLink(
            folder, vocabulary, self._send_player, self._engine_ready, self._fault
        )
        ports = max(1, len(options.out))
        mirror = Mirror(self._first, ports, self._mapping.channel, options.bars)
        self._player = PlayerLink(self._setup, mirror, self._engine.request, self._fault)
        self._osc: OscInput | None = None
        self._midi: MidiInput | None = None
        self._cutoff_ms = 0.0  # how long before a bar line a knob still counts
        self._stopping = Event()
        self._playing = True  # what the space bar ends
        self._following: Following | None = None
        self._link: LinkFollowing | None = None
        if options.clock == "link":
            start_stop = self._mapping.receive.transport
            session = LinkSession(options.tempo_bpm, start_stop=start_stop)
            self._link = LinkFollowing(session, self._send_player)
        elif options.clock == "midi":
            receive = self._mapping.receive
            self._following = Following(receive, options.tempo_bpm, self._send_player, display.say)

    def run(self) -> int:
        """Perform until told to stop or until the bars are over; the exit status.

        Runs in the main thread, because it handles SIGINT, SIGTERM and SIGHUP.
        """
        self._handle_signals()
        status = 1
        with ExitStack() as stack:
            stack.callback(self._display.close)
            api = available_api(self._options.midi_api)
            self._osc = OscInput(
                self._options.osc_host,
                self._options.osc_port,
                self._mapping,
                self._hear_osc,
                self._fault,
            )
            stack.callback(self._osc.close)
            self._fault.feedback, self._fault.osc = self._feedback, self._osc
            self._player.start()
            stack.callback(self._engine.close)
            stack.callback(self._player.close)
            if self._link is not None:
                stack.callback(self._link.close)
                self._link.start()
            self._engine.start()
            # The output opened first, so that on JACK it is the one named Glisser:out.
            follow = self._following.hear if self._following else None
            midi = self._midi = MidiInput(
                api, self._options.inputs, self._mapping, self._act, self._fault, follow
            )
            stack.callback(midi.close)
            self._say_what_is_open(midi)
            self._begin_take()
            midi.start()
            self._osc.start()
            Thread(target=self._send_controls, name="controls", daemon=True).start()
            self._display.start()
            self._playing = not self._waits_for_start
            if self._playing:
                self._act([Transport("play")])
            with keys(self._on_key):
                status = self._supervise()
        self._drain_player()
        return status if self._finish_take() else 1

    def _setup(self) -> Setup:
        """What a player is told first, now."""
        return Setup(
            out=self._options.out,
            midi_api=self._options.midi_api,
            tempo_bpm=self._options.tempo_bpm,
            bars=self._options.bars,
            checkpoint=self._options.checkpoint,
            first=self._first,
            mapping=self._mapping,
            controls=self._controls.state(),
            playing=False,  # not before every door is open
            clock_out=self._options.clock_out,
        )

    def _say_what_is_open(self, midi: MidiInput) -> None:
        osc_port = self._osc.port if self._osc else self._options.osc_port
        for line in what_is_open(self._options, self._player.opened, midi.ports, osc_port):
            self._display.say(line)
        if (linear := without_calibration(self._mapping)) is not None:
            self._display.say(linear)
        self._display.say("the engine is loading; until it is ready the first phrase repeats")

    def _supervise(self) -> int:
        """The main thread's loop: what the player tells, until the end."""
        while not self._stopping.is_set():
            self._show_clock()
            message = self._player.get(timeout_s=0.1)
            if message is not None and message["type"] == "done":
                return 0
            if message is not None:
                self._note(message)
        return 0

    def _note(self, message: Message) -> None:
        self._write_down(message)
        self._display.on_player(message)
        if message["type"] == "state":
            self._playing = message["playing"]
            if self._leader is not None:  # so that whoever asks for the tempo gets the clock's
                self._controls.apply([SetTempo(message["tempo_bpm"])])
        elif message["type"] == "bar":
            self._cutoff_ms = message["cutoff_ms"]
        elif message["type"] == "error":
            self._display.fault(message["text"])
        elif message["type"] == "rejoined":
            self._display.say(f"the player goes on after {message['seconds']:.1f} s")
        if self._osc is not None:
            self._osc.send(self._feedback.on_player(message, time.monotonic()))

    def _drain_player(self) -> None:
        """What the player still had to say when it was ended: its last note-offs."""
        while (message := self._player.get(timeout_s=0.0)) is not None:
            self._note(message)

    def _begin_take(self) -> None:
        """Raises :class:`TakeError`."""
        if self._options.take is None:
            return
        head = opening(
            checkpoint=self._options.checkpoint,
            decoder_sha256=self._card.weights[DECODER_FILE],
            first=self._first,
            mapping=self._mapping.to_message(),
            tempo_bpm=self._options.tempo_bpm,
            played_with={key: self._player.opened[key] for key in ("port", "api")},
        )
        self._take = Take(self._options.take, head)
        if self._take.put_aside is not None:
            self._display.say(f"a take that was cut off is kept: {self._take.put_aside}")

    def _write_down(self, message: Message) -> None:
        try:
            if self._take is not None:
                self._take.add(message)
        except TakeError as error:  # a full disk: the music goes on
            self._fault(str(error))

    def _finish_take(self) -> bool:
        """Whether there is a whole take, or nobody asked for one."""
        take = self._take
        if take is None:
            return True
        try:
            take.finish()
        except TakeError as error:
            self._fault(str(error))
            return False
        self._display.say(f"take: {take.file}  ({take.bars} bars, {take.onsets} notes)")
        return take.whole

    def _engine_ready(self, ready: Message, took_s: float) -> None:
        """Reader thread of the engine."""
        self._player.put({**ready, "type": "engine"})
        self._display.say(f"engine ready after {took_s:.1f} s: the knobs are heard")

    def _hear_osc(self, actions: Sequence[Action], sender: tuple[str, int]) -> None:
        self._act(actions)
        if self._osc is not None:
            told = self._feedback.on_actions(
                actions, sender, self._controls.state(), time.monotonic()
            )
            self._osc.send(told)

    def _act(self, actions: Sequence[Action]) -> None:
        """Apply controls as one change and pass transport on in order. Any thread."""
        self._controls.apply(actions)
        if self._link is not None:
            for action in actions:
                if isinstance(action, SetTempo):
                    self._link.set_tempo(action.bpm)
        transports = [action for action in actions if isinstance(action, Transport)]
        if transports and len(transports) < len(actions):
            # A bundle that sets a tempo and plays must not begin at the old tempo.
            self._send_state()
        for action in transports:
            if self._link is None or not self._link.transport(action.do):
                self._send_player({"type": "transport", "do": action.do})

    def _on_key(self, key: str) -> None:
        match key:
            case " ":
                self._act([Transport("stop" if self._playing else "play")])
            case "p":
                self._act([Transport("panic")])
            case "f":
                self._act([SetFreeze(not self._controls.state().freeze)])
            case "q":
                self._stopping.set()

    def _send_controls(self) -> None:
        """Thread: the whole control state, newest wins, at most once a millisecond."""
        while not self._stopping.is_set():
            self._controls.changed.wait()
            self._controls.changed.clear()
            state = self._send_state()
            self._display.on_freeze(state.freeze)
            if self._osc is not None:
                self._osc.send(self._feedback.on_controls(state, time.monotonic()))
            time.sleep(CONTROL_INTERVAL_S)

    def _send_state(self) -> ControlState:
        state = self._controls.state()
        self._send_player({"type": "controls", **state.to_message()})
        return state

    def _send_player(self, message: Message) -> None:
        self._player.send(message)

    @property
    def _waits_for_start(self) -> bool:
        return self._following is not None and self._mapping.receive.transport

    @property
    def _leader(self) -> Following | LinkFollowing | None:
        return self._following or self._link

    def _show_clock(self) -> None:
        if self._leader is not None:
            self._display.on_clock(self._leader.words(time.perf_counter_ns()))

    def _stats(self) -> dict[str, float]:
        refused = sum(self._osc.counts.values()) if self._osc else 0
        stats: dict[str, float] = {"osc_refused": refused, "engine_starts": self._engine.starts}
        stats |= {
            "cutoff_ms": self._cutoff_ms,
            "programs": self._midi.programs if self._midi else 0,
        }
        if self._leader is not None:
            told = self._leader.state(time.perf_counter_ns())
            stats |= {
                "clock_locked": int(told.state == "locked"),
                "clock_bpm": told.tempo_bpm or 0.0,
            }
        return stats

    def _handle_signals(self) -> None:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping.set()

        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if (number := getattr(signal, name, None)) is not None:
                signal.signal(number, stop)
