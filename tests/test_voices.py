"""Voices beside the first: keys, patch, controls, snapshots, capture, and who is told what."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.wire import Message
from instrument.actions import Action, Capture, Set, Snapshot, Subscribe, set_coordinate, set_knob
from instrument.capturing import Capturing
from instrument.controls import Controls, ControlState, Morph
from instrument.feedback import Feedback, encode
from instrument.latent import steady_z, z_at
from instrument.mapping import Mapping
from instrument.midi_in import Arrival
from instrument.opening import PlayOptions
from instrument.osc_addresses import addresses
from instrument.osc_parse import RefusedError, parse
from instrument.oscquery import find, methods, tree
from instrument.parameters import parameters, positions, values
from instrument.patch import PatchError, load_patch
from instrument.patch_edit import with_control
from instrument.round_trips import FIRST_ROUND_TRIP_NS, MS, SPARE_NS, RoundTrips
from instrument.scenes import Scenes
from instrument.session import Place, Progress, Session, read_session, session_bytes
from instrument.settings import SETTINGS, setting_of, voice_of
from instrument.songs import read_patch_song
from instrument.wishes import voicing_at, wish_at

DUET = load_patch("duet")
ORIGIN = (0.0,) * 12


def view(state: ControlState, voice: int) -> tuple[ControlState, Mapping]:
    return state.of_voice(voice), DUET.each_voice[voice - 1]


def controls(*actions: Action) -> ControlState:
    held = Controls(ControlState.standing(DUET.settings))
    held.apply(actions)
    return held.state()


def test_a_key_says_whose_it_is() -> None:
    """Those of voice 1 are as they were; what is shared has no voice."""
    assert voice_of("voice/2/lfo/3") == (2, "lfo/3")
    assert voice_of("gate") == (1, "gate")
    for key in ("voice/1/gate", "voice/5/gate", "voice/02/gate", "voice/2/tempo", "voice/2"):
        assert setting_of(key) is None
    gate = setting_of("voice/4/gate")
    assert gate is not None
    assert gate.name == "gate"
    shared = {each.name for each in SETTINGS if each.shared}
    assert shared == {
        "tempo",
        "swing",
        "freeze",
        "morph-bars",
        "pad-x",
        "pad-y",
        "capture-voice",
    }


def test_only_the_voices_of_the_patch_have_parameters() -> None:
    """The default patch has none of the second voice's; the duet has each but the shared ones."""
    assert not any("voice/" in each.key for each in parameters(Mapping()))
    keys = {each.key: each for each in parameters(DUET)}
    assert keys["voice/2/octave"].default == -1.0
    assert keys["voice/2/octave"].name == "voice 2 octave"
    assert "of voice 2" in keys["knob/5"].description
    assert {"voice/2/z/12", "voice/2/lfo/2", "voice/2/mute", "mute"} <= keys.keys()
    assert "voice/2/tempo" not in keys
    assert "voice/3/gate" not in keys
    assert values(controls(), DUET).keys() == {each.address for each in keys.values()}


def test_a_knob_moves_its_own_voice() -> None:
    """Knob 5 is z1 of voice 2, and nothing of voice 1; a raw coordinate likewise."""
    state = controls(set_knob(5, 1.0), set_coordinate(7, 2.0, 2), set_coordinate(7, 1.0))
    assert steady_z(*view(state, 1)) == (*ORIGIN[:6], 1.0, *ORIGIN[7:])
    second = steady_z(*view(state, 2))
    assert (second[0], second[6]) == (3.0, 2.0)
    assert positions(state, DUET)["knob/5"] == 1.0
    assert positions(state, DUET)["knob/1"] == 0.5


def test_each_voice_is_shaped_and_strays_by_its_own_settings() -> None:
    """A drift, a temperature and an octave of voice 2 leave voice 1 alone; a swing is of both."""
    turned = {"voice/2/drift/1": 2.0, "voice/2/temperature": 1.0, "swing": 60.0, "gate": 50.0}
    state = controls(*(Set(key, value) for key, value in turned.items()))
    first, second = (view(state, voice) for voice in (1, 2))
    tick = 5 * 384
    assert z_at(*first, tick, tick) == ORIGIN
    assert z_at(*second, tick, tick) != ORIGIN
    assert [wish_at(*each, tick, tick).temperature for each in (first, second)] == [0.0, 1.0]
    assert [voicing_at(each[0], tick).octave for each in (first, second)] == [0.0, -1.0]
    assert [voicing_at(each[0], tick).gate for each in (first, second)] == [50.0, 100.0]
    assert [each[0].value("swing") for each in (first, second)] == [60.0, 60.0]


