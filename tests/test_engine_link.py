"""The engine as the rest of main sees it: what is asked, what is answered, what is never lost."""

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.card import read_card
from engine.decoding import PhraseDecoder
from engine.vocabulary import Vocabulary
from engine.wire import Message
from instrument import engine_link
from instrument.engine_link import MAX_SILENCE_S, EngineLink, Held

PATIENCE_S = 120.0
NOTES = [[60, 0.1, 4.0]]


class Engine:
    """Stands where the engine's process would be: keeps what it is sent, says what it is told."""

    def __init__(
        self, _module: str, hear: Callable[[Message], None], ended: Callable[[], None]
    ) -> None:
        self.hear, self.ended = hear, ended
        self.sent: list[Message] = []
        self.killed = False
        self.at_end: Callable[[], None] = lambda: None  # before the process has ended

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def kill(self) -> None:
        self.killed = True

    def end(self, _farewell: Message, _patience_s: float) -> int:
        self.at_end()
        self.ended()
        return 0


class Told:
    """What the link says, in order, by whom."""

    def __init__(self) -> None:
        self.phrases: list[Message] = []
        self.encoded: list[Message] = []
        self.counted: list[Message] = []
        self.faults: list[str] = []
        self.now_s = 1000.0


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def link(told: Told, monkeypatch: pytest.MonkeyPatch) -> EngineLink:
    """A link that has started an engine, which has not loaded yet."""
    monkeypatch.setattr(engine_link, "Child", Engine)
    monkeypatch.setattr(engine_link, "time", SimpleNamespace(monotonic=lambda: told.now_s))
    made = EngineLink(
        {"tiny": Held(Path("somewhere"), Vocabulary.of(["C4"]))},
        told.phrases.append,
        lambda _ready, _seconds: None,
        told.faults.append,
        told.encoded.append,
        told.counted.append,
    )
    made.start()
    return made


def engine_of(link: EngineLink) -> Engine:
    child: Any = link._child
    assert isinstance(child, Engine)
    return child


def load(link: EngineLink) -> Engine:
    engine = engine_of(link)
    engine.hear({"type": "ready", "checkpoint": "somewhere", "seconds": 1.0, "backend": "none"})
    return engine


def encode(link: EngineLink, number: int) -> None:
    link.encode({"id": number, "checkpoint": "tiny", "notes": NOTES})


def test_before_it_has_loaded_an_encode_is_refused(link: EngineLink, told: Told) -> None:
    """At once, in a sentence, under its id; nothing is sent later."""
    encode(link, 3)
    refused = {"type": "refused", "id": 3, "text": "the engine is still loading"}
    assert told.encoded == [refused]
    assert [message["type"] for message in load(link).sent] == ["load"]


def test_an_encode_is_passed_on_and_answered(link: EngineLink, told: Told) -> None:
    """The engine is asked with the checkpoint's folder; its answer comes as it is."""
    engine = load(link)
    encode(link, 3)
    checkpoint = str(Path("somewhere").resolve())
    asked = {"type": "encode", "id": 3, "notes": NOTES, "checkpoint": checkpoint}
    assert engine.sent[-1] == asked
    answer = {"type": "encoded", "id": 3, "z": [0.0], "tokens": [2], "heard": [0], "changes": []}
    engine.hear(answer)
    assert (told.encoded, told.faults) == ([answer], [])


def test_a_refusal_goes_to_whoever_asked(link: EngineLink, told: Told) -> None:
    """Answers come in order, so two of the same id are told apart."""
    engine = load(link)
    link.request({"id": 1, "checkpoint": "tiny", "z": [0.0]})
    encode(link, 1)
    engine.hear({"type": "refused", "id": 1, "text": "no z"})
    assert (told.encoded, told.faults) == ([], ["engine: no z"])
    engine.hear({"type": "refused", "id": 1, "text": "no notes"})
    assert told.encoded == [{"type": "refused", "id": 1, "text": "no notes"}]
    assert len(told.faults) == 1


def test_a_phrase_is_told_with_its_steps(link: EngineLink, told: Told) -> None:
    """The newest request waited for the engine; the player gets tokens and steps."""
    for number in (1, 2):
        link.request({"id": number, "checkpoint": "tiny", "z": [0.0]})
    engine = load(link)
    assert [message.get("id") for message in engine.sent] == [None, 2]
    engine.hear({"type": "phrase", "id": 2, "checkpoint": "somewhere", "tokens": [2, 0, 1]})
    assert told.phrases == [{"type": "phrase", "id": 2, "tokens": [2, 0, 1], "steps": (60, -1, -2)}]


