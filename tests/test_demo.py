"""The demonstration: its script can be played, and is the same music on the stage and in a file."""

import io
import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import mido
import pytest

from engine.phrase import PHRASE_STEPS
from instrument.demo_command import songs
from instrument.demo_offline import Rehearsal
from instrument.demo_script import BARS, CAPTURED, SCRIPT, Melody, Move, moves
from instrument.demo_sheet import lengths, sheet
from instrument.ledger import NoteEvent
from instrument.midi_in import Arrival
from instrument.opening import PlayOptions
from instrument.prompter import BEFORE_TICKS, Prompter
from instrument.tempo import TICKS_PER_BAR, TICKS_PER_STEP

ROOT = Path(__file__).parent.parent
BEAT_MS = 500


def rehearsed(bars: int = BARS) -> tuple[list[NoteEvent], list[str]]:
    """What sounds in the first bars of the demo, and what is said meanwhile."""
    with songs() as folder:
        asked = PlayOptions(set_folder=str(folder), midi_api="none", bars=bars)
        rehearsal = Rehearsal(asked, moves())
        return rehearsal.notes(), rehearsal.said


def test_sections_follow_one_another_and_say_what_is_heard() -> None:
    """From bar 1 to the last, each move inside its own section, or just before it."""
    bars = [section.bar for section in SCRIPT]
    assert bars == sorted(set(bars))
    assert (bars[0], bars[-1] < BARS) == (1, True)
    for section, end in zip(SCRIPT, [*bars[1:], BARS + 1], strict=True):
        assert section.title
        assert section.says.endswith(".")
        assert all(section.bar <= move.bar < end for move in section.does)
    assert all(onset + length <= PHRASE_STEPS for _, onset, length in CAPTURED)


def test_a_move_is_made_in_the_middle_of_a_step_of_the_bar_before() -> None:
    """So it is heard from its bar on, and some ms more or less change nothing."""
    sent: list[bytes] = []
    prompter = Prompter([Move(3, (("knob/1", 0.5), ("freeze", 1.0)))], sent.append, lambda _: None)
    assert prompter.next_ns is None
    prompter.hear({"type": "state", "line": (0, 0, 120.0)})
    prompter.hear({"type": "begin", "tick": 0, "song_tick": 0})
    due_ns = (2 * TICKS_PER_BAR - BEFORE_TICKS) * BEAT_MS * 1_000_000 // 96
    assert prompter.next_ns == due_ns
    assert BEFORE_TICKS % TICKS_PER_STEP == TICKS_PER_STEP // 2
    prompter.do_due(due_ns - 1)
    assert not sent
    prompter.do_due(due_ns)
    (bundle,) = sent
    assert b"/glisser/knob/1" in bundle
    assert b"/glisser/freeze" in bundle
    assert prompter.left == 0


def test_a_melody_is_keys_at_their_steps_and_waits_while_the_song_stands() -> None:
    """A key is let go before it is struck again."""
    played: list[Arrival] = []
    prompter = Prompter([Melody(1, ((60, 0, 4), (60, 4, 4)))], lambda _: None, played.append)
    prompter.hear({"type": "begin", "tick": 0, "song_tick": 0, "line": (0, 0, 120.0)})
    prompter.hear({"type": "end", "tick": 1})
    prompter.do_due(10**12)
    assert not played
    prompter.hear({"type": "begin", "tick": 0, "song_tick": 0})
    prompter.do_due(10**12)
    assert [(arrival.ns // 1_000_000, arrival.message[0]) for arrival in played] == [
        (0, 0x90),
        (494, 0x80),
        (500, 0x90),
        (994, 0x80),
    ]


def test_the_whole_demo_is_music() -> None:
    """Nothing is refused, knob 1 thins and thickens, and it comes to rest on G, all closed."""
    events, said = rehearsed()
    refused = [line for line in said if "snapshot" not in line and "capture" not in line]
    assert refused == ["next: song 2 of 2: 2-together"]
    notes = lengths(events)
    assert len(notes) == sum(event.velocity > 0 for event in events)
    assert {began % TICKS_PER_STEP for _, _, began, _ in notes} == {0}
    assert max(ended for *_, ended in notes) <= BARS * TICKS_PER_BAR

    def struck(first: int, last: int) -> int:
        ticks = (first - 1) * TICKS_PER_BAR, last * TICKS_PER_BAR
        return sum(ticks[0] <= began < ticks[1] for _, _, began, _ in notes)

    thinner = [struck(bar, bar + 1) for bar in (7, 9, 11, 13, 15)]
    assert all(after <= before for before, after in pairwise(thinner))
    assert struck(15, 16) <= 4 < 8 <= struck(7, 8) < 12 <= struck(23, 24)
    assert {channel: pitch % 12 for channel, pitch, *_ in notes} == {1: 7, 2: 7}  # the last of each
    assert min(began for *_, began, _ in notes[-2:]) < (BARS - 0.4) * TICKS_PER_BAR
    assert {channel for channel, _, began, _ in notes if began < 59 * TICKS_PER_BAR} == {1}
    picture = sheet(SCRIPT, BARS, events)
    assert picture == sheet(SCRIPT, BARS, events)
    assert picture.startswith(b"\x89PNG")


def test_the_shipped_file_is_what_the_command_writes(tmp_path: Path) -> None:
    """docs/demo.mid, but for the last bit of a floating-point sum: note for note."""
    out = tmp_path / "demo.mid"
    command = [sys.executable, "-m", "instrument.cli", "demo", str(out)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    files = (ROOT / "docs/demo.mid", out)
    shipped, made = (mido.MidiFile(file=io.BytesIO(file.read_bytes())) for file in files)
    assert [list(track) for track in shipped.tracks] == [list(track) for track in made.tracks]


@pytest.mark.real(needs=[])
def test_live_it_is_the_same_music(tmp_path: Path) -> None:
    """The first twelve bars, quick, as the take tells them: the same notes at the same ticks."""
    take = tmp_path / "demo.mid"
    command = [sys.executable, "-m", "instrument.cli", "demo", "--take", str(take), "--bars", "12"]
    command += ["--midi-api", "none", "--osc", "127.0.0.1:0", "--tempo", "400"]
    folders = {"XDG_STATE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    performance = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **folders}, stdout=subprocess.DEVNULL
    )
    try:
        assert performance.wait(60.0) == 0
    finally:
        if performance.poll() is None:
            performance.send_signal(signal.SIGTERM)
            performance.wait()
    account = take.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    keys = ("tick", "port", "channel", "pitch", "velocity")
    lines = (json.loads(line) for line in account)
    live = [NoteEvent(*(line[key] for key in keys)) for line in lines if line["type"] == "note"]
    assert live == rehearsed(12)[0]
