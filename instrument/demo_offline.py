"""A script performed without a clock: the real player and main's own rooms, as fast as it goes.

Main process only. The engine is the real one, in its process. What waits for the engine on a stage
has its answer at once here; everything else happens at the same ticks.
"""

from collections import deque
from collections.abc import Sequence

from engine.wire import Message
from instrument.children import Interview
from instrument.clock import ManualClock
from instrument.controls import Controls
from instrument.demo_script import Melody, Move
from instrument.desk import Desk
from instrument.engine_link import Held
from instrument.ledger import NoteEvent
from instrument.midi_out import Recorder
from instrument.opening import PlayOptions
from instrument.osc_parse import parse
from instrument.outgoing import Outgoing
from instrument.player_core import Player
from instrument.player_messages import Setup
from instrument.programme import Programme
from instrument.prompter import Prompter
from instrument.session import start_of
from instrument.songs import songs_of

ENGINE_PATIENCE_S = 120.0


class EngineError(Exception):
    """The engine does not answer; the message is one sentence."""


class Rehearsal:
    """One performance of ``script`` without a clock; :meth:`notes` are what sounded in it."""

    def __init__(self, asked: PlayOptions, script: Sequence[Move | Melody]) -> None:
        """``asked``: what is played, and for how many bars. Raises what ``songs_of`` raises."""
        found = songs_of(asked)
        self._clock = ManualClock()
        self._told: deque[Message] = deque()  # to the player
        self._notes: list[NoteEvent] = []
        self.said: list[str] = []  # to a person
        self._over = False
        self._engine = Interview("engine.service")
        self._held = {
            source.checkpoint: Held(source.folder, source.card.spelled())
            for song in found.songs
            for source in song.sources
        }
        self._controls = Controls()
        say = self.said.append
        self._programme = Programme(found.songs, "", self._controls, self._told.append, say)
        start = start_of(self._programme.song, asked, None)
        self._controls.change(lambda _: start)
        self._desk = Desk(self._controls, self._programme, found.snapshots, self._encode, say, say)
        self._prompter = Prompter(script, self._act, self._desk.hear_midi)
        self._bars = asked.bars

    def notes(self) -> list[NoteEvent]:
        """Perform it; every note event in order. Raises :class:`EngineError`."""
        try:
            for held in self._held.values():
                self._asked({"type": "load", "checkpoint": held.path})
            player = self._player()
            while player.exit_status is None:
                self._turn(player)
        finally:
            self._engine.close()
        return self._notes

    def _player(self) -> Player:
        part = self._programme.part()
        setup = Setup(
            out=(),
            midi_api="none",
            tempo_bpm=part.controls.tempo_bpm,
            bars=self._bars,
            checkpoint=part.checkpoint,
            first=part.first,
            mapping=part.mapping,
            controls=part.controls,
            song=part.song,
            name=part.name,
            others=part.others,
            voices=self._programme.voices,
            playing=True,
        )
        return Player(setup, Outgoing([Recorder()]), self._hear, self._clock.now_ns())

    def _turn(self, player: Player) -> None:
        """Whatever is due now, until nobody has anything more to say; then on to the next."""
        next_ns = player.turn(self._clock.now_ns(), self._waiting())
        while self._told:
            next_ns = player.turn(self._clock.now_ns(), self._waiting())
        prompted_ns = self._prompter.next_ns
        self._clock.wait_until(next_ns if prompted_ns is None else min(next_ns, prompted_ns))
        self._prompter.do_due(self._clock.now_ns())
        self._desk.look(self._clock.now_ns())
        if self._controls.changed.is_set():
            self._controls.changed.clear()
            self._told.append({"type": "controls", **self._controls.state().to_message()})

    def _waiting(self) -> list[Message]:
        waiting = [*self._told]
        self._told.clear()
        return [*waiting, {"type": "quit"}] if self._over else waiting

    def _hear(self, *messages: Message) -> None:
        """What the player says."""
        for message in messages:
            self._desk.hear_player(message)
            self._prompter.hear(message)
            match message["type"]:
                case "note":
                    where = message["tick"], message["port"], message["channel"]
                    self._notes.append(NoteEvent(*where, message["pitch"], message["velocity"]))
                case "request":
                    self._told.append(self._decoded(message))
                case "error":
                    self.said.append(message["text"])
                case "done":
                    self._over = True

    def _act(self, datagram: bytes) -> None:
        for _, actions in parse(datagram, self._programme.song.addresses, self._refuse):
            self._desk.act(actions, self._clock.now_ns())

    def _refuse(self, refused: Exception) -> None:
        self.said.append(str(refused))

    def _decoded(self, request: Message) -> Message:
        held = self._held[request["checkpoint"]]
        answer = self._asked({**request, "type": "decode", "checkpoint": held.path})
        voice = {"voice": request["voice"]} if "voice" in request else {}
        tokens = answer["tokens"]
        steps = held.vocabulary.steps(tokens)
        return {"type": "phrase", "id": request["id"], "tokens": tokens, "steps": steps, **voice}

    def _encode(self, message: Message) -> None:
        sources = self._programme.song.sources
        source = sources[min(message["voice"], len(sources)) - 1]
        held = self._held[source.checkpoint]
        self._desk.encoded(self._asked({**message, "type": "encode", "checkpoint": held.path}))

    def _asked(self, message: Message) -> Message:
        """The engine's answer. Raises :class:`EngineError`."""
        answer = self._engine.ask(message, ENGINE_PATIENCE_S)
        if answer is None or (answer["type"] == "refused" and message["type"] != "encode"):
            why = "it does not answer" if answer is None else answer["text"]
            raise EngineError(f"the engine could not {message['type']}: {why}")
        return answer
