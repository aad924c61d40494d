"""Two peers of one Link session, one of them Glisser's: what each sees, as one JSON line.

``python -m tests.link_peers``, in a network namespace with multicast on its loopback.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import link  # the optional extra, here the other app

from instrument.link_follower import QUANTUM_BEATS, LinkFollower
from instrument.link_session import LinkSession
from instrument.midi_clock import PlayAt

PATIENCE_S = 15.0


def until(what: Callable[[], bool], name: str) -> None:
    """Look until ``what`` holds; a session takes its time."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > end:
            raise TimeoutError(name)
        time.sleep(0.02)


class OtherApp:
    """A plain peer, as another program would be."""

    def __init__(self, tempo_bpm: float) -> None:
        self.link = link.Link(tempo_bpm)
        self.link.startStopSyncEnabled = True

    @property
    def tempo(self) -> float:
        return round(self.link.captureSessionState().tempo(), 3)

    @property
    def playing(self) -> bool:
        return bool(self.link.captureSessionState().isPlaying())

    def phase(self) -> float:
        state = self.link.captureSessionState()
        return float(state.phaseAtTime(self.link.clock().micros(), QUANTUM_BEATS))

    def change(self, **wanted: Any) -> None:
        state, now = self.link.captureSessionState(), self.link.clock().micros()
        if "tempo" in wanted:
            state.setTempo(wanted["tempo"], now)
        if "playing" in wanted:
            state.setIsPlaying(wanted["playing"], now)
        self.link.commitSessionState(state)


def tempo_of(session: LinkSession) -> float:
    """What we make of the session's tempo; Link keeps whole microseconds a beat."""
    return round(session.moment().tempo_bpm, 3)


def apart(one: float, other: float) -> float:
    """How far two phases are apart on the circle of a quantum, in beats."""
    difference = abs(one - other) % QUANTUM_BEATS
    return min(difference, QUANTUM_BEATS - difference)


def drift_of(ours: LinkSession, between: Callable[[], None]) -> float:
    """How far our beat is from where it was going, after ``between``."""
    before = ours.moment()
    between()
    after = ours.moment()
    expected = before.beat + (after.ns - before.ns) / 60e9 * before.tempo_bpm
    return abs(after.beat - expected)


def main() -> None:
    told: dict[str, Any] = {}
    ours = LinkSession(120.0, start_stop=True)
    told["TEMPO-5"] = tempo_of(ours)  # nobody there: our tempo stays
    # Of two sessions the older one stays; half a second is no difference to Link.
    told["BEATTIME-1"] = drift_of(ours, lambda: time.sleep(1.0))

    other = OtherApp(100.0)

    def join() -> None:
        other.link.enabled = True
        until(lambda: ours.moment().peers == 1, "a peer")

    told["BEATTIME-2"] = drift_of(ours, join)
    until(lambda: other.tempo == tempo_of(ours), "one tempo")
    told["phase apart"] = apart(other.phase(), ours.moment().beat % QUANTUM_BEATS)

    other.change(tempo=140.0)
    until(lambda: tempo_of(ours) == 140.0, "TEMPO-1, theirs")
    told["TEMPO-3"] = tempo_of(ours)  # no patch of ours has a tempo to bring along
    ours.set_tempo(90.0)
    until(lambda: other.tempo == 90.0, "TEMPO-1, ours")
    told["TEMPO-1"] = [140.0, other.tempo]

    other.change(tempo=999.0)
    until(lambda: tempo_of(ours) == 999.0, "TEMPO-4")
    follower = LinkFollower()
    heard = follower.hear(ours.moment())
    told["TEMPO-4"] = [other.tempo, heard[0].tempo_bpm]  # type: ignore[union-attr]
    other.change(tempo=120.0)
    until(lambda: tempo_of(ours) == 120.0, "120 again")

    kinds: list[str] = []

    def follow(kind: str) -> bool:
        for each in follower.hear(ours.moment()):
            if isinstance(each, PlayAt) and "PlayAt" not in kinds:
                state = other.link.captureSessionState()
                micros = (
                    other.link.clock().micros() + (each.follow.ns - time.perf_counter_ns()) // 1000
                )
                phase = state.phaseAtTime(micros, QUANTUM_BEATS)
                told["first bar on the quantum"] = apart(phase, 0.0)
            kinds.append(type(each).__name__)
        return kind in kinds

    other.change(playing=True)
    until(lambda: follow("PlayAt"), "STARTSTOPSTATE-1, start")
    other.change(playing=False)
    until(lambda: follow("StopNow"), "STARTSTOPSTATE-1, stop")
    told["STARTSTOPSTATE-1"] = [kind for kind in kinds if kind != "Follow"][:2]

    ours.play()
    until(lambda: other.playing, "STARTSTOPSTATE-2, start")
    started = other.playing
    ours.stop()
    until(lambda: not other.playing, "STARTSTOPSTATE-2, stop")
    told["STARTSTOPSTATE-2"] = [started, other.playing]

    ours.close()
    until(lambda: other.link.numPeers() == 0, "we left")
    other.change(tempo=100.0)
    late = LinkSession(150.0, start_stop=True)
    until(lambda: late.moment().peers == 1 and tempo_of(late) != 150.0, "TEMPO-2")
    told["TEMPO-2"] = other.tempo  # joining changes no session's tempo
    late.close()
    print(json.dumps(told))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
