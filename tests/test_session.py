"""Where a performance stands, kept and read back."""

import json
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.controls import ControlState
from instrument.opening import PlayOptions
from instrument.session import (
    Keeper,
    Place,
    Progress,
    Session,
    SessionError,
    first_phrase,
    read_session,
    resumed_options,
    session_bytes,
)
from instrument.songs import read_patch_song
from instrument.tempo import TICKS_PER_BAR

numbered = st.dictionaries(
    st.integers(1, 12), st.tuples(st.floats(0, 1), st.integers(0, 10**6)), max_size=12
)
ports = st.lists(st.text(), max_size=3).map(tuple)
options = st.builds(
    PlayOptions,
    patch=st.text(),
    set_folder=st.none() | st.text(),
    checkpoint=st.none() | st.text(),
    out=ports,
    clock_out=ports,
    clock=st.sampled_from(["internal", "midi", "link"]),
    inputs=ports,
    midi_api=st.text(),
    osc_host=st.text(),
    osc_port=st.integers(0, 65535),
    tempo_bpm=st.none() | st.floats(20, 400),
    stage=st.none() | st.tuples(st.text(), st.integers(0, 65535), st.integers(0, 65535)),
)
serials = st.integers(0, 10**9)
written = {
    "knob/1": st.tuples(st.floats(0, 1), serials),
    "z/12": st.tuples(st.floats(-10, 10), serials),
    "tempo": st.tuples(st.floats(20, 400), serials),
    "swing": st.tuples(st.floats(50, 75), serials),
    "lfo/3": st.tuples(st.floats(0, 3), serials),
}
controls = st.builds(
    ControlState,
    values=st.fixed_dictionaries({}, optional=written),
    base=st.lists(st.floats(-3, 3), max_size=12).map(tuple),
    serial=serials,
)
places = st.builds(
    Place,
    st.none() | st.integers(0, 10**9),
    st.lists(st.floats(-10, 10), max_size=12).map(tuple),
    st.lists(st.integers(0, 50), max_size=32).map(tuple),
    st.text(),
)
sessions = st.builds(Session, options, controls, places, st.text())


@given(sessions)
def test_a_session_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, session: Session
) -> None:
    """What was asked for, the place, every control with its serial: the last writer still wins."""
    file = tmp_path_factory.mktemp("state") / "session.json"
    file.write_bytes(session_bytes(session))
    assert read_session(file) == session


GOOD = session_bytes(Session(PlayOptions(), ControlState()))


def spoilt(section: str, **keys: object) -> bytes:
    told = json.loads(GOOD)
    return json.dumps({**told, section: {**told[section], **keys}}).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON"),
        (b"[]", "JSON"),
        (b"{", "JSON"),
        (GOOD[:-20], "JSON"),
        (spoilt("controls", values=[["tempo", 9000.0, 0]]), "controls.values.0"),
        (spoilt("controls", values=[["knob/1", 2.0, 0]]), "controls.values.0"),
        (spoilt("controls", values=[["z/1", float("nan"), 0]]), "controls.values.0.1|JSON"),
        (spoilt("controls", values=[["volume", 1.0, 0]]), "controls.values.0"),
        (spoilt("controls", values=[["knob/one", 1.0, 0]]), "controls.values.0"),
        (spoilt("options", clock="sun"), "options.clock"),
        (spoilt("options", osc_port="9129"), "options.osc_port"),
        (spoilt("place", tokens=[-1]), "place.tokens.0"),
        (json.dumps({**json.loads(GOOD), "format": 1}).encode(), "format"),
        (json.dumps({**json.loads(GOOD), "more": 1}).encode(), "more"),
        (b" " * (1 << 17), "is no session"),
    ],
)
def test_a_damaged_session_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    """Naming the file, and the key where there is one."""
    file = tmp_path / "session.json"
    file.write_bytes(content)
    with pytest.raises(SessionError, match=rf"session\.json.*({said})"):
        read_session(file)


def test_what_is_typed_again_wins() -> None:
    """All else is as it was, the tempo as it was last."""
    was = PlayOptions(patch="mine.toml", out=("synth",), tempo_bpm=90.0)
    session = Session(was, ControlState.standing({"tempo": 133.0}))
    typed = PlayOptions(out=("drums",), bars=4)
    found = resumed_options(session, typed, {"out", "bars"})
    assert found == PlayOptions(patch="mine.toml", out=("drums",), tempo_bpm=133.0, bars=4)
    slower = resumed_options(session, PlayOptions(tempo_bpm=60.0), {"tempo_bpm"})
    assert (slower.tempo_bpm, slower.out) == (60.0, ("synth",))