def test_what_travels_to_the_player_is_whole() -> None:
    """Base points and a morph of both voices."""
    morph = Morph(3, 384, 2.0, {"gate": 10.0, "voice/2/gate": 20.0})
    state = ControlState(
        {"gate": (90.0, 3), "voice/2/gate": (80.0, 3)}, ORIGIN, morph, 3, 1, {2: (1.0,) * 12}
    )
    again = ControlState.from_message(json.loads(json.dumps(state.to_message())))
    assert again == state
    second = again.of_voice(2)
    assert second.base == (1.0,) * 12
    assert [second.value_at("gate", tick) for tick in (0, 768, 5000)] == [20.0, 50.0, 80.0]


def test_osc_knows_a_voice() -> None:
    """A setting, all coordinates at once, one of them."""
    known = addresses(DUET)
    for address, numbers, wanted in (
        ("/glisser/voice/2/gate", [50.0], (Set("voice/2/gate", 50.0),)),
        ("/glisser/voice/2/z/3", [9.0], (Set("voice/2/z/3", 3.0),)),
        (
            "/glisser/voice/2/z",
            [1.0] * 12,
            tuple(Set(f"voice/2/z/{n}", 1.0) for n in range(1, 13)),
        ),
    ):
        refused: list[RefusedError] = []
        ((_, actions),) = parse(encode(address, *numbers), known, refused.append)
        assert not refused
        assert actions == wanted
    assert b"/glisser/voice/2/gate" not in addresses(Mapping())


HEAD = "[voices.2]\nchannel = 2\n"


@pytest.mark.parametrize(
    ("text", "line", "key", "allowed"),
    [
        ("[voices.3]\nchannel = 3", 1, "voices.3", "comes without voice 2; no gap is allowed"),
        ("[voices.5]\nchannel = 3", 1, "voices.5", "numbered 2 to 4"),
        ("[voices.1]\nchannel = 3", 1, "voices.1", "numbered 2 to 4"),
        ("voices.2 = 3", 1, "voices.2", "must be a table such as { channel = 2 }, not 3"),
        ("[voices.2]\nchanel = 2", 1, "voices.2.channel", "is missing; it must be a MIDI channel"),
        (HEAD + "chanel = 3", 3, "voices.2.chanel", "allowed here: channel, checkpoint, settings"),
        ("[voices.2]\nchannel = 1", 2, "voices.2.channel", "is 1, as is that of voice 1"),
        (HEAD + "checkpoint = ''", 3, "voices.2.checkpoint", "the name of a checkpoint"),
        (
            HEAD + "[voices.2.settings]\ngate = 200",
            4,
            "voices.2.settings.gate",
            "allowed is 5 to 100",
        ),
        (HEAD + "[voices.2.settings]\ngate = []", 4, "voices.2.settings.gate", "must be a number"),
        (HEAD + "[voices.2.settings]\ntempo = 90", 4, "voices.2.settings.tempo", "in [settings]"),
        (HEAD + "[voices.2.settings]\ngait = 9", 4, "voices.2.settings.gait", "is no setting"),
        (HEAD + "[voices.2.settings]\nlfo.13 = 1", 4, "voices.2.settings.lfo.13", "no setting"),
        (
            HEAD + "[voices.2.settings]\ngate = { cc = 200 }",
            4,
            "voices.2.settings.gate.cc",
            "0 to 119",
        ),
        ("[knobs]\n1 = { z = 1, voice = 2 }", 2, "knobs.1.voice", "there is no [voices.2]"),
        ("[knobs]\n1 = { z = 1, voice = 5 }", 2, "knobs.1.voice", "must be a voice, 1 to 4"),
        (
            HEAD + "[knobs]\n1 = { z = 1, voice = 2 }\n2 = { z = 1, voice = 2 }",
            5,
            "knobs.2.z",
            "as is that of knob 1",
        ),
    ],
)
def test_a_wrong_voice_is_told_in_one_sentence(
    tmp_path: Path, text: str, line: int, key: str, allowed: str
) -> None:
    """File, line, key and what is allowed, as of every other key."""
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(PatchError) as caught:
        load_patch(str(file))
    assert str(caught.value).startswith(f"{file}, line {line}: {key} ")
    assert allowed in str(caught.value)


