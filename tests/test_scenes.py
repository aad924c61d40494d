"""Snapshots kept and recalled, morphs, and the pad between four of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.actions import Action, Set, Snapshot, set_coordinate, set_knob
from instrument.controls import Controls, ControlState, Morph, morphing
from instrument.latent import knob_positions, steady_z, z_at
from instrument.mapping import Mapping
from instrument.scenes import Scenes
from instrument.snapshots import MAX_BYTES, SnapshotError, Snapshots
from instrument.tempo import TICKS_PER_BAR

BAR = TICKS_PER_BAR
MAPPING = Mapping()


class Stage:
    """Controls, scenes, and what a person was told."""

    def __init__(self, folder: Path, mapping: Mapping = MAPPING) -> None:
        self.said: list[str] = []
        self.faults: list[str] = []
        self.controls = Controls()
        self.mapping = mapping
        said, faults = self.said.append, self.faults.append
        self.scenes = Scenes(self.controls, lambda: mapping, folder, said, faults)

    def act(self, *actions: Action) -> None:
        self.scenes.act(actions)

    def bar(self, number: int) -> None:
        self.scenes.hear({"type": "bar", "tick": (number - 1) * BAR})

    def z1(self, tick: int | None = None) -> float:
        return steady_z(self.controls.state(), self.mapping, tick)[0]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "snapshots")


def test_a_recalled_snapshot_is_heard_from_the_next_bar_line_on(stage: Stage) -> None:
    """Not before, whatever the moment of the recall; knobs, coordinates and settings alike."""
    stage.act(set_knob(1, 1.0), Set("transpose", 7.0), Snapshot("save", "high"))
    stage.act(set_knob(1, 0.0), Set("transpose", 0.0))
    stage.bar(5)
    stage.act(Snapshot("recall", "high"))
    state = stage.controls.state()
    assert [stage.z1(5 * BAR + tick) for tick in (-1, 0, BAR)] == [-3.0, 3.0, 3.0]
    assert [state.value_at("transpose", 5 * BAR + tick) for tick in (-1, 0)] == [0.0, 7.0]
    assert knob_positions(state, MAPPING)[1] == 1.0
    assert stage.said == ["snapshot high saved", "snapshot high"]


def test_a_morph_goes_evenly_and_arrives(stage: Stage) -> None:
    """Over four bars from -3 to 3; a gate on the way, a scale at its beginning."""
    stage.act(set_knob(1, 1.0), Set("gate", 50.0), Set("scale", 3.0), Snapshot("save", "1"))
    stage.act(set_knob(1, 0.0), Set("gate", 100.0), Set("scale", 0.0))
    stage.bar(1)
    stage.act(Snapshot("recall", "1", 4.0))
    state = stage.controls.state()
    bars = [stage.z1(n * BAR) for n in range(7)]
    assert bars == pytest.approx([-3.0, -3.0, -1.5, 0.0, 1.5, 3.0, 3.0])
    assert [state.value_at("gate", n * BAR) for n in (1, 3, 5)] == pytest.approx([100, 75, 50])
    assert [state.value_at("scale", n * BAR) for n in (0, 1, 5)] == [0.0, 3.0, 3.0]


def test_a_hand_on_a_knob_takes_it_out_of_the_morph(stage: Stage) -> None:
    """The others go on."""
    stage.act(set_knob(1, 1.0), set_knob(2, 1.0), Snapshot("save", "1"))
    stage.act(set_knob(1, 0.0), set_knob(2, 0.0))
    stage.act(Snapshot("recall", "1", 2.0))
    stage.act(set_knob(1, 0.5))
    z = steady_z(stage.controls.state(), MAPPING, BAR)
    assert z[:2] == pytest.approx((0.0, 0.0))
    assert steady_z(stage.controls.state(), MAPPING, 2 * BAR)[:2] == pytest.approx((0.0, 3.0))


def test_a_morph_that_is_left_for_another_goes_on_from_where_it_was(stage: Stage) -> None:
    """No leap at the second recall."""
    stage.act(set_coordinate(1, 3.0), Snapshot("save", "up"))
    stage.act(set_coordinate(1, -3.0), Snapshot("save", "down"))
    stage.act(Snapshot("recall", "up", 4.0))
    stage.bar(2)
    before = stage.z1(2 * BAR)
    stage.act(Snapshot("recall", "down", 4.0))
    assert stage.z1(2 * BAR) == pytest.approx(before) == pytest.approx(0.0)
    assert stage.z1(4 * BAR) == pytest.approx(-1.5)


def test_a_recall_by_a_button_takes_as_long_as_the_setting_says(stage: Stage) -> None:
    """morph-bars is where a performer sets that; a recall that says how long wins."""
    stage.act(set_coordinate(1, 3.0), Snapshot("save", "1"), set_coordinate(1, 0.0))
    stage.act(Set("morph-bars", 2.0))
    stage.act(Snapshot("recall", "1"))
    assert stage.z1(BAR) == pytest.approx(1.5)
    stage.act(Snapshot("recall", "1", 0.0))
    assert stage.z1(BAR) == 3.0


def test_tempo_freeze_and_the_pad_are_no_part_of_a_snapshot(stage: Stage) -> None:
    """A recall must not change the time, nor end what a performer holds."""
    stage.act(Set("tempo", 90.0), Set("freeze", 1.0), Set("morph-bars", 8.0))
    stage.act(Snapshot("save", "1"))
    stage.act(Set("tempo", 140.0), Set("freeze", 0.0), Set("morph-bars", 0.0))
    stage.act(Snapshot("recall", "1"))
    state = stage.controls.state()
    assert (state.tempo_bpm, state.freeze, state.value("morph-bars")) == (140.0, False, 0.0)


def test_the_pad_blends_its_four_snapshots(stage: Stage) -> None:
    """Each corner is its snapshot; the middle is the mean."""
    for name, z1, z2 in (("1", -2.0, -2.0), ("2", 2.0, -2.0), ("3", -2.0, 2.0), ("4", 2.0, 1.0)):
        stage.act(set_coordinate(1, z1), set_coordinate(2, z2), Snapshot("save", name))

    def at(x: float, y: float) -> tuple[float, ...]:
        stage.act(Set("pad-x", x), Set("pad-y", y))
        return steady_z(stage.controls.state(), MAPPING)[:2]

    corners = [at(x, y) for y in (0.0, 1.0) for x in (0.0, 1.0)]
    assert corners == [(-2.0, -2.0), (2.0, -2.0), (-2.0, 2.0), (2.0, 1.0)]
    assert at(0.5, 0.5) == pytest.approx((0.0, -0.25))
    assert not stage.faults


def test_a_pad_without_its_snapshots_says_so_and_moves_nothing(stage: Stage) -> None:
    """One sentence that names the one that is missing."""
    stage.act(Set("pad-x", 0.1))
    assert len(stage.faults) == 1
    assert "'1'" in stage.faults[0]
    assert steady_z(stage.controls.state(), MAPPING) == (0.0,) * 12


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", "a.js", " a", "a ", "ä", "a\n"])
def test_no_name_leads_out_of_the_folder(stage: Stage, tmp_path: Path, name: str) -> None:
    """It is refused in a sentence, and nothing is written anywhere."""
    stage.act(Snapshot("save", name), Snapshot("recall", name))
    assert len(stage.faults) == 2
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=70))
def test_whatever_the_network_calls_a_snapshot_stays_in_the_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """A file of that folder, or a refusal."""
    home = tmp_path_factory.mktemp("home")
    Stage(home / "snapshots").act(Snapshot("save", name))
    assert {path.parent for path in home.rglob("*.json")} <= {home / "snapshots"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON"),
        (b"{}", "z"),
        (b'{"format": 3, "z": [], "base": [], "settings": {}}', "format"),
        (b'{"format": 1, "z": [NaN], "base": [], "settings": {}}', "z.0"),
        (b'{"format": 1, "z": [0.0], "base": [], "settings": {}}', "1 coordinates"),
        (b" " * (MAX_BYTES + 1), "is no snapshot"),
    ],
)
def test_a_damaged_snapshot_is_one_sentence_and_the_music_goes_on(
    stage: Stage, tmp_path: Path, content: bytes, said: str
) -> None:
    """Nothing moves."""
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / "broken.json").write_bytes(content)
    before = stage.controls.state()
    stage.act(Snapshot("recall", "broken"))
    assert stage.controls.state() == before
    assert len(stage.faults) == 1
    assert said in stage.faults[0]


def test_a_snapshot_that_somebody_edited_is_read_again(tmp_path: Path) -> None:
    """And settings out of range go to the nearest end."""
    stage = Stage(tmp_path)
    stage.act(Snapshot("save", "1"), Snapshot("recall", "1"))
    file = tmp_path / "1.json"
    file.write_text(file.read_text().replace('"gate": 100.0', '"gate": 900.0'))
    file.write_text(file.read_text().replace('"accent": 0.0', '"accent": 12.0'))
    stage.act(Snapshot("recall", "1"))
    state = stage.controls.state()
    assert (state.value("gate"), state.value("accent")) == (100.0, 12.0)


def test_a_folder_has_room_for_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody on the network fills the disk; one that is there may be written again."""
    monkeypatch.setattr("instrument.snapshots.MAX_SNAPSHOTS", 2)
    stage = Stage(tmp_path)
    stage.act(*(Snapshot("save", name) for name in ("1", "2", "3", "2")))
    assert Snapshots(tmp_path).names() == ["1", "2"]
    assert len(stage.faults) == 1
    with pytest.raises(SnapshotError, match="there are: 1, 2"):
        Snapshots(tmp_path).load("3", 12)


