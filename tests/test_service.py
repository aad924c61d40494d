"""The engine process: stateless answers, and bad input never ends it."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.attributes import NOTE_COUNT
from engine.decoding import PhraseDecoder
from engine.service import MAX_POINTS, Service, serve
from engine.wire import read_message, write_message

Z = [1.5, -0.5, *[0.25] * 10]


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@pytest.fixture
def ask(tiny_checkpoint: Path) -> dict[str, Any]:
    return {"type": "decode", "id": 7, "checkpoint": str(tiny_checkpoint), "z": Z}


def test_a_checkpoint_is_loaded_once(service: Service, tiny_checkpoint: Path) -> None:
    """`load` answers with the name it was asked for, and how long it took."""
    for _ in range(2):
        reply = service.answer({"type": "load", "checkpoint": str(tiny_checkpoint)})
        assert reply is not None
        assert (reply["type"], reply["checkpoint"]) == ("ready", str(tiny_checkpoint))
        assert reply["seconds"] >= 0.0


def test_an_answer_is_the_decoders(service: Service, ask: dict[str, Any]) -> None:
    """Id and checkpoint come back with exactly the tokens that PhraseDecoder gives."""
    tokens = PhraseDecoder.load(ask["checkpoint"]).tokens(Z)[0].tolist()
    expected = {"type": "phrase", "id": 7, "checkpoint": ask["checkpoint"], "tokens": tokens}
    assert service.answer(ask) == expected
    assert service.answer(ask | {"temperature": 0.0, "seed": 5}) == expected


def test_a_warm_answer_is_a_seeded_sample(service: Service, ask: dict[str, Any]) -> None:
    """With a temperature the answer is a function of z, temperature and seed."""
    drawn = [service.answer(ask | {"temperature": 1.0, "seed": seed}) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    "change",
    [
        {"z": [0.0] * 11},
        {"z": [float("nan")] * 12},
        {"z": [1e300] * 12},
        {"z": [10**400] * 12},
        {"z": "loud"},
        {"z": None},
        {"z": {}},
        {"z": [[0.0] * 12, [0.0] * 11]},
        {"z": [[0.0] * 12] * 2},
        {"checkpoint": "no such"},
        {"checkpoint": "x" * 5000},
        {"checkpoint": 5},
        {"checkpoint": []},
        {"checkpoint": None},
        {"temperature": "hot"},
        {"temperature": None},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": 1.0, "seed": 10**30},
        {"temperature": 1.0, "seed": "x"},
        {"temperature": 1.0, "seed": float("inf")},
        {"type": "dance"},
    ],
    ids=lambda change: "-".join(f"{k}={str(v)[:12]}" for k, v in change.items()),
)
def test_bad_input_is_refused_and_the_next_is_answered(
    service: Service, ask: dict[str, Any], change: dict[str, Any]
) -> None:
    """Each fault is one sentence under the id that was asked; the service goes on."""
    reply = service.answer(ask | change)
    assert reply is not None
    assert (reply["type"], reply["id"]) == ("refused", 7)
    assert reply["text"]
    assert "\n" not in reply["text"]
    good = service.answer(ask)
    assert good is not None
    assert good["type"] == "phrase"


@pytest.mark.parametrize("key", ["z", "checkpoint", "id"])
def test_a_missing_key_is_named(service: Service, ask: dict[str, Any], key: str) -> None:
    """A message without something it needs is told what."""
    del ask[key]
    reply = service.answer(ask)
    assert reply is not None
    assert reply["type"] == "refused"
    assert f"{key!r} is missing" in reply["text"]


TUNE = [[60, 0.1, 3.8], [62, 3.9, 4.0], [64, 16.2, 20.0]]


@pytest.fixture
def ask_encode(tiny_checkpoint: Path) -> dict[str, Any]:
    return {"type": "encode", "id": 9, "checkpoint": str(tiny_checkpoint), "notes": TUNE}


def test_what_was_played_is_encoded(service: Service, ask_encode: dict[str, Any]) -> None:
    """The tokens are the played notes on the grid, z the encoder's mean, heard its decoding."""
    ask_encode["checkpoint"] = "stage"  # what it hears depends on z
    decoder = PhraseDecoder.load("stage")
    reply = service.answer(ask_encode)
    assert reply is not None
    assert (reply["type"], reply["id"]) == ("encoded", 9)
    assert reply["checkpoint"] == "stage"
    hold, rest = [-1], [-2]
    steps = [60, *hold * 3, 62, *hold * 3, *rest * 8, 64, *hold * 15]
    assert list(decoder.vocabulary.steps(reply["tokens"])) == steps
    phrase = decoder.vocabulary.phrase(reply["tokens"])
    assert reply["z"] == decoder.encode([phrase])[0].tolist()
    assert reply["heard"] == decoder.tokens(reply["z"])[0].tolist()
    assert reply["heard"] != decoder.tokens([0.0] * 12)[0].tolist()
    assert reply["changes"] == [
        "3 notes moved to the nearest sixteenth",
        "1 note cut at the end of the phrase",
    ]
    again = service.answer({**ask_encode, "type": "decode", "z": reply["z"]})
    assert again is not None
    assert again["tokens"] == reply["heard"]