def test_a_voice_has_a_checkpoint_of_its_own(tmp_path: Path) -> None:
    """By name; else the song's. One that is not there is told by line and key."""
    file = tmp_path / "two.toml"
    file.write_text(HEAD + 'checkpoint = "paper-256"\n[voices.3]\nchannel = 3\n')
    (song,) = read_patch_song(str(file), None).songs
    assert [source.checkpoint for source in song.sources] == ["stage", "paper-256", "stage"]
    assert [its.checkpoint for its in song.part(ControlState()).voices] == [
        "stage",
        "paper-256",
        "stage",
    ]
    file.write_text(HEAD + 'checkpoint = "nobody"\n')
    with pytest.raises(PatchError, match=r"line 3: voices\.2\.checkpoint is 'nobody'"):
        read_patch_song(str(file), None)


def test_a_learned_control_is_written_into_the_voice() -> None:
    """Into its own table of settings."""
    learned: Any = type("Learned", (), {"kind": "cc", "number": 9, "channel": 1})()
    learned.encoder = "absolute"
    text = with_control(HEAD, "voice/2/gate", learned)
    assert "[voices.2.settings]" in text
    assert "gate = { cc = 9" in text


class Stage:
    """Scenes of the duet."""

    def __init__(self, folder: Path, mapping: Mapping = DUET) -> None:
        self.faults: list[str] = []
        self.controls = Controls(ControlState.standing(mapping.settings))
        said: list[str] = []
        self.scenes = Scenes(
            self.controls, lambda: mapping, folder, said.append, self.faults.append
        )

    def act(self, *actions: Action) -> None:
        self.scenes.act(actions)

    def z(self, voice: int) -> tuple[float, ...]:
        return steady_z(*view(self.controls.state(), voice))


def test_a_snapshot_holds_all_voices(tmp_path: Path) -> None:
    """Their points, their settings, their mutes."""
    stage = Stage(tmp_path)
    stage.act(set_knob(1, 1.0), set_knob(5, 0.0), Set("voice/2/mute", 1.0), Snapshot("save", "a"))
    assert json.loads((tmp_path / "a.json").read_text())["format"] == 2
    stage.act(set_knob(1, 0.0), set_knob(5, 1.0), Set("voice/2/mute", 0.0))
    stage.act(Snapshot("recall", "a"))
    assert (stage.z(1)[0], stage.z(2)[0]) == (3.0, -3.0)
    assert stage.controls.state().value("voice/2/mute") == 1.0
    assert not stage.faults


def test_a_snapshot_of_one_voice_moves_voice_1_only(tmp_path: Path) -> None:
    """Format 1, and one that was saved under a patch of one voice."""
    stage = Stage(tmp_path)
    old = {"format": 1, "z": [1.0] * 12, "base": [], "settings": {"gate": 40.0}}
    (tmp_path / "old.json").write_text(json.dumps(old))
    stage.act(set_knob(5, 1.0), Set("voice/2/gate", 33.0), Snapshot("recall", "old"))
    assert stage.z(1) == (1.0,) * 12
    assert stage.z(2)[0] == 3.0
    state = stage.controls.state()
    assert (state.value("gate"), state.value("voice/2/gate")) == (40.0, 33.0)
    assert state.value("voice/2/octave") == -1.0


def test_the_pad_moves_every_voice_that_its_corners_have(tmp_path: Path) -> None:
    """Half-way between two of them, both voices are half-way."""
    stage = Stage(tmp_path)
    for number in range(1, 5):
        right = number % 2 == 0
        stage.act(set_coordinate(1, 2.0 * right), set_coordinate(1, -2.0 * right, 2))
        stage.act(Snapshot("save", str(number)))
    stage.act(Set("pad-x", 0.5), Set("pad-y", 0.0))
    assert (stage.z(1)[0], stage.z(2)[0]) == (1.0, -1.0)