keys = st.sampled_from(["z/1", "z/7", "gate", "transpose"])
targets = st.dictionaries(keys, st.floats(-3.0, 3.0), min_size=1)


@given(targets, targets, st.integers(0, 20), st.floats(0.0, 64.0), st.integers(0, 90))
def test_a_morph_lies_between_its_ends_and_survives_the_trip_to_the_player(
    target: dict[str, float], before: dict[str, float], start: int, bars: float, at: int
) -> None:
    """At every bar, in whatever order the bars are asked for."""
    state = morphing(
        ControlState(), target, before, start_tick=start * BAR, bars=bars, base=(0.5,) * 12
    )
    assert ControlState.from_message(state.to_message()) == state
    for key, value in target.items():
        ends = sorted((before.get(key, value), value))
        now = state.value_at(key, at * BAR)
        assert ends[0] - 1e-9 <= now <= ends[1] + 1e-9
        if at > start + bars:
            assert now == value
    assert all(-3.0 <= z <= 3.0 for z in z_at(state, MAPPING, at * BAR))


def test_a_share_is_behind_at_each_bar() -> None:
    """Nothing before it begins, all after its end; none at all is a leap."""
    morph = Morph(1, BAR, 2.0, {})
    assert [morph.share(n * BAR) for n in range(5)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert [Morph(1, BAR, 0.0, {}).share(n * BAR) for n in range(2)] == [0.0, 1.0]
