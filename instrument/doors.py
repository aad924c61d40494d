"""What other programs reach a performance by: OSC, and upon it OSCQuery and the stage page.

Main process only. What the player, the hands and the rooms below have to say goes out here, to
whoever listens.
"""

import time
from collections.abc import Callable, Sequence

from engine.wire import Message
from instrument.actions import Action, Snapshot
from instrument.controls import Controls, ControlState
from instrument.feedback import Feedback
from instrument.opening import PlayOptions
from instrument.osc_in import OscInput, Sender
from instrument.osc_parse import Addresses
from instrument.oscquery import methods
from instrument.oscquery_link import OscQueryLink, Serving
from instrument.parameters import values
from instrument.programme import Programme
from instrument.stage import stage_of
from instrument.stage_link import StageLink, Staging
from instrument.web_access import is_loopback


class Doors:
    """Each is opened once, and told of all that changes. Any thread, once :meth:`open` is over."""

    def __init__(
        self,
        options: PlayOptions,
        programme: Programme,
        controls: Controls,
        feedback: Feedback,
        fault: Callable[[str], None],
    ) -> None:
        """``fault`` gets lines for a person, on threads of ours."""
        self._options, self._programme, self._controls = options, programme, controls
        self._feedback, self._fault = feedback, fault
        self._osc: OscInput | None = None
        self._query: OscQueryLink | None = None
        self._stage: StageLink | None = None
        self._lines: Callable[[], Sequence[str]] = tuple
        self._staged = 0  # the number of the song that the stage was told of

    @property
    def osc_port(self) -> int:
        """Where OSC is heard."""
        return self._osc.port if self._osc else self._options.osc_port

    @property
    def refused(self) -> int:
        """How many datagrams or messages of OSC made no sense."""
        return sum(self._osc.counts.values()) if self._osc else 0

    def open_osc(self, hear: Callable[[Sequence[Action]], None]) -> None:
        """Take OSC's port; ``hear`` gets the actions of each message once :meth:`listen` is called.

        Raises :class:`instrument.osc_in.OscPortError`.
        """

        def heard(actions: Sequence[Action], sender: Sender) -> None:
            hear(actions)
            state, now_s = self._controls.state(), time.monotonic()
            if self._osc is not None:
                self._osc.send(self._feedback.on_actions(actions, sender, state, now_s))

        host, port = self._options.osc_host, self._options.osc_port
        self._osc = OscInput(host, port, self._addresses, heard, self._fault)

    def open_others(self, lines: Callable[[], Sequence[str]]) -> list[str]:
        """Serve what was asked for besides; a line for each. ``lines()`` say what is open.

        Raises :class:`instrument.web_link.NotServedError`.
        """
        self._lines = lines
        opened = []
        options = self._options
        if options.oscquery is not None:
            told = methods(self._programme.parameters(), self._programme.addresses())
            where = (*options.oscquery, options.osc_host, self.osc_port)
            self._query = OscQueryLink(Serving(*where, told), self._fault)
            self._query.values(values(self._controls.state(), self._programme.mapping()))
            self._query.start()
            opened.append(f"OSCQuery: {_url(options.oscquery[0], self._query.port)}")
        if options.stage is not None:
            self._stage = StageLink(self._staging(*options.stage), self._fault)
            self._set_stage()
            self._stage.start()
            opened.append(f"stage: {_url(options.stage[0], self._stage.port)}")
        return opened

    def listen(self) -> None:
        """Begin to hear OSC."""
        if self._osc is not None:
            self._osc.start()

    def close(self) -> None:
        """Close them all."""
        for link in (self._stage, self._query):
            if link is not None:
                link.close()
        if self._osc is not None:
            self._osc.close()

    def on_player(self, message: Message) -> None:
        """The player has said this."""
        if self._osc is not None:
            self._osc.send(self._feedback.on_player(message, time.monotonic()))
        if self._stage is not None and message["type"] == "rejoined":
            self._set_stage()  # its ports may be others

    def on_controls(self, state: ControlState) -> None:
        """The controls, and perhaps the song, have changed."""
        if self._stage is not None and self._staged != self._programme.song.number:
            self._set_stage()
        if self._osc is not None:
            self._osc.send(self._feedback.on_controls(state, time.monotonic()))
        if self._query is not None:
            self._query.values(values(state, self._programme.mapping()))

    def on_done(self, actions: Sequence[Action]) -> None:
        """These have been done, from whichever door they came."""
        saved = (isinstance(each, Snapshot) and each.do == "save" for each in actions)
        if self._osc is not None and any(saved):
            self._osc.send(self._feedback.on_snapshots(time.monotonic()))

    def on_said(self, text: str) -> None:
        """A line about what the instrument has done."""
        if self._osc is not None:
            self._osc.send(self._feedback.on_said(text, time.monotonic()))

    def on_error(self, text: str) -> None:
        """A line about something wrong."""
        if self._osc is not None:
            self._osc.send(self._feedback.on_error(text, time.monotonic()))

    def _addresses(self) -> Addresses:
        return self._programme.song.addresses

    def _staging(self, host: str, first_port: int, last_port: int) -> Staging:
        folders = {
            source.checkpoint: str(source.folder.resolve())
            for song in self._programme.songs
            for source in song.sources
        }
        osc = self._options.osc_host, self.osc_port
        return Staging(host, first_port, last_port, *osc, folders)

    def _set_stage(self) -> None:
        song, of = self._programme.song, len(self._programme.songs)
        self._staged = song.number
        if self._stage is not None:
            self._stage.stage(stage_of(song, of, self._lines(), self._options.clock))


def _url(host: str, port: int) -> str:
    open_to_all = "" if is_loopback(host) else "  (open to the network)"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{open_to_all}"
