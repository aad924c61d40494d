"""A take played again: from what decided its notes, the very notes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded, Z
from instrument.mapping import VoiceMapping
from instrument.midi_out import Recorder
from instrument.outgoing import Outgoing
from instrument.panic import MS
from instrument.player_core import Player
from instrument.player_messages import Setup
from instrument.repertoire import Part, Sung
from instrument.replay import Account, differing, read_take
from instrument.swaps import Refresh
from instrument.take import Take, TakeError, account_of, notes_of, opening, unfinished
from tests.parts import DUET, SETUP, TOKENS, knob, transport

BAR_NS = 600 * MS  # at 400 bpm
SECOND_PHRASE = (62, -1, 64, -2) * 8


@dataclass(frozen=True)
class Happening:
    """After ``wait_ns``, in which the player wakes or (``asleep``) does not, something happens."""

    wait_ns: int
    what: str
    value: float = 0.5
    asleep: bool = False


def lived(setup: Setup, story: Sequence[Happening], engine_ns: int = 5 * MS) -> list[Message]:
    """What a player tells of a performance in which ``story`` happens."""
    said: list[Message] = []
    now_ns = 10**12
    player = Player(setup, Outgoing([Recorder()]), lambda *each: said.extend(each), now_ns)
    wake_ns, answers, read = now_ns, list[tuple[int, Message]](), 0
    changes = 0

    def turn(*messages: Message) -> None:
        nonlocal wake_ns, read
        of_its_song = {"change": changes}
        told = [{**m, **of_its_song} if m["type"] == "controls" else m for m in messages]
        wake_ns = player.turn(now_ns, told)
        for message in said[read:]:
            if message["type"] == "request":
                pitch = 48 + round(message["z"][0] * 4) % 24 + message.get("voice", 1)
                steps = [pitch if step == -1 else step for step in SECOND_PHRASE]
                if message["checkpoint"] == "other":  # it ties over every bar line
                    steps = [-1, -1, pitch, -1] * 8
                answer = {"type": "phrase", "id": message["id"], "tokens": TOKENS, "steps": steps}
                answers.append((now_ns + engine_ns, answer))
        read = len(said)

    def run_to(end_ns: int) -> None:
        nonlocal now_ns
        while (next_ns := min([wake_ns, *(due for due, _ in answers)])) <= end_ns:
            now_ns = max(now_ns, next_ns)
            due = [entry for entry in answers if entry[0] <= now_ns]
            for entry in due:
                answers.remove(entry)
            turn(*(message for _, message in due))
        now_ns = max(now_ns, end_ns)

    turn()
    for happening in story:
        if happening.asleep:
            now_ns += happening.wait_ns
        else:
            run_to(now_ns + happening.wait_ns)
        match happening.what:
            case "knob":
                turn(knob(happening.value))
            case "tempo":
                turn(knob(0.5, tempo=20.0 + 380.0 * happening.value))
            case "swing":
                turn(knob(0.5, tempo=400.0, swing=50.0 + 25.0 * happening.value))
            case "voicing":
                shaped = {"gate": 5.0 + 95.0 * happening.value, "accent": 100.0 * happening.value}
                shaped |= {"transpose": float(round(24 * happening.value)), "scale": 3.0}
                turn(knob(0.5, tempo=400.0, **shaped))
            case "gate":
                turn(knob(0.5, tempo=400.0, gate=5.0 + 95.0 * happening.value))
            case "other":
                turned = {"knob/5": happening.value, "voice/2/gate": 5.0 + 95.0 * happening.value}
                turned["voice/2/mute"] = float(happening.value > 0.8)
                turn(knob(0.5, tempo=400.0, **turned))
            case "freeze":
                turn(knob(0.7, tempo=400.0, freeze=float(happening.value > 0.5)))
            case "change":
                changes += 1
                turn(another_song(changes, happening.value, setup.voices))
            case "song":
                song_tick = round(happening.value * 2000)
                turn({**transport("play"), "song_tick": song_tick, "ns": now_ns + 3 * MS})
            case "nothing":
                turn()
            case command:
                turn(transport(command))
    turn({"type": "quit"})
    return said


def another_song(change: int, value: float, setup_voices: int = 1) -> Message:
    """A song of its own channel, refresh, tempo, voicing and first phrase, by ``value``, 0..1.

    With two voices it has one or two.
    """
    kind = round(value * 47)
    mapping = replace(
        SETUP.mapping, channel=1 + kind % 4, refresh=("bar", "phrase", "step")[kind % 3]
    )
    standing = {"tempo": (300.0, 400.0)[kind % 2], "transpose": float(kind % 5)}
    standing["gate"] = 50.0 if kind % 7 == 0 else 100.0
    controls = replace(ControlState.standing(standing), change=change)
    steps = ((50 + kind % 12, -1, -1, -2), (-1, -1, 50 + kind % 12, -1))[kind % 2] * 8
    first = Decoded((value,) * 12, tuple(TOKENS), steps)
    checkpoint = ("stage", "other")[kind % 2]
    others = (Sung("other", replace(first, steps=(30 + kind % 12, -2) * 16)),)[: setup_voices - 1]
    if others and kind % 3 == 0:
        others = ()
    if others:  # now and then on the channel where voice 1 was
        mapping = replace(mapping, voices=(VoiceMapping(1 + (kind // 4 + kind + 1) % 4 % 4),))
        if mapping.voices[0].channel == mapping.channel:
            mapping = replace(mapping, voices=(VoiceMapping(9),))
    part = Part(mapping, controls, checkpoint, first, 1 + kind % 3, f"song {kind}", others)
    return part.to_message()


def written(folder: Path, setup: Setup, said: Sequence[Message]) -> Path:
    """The take of that performance."""
    head = opening(
        checkpoint=setup.checkpoint,
        decoders={setup.checkpoint: "0" * 64},
        firsts=[(setup.part.voice(n + 1) or setup).first for n in range(setup.voices)],
        mapping=setup.mapping.to_message(),
        tempo_bpm=setup.tempo_bpm,
        played_with={},
    )
    file = folder / "t.mid"
    take = Take(file, head)
    for message in said:
        take.add(json.loads(json.dumps(message)))
    take.finish()
    return file


def setup_with(
    refresh: Refresh = "bar", bars: int | None = None, of: Setup = SETUP, voices: int = 1
) -> Setup:
    mapping = replace(of.mapping, refresh=refresh)
    found = replace(of, mapping=mapping, bars=bars, tempo_bpm=400.0)
    return replace(found, voices=max(voices, found.voices))


TURNED = ("knob", "knob", "tempo", "swing", "voicing", "gate")
stories = st.lists(
    st.builds(
        Happening,
        st.one_of(st.integers(0, 40 * MS), st.integers(0, BAR_NS), st.integers(0, 4 * BAR_NS)),
        st.sampled_from(
            [*TURNED, "nothing", "freeze", "panic", "stop", "play", "song", "change", "change"]
        ),
        st.floats(0, 1),
        st.sampled_from([False] * 5 + [True]),
    ),
    max_size=30,
)

two_voices_stories = st.lists(
    st.builds(
        Happening,
        st.one_of(st.integers(0, 40 * MS), st.integers(0, BAR_NS), st.integers(0, 4 * BAR_NS)),
        st.sampled_from(
            [*TURNED, *["other"] * 4, "freeze", "panic", "stop", "play", "song"] + ["change"] * 3
        ),
        st.floats(0, 1),
        st.sampled_from([False] * 5 + [True]),
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=200)
@given(
    stories,
    st.sampled_from(["bar", "phrase", "step"]),
    st.sampled_from([None, 1, 5]),
    st.sampled_from([2 * MS, 60 * MS, 900 * MS]),
)
def test_whatever_happened_a_take_gives_its_notes_again(
    tmp_path_factory: pytest.TempPathFactory,
    story: list[Happening],
    refresh: Refresh,
    bars: int | None,
    engine_ns: int,
) -> None:
    """Several starts and songs, panic, freeze, tempo, a song begun inside, a machine that slept."""
    setup = setup_with(refresh, bars)
    said = lived(setup, [Happening(0, "nothing"), *story], engine_ns)
    assert not any("voice" in message for message in said)
    file = written(tmp_path_factory.mktemp("take"), setup, said)
    account = read_take(file)
    assert account.replay() == notes_of(said)
    assert account.midi() == file.read_bytes()


@settings(deadline=None, max_examples=200)
@example(  # voice 2 begins with the song, by what was decoded for it, and is stopped there
    story=[Happening(0, "change", 1.0), Happening(600 * MS, "knob", 0.0)],
    refresh="bar",
    bars=None,
    engine_ns=2 * MS,
    first=SETUP,
)
@given(
    two_voices_stories,
    st.sampled_from(["bar", "phrase", "step"]),
    st.sampled_from([None, 1, 5]),
    st.sampled_from([2 * MS, 60 * MS, 900 * MS]),
    st.sampled_from([DUET, SETUP]),
)
def test_with_two_voices_too(
    tmp_path_factory: pytest.TempPathFactory,
    story: list[Happening],
    refresh: Refresh,
    bars: int | None,
    engine_ns: int,
    first: Setup,
) -> None:
    """And songs of one voice among those of two; no note is left open, and none struck twice."""
    setup = setup_with(refresh, bars, first, 2)
    said = lived(setup, [Happening(0, "nothing"), *story], engine_ns)
    file = written(tmp_path_factory.mktemp("take"), setup, said)
    account = read_take(file)
    assert account.replay() == notes_of(said)
    assert account.midi() == file.read_bytes()
    sounding = set[tuple[int, int]]()
    for note in notes_of(said):
        key = note.channel, note.pitch
        assert (key in sounding) == (note.velocity == 0)
        sounding ^= {key}
    assert not sounding
    requests = [message["id"] for message in said if message["type"] == "request"]
    assert requests == sorted(set(requests))


def a_take(folder: Path, refresh: Refresh = "step") -> Path:
    setup = setup_with(refresh)
    story = [
        Happening(BAR_NS, "knob", 0.9),
        Happening(BAR_NS, "knob", 0.2),
        Happening(3 * BAR_NS // 2, "panic"),
        Happening(BAR_NS, "nothing"),
    ]
    return written(folder, setup, lived(setup, story))


def test_a_take_that_was_cut_off_is_played_to_where_it_was_and_closed(tmp_path: Path) -> None:
    """At any line: its notes are those that were sent, and no note is left open."""
    whole = account_of(a_take(tmp_path)).read_bytes().splitlines(keepends=True)
    sent = read_take(tmp_path / "t.mid").notes
    part = unfinished(tmp_path / "t.mid")
    cuts = [n for n in range(2, len(whole)) if b'"bar"' in b"".join(whole[1:n])]
    assert len(cuts) > 50
    for cut in cuts:
        part.write_bytes(b"".join(whole[:cut]) + whole[cut][: len(whole[cut]) // 2])
        account = read_take(part)
        played = account.replay()
        assert played[: len(account.notes)] == list(account.notes)
        assert account.notes == sent[: len(account.notes)]
        assert sum(note.velocity > 0 for note in played) * 2 == len(played)


def test_a_note_that_no_phrase_gives_is_found(tmp_path: Path) -> None:
    """The sentence names the file and where they part."""
    file = a_take(tmp_path)
    lines = account_of(file).read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if '"note"' in line)
    lines[place] = json.dumps({**json.loads(lines[place]), "pitch": 1})
    account_of(file).write_text("\n".join([*lines, ""]))
    with pytest.raises(TakeError, match=r"t\.jsonl: from tick 0 on its notes are not"):
        read_take(file).replay()


def test_a_phrase_that_decodes_to_other_tokens_is_found(tmp_path: Path) -> None:
    """The first of them; none where all are the same."""
    adopted = read_take(a_take(tmp_path)).adopted
    assert len(adopted) >= 3
    tokens = [list(each.tokens) for each in adopted]
    assert differing(adopted, tokens) is None
    tokens[1][5] += 1
    assert differing(adopted, tokens) == adopted[1]


def test_what_was_adopted_is_read_back(tmp_path: Path) -> None:
    """Its point and its tick, late answers left out."""
    account: Account = read_take(a_take(tmp_path))
    points: list[Z] = [each.wish.z for each in account.adopted]
    assert all(len(z) == 12 for z in points)
    assert [each.tick for each in account.adopted] == sorted(each.tick for each in account.adopted)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _lines: [],
        lambda lines: lines[1:],
        lambda lines: [lines[0], "not json"],
        lambda lines: [lines[0]],
        lambda lines: [json.dumps({**json.loads(lines[0]), "format": 99}), *lines[1:]],
        lambda lines: [lines[0], '{"type":"bar"}'],
        lambda lines: [lines[0], "[]"],
        lambda lines: [json.dumps({**json.loads(lines[0]), "first": {}}), *lines[1:]],
    ],
)
def test_a_damaged_account_is_refused(tmp_path: Path, spoil: object) -> None:
    """Empty, headless, garbled or from the future: one sentence naming the file."""
    file = a_take(tmp_path)
    lines = account_of(file).read_text().splitlines()
    account_of(file).write_text("\n".join([*spoil(lines), ""]))  # type: ignore[operator]
    with pytest.raises(TakeError, match=r"t\.jsonl"):
        read_take(file)


def test_an_event_without_its_place_is_refused(tmp_path: Path) -> None:
    """It is found when it is played."""
    file = a_take(tmp_path)
    lines = account_of(file).read_text().splitlines()
    spoilt = [line.replace('"step_tick"', '"step"') for line in lines]
    account_of(file).write_text("\n".join([*spoilt, ""]))
    with pytest.raises(TakeError, match="is not a whole take: KeyError"):
        read_take(file).replay()


def test_a_take_that_is_not_there_says_where_one_that_was_cut_off_is(tmp_path: Path) -> None:
    """After a SIGKILL there is no .mid and no .jsonl."""
    file = a_take(tmp_path)
    account_of(file).rename(unfinished(file))
    with pytest.raises(TakeError, match=r"is not there; one that was cut off is in .*part"):
        read_take(file)


def test_a_play_after_a_sleep_over_the_last_bar_is_played_again(tmp_path: Path) -> None:
    """The machine woke long after the end; a stop right after the next play closes no later."""
    setup = setup_with(bars=1)
    asleep = Happening(751_562_500, "knob", 0.0, asleep=True)
    story = [Happening(0, "nothing"), Happening(0, "knob", 0.0), asleep, Happening(0, "play")]
    said = lived(setup, story, 2 * MS)
    assert read_take(written(tmp_path, setup, said)).replay() == notes_of(said)