def test_an_engine_that_dies_refuses_what_it_owes(link: EngineLink, told: Told) -> None:
    """Each encode is answered once; those that it had answered are not told again."""
    engine = load(link)
    encode(link, 1)
    link.request({"id": 2, "checkpoint": "tiny", "z": [0.0]})
    encode(link, 3)
    engine.hear({"type": "encoded", "id": 1})
    link._closing.set()  # no other engine in this test
    engine.ended()
    assert [(m["type"], m["id"]) for m in told.encoded] == [("encoded", 1), ("refused", 3)]
    assert told.encoded[-1]["text"] == "the engine died"
    encode(link, 4)
    assert told.encoded[-1]["text"] == "the engine is still loading"


def test_a_silent_engine_is_ended(link: EngineLink, told: Told) -> None:
    """The oldest answer that it owes counts, whatever it has answered since."""
    engine = load(link)
    told.now_s += 10 * MAX_SILENCE_S
    link.watch()
    encode(link, 1)
    told.now_s += 0.6 * MAX_SILENCE_S
    link.request({"id": 2, "checkpoint": "tiny", "z": [0.0]})
    engine.hear({"type": "refused", "id": 1, "text": "no notes"})
    told.now_s += 0.6 * MAX_SILENCE_S
    link.watch()
    assert not engine.killed
    encode(link, 3)
    told.now_s += 0.6 * MAX_SILENCE_S
    link.watch()
    assert engine.killed


def test_one_that_owes_nothing_may_be_silent(link: EngineLink, told: Told) -> None:
    """A refusal is an answer too."""
    engine = load(link)
    encode(link, 1)
    engine.hear({"type": "refused", "id": 1, "text": "no notes"})
    told.now_s += 10 * MAX_SILENCE_S
    link.watch()
    assert not engine.killed


def test_a_new_engine_owes_nothing(link: EngineLink, told: Told) -> None:
    """What the dead one left unanswered is neither waited for nor mixed up with its answers."""
    engine = load(link)
    encode(link, 1)
    link._closing.set()
    engine.ended()
    link._closing.clear()
    link.start()
    engine = load(link)
    told.now_s += 10 * MAX_SILENCE_S
    link.watch()
    assert not engine.killed
    link.request({"id": 1, "checkpoint": "tiny", "z": []})
    engine.hear({"type": "refused", "id": 1, "text": "no z"})
    assert told.faults[-1] == "engine: no z"


def test_after_the_end_nothing_is_encoded(link: EngineLink, told: Told) -> None:
    """What is owed at the end is refused, and what is asked after it."""
    engine = load(link)
    encode(link, 1)
    engine.at_end = lambda: encode(link, 2)
    link.close()
    encode(link, 3)
    refused = [message["id"] for message in told.encoded if message["type"] == "refused"]
    assert sorted(refused) == [1, 2, 3]


@pytest.fixture
def real(
    tiny_checkpoint: Path, other_checkpoint: Path
) -> Iterator[tuple[EngineLink, "queue.Queue[Message]"]]:
    """A link to a real engine that holds two checkpoints, and where its answers arrive."""
    answers: queue.Queue[Message] = queue.Queue()
    made = EngineLink(
        {
            "tiny": Held(tiny_checkpoint, read_card(tiny_checkpoint).spelled()),
            "other": Held(other_checkpoint, read_card(other_checkpoint).spelled()),
        },
        answers.put,
        lambda ready, _seconds: answers.put(ready),
        lambda text: answers.put({"type": "fault", "text": text}),
        answers.put,
    )
    made.start()
    assert answers.get(timeout=PATIENCE_S)["type"] == "ready"
    yield made, answers
    made.close()


def test_a_real_engine_encodes(real: tuple[EngineLink, "queue.Queue[Message]"]) -> None:
    """Over real pipes: an answer, a refusal, and a decode of what was answered."""
    link, answers = real
    link.encode({"id": 1, "checkpoint": "tiny", "notes": NOTES})
    encoded = answers.get(timeout=PATIENCE_S)
    assert (encoded["type"], encoded["id"], len(encoded["z"])) == ("encoded", 1, 12)
    link.encode({"id": 2, "checkpoint": "tiny", "notes": "noise"})
    assert answers.get(timeout=PATIENCE_S)["type"] == "refused"
    link.request({"id": 3, "checkpoint": "tiny", "z": encoded["z"]})
    assert answers.get(timeout=PATIENCE_S)["tokens"] == encoded["heard"]


def test_each_answer_is_spelled_as_its_own_checkpoint(
    real: tuple[EngineLink, "queue.Queue[Message]"], tiny_checkpoint: Path, other_checkpoint: Path
) -> None:
    """Two decoders in one engine: what each says is what it says when it is alone."""
    link, answers = real
    for number, (name, folder) in enumerate(
        [("tiny", tiny_checkpoint), ("other", other_checkpoint), ("tiny", tiny_checkpoint)]
    ):
        link.request({"id": number, "checkpoint": name, "z": [0.5] * 12})
        told = answers.get(timeout=PATIENCE_S)
        decoder = PhraseDecoder.load(folder)
        tokens = decoder.tokens([0.5] * 12)[0].tolist()
        assert (told["tokens"], told["steps"]) == (tokens, decoder.vocabulary.steps(tokens))
    spelled = [read_card(folder).vocabulary for folder in (tiny_checkpoint, other_checkpoint)]
    assert spelled[0] != spelled[1]


