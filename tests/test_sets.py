"""Sets: what next means, how a folder is read, and how a song takes another's place."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.card import CheckpointError
from engine.wire import Message
from instrument.actions import (
    Action,
    ChangeSong,
    Get,
    Snapshot,
    Subscribe,
    Transport,
    set_knob,
    set_tempo,
)
from instrument.display import Display
from instrument.feedback import encode
from instrument.midi_in import Arrival
from instrument.opening import PlayOptions
from instrument.patch import PatchError
from instrument.performance import Performance
from instrument.repertoire import Part
from instrument.session import Place, Session
from instrument.setlist import NoSongError, Setlist
from instrument.snapshots import Kept, Snapshots
from instrument.songs import SetError, read_patch_song, read_set

NEXT, PREVIOUS = ChangeSong("next"), ChangeSong("previous")


def named(name: str) -> ChangeSong:
    return ChangeSong("named", name)


def test_next_and_previous_stay_at_the_ends() -> None:
    """And say so; nothing wraps around in front of an audience."""
    two = Setlist(("a", "b"))
    assert (two.after(NEXT).at, two.after(NEXT).after(PREVIOUS).at) == (1, 0)
    with pytest.raises(NoSongError, match="a is the first song"):
        two.after(PREVIOUS)
    with pytest.raises(NoSongError, match="b is the last song"):
        two.after(NEXT).after(NEXT)


def test_a_song_is_called_by_number_or_by_name() -> None:
    """A number that the set has is that song; one that it has not may be a name."""
    songs = Setlist(("intro", "7", "1"))
    assert [songs.after(named(name)).at for name in ("intro", "7", "1", "3")] == [0, 1, 0, 2]
    for name in ("0", "4", "", "nope", "9" * 400):
        with pytest.raises(NoSongError, match="there is no song"):
            songs.after(named(name))
    assert songs.after(named("3")).words == "song 3 of 3: 1"


@given(st.lists(st.sampled_from([NEXT, PREVIOUS, named("2"), named("x")])), st.integers(1, 5))
def test_there_is_always_a_present_song(asked: list[ChangeSong], size: int) -> None:
    """Whatever is asked for, in sets of any size."""
    songs = Setlist(tuple("abcde"[:size]))
    for each in asked:
        try:
            songs = songs.after(each)
        except NoSongError:
            continue
    assert 0 <= songs.at < size


def write_set(folder: Path, **patches: str) -> Path:
    """A set of these patches by name, without any but their own keys."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in patches.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def test_a_set_is_its_patches_in_the_order_of_their_names(
    tmp_path: Path, tiny_checkpoint: Path, other_checkpoint: Path
) -> None:
    """Each with its own checkpoint, from the patch's folder if it is a path there."""
    (tmp_path / "far").symlink_to(other_checkpoint)
    folder = write_set(
        tmp_path / "gig",
        b='checkpoint = "../far"\n[out]\nchannel = 2\n[settings]\ntempo = 96.0',
        a="",
        c=f'checkpoint = "{tiny_checkpoint}"',
    )
    (folder / "notes.txt").write_text("not a patch")
    found = read_set(folder, str(tiny_checkpoint))
    first, second, third = found.songs
    assert [(song.number, song.name) for song in found.songs] == [(1, "a"), (2, "b"), (3, "c")]
    assert first.checkpoint == third.checkpoint == str(tiny_checkpoint)
    assert second.folder.resolve() == other_checkpoint.resolve()
    assert (second.mapping.channel, second.tempo_bpm, first.tempo_bpm) == (2, 96.0, None)
    assert first.first.tokens == first.card.start_tokens
    assert found.snapshots == folder / "snapshots"


def damaged(folder: Path) -> None:
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / "a.json").write_text("{")


def of_three_dimensions(folder: Path) -> None:
    Snapshots(folder / "snapshots").save("a", Kept((1.0, 2.0, 3.0), (), {}))


@pytest.mark.parametrize(
    ("text", "spoil", "said"),
    [
        ("refresh = 3", None, r"a\.toml, line 1: refresh must be"),
        ("refresh =", None, r"a\.toml is not TOML"),
        ('checkpoint = "nope"', None, r"a\.toml, line 1: checkpoint is 'nope': checkpoint 'nope'"),
        ('checkpoint = "./nope"', None, r"a\.toml, line 1: checkpoint is './nope'"),
        ('checkpoint = ""', None, r"a\.toml, line 1: checkpoint must be the name of a checkpoint"),
        ("checkpoint = 3", None, r"a\.toml, line 1: checkpoint must be the name of a checkpoint"),
        ("[knobs]\n1 = { z = 13 }", None, r"a\.toml, line 2: knobs\.1\.z is 13"),
        ("[settings]\ntempo = 9000", None, r"a\.toml, line 2: settings\.tempo is 9000"),
        ("", damaged, r"a\.toml begins at a snapshot: .*a\.json is damaged"),
        ("", of_three_dimensions, r"a\.toml begins at a snapshot: .*has 3 coordinates"),
    ],
)
def test_a_fault_anywhere_in_the_set_is_one_sentence_naming_the_file(
    tmp_path: Path,
    tiny_checkpoint: Path,
    text: str,
    spoil: Callable[[Path], None] | None,
    said: str,
) -> None:
    """Before anything sounds, though the song may be the last."""
    folder = write_set(tmp_path / "gig", _first="", a=text)
    if spoil is not None:
        spoil(folder)
    with pytest.raises((SetError, PatchError), match=said):
        read_set(folder, str(tiny_checkpoint))