NO_NOTES: list[Any] = [
    [],
    None,
    "loud",
    {},
    60,
    [60, 0, 1],
    [[60, 0.0]],
    [[60, 0.0, 1.0, 1.0]],
    [["60", 0.0, 1.0]],
    [[60.5, 0.0, 1.0]],
    [[60, "0", 1.0]],
    [[60, None, 1.0]],
    [[60, [], 1.0]],
    [[60, float("nan"), 1.0]],
    [[60, float("inf"), 1.0]],
    [[60, 0.0, float("nan")]],
    [[60, 0.0, float("-inf")]],
    [[60, 0.0, -1.0]],
    [[60, -0.1, 1.0]],
    [[60, 1e308, 1e308]],
    [[60, 10**400, 1.0]],
    [[60, 0, 10**400]],
    [[128, 0.0, 1.0]],
    [[-1, 0.0, 1.0]],
    [[10**30, 0.0, 1.0]],
    [[60, 32.0, 1.0]],
    [[60, 0.0, 1.0]] * 5000,
]


@pytest.mark.parametrize("notes", NO_NOTES, ids=lambda notes: str(notes)[:24])
def test_what_was_not_played_is_refused_and_the_next_is_answered(
    service: Service, ask_encode: dict[str, Any], notes: Any
) -> None:
    """Each fault is one sentence of ours under the id that was asked; the service goes on."""
    reply = service.answer(ask_encode | {"notes": notes})
    assert reply is not None
    assert (reply["type"], reply["id"]) == ("refused", 9)
    assert reply["text"].startswith(("notes must be", "a note is a pitch", "there are no notes"))
    good = service.answer(ask_encode)
    assert good is not None
    assert good["type"] == "encoded"


@pytest.mark.parametrize("checkpoint", ["no such", [], None])
def test_nothing_is_encoded_by_what_is_no_checkpoint(
    service: Service, ask_encode: dict[str, Any], checkpoint: Any
) -> None:
    """It is refused as a decode is."""
    reply = service.answer(ask_encode | {"checkpoint": checkpoint})
    assert reply is not None
    assert (reply["type"], reply["id"]) == ("refused", 9)


@pytest.mark.parametrize("key", ["notes", "checkpoint", "id"])
def test_what_an_encode_lacks_is_named(
    service: Service, ask_encode: dict[str, Any], key: str
) -> None:
    """A message without something it needs is told what."""
    del ask_encode[key]
    reply = service.answer(ask_encode)
    assert reply is not None
    assert reply["type"] == "refused"
    assert f"{key!r} is missing" in reply["text"]


@pytest.mark.parametrize(
    "notes",
    [
        [[60, 0, 1]],
        [[0, 0, 0], [127, 31, 16000]],
        [[pitch % 128, pitch / 40, 40.0] for pitch in range(1024)],
        [[60, 2.5, 0.0]] * 1024,
    ],
    ids=["integers", "ends", "thousand", "stuck"],
)
def test_any_handful_of_notes_is_encoded(
    service: Service, ask_encode: dict[str, Any], notes: list[list[float]]
) -> None:
    """Out of range, at once, without length: what comes is two bars of this checkpoint."""
    reply = service.answer(ask_encode | {"notes": notes})
    assert reply is not None
    assert reply["type"] == "encoded"
    assert (len(reply["z"]), len(reply["tokens"]), len(reply["heard"])) == (12, 32, 32)