@pytest.fixture
def pair(told: Told, monkeypatch: pytest.MonkeyPatch) -> EngineLink:
    """A link of two checkpoints, one of which two names mean; its engine has loaded nothing."""
    monkeypatch.setattr(engine_link, "Child", Engine)
    low, high = Vocabulary.of(["C4"]), Vocabulary.of(["C5"])
    made = EngineLink(
        {"a": Held(Path("a"), low), "b": Held(Path("b"), high), "also a": Held(Path("a"), low)},
        told.phrases.append,
        lambda ready, _seconds: told.encoded.append(ready),
        told.faults.append,
    )
    made.start()
    return made


READY = {"type": "ready", "checkpoint": "a", "seconds": 1.0, "backend": "none"}


def test_an_engine_is_ready_once_it_holds_all_of_them(pair: EngineLink, told: Told) -> None:
    """Each is loaded once; a request waits until then, and goes to its own checkpoint."""
    engine = engine_of(pair)
    pair.request({"id": 1, "checkpoint": "b", "z": [0.0]})
    engine.hear(READY)
    assert [message["type"] for message in engine.sent] == ["load", "load"]
    assert told.encoded == []
    engine.hear({**READY, "checkpoint": "b"})
    assert len(told.encoded) == 1
    assert engine.sent[-1]["checkpoint"] == str(Path("b").resolve())
    pair.request({"id": 2, "checkpoint": "also a", "z": [0.0]})
    engine.hear({"type": "phrase", "id": 1, "tokens": [2]})
    engine.hear({"type": "phrase", "id": 2, "tokens": [2]})
    assert [phrase["steps"] for phrase in told.phrases] == [(72,), (60,)]


def test_one_that_cannot_be_loaded_is_told_and_the_others_play(
    pair: EngineLink, told: Told
) -> None:
    """An engine that holds none of them is not ready."""
    engine = engine_of(pair)
    refused = {"type": "refused", "id": None, "text": "it is damaged"}
    engine.hear(READY)
    engine.hear(refused)
    assert (told.faults, len(told.encoded)) == (["engine: it is damaged"], 1)
    pair.start()
    engine = engine_of(pair)
    engine.hear(refused)
    engine.hear(refused)
    assert len(told.encoded) == 1
    pair.request({"id": 1, "checkpoint": "a", "z": [0.0]})
    assert [message["type"] for message in engine.sent] == ["load", "load"]


def test_a_new_engine_holds_them_all_again(pair: EngineLink) -> None:
    """Whatever the dead one had loaded."""
    first = engine_of(pair)
    first.hear(READY)
    pair.start()
    assert [message["checkpoint"] for message in engine_of(pair).sent] == [
        str(Path(name).resolve()) for name in ("a", "b")
    ]


def test_the_newest_request_of_each_voice_waits(link: EngineLink, told: Told) -> None:
    """All of them are sent once it has loaded, in order; an answer says whose it is."""
    for number, voice in ((1, {}), (2, {"voice": 2}), (3, {"voice": 2}), (4, {"voice": 3})):
        link.request({"id": number, "checkpoint": "tiny", "z": [0.0], **voice})
    engine = load(link)
    assert [message["id"] for message in engine.sent if message["type"] == "decode"] == [1, 3, 4]
    for number in (1, 3, 4):
        engine.hear({"type": "phrase", "id": number, "tokens": [0] * 32})
    assert [phrase.get("voice", 1) for phrase in told.phrases] == [1, 2, 3]


def test_points_are_counted_and_each_question_is_answered_once(
    link: EngineLink, told: Told
) -> None:
    """As they are asked for, or refused when there is no engine, or it dies: nobody waits on."""
    question = {"checkpoint": "tiny", "z": [[0.0]]}
    link.count({"id": 1, **question})
    engine = load(link)
    link.count({"id": 2, **question})
    assert engine.sent[-1]["type"] == "counts"
    engine.hear({"type": "counts", "id": 2, "counts": [4]})
    link.count({"id": 3, **question})
    engine.hear({"type": "refused", "id": 3, "text": "no"})
    link.count({"id": 4, **question})
    engine.ended()
    assert [(each["id"], each["type"]) for each in told.counted] == [
        (1, "refused"),
        (2, "counts"),
        (3, "refused"),
        (4, "refused"),
    ]
    assert told.encoded == []
