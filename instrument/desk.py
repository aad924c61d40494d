"""All that hands do to the controls, from whichever door they came. Main process only.

A control that is set, a snapshot, the pad, a capture, another song: each has a room of its own;
whoever has actions, arrivals or the player's word brings them here.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import cast

from engine.wire import Message
from instrument.actions import Action, ChangeSong
from instrument.capturing import Capturing
from instrument.controls import Controls
from instrument.midi_in import Arrival, Standing
from instrument.parameters import positions
from instrument.programme import Programme
from instrument.scenes import Scenes


class Desk:
    """The rooms that change the controls, as one. Any thread."""

    def __init__(
        self,
        controls: Controls,
        programme: Programme,
        snapshots: Path,
        encode: Callable[[Message], None],
        say: Callable[[str], None],
        fault: Callable[[str], None],
    ) -> None:
        """``snapshots`` is the folder of what is recalled. ``encode`` has the engine encode; its
        answer comes to :meth:`encoded`. ``say`` and ``fault`` get lines for a person.
        """
        self._controls, self._programme = controls, programme
        mapping = programme.mapping
        self._scenes = Scenes(controls, mapping, snapshots, say, fault)
        self._capturing = Capturing(controls, mapping, encode, say, fault)

    @property
    def capturing(self) -> bool:
        """Whether the keyboard is listened to."""
        return self._capturing.armed

    def snapshots(self) -> list[str]:
        """The names of what there is to recall."""
        return self._scenes.names()

    def act(self, actions: Sequence[Action], now_ns: int) -> None:
        """Do what ``actions`` ask of the controls; ``now_ns`` by ``perf_counter_ns``."""
        for is_song, some in groupby(actions, lambda action: isinstance(action, ChangeSong)):
            if is_song:
                for action in some:
                    self._programme.change(cast(ChangeSong, action))
                continue
            asked = list(some)
            self._scenes.act(asked)
            self._capturing.act(asked, now_ns)

    def hear_midi(self, arrival: Arrival) -> None:
        """A message of an input port, for a capture."""
        self._capturing.hear(arrival)

    def hear_player(self, message: Message) -> None:
        """A message of the player: where the song is."""
        self._scenes.hear(message)
        self._capturing.hear_player(message)

    def look(self, now_ns: int) -> None:
        """Do what is due."""
        self._capturing.look(now_ns)

    def encoded(self, message: Message) -> None:
        """The engine's answer to what it was to encode."""
        self._capturing.encoded(message)

    def standing(self, playing: bool) -> Standing:
        """How things stand, for a control that goes on from there."""
        state = self._controls.state()
        where = positions(state, self._programme.mapping())
        return Standing(where, playing, state.freeze, self.capturing)
