"""The command line: bad input is one sentence and status 2, and nothing is half-written."""

import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from instrument.arguments import base_point
from instrument.cli import main

Run = Callable[..., tuple[int, str, str]]
POINT = "2,0,0,0,0,0,0,0,0,0,0,0"


@pytest.fixture
def glisser(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """``glisser ARGS`` in this process: status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["glisser", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def assert_refused(result: tuple[int, str, str], *words: str) -> None:
    status, out, err = result
    assert status == 2
    assert out == ""
    assert err.startswith("glisser: ")
    assert len(err.strip().splitlines()) == 1
    assert err.rstrip().endswith((".", "?", "!"))
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tempo", "0"], ["--tempo 0", "20 to 400"]),
        (["--tempo", "nan"], ["--tempo nan", "20 to 400"]),
        (["--bars", "-1"], ["--bars -1", "1 to"]),
        (["--bars", "two"], ["--bars"]),
        (["--out", "no such port"], ["no such port"]),
        (["--midi-api", "none", "--in", "keys"], ["keys"]),
        (["--midi-api", "carrier-pigeon"], ["carrier-pigeon", "auto"]),
        (["--osc", "nowhere"], ["--osc nowhere", "HOST:PORT"]),
        (["--osc", "127.0.0.1:70000"], ["70000"]),
        (["--checkpoint", "no-such"], ["no-such"]),
        (["--patch", "no-such"], ["no-such", "default"]),
        (["--take", "/no/such/folder/t.mid"], ["/no/such/folder/t.mid"]),
        (["--take", "take.wav"], ["take.wav", ".mid"]),
        (["--clock", "sundial"], ["--clock sundial", "internal, midi or link"]),
        (["--out", "juno@80"], ["juno@80", "-50 to +50"]),
        (["--out", "juno@1", "--clock-out", "juno@2"], ["juno@2", "--out"]),
        (["--stage-at", "8129"], ["--stage-at 8129", "HOST:PORT"]),
        (["--stage-at", "127.0.0.1:9-8"], ["--stage-at 127.0.0.1:9-8", "HOST:PORT-PORT"]),
        (["--stage-at", "127.0.0.1:0-8"], ["--stage-at 127.0.0.1:0-8", "HOST:PORT-PORT"]),
        (["--stage-at", ":1-8"], ["--stage-at :1-8", "HOST:PORT-PORT"]),
        (["--stage-at", "127.0.0.1:1-70000"], ["70000", "HOST:PORT-PORT"]),
        (["--frobnicate"], ["--frobnicate"]),
    ],
)
def test_play_refuses_bad_input(
    glisser: Run, tiny_checkpoint: Path, arguments: list[str], words: list[str]
) -> None:
    """Every wrong option is named in one sentence before a note sounds."""
    if "--checkpoint" not in arguments:
        arguments = ["--checkpoint", str(tiny_checkpoint), *arguments]
    assert_refused(glisser("play", *arguments), *words)


def test_play_refuses_a_busy_osc_port(glisser: Run, tiny_checkpoint: Path) -> None:
    """The sentence names host and port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{other.getsockname()[1]}"
        result = glisser("play", "--checkpoint", str(tiny_checkpoint), "--osc", where)
    assert_refused(result, where)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("volume = 11\n", ["volume"]),
        ("[knobs.1]\nz = 1\nrange = [3.0, -3.0]\n", ["range"]),
        ("refresh = 'weekly'\n", ["refresh", "bar"]),
        ("[[[", ["TOML"]),
    ],
)
def test_play_refuses_a_wrong_patch(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path, toml: str, words: list[str]
) -> None:
    """The sentence names the patch file and the key."""
    patch = tmp_path / "mine.toml"
    patch.write_text(toml)
    result = glisser("play", "--checkpoint", str(tiny_checkpoint), "--patch", str(patch))
    assert_refused(result, "mine.toml", *words)


def damaged(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "damaged"))


@pytest.mark.parametrize("command", ["play", "render", "evaluate"])
def test_a_damaged_checkpoint_is_named(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path, command: str
) -> None:
    """One flipped byte in the weights is found before anything is played or written."""
    folder = damaged(tiny_checkpoint, tmp_path)
    weights = folder / "decoder.safetensors"
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(body)
    out = tmp_path / "out.mid"
    arguments = {
        "play": ["--checkpoint", str(folder)],
        "render": [str(out), "--checkpoint", str(folder)],
        "evaluate": [str(folder)],
    }[command]
    assert_refused(glisser(command, *arguments), "decoder.safetensors", "damaged")
    assert not out.exists()


