"""A peer of an Ableton Link session, in the main process: the library, and a thread that looks.

The library (LinkPython-extern, GPL) is an optional extra and imported only here. Joining never
changes a session's tempo; starting waits for the quantum.
"""

from collections.abc import Callable
from threading import Event, Lock, Thread
from time import perf_counter_ns
from typing import Any, Literal

from engine.wire import Message
from instrument.following import message_of
from instrument.link_follower import QUANTUM_BEATS, LinkFollower, LinkMoment
from instrument.midi_clock import ClockState

LOOK_EVERY_S = 0.02
# Alone in a session a start is at once; the player needs this long to have its first note ready.
AHEAD_US = 50_000


class LinkUnavailableError(Exception):
    """No Link here; the message is one sentence."""


class LinkSession:
    """Our place in the session on this network. Any thread may play, stop and set the tempo.

    ``start_stop``: whether starts and stops are shared with the peers.
    """

    def __init__(self, tempo_bpm: float, *, start_stop: bool) -> None:
        """Join. Raises :class:`LinkUnavailableError` where the library is missing."""
        try:
            import link
        except ImportError as error:
            raise LinkUnavailableError(
                "--clock link needs the package LinkPython-extern: pip install 'glisser[link]'."
            ) from error
        self._link: Any = link.Link(tempo_bpm)
        self._link.startStopSyncEnabled = start_stop
        self._link.enabled = True
        self._lock = Lock()
        self._was_playing = False

    def moment(self) -> LinkMoment:
        """The session now. A start by a peer puts our beat 0 where the quantum begins."""
        with self._lock:
            state = self._link.captureSessionState()
            playing = state.isPlaying()
            if playing and not self._was_playing:
                state.requestBeatAtStartPlayingTime(0.0, QUANTUM_BEATS)
                self._link.commitSessionState(state)
            self._was_playing = playing
            # Link's clock is another than ours and parts from it: both are read, every time.
            ns, micros = perf_counter_ns(), self._link.clock().micros()
            beat = state.beatAtTime(micros, QUANTUM_BEATS)
            return LinkMoment(ns, beat, state.tempo(), playing, self._link.numPeers())

    def play(self) -> None:
        """Begin at beat 0 with the next quantum; nothing while it plays."""
        with self._lock:
            state = self._link.captureSessionState()
            if not state.isPlaying():
                at = self._link.clock().micros() + AHEAD_US
                state.setIsPlayingAndRequestBeatAtTime(True, at, 0.0, QUANTUM_BEATS)
                self._link.commitSessionState(state)
                self._was_playing = True

    def stop(self) -> None:
        """Stop now."""
        with self._lock:
            state = self._link.captureSessionState()
            state.setIsPlaying(False, self._link.clock().micros())
            self._link.commitSessionState(state)

    def set_tempo(self, tempo_bpm: float) -> None:
        """Give the whole session another tempo from now on."""
        with self._lock:
            state = self._link.captureSessionState()
            state.setTempo(tempo_bpm, self._link.clock().micros())
            self._link.commitSessionState(state)

    def close(self) -> None:
        """Leave the session."""
        with self._lock:
            self._link.enabled = False


class LinkFollowing:
    """Follows a session on a thread of its own and tells the player by ``send``."""

    def __init__(self, session: LinkSession, send: Callable[[Message], None]) -> None:
        self._session, self._send = session, send
        self._follower = LinkFollower()
        self._newest = session.moment()
        self._closing = Event()
        self._thread = Thread(target=self._look, name="link", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def transport(self, do: Literal["play", "stop", "panic"]) -> bool:
        """Pass a play or stop on to the session; whether it was one."""
        if do == "panic":
            return False
        (self._session.play if do == "play" else self._session.stop)()
        return True

    def set_tempo(self, tempo_bpm: float) -> None:
        """The performer's tempo becomes the session's."""
        self._session.set_tempo(tempo_bpm)

    def state(self, _now_ns: int) -> ClockState:
        """Locked as soon as somebody else is there."""
        peers, tempo_bpm = self._newest.peers, self._newest.tempo_bpm
        return ClockState("locked" if peers else "waiting", tempo_bpm)

    def words(self, _now_ns: int) -> str:
        """``Link: 2 peers at 120.0 bpm``, ``Link: alone at 120.0 bpm``."""
        peers = self._newest.peers
        who = f"{peers} peer{'s' if peers > 1 else ''}" if peers else "alone"
        return f"Link: {who} at {self._newest.tempo_bpm:.1f} bpm"

    def close(self) -> None:
        """Stop following and leave the session."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        self._session.close()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_EVERY_S):
            self._newest = self._session.moment()
            for heard in self._follower.hear(self._newest):
                self._send(message_of(heard))
