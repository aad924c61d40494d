"""Ableton Link: the arithmetic of following a session, and a real session of two peers.

The cases named TEMPO, BEATTIME and STARTSTOPSTATE are those of Ableton's test plan for apps.
"""

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.leader import Follow
from instrument.link_follower import LinkFollower, LinkMoment
from instrument.link_session import LinkSession, LinkUnavailableError
from instrument.midi_clock import PlayAt, StopNow
from instrument.tempo import TICKS_PER_BEAT, TICKS_PER_STEP

ROOT = Path(__file__).parent.parent
S = 1_000_000_000
NS = 10**15


def moment(ns: int, beat: float, *, playing: bool = True, bpm: float = 120.0) -> LinkMoment:
    return LinkMoment(NS + ns, beat, bpm, playing)


def test_a_stopped_session_tells_its_tempo_only() -> None:
    """Nothing begins, and what the player is told has no place in a song."""
    follower = LinkFollower()
    assert follower.hear(moment(0, 3.5, playing=False)) == [Follow(120.0, 0, NS, placed=False)]


def test_a_start_that_waits_for_the_quantum_is_told_once_with_its_moment() -> None:
    """Beat -2 at 120 bpm: bar 1 begins in a second. The same again is no news; a new tempo is."""
    follower = LinkFollower()
    assert follower.hear(moment(0, -2.0)) == [PlayAt(Follow(120.0, 0, NS + S))]
    assert follower.hear(moment(S // 2, -1.0)) == []
    assert follower.hear(moment(S // 2, -1.0, bpm=60.0)) == [
        PlayAt(Follow(60.0, 0, NS + 3 * S // 2))
    ]


def test_a_session_that_plays_already_is_joined_at_its_next_sixteenth() -> None:
    """Found in the middle of a step, the play begins with the next one, at its moment."""
    (begin,) = LinkFollower().hear(moment(0, 10.1))
    assert begin == PlayAt(Follow(120.0, 41 * TICKS_PER_STEP, NS + round(0.15 * S / 2)))


def test_a_stop_is_told_once() -> None:
    """Then the session's tempo goes on being told."""
    follower = LinkFollower()
    follower.hear(moment(0, 0.0))
    first, *_ = follower.hear(moment(S, 2.0, playing=False))
    assert first == StopNow()
    assert StopNow() not in follower.hear(moment(2 * S, 4.0, playing=False))
    assert isinstance(follower.hear(moment(3 * S, -0.5))[0], PlayAt)


@given(beat=st.floats(0.0, 5000.0), bpm=st.floats(20.0, 400.0))
def test_while_it_plays_ticks_lie_on_its_beats(beat: float, bpm: float) -> None:
    """The tick that is told is the last one before now, and lies where Link's beat puts it."""
    follower = LinkFollower()
    follower.hear(LinkMoment(NS, beat, bpm, playing=True))
    (told,) = follower.hear(LinkMoment(NS, beat, bpm, playing=True))
    assert isinstance(told, Follow)
    assert told.placed
    tick_ns = 60 * S / bpm / TICKS_PER_BEAT
    assert 0 <= beat * TICKS_PER_BEAT - told.song_tick < 1
    assert abs(NS - (beat * TICKS_PER_BEAT - told.song_tick) * tick_ns - told.ns) <= 1000


@pytest.mark.parametrize(("session", "ours"), [(999.0, 400.0), (20.0, 20.0), (5.0, 20.0)])
def test_a_tempo_beyond_ours_is_played_at_our_end(session: float, ours: float) -> None:
    """TEMPO-4: the session's tempo stays what it is."""
    (told,) = LinkFollower().hear(moment(0, 0.0, playing=False, bpm=session))
    assert isinstance(told, Follow)
    assert told.tempo_bpm == ours


def test_without_the_library_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is GPL and optional."""
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "link":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(LinkUnavailableError, match=r"pip install 'glisser\[link\]'\.$"):
        LinkSession(120.0, start_stop=True)


@pytest.mark.real(needs=["unshare", "ip"])
def test_two_peers_of_a_real_session() -> None:
    """All cases of the plan, in a network of their own that nobody else hears."""
    network = "ip link set lo up && ip route add 224.0.0.0/4 dev lo"
    peers = f"{network} && {sys.executable} -m tests.link_peers"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", peers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["TEMPO-1"] == [140.0, 90.0]
    assert told["TEMPO-2"] == 100.0
    assert told["TEMPO-3"] == 140.0
    assert told["TEMPO-4"] == [999.0, 400.0]
    assert told["TEMPO-5"] == 120.0
    assert told["BEATTIME-1"] < 0.01
    assert told["BEATTIME-2"] < 0.01
    assert told["phase apart"] < 0.01
    assert told["STARTSTOPSTATE-1"] == ["PlayAt", "StopNow"]
    assert told["STARTSTOPSTATE-2"] == [True, False]
    assert told["first bar on the quantum"] < 0.01