def test_a_vocabulary_that_does_not_match_its_weights_is_named(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """A card whose tokens are fewer than the network's outputs is refused."""
    folder = damaged(tiny_checkpoint, tmp_path)
    card = json.loads((folder / "card.json").read_text())
    card["vocabulary"].pop()
    card["model"]["tokens"] -= 1
    card["start_tokens"] = [0] * 32
    (folder / "card.json").write_text(json.dumps(card))
    assert_refused(glisser("play", "--checkpoint", str(folder)), "decoder.safetensors", "card.json")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--z", "1,2,3,4,5,6,7,8,9,10,11"], ["11 numbers", "12"]),
        (["--z", POINT.replace("2", "nan", 1)], ["nan"]),
        (["--z", POINT.replace("2", "two", 1)], ["two"]),
        (["--z", POINT.replace("2", "1e300", 1)], ["1e300"]),
        (["--bars", "0"], ["--bars 0"]),
        (["--tempo", "1000"], ["--tempo 1000"]),
        (["--sweep", "z13=-3:3"], ["z13", "z12"]),
        (["--sweep", "louder"], ["louder", "z1=-3:3"]),
        (["--sweep", "z1=-3:inf"], ["inf"]),
        (["--seed", "-1"], ["--seed -1"]),
        (["--seed", "1", "--z", POINT], ["--z", "--seed"]),
        (["--from", "nothing.mid"], ["nothing.jsonl"]),
        (["--from", "nothing.mid", "--loop"], ["--from"]),
    ],
)
def test_render_refuses_bad_input(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    """One sentence, status 2, and no file."""
    out = tmp_path / "out.mid"
    result = glisser("render", str(out), "--checkpoint", str(tiny_checkpoint), *arguments)
    assert_refused(result, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.mp3", "out", "missing/out.mid"])
def test_render_refuses_a_path_it_cannot_write(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path, name: str
) -> None:
    """An unknown suffix or folder is named before anything is decoded."""
    result = glisser("render", str(tmp_path / name), "--checkpoint", str(tiny_checkpoint))
    assert_refused(result, name)


def test_render_leaves_an_existing_file_alone_when_it_refuses(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """A wrong option does not cost the loop that was there before."""
    out = tmp_path / "out.mid"
    out.write_bytes(b"mine")
    glisser("render", str(out), "--checkpoint", str(tiny_checkpoint), "--z", "1,2")
    assert out.read_bytes() == b"mine"


@pytest.mark.parametrize("spelling", [["--z", "-2" + POINT[1:]], ["--z=-2" + POINT[1:]]])
def test_a_value_may_begin_with_a_minus(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path, spelling: list[str]
) -> None:
    """Both ``--z "-2,..."`` and ``--z=-2,...`` are understood."""
    out = tmp_path / "out.mid"
    status, _, err = glisser("render", str(out), "--checkpoint", str(tiny_checkpoint), *spelling)
    assert (status, err) == (0, "")
    assert out.exists()


def test_the_same_render_twice_is_the_same_bytes_and_whole_bars_long(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Eight bars at 120 bpm last 16 s; nothing of the day or the machine is in the file."""
    files = [tmp_path / "a.mid", tmp_path / "b.mid"]
    for file in files:
        common = ["--checkpoint", str(tiny_checkpoint), "--bars", "8", "--tempo", "120"]
        assert glisser("render", str(file), *common, "--z", POINT)[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert mido.MidiFile(files[0]).length == pytest.approx(16.0)


def test_seeds_give_different_loops_and_each_the_same_again(
    glisser: Run, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """--seed N is a point of the prior: N names it."""
    assert base_point(None, 1, 12) != base_point(None, 2, 12)
    rendered = []
    for name, seed in (("a", "1"), ("b", "2"), ("c", "1")):
        out = tmp_path / f"{name}.mid"
        glisser("render", str(out), "--checkpoint", str(tiny_checkpoint), "--seed", seed)
        rendered.append(out.read_bytes())
    assert rendered[0] == rendered[2]


def test_ports_as_json_is_a_list(glisser: Run) -> None:
    """A program can read what can be opened, also where there is nothing."""
    status, out, _ = glisser("ports", "--json")
    assert status == 0
    assert isinstance(json.loads(out), list)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "none.toml"], ["none.toml"]),
        (["--config", "{bad}"], ["bad.toml", "schedule.bach"]),
        (["--config", "{good}", "--resume"], ["state.safetensors"]),
    ],
)
def test_train_refuses_bad_input(
    glisser: Run, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    """A missing config, an unknown key, nothing to resume: one sentence each."""
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    whole = "name = 'x'\n[corpus]\nbar_aligned = true\n[model]\nunits = 8\n"
    good.write_text(whole)
    bad.write_text(whole + "[schedule]\nbach = 64\n")
    filled = [a.format(bad=bad, good=good) for a in arguments]
    assert_refused(glisser("train", *filled, "--out", str(tmp_path / "run")), *words)