def test_a_patch_that_is_typed_takes_the_place_of_a_set() -> None:
    """And a set that is typed that of a patch."""
    was = Session(PlayOptions(set_folder="gig"), ControlState())
    assert resumed_options(was, PlayOptions(bars=1), {"bars"}).set_folder == "gig"
    found = resumed_options(was, PlayOptions(patch="mine.toml"), {"patch"})
    assert (found.set_folder, found.patch) == (None, "mine.toml")
    other = resumed_options(was, PlayOptions(set_folder="other"), {"set_folder"})
    assert other.set_folder == "other"


def test_the_place_follows_the_song() -> None:
    """The last bar line of the song, wherever its ticks began; none while it stands."""
    progress = Progress(Place(), "stage")
    bar = {"type": "bar", "z": [0.5], "tokens": [3, 1]}
    assert progress.hear({"type": "begin", "tick": 1000, "song_tick": TICKS_PER_BAR + 5})
    assert progress.place == Place(TICKS_PER_BAR)
    progress.hear({**bar, "tick": 1000 - 5 + 2 * TICKS_PER_BAR})
    assert progress.place == Place(3 * TICKS_PER_BAR, (0.5,), (3, 1), "stage")
    assert not progress.hear({**bar, "tick": 1000 - 5 + 2 * TICKS_PER_BAR + 24})
    assert not progress.hear({"type": "note", "tick": 5000})
    assert progress.hear({"type": "end", "tick": 5000})
    assert progress.place == Place(None, (0.5,), (3, 1), "stage")


def test_the_phrase_is_known_by_its_checkpoint() -> None:
    """That of the song which began, once its first phrase is adopted: until then the old one's."""
    progress = Progress(Place(), "stage")
    bar = {"type": "bar", "tick": 0, "z": [0.5], "tokens": [3, 1]}
    song = {"type": "song", "tick": 384, "checkpoint": "other", "phrase": None}
    progress.hear(song)
    progress.hear(bar)
    assert progress.place.checkpoint == "stage"
    progress.hear({"type": "take", "request": {"late": True, "checkpoint": "other"}})
    progress.hear(bar)
    assert progress.place.checkpoint == "stage"
    progress.hear({"type": "take", "request": {"late": False, "checkpoint": "other"}})
    progress.hear(bar)
    assert progress.place.checkpoint == "other"
    progress.hear({**song, "checkpoint": "third", "phrase": [[0.5], [3, 1], [60, -1]]})
    progress.hear(bar)
    assert progress.place.checkpoint == "third"


def test_the_phrase_that_played_is_the_first_again(tiny_checkpoint: Path) -> None:
    """Unless it is another checkpoint's: then the card's own."""
    (song,) = read_patch_song("default", str(tiny_checkpoint)).songs
    card = song.card
    zero, tokens = (0.0,) * 12, (0,) * len(card.start_tokens)
    assert first_phrase(song, None).tokens == card.start_tokens
    kept = first_phrase(song, Place(0, (0.5,) * 12, tokens))
    assert (kept.z, kept.tokens) == ((0.5,) * 12, tokens)
    assert kept.steps == card.spelled().steps(tokens)
    for other in (
        Place(),
        Place(0, (0.5,) * 11, tokens),
        Place(0, (0.5,) * 12, tokens[1:]),
        Place(0, (0.5,) * 12, (*tokens[1:], card.model.tokens)),
        Place(0, (0.5,) * 12, tokens, "another"),
    ):
        found = first_phrase(song, other)
        assert (found.z, found.tokens) == (zero, card.start_tokens)


def test_no_session_is_one_sentence(tmp_path: Path) -> None:
    """Nothing was played here yet."""
    with pytest.raises(SessionError, match="there is no performance to resume"):
        read_session(tmp_path / "session.json")


def at(tempo_bpm: float) -> Session:
    return Session(PlayOptions(), ControlState.standing({"tempo": tempo_bpm}))


def test_the_newest_session_is_on_the_disk(tmp_path: Path) -> None:
    """Of many changes the last; the disk is not asked for each."""
    pauses: list[float] = []
    keeper = Keeper(tmp_path / "state/session.json", pytest.fail, pauses.append)
    for tempo_bpm in range(20, 400):
        keeper.keep(at(float(tempo_bpm)))
    keeper.close()
    assert read_session(tmp_path / "state/session.json") == at(399.0)


def test_a_disk_that_will_not_have_it_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The music goes on, and what was there stays."""
    file, told, wrote = tmp_path / "session.json", list[str](), Event()
    file.write_bytes(session_bytes(at(100.0)))

    def full(*_: object) -> None:
        wrote.set()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    keeper = Keeper(file, told.append, lambda _s: None)
    for tempo_bpm in (120.0, 140.0):
        wrote.clear()
        keeper.keep(at(tempo_bpm))
        assert wrote.wait(10.0)
    keeper.close()
    assert len(told) == 1
    assert "No space left on device" in told[0]
    assert read_session(file) == at(100.0)