def test_answers_come_in_order_until_quit(ask: dict[str, Any]) -> None:
    """One frame in, one frame out; after `quit` nothing more is read."""
    source, sink = io.BytesIO(), io.BytesIO()
    for message in (ask | {"id": 1}, ask | {"id": 2, "z": []}, {"type": "quit"}, ask):
        write_message(source, message)
    source.seek(0)
    serve(source, sink)
    sink.seek(0)
    replies = [read_message(sink) for _ in range(3)]
    assert [reply and (reply["type"], reply["id"]) for reply in replies] == [
        ("phrase", 1),
        ("refused", 2),
        None,
    ]


@pytest.mark.parametrize("noise", [b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x02[]"])
def test_a_broken_stream_ends_it_quietly(noise: bytes) -> None:
    """End of file, half a frame, a huge frame or no object: the service stops without a word."""
    sink = io.BytesIO()
    serve(io.BytesIO(noise), sink)
    assert sink.getvalue() == b""


def test_a_peer_that_is_gone_ends_it(ask: dict[str, Any]) -> None:
    """When nobody reads the answers any more, the service stops."""

    class Gone(io.BytesIO):
        def write(self, _: Any) -> int:
            raise BrokenPipeError

    source = io.BytesIO()
    write_message(source, ask)
    source.seek(0)
    serve(source, Gone())


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "engine.service"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        yield child
        child.kill()


def test_the_real_process(
    process: subprocess.Popen[bytes], ask: dict[str, Any], ask_encode: dict[str, Any]
) -> None:
    """Over real pipes: load, refuse, decode and encode as PhraseDecoder does, and end with
    stdin.
    """
    assert process.stdin is not None
    assert process.stdout is not None

    def tell(message: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        write_message(process.stdin, message)  # type: ignore[arg-type]
        reply = read_message(process.stdout)  # type: ignore[arg-type]
        assert reply is not None
        return reply

    assert tell({"type": "load", "checkpoint": ask["checkpoint"]})["type"] == "ready"
    assert tell(ask | {"z": [0.0] * 11})["type"] == "refused"
    expected = PhraseDecoder.load(ask["checkpoint"]).decode(Z)[0].tokens
    assert tuple(tell(ask)["tokens"]) == expected
    assert tell(ask_encode | {"notes": [[60, "now", 1]]})["type"] == "refused"
    assert tell(ask_encode) == Service().answer(ask_encode)
    process.stdin.close()
    assert process.stdout.read() == b""
    assert process.wait(timeout=30) == 0


def test_counts_are_the_notes_of_each_phrase(service: Service) -> None:
    """One number a point, in order: the notes struck in what PhraseDecoder gives for it."""
    points = [[6.0 * row / MAX_POINTS - 3.0, *Z[1:]] for row in range(MAX_POINTS)]
    ask = {"type": "counts", "id": 7, "checkpoint": "stage", "z": points}
    decoder = PhraseDecoder.load("stage")
    steps = [decoder.vocabulary.steps(phrase.tokens) for phrase in decoder.decode(points)]
    counts = [NOTE_COUNT.exact(row) for row in steps]
    answer = {"type": "counts", "id": 7, "checkpoint": "stage", "counts": counts}
    assert service.answer(ask) == answer
    assert len(set(counts)) > 5  # more at its end than at its beginning
    assert counts[0] < counts[-1]


@pytest.mark.parametrize(
    "z",
    [[], [Z] * (MAX_POINTS + 1), Z, [Z, Z[1:]], [[float("inf")] * 12], "zz", None, {}, [None]],
    ids=["none", "many", "flat", "ragged", "infinite", "text", "null", "object", "list"],
)
def test_counts_of_what_are_no_points_are_refused(
    service: Service, ask: dict[str, Any], z: Any
) -> None:
    """In a sentence, and the next question is answered."""
    reply = service.answer(ask | {"type": "counts", "z": z})
    assert reply is not None
    assert (reply["type"], reply["id"]) == ("refused", 7)
    assert service.answer(ask | {"type": "counts", "z": [Z]})["type"] == "counts"  # type: ignore[index]
