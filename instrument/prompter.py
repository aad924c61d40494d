"""Who sees to it that hands do what a script says, when it says. Main process only.

The script is told in bars; when that is, the player tells. :class:`Prompter` is pure, but for
``act`` and ``play``; whoever has a clock calls it.
"""

from collections.abc import Callable, Sequence

from engine.wire import Message
from instrument.demo_script import Melody, Move
from instrument.midi_in import Arrival
from instrument.parameters import ROOT
from instrument.stage_messages import bundles
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP, Timeline

# In the middle of a step of the bar before, so that some ms more or less are the same step.
BEFORE_TICKS = TICKS_PER_BAR - 17 * TICKS_PER_STEP // 2
PORT = "script"
NOTE_ON, NOTE_OFF = 0x90, 0x80
VELOCITY = 96

_Deed = Callable[[int], None]  # what is done, at ns


class Prompter:
    """A script and how far it has been done. Any one thread at a time."""

    def __init__(
        self,
        script: Sequence[Move | Melody],
        act: Callable[[bytes], None],
        play: Callable[[Arrival], None],
    ) -> None:
        """``act`` gets the messages of a move as OSC bundles, ``play`` each key of a melody."""
        self._act, self._play = act, play
        deeds = [deed for row in script for deed in self._deeds_of(row)]
        self._deeds = sorted(deeds, key=lambda deed: deed[0])  # by ticks of the song
        self._line: Timeline | None = None
        self._origin_tick: int | None = None  # None: the song stands still

    def hear(self, message: Message) -> None:
        """A message of the player: where the song lies in time."""
        match message["type"]:
            case "begin" if "voice" not in message:
                self._origin_tick = message["tick"] - message["song_tick"]
            case "end" if "voice" not in message:
                self._origin_tick = None
        if "line" in message:
            tick, ns, tempo_bpm = message["line"]
            self._line = Timeline(tempo_bpm, tick, ns)

    @property
    def left(self) -> int:
        """How many things are still to be done."""
        return len(self._deeds)

    @property
    def next_ns(self) -> int | None:
        """When the next thing is to be done; ``None``: nothing, or it is not known yet."""
        if self._line is None or self._origin_tick is None or not self._deeds:
            return None
        return self._line.ns_of(self._origin_tick + self._deeds[0][0])

    def do_due(self, now_ns: int) -> bool:
        """Do what is due, in order; whether anything was."""
        done = False
        while (due_ns := self.next_ns) is not None and due_ns <= now_ns:
            _, deed = self._deeds.pop(0)
            deed(due_ns)
            done = True
        return done

    def _deeds_of(self, row: Move | Melody) -> list[tuple[int, _Deed]]:
        bar_tick = (row.bar - 1) * TICKS_PER_BAR
        if isinstance(row, Move):
            messages = [(f"{ROOT}{address}", tuple(rest)) for address, *rest in row.messages]
            return [(bar_tick - BEFORE_TICKS, self._sending([*bundles(messages)]))]
        keys = []
        for pitch, onset, steps in row.notes:
            ends = bar_tick + (onset + steps) * TICKS_PER_STEP - 1  # before it is struck again
            keys.append((bar_tick + onset * TICKS_PER_STEP, self._key(NOTE_ON, pitch)))
            keys.append((ends, self._key(NOTE_OFF, pitch)))
        return keys

    def _sending(self, datagrams: Sequence[bytes]) -> _Deed:
        def deed(_ns: int) -> None:
            for datagram in datagrams:
                self._act(datagram)

        return deed

    def _key(self, status: int, pitch: int) -> _Deed:
        def deed(ns: int) -> None:
            self._play(Arrival(PORT, ns, 0.0, bytes((status, pitch, VELOCITY))))

        return deed
