"""Who beats time: the performance itself, a sender of MIDI clock, or a Link session. In main."""

from collections.abc import Callable, Sequence

from engine.wire import Message
from instrument.actions import Action, Set, Transport
from instrument.following import Following
from instrument.link_session import LinkFollowing, LinkSession
from instrument.mapping import Receive
from instrument.midi_in import Arrival


class Timekeeper:
    """The one that ``--clock`` asked for, or none but the player's own tempo."""

    def __init__(
        self,
        clock: str,
        receive: Receive,
        tempo_bpm: float,
        send: Callable[[Message], None],
        say: Callable[[str], None],
    ) -> None:
        """``send`` tells the player, ``say`` a person. Raises ``LinkUnavailableError``."""
        self._midi: Following | None = None
        self._link: LinkFollowing | None = None
        self.starts_us = clock == "midi" and receive.transport  # we wait for somebody's Start
        self._send = send
        if clock == "link":
            session = LinkSession(tempo_bpm, start_stop=receive.transport)
            self._link = LinkFollowing(session, send)
        elif clock == "midi":
            self._midi = Following(receive, tempo_bpm, send, say)

    @property
    def hear(self) -> Callable[[Arrival], None] | None:
        """Takes what arrives on the MIDI inputs, where that beats time."""
        return self._midi.hear if self._midi else None

    @property
    def is_another(self) -> bool:
        """Whether somebody else beats time."""
        return self._leader is not None

    def start(self) -> None:
        """Begin to listen to a session."""
        if self._link is not None:
            self._link.start()

    def close(self) -> None:
        """Leave it."""
        if self._link is not None:
            self._link.close()

    def pass_on(self, actions: Sequence[Action]) -> None:
        """Tempo and transport to whom they are for: the session or the player. Any thread."""
        for action in actions:
            if isinstance(action, Set) and action.key == "tempo" and self._link is not None:
                self._link.set_tempo(action.value)
            elif isinstance(action, Transport) and not self._shared(action):
                self._send({"type": "transport", "do": action.do})

    def words(self, now_ns: int) -> str | None:
        """How it goes, for a person, at ``now_ns`` of ``perf_counter_ns``."""
        return None if self._leader is None else self._leader.words(now_ns)

    def stats(self, now_ns: int) -> dict[str, float]:
        """Whether it is followed, and its tempo, or 0."""
        if self._leader is None:
            return {}
        told = self._leader.state(now_ns)
        return {"clock_locked": int(told.state == "locked"), "clock_bpm": told.tempo_bpm or 0.0}

    def _shared(self, action: Transport) -> bool:
        """Whether the session was told, and tells us in its own time."""
        return self._link is not None and self._link.transport(action.do)

    @property
    def _leader(self) -> Following | LinkFollowing | None:
        return self._midi or self._link