def test_a_capture_is_for_the_voice_that_was_asked_for() -> None:
    """Its base point, its knobs, its offset; a number above the last voice is the last."""
    asked: list[Message] = []
    held = Controls()
    told: list[str] = []
    capturing = Capturing(held, lambda: DUET, asked.append, told.append, told.append)
    held.apply([set_knob(1, 1.0), set_knob(5, 1.0), Set("capture-voice", 4.0)])
    capturing.act([Capture()], 0)
    for status, ns in ((0x90, 5 * MS), (0x80, 900 * MS)):
        capturing.hear(Arrival("keys", ns, 0.0, bytes([status, 60, 80])))
    capturing.look(5000 * MS)
    assert asked[0]["voice"] == 2
    answer = {"type": "encoded", "z": [0.5] * 12, "tokens": [1] * 32, "heard": [1] * 32}
    capturing.encoded({"id": asked[0]["id"], "changes": [], **answer})
    state = held.state()
    assert steady_z(*view(state, 2)) == (0.5,) * 12
    assert steady_z(*view(state, 1))[0] == 3.0
    assert (state.value("offset"), state.value("voice/2/offset")) == (0.0, 1.0)
    assert state.base == ()


def test_listeners_are_told_whose_phrase_it_is() -> None:
    """Voice 1's as ever, voice 2's on its own address."""
    feedback = Feedback(lambda: DUET)
    feedback.on_actions([Subscribe(5)], ("127.0.0.1", 5), controls(), 0.0)
    bar = {"type": "bar", "bar": 1, "steps": [60] * 32, "notes": 32, "misses": 0, "voice": 2}
    assert [d for d, _ in feedback.on_player(bar, 1.0)] == [
        encode("/glisser/voice/2/phrase", *[60] * 32)
    ]
    again = feedback.on_actions([Subscribe(6)], ("127.0.0.1", 6), controls(), 2.0)
    assert encode("/glisser/voice/2/phrase", *[60] * 32) in [d for d, _ in again]
    ((datagram, _),) = feedback.on_controls(controls(Set("voice/2/gate", 50.0)), 3.0)[:1]
    assert datagram == encode("/glisser/voice/2/gate", 50.0)


def test_a_session_comes_back_with_all_voices(tmp_path: Path) -> None:
    """Their controls and their base points."""
    state = ControlState(
        {"knob/5": (0.25, 1), "voice/2/z/3": (2.0, 2), "voice/2/gate": (50.0, 2)},
        serial=2,
        bases={2: (0.5,) * 12},
    )
    file = tmp_path / "session.json"
    file.write_bytes(session_bytes(Session(PlayOptions(patch="duet"), state)))
    assert read_session(file).controls == state


def _trips(voices: int, taken: Sequence[Sequence[int]]) -> RoundTrips:
    """Requests that leave together, and the ms after which each is answered."""
    trips, number = RoundTrips(), 0
    trips.voices = voices
    for together in taken:
        for n, _ in enumerate(together, start=1):
            trips.asked(number + n, 0)
        for n, ms in enumerate(together, start=1):
            trips.answered(number + n, ms * MS)
        number += len(together)
    return trips


def test_the_margin_covers_the_last_of_the_answers() -> None:
    """Also where so far one voice alone has asked; with one voice it is what it was."""
    assert RoundTrips().margin_ns() == FIRST_ROUND_TRIP_NS + SPARE_NS
    assert _trips(1, [[8], [9]]).slowest_ns() == 9 * MS
    assert _trips(2, [[8, 17]]).slowest_ns() == 17 * MS
    assert _trips(2, [[8]]).slowest_ns() == 16 * MS
    assert _trips(3, [[8, 16]]).slowest_ns() == 24 * MS
    assert _trips(1, [[8, 16]]).slowest_ns() == 16 * MS


def test_the_place_of_a_session_is_voice_1s() -> None:
    """What another voice plays moves it nowhere."""
    progress = Progress(Place(), "stage")
    begin = {"type": "begin", "tick": 0, "song_tick": 0}
    bar = {"type": "bar", "tick": 384, "z": [1.0], "tokens": [1]}
    assert progress.hear(begin)
    assert not progress.hear({**begin, "voice": 2})
    assert progress.hear(bar)
    assert not progress.hear({**bar, "z": [2.0], "voice": 2})
    assert progress.place == Place(384, (1.0,), (1,), "stage")


def test_oscquery_shows_each_voice() -> None:
    """A node for its setting, with its value."""
    heard = [address.decode() for address in addresses(DUET)]
    told = values(controls(), DUET)
    root = tree(methods(parameters(DUET), heard), told)
    node = find(root, "/glisser/voice/2/octave")
    assert node is not None
    assert node["VALUE"] == [-1]
    assert find(root, "/glisser/voice/2/lfo/12") is not None
    assert find(root, "/glisser/voice/3") is None