def test_a_folder_that_is_no_set_is_refused(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """Not there, a file, empty, too full, or a typed checkpoint that is none."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(SetError, match="cannot be read"):
            read_set(folder, None)
    with pytest.raises(SetError, match="holds no patch"):
        read_set(tmp_path, None)
    with pytest.raises(SetError, match=r"a\.toml: checkpoint 'nope'"):
        read_set(write_set(tmp_path, a=""), "nope")
    many = write_set(tmp_path / "many", **{f"s{n}": "" for n in range(129)})
    with pytest.raises(SetError, match="129 patches; a set has at most 128"):
        read_set(many, str(tiny_checkpoint))


def test_of_one_patch_what_is_typed_wins(
    tmp_path: Path, tiny_checkpoint: Path, other_checkpoint: Path
) -> None:
    """Else the patch's own checkpoint, else stage."""
    patch = write_set(tmp_path, a=f'checkpoint = "{other_checkpoint}"') / "a.toml"
    (song,) = read_patch_song(str(patch), None).songs
    assert song.folder.resolve() == other_checkpoint.resolve()
    (song,) = read_patch_song(str(patch), str(tiny_checkpoint)).songs
    assert song.folder == tiny_checkpoint
    assert read_patch_song("default", None).songs[0].checkpoint == "stage"
    with pytest.raises(CheckpointError):
        read_patch_song("default", "nope")


def test_a_song_begins_at_the_snapshot_of_its_name(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """Its point and what it keeps of the settings; the tempo is the patch's, or stays."""
    folder = write_set(tmp_path, a="[settings]\ngate = 80\nswing = 60", b="")
    z = tuple(n / 10 for n in range(12))
    Snapshots(folder / "snapshots").save("a", Kept(z, (), {"gate": 50.0, "tempo": 33.0}))
    first, second = read_set(folder, str(tiny_checkpoint)).songs
    state = first.start(140.0)
    assert [state.value(f"z/{n}") for n in range(1, 13)] == list(z)
    assert (state.value("gate"), state.value("swing"), state.tempo_bpm) == (50.0, 60.0, 140.0)
    assert "z/1" not in second.start(140.0).values


class Player:
    """Stands where the player's process would be, and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.opened: Message = {}

    def send(self, message: Message) -> None:
        self.sent.append(message)


class Stage:
    """Main without a process, playing a set of three songs."""

    def __init__(self, folder: Path, checkpoint: Path, resumed: Session | None = None) -> None:
        options = PlayOptions(set_folder=str(folder), checkpoint=str(checkpoint))
        self.text = io.StringIO()
        self.main: Any = Performance(options, Display(self.text), resumed)
        self.player = Player()
        cast(Any, self.main)._player = self.player

    def act(self, *actions: Action) -> None:
        self.main._act(actions)

    def parts(self) -> list[Part]:
        return [Part.from_message(each) for each in self.player.sent if each["type"] == "song"]


BUTTONS = "[buttons]\nnext = { note = 40, channel = 16 }\nprevious = { cc = 64 }\n"


@pytest.fixture
def gig(tmp_path: Path, other_checkpoint: Path) -> Path:
    return write_set(
        tmp_path / "gig",
        a=f"{BUTTONS}[knobs]\n1 = {{ z = 1, cc = 20 }}",
        b=f'checkpoint = "{other_checkpoint}"\n{BUTTONS}[out]\nchannel = 2\n[settings]\n'
        "tempo = 90.0\ngate = 70\n[knobs]\n5 = { z = 2, cc = 20 }",
        c=BUTTONS,
    )


def test_another_song_takes_the_place_of_the_present_one(gig: Path, tiny_checkpoint: Path) -> None:
    """The player is told all of it; its settings are fresh, its tempo its own or the one before."""
    stage = Stage(gig, tiny_checkpoint)
    stage.act(set_tempo(150.0), set_knob(1, 1.0), NEXT)
    (part,) = stage.parts()
    assert (part.song, part.name, part.mapping.channel) == (2, "b", 2)
    assert (part.controls.change, part.controls.tempo_bpm) == (1, 90.0)
    assert (part.controls.value("gate"), "knob/1" in part.controls.values) == (70.0, False)
    assert part.checkpoint != str(tiny_checkpoint)
    stage.act(NEXT)
    assert (stage.parts()[-1].controls.tempo_bpm, stage.parts()[-1].controls.change) == (90.0, 2)
    stage.act(NEXT)
    assert len(stage.parts()) == 2
    assert "c is the last song" in stage.text.getvalue()


def test_a_bundle_is_done_in_order(gig: Path, tiny_checkpoint: Path) -> None:
    """A knob before the change is the old song's, one after it the new one's; play comes last."""
    stage = Stage(gig, tiny_checkpoint)
    stage.act(set_knob(1, 1.0), named("b"), set_knob(5, 0.25), Transport("play"))
    assert [m["type"] for m in stage.player.sent] == ["song", "controls", "transport"]
    values = dict(row[:2] for row in stage.player.sent[1]["values"])
    assert (values["knob/5"], values.get("knob/1")) == (0.25, None)
    assert stage.player.sent[1]["change"] == 1


def press(stage: Stage, *message: int) -> None:
    stage.main._midi.take([Arrival("pedal", 0, 0.0, bytes(message))])


def test_a_pedal_changes_the_song_and_the_table_of_controls(
    gig: Path, tiny_checkpoint: Path
) -> None:
    """A note or a controller; the same controller then turns what the new patch says."""
    stage = Stage(gig, tiny_checkpoint)
    press(stage, 0x9F, 40, 100)
    press(stage, 0x8F, 40, 0)
    press(stage, 0xB0, 20, 127)
    assert [part.name for part in stage.parts()] == ["b"]
    state = stage.main._controls.state()
    assert (state.value("knob/5"), "knob/1" in state.values) == (1.0, False)
    press(stage, 0xB0, 64, 127)
    assert [part.name for part in stage.parts()] == ["b", "a"]


def test_osc_feedback_and_keys_follow(gig: Path, tiny_checkpoint: Path) -> None:
    """Addresses are those of the present patch; the song is told when it begins to sound."""
    stage = Stage(gig, tiny_checkpoint)
    assert b"/glisser/knob/5" not in stage.main._programme.song.addresses
    stage.main._on_key("n")
    assert b"/glisser/knob/5" in stage.main._programme.song.addresses
    stage.main._on_key("b")
    assert [part.name for part in stage.parts()] == ["b", "a"]
    line = {"type": "song", "song": 2, "name": "b", "tick": 0, "phrase": None, "checkpoint": "x"}
    stage.main._note({**line, "change": 1, "channel": 2})
    feedback, here = stage.main._doors._feedback, ("127.0.0.1", 7)
    feedback.on_actions([Subscribe(7)], here, stage.main._controls.state(), 0.0)
    song = encode("/glisser/song", 2, "b")
    assert feedback.on_player({**line, "change": 1, "channel": 2}, 0.0) == [(song, here)]
    ((answer, _),) = feedback.on_actions([Get("song")], here, stage.main._controls.state(), 0.0)
    assert answer == encode("/glisser/get/song", 2, "b")
    assert "song 2 of 3: b" in stage.text.getvalue()


def test_a_capture_of_the_song_before_is_dropped(gig: Path, tiny_checkpoint: Path) -> None:
    """Its point lies in another checkpoint's space."""
    stage = Stage(gig, tiny_checkpoint)
    capturing = stage.main._desk._capturing
    capturing._played, capturing._asked, capturing._asked_of = object(), 1, 0
    stage.act(NEXT)
    answer = {"type": "encoded", "id": 1, "z": [9.0] * 12, "tokens": [1], "heard": [1]}
    capturing.encoded({**answer, "changes": []})
    assert stage.main._controls.state().base == ()


def test_snapshots_are_those_of_the_set(gig: Path, tiny_checkpoint: Path) -> None:
    """Saved in its folder, where the next performance finds them."""
    stage = Stage(gig, tiny_checkpoint)
    stage.act(set_knob(1, 1.0), Snapshot("save", "c"))
    kept = json.loads((gig / "snapshots" / "c.json").read_text())
    assert kept["z"][0] == 3.0
    again = Stage(gig, tiny_checkpoint)
    again.act(named("c"))
    assert again.parts()[0].controls.value("z/1") == 3.0


def test_a_resumed_set_is_at_its_song(gig: Path, tiny_checkpoint: Path) -> None:
    """With the controls that it had; a song that is there no more is the first."""
    stage = Stage(gig, tiny_checkpoint)
    stage.act(named("b"), set_knob(5, 0.75))
    state, options = stage.main._controls.state(), stage.main._asked
    session = Session(options, state, Place(), stage.main._programme.song.name)
    resumed = Stage(gig, tiny_checkpoint, session)
    part = resumed.main._setup().part
    assert (part.song, part.mapping.channel, part.controls.value("knob/5")) == (2, 2, 0.75)
    gone = Stage(gig, tiny_checkpoint, Session(options, state, Place(), "gone"))
    assert gone.main._setup().part.song == 1


def test_a_set_and_a_patch_are_one_too_many(tmp_path: Path) -> None:
    """One sentence, status 2; so is a set with a fault, and nothing was opened."""
    write_set(tmp_path / "gig", a="", b="refresh = 3")
    for typed, said in (
        (["--patch", "default"], "--set and --patch both say what to play"),
        ([], "b.toml, line 1: refresh must be"),
    ):
        command = [sys.executable, "-m", "instrument.cli", "play", "--set", str(tmp_path / "gig")]
        ran = subprocess.run([*command, *typed], capture_output=True, text=True)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert said in ran.stderr
