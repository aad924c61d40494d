"""A phrase played by hand becomes the point that the knobs vary. Main process only.

:mod:`instrument.capture` says which notes belong to the two bars, the engine where in latent space
they lie. Here is what is between: the song's place in time, the keyboard, and the controls.
"""

from collections.abc import Callable, Sequence
from threading import Lock

from engine.wire import Message
from instrument.actions import Action, Set
from instrument.actions import Capture as CaptureAction
from instrument.capture import Capture, Played, TickLine
from instrument.controls import Controls, ControlState, after, based_on
from instrument.mapping import Mapping
from instrument.midi_in import Arrival
from instrument.settings import knob_key, voice_key, z_key
from instrument.tempo import Timeline

NOTE_OFF, NOTE_ON = 0x80, 0x90  # MIDI 1.0, channel voice messages


class Capturing:
    """One capture after another. Any thread: arrivals, player, engine and hands have their own."""

    def __init__(
        self,
        controls: Controls,
        mapping: Callable[[], Mapping],
        encode: Callable[[Message], None],
        say: Callable[[str], None],
        fault: Callable[[str], None],
    ) -> None:
        """``mapping()`` is the present patch; ``encode`` has the engine encode, by the checkpoint
        of the ``voice`` that the message names; its answer comes to :meth:`encoded`.
        """
        self._controls, self._encode, self._say, self._fault = controls, encode, say, fault
        self._mapping = mapping
        self._lock = Lock()  # guards what follows
        self._capture = Capture()
        self._line: tuple[int, int, float] | None = None  # as the player tells it
        self._origin_tick: int | None = None  # None: the transport stands still
        self._played: Played | None = None  # what the engine encodes
        self._asked = self._asked_of = 0  # a number of its own; the change of song it is of
        self._voice = 1  # whose base point it becomes

    @property
    def armed(self) -> bool:
        """Whether the keyboard is listened to."""
        return self._capture.armed

    def act(self, actions: Sequence[Action], now_ns: int) -> None:
        """Begin or end to listen."""
        for action in actions:
            if isinstance(action, CaptureAction):
                self._switch(action.on, now_ns)

    def hear(self, arrival: Arrival) -> None:
        """A message of an input port; notes that press a button of the patch are no music."""
        message = arrival.message
        status, channel = message[0] & 0xF0, (message[0] & 0x0F) + 1
        if status not in {NOTE_OFF, NOTE_ON} or len(message) != 3:
            return
        pitch, velocity = message[1], message[2] if status == NOTE_ON else 0
        mapping = self._mapping()
        if mapping.capture_channel not in {None, channel} or mapping.is_button(pitch, channel):
            return
        with self._lock:
            self._capture.note(pitch, velocity, arrival.ns)

    def hear_player(self, message: Message) -> None:
        """Where the song lies in time."""
        with self._lock:
            match message["type"]:
                case "begin":
                    self._origin_tick = message["tick"] - message["song_tick"]
                case "end":
                    self._origin_tick = None
            if "line" in message:
                self._line = message["line"]
            self._capture.follow(self._tick_line())

    def look(self, now_ns: int) -> None:
        """Have the two bars encoded once they are over."""
        with self._lock:
            played = self._capture.pop(now_ns)
            if played is None:
                return
            self._played = played
            self._asked += 1
            state = self._controls.state()
            self._asked_of = state.change
            last = len(self._mapping().each_voice)
            self._voice = min(last, int(state.value("capture-voice")))
            notes = [list(note) for note in played.notes]
            asked = {"id": self._asked, "notes": notes, "voice": self._voice}
        self._say(played.sentence)
        self._encode(asked)

    def encoded(self, message: Message) -> None:
        """The engine's answer: the point, or why not."""
        with self._lock:
            played = self._played if message["id"] == self._asked else None
            asked_of, voice = self._asked_of, self._voice
        if played is None:
            return
        if message["type"] == "refused":
            self._fault(f"the capture is lost: {message['text']}")
            return
        base = tuple(float(z) for z in message["z"])

        def captured(state: ControlState) -> ControlState:
            if state.change != asked_of:  # a point of another song's checkpoint
                return state
            knobs = (knob_key(knob.knob) for knob in self._mapping().knobs if knob.voice == voice)
            moved = {*knobs, *(z_key(n, voice) for n, _ in enumerate(base, start=1))}
            based = based_on(state, base, moved, voice)
            return after(based, [Set(voice_key(voice, "offset"), 1.0)])

        self._controls.change(captured)
        for change in message["changes"]:
            self._say(f"  {change}")
        pairs = list(zip(message["tokens"], message["heard"], strict=True))
        same = sum(asked == heard for asked, heard in pairs)
        self._say(f"captured: {same} of {len(pairs)} steps come back; the knobs go on from here")

    def _switch(self, on: bool, now_ns: int) -> None:
        with self._lock:
            changes = on != self._capture.armed
            if on and changes:
                self._capture.arm(self._tick_line(), now_ns)
            elif not on:
                self._capture.disarm()
        if changes:
            self._say("capture: play two bars" if on else "capture: off")

    def _tick_line(self) -> TickLine:
        """The lock is held."""
        if self._line is None:
            return TickLine(Timeline(self._controls.state().tempo_bpm, 0, 0))
        tick, ns, tempo_bpm = self._line
        return TickLine(Timeline(tempo_bpm, tick, ns), self._origin_tick)
