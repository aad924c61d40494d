"""A run is a function of its seed, and a kill at any moment loses nothing but the last updates."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine.config import TrainConfig
from engine.corpus import Corpus, build_corpus
from engine.decoding import PhraseDecoder
from engine.export import aids, keep
from engine.run_log import LOG_FILE
from engine.schedule import Progress
from engine.source import chorales_source
from engine.train import STATE_FILE, Run, Tick, TrainingError, new_run, resume_run
from engine.vocabulary import Vocabulary
from tests.tiny import finish, tiny_config, tiny_corpus, tiny_melody

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return tiny_corpus()


@pytest.fixture(scope="module")
def whole(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Tick]]:
    """The run that nobody interrupted, and all its updates."""
    run = new_run(tiny_config(), corpus, tmp_path_factory.mktemp("whole"))
    return run, finish(run)


def figures(tick: Tick) -> tuple[Any, ...]:
    return tick.update, tick.length, tick.beta, tick.glsr_weight, tick.nll, tick.kl, tick.slope


def log_of(folder: Path) -> list[dict[str, Any]]:
    """The log without its seconds, the only thing that a machine may change."""
    lines = [json.loads(line) for line in (folder / LOG_FILE).read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def same_weights(one: Run, other: Run) -> bool:
    other_state = other.model.state_dict()
    return all(torch.equal(w, other_state[name]) for name, w in one.model.state_dict().items())


def test_the_tiny_run_goes_through_the_whole_schedule(whole: tuple[Run, list[Tick]]) -> None:
    """Lengths 8, 16, 32, then ramps to their final weights, then the end: what the rest tests."""
    run, ticks = whole
    assert [tick.update for tick in ticks] == list(range(1, 25))
    assert {tick.length for tick in ticks[:3]} == {8}
    assert {tick.length for tick in ticks[3:6]} == {16}
    assert ticks[7].glsr_weight == 0.0
    assert ticks[-1].glsr_weight == ticks[-1].beta == 1.0
    assert run.progress.best_loss is not None
    assert [line["update"] for line in log_of(run.folder)] == [4, 8, 12, 16, 20, 24]


def test_one_seed_one_run(corpus: Corpus, whole: tuple[Run, list[Tick]], tmp_path: Path) -> None:
    """Two runs with one seed give the same losses to the bit, the same log and the same weights."""
    run, ticks = whole
    torch.manual_seed(12345)  # whatever was drawn before does not matter
    again = new_run(tiny_config(), corpus, tmp_path)
    assert [figures(t) for t in finish(again)] == [figures(t) for t in ticks]
    assert log_of(tmp_path) == log_of(run.folder)
    assert same_weights(run, again)


def test_another_seed_another_run(
    corpus: Corpus, whole: tuple[Run, list[Tick]], tmp_path: Path
) -> None:
    """The seed decides the weights, the order of windows and the noise."""
    config = TrainConfig.model_validate(tiny_config().model_dump() | {"seed": 1})
    (first,) = finish(new_run(config, corpus, tmp_path), stop_at=1)
    assert first.nll != whole[1][0].nll


@pytest.mark.parametrize("stops", [[0], [2], [5, 6], [8], [9, 13, 18], [23]])
def test_stopping_and_resuming_leaves_no_trace(
    corpus: Corpus, whole: tuple[Run, list[Tick]], tmp_path: Path, stops: list[int]
) -> None:
    """Stopped at any updates and resumed, a run ends to the bit where the unbroken one ends."""
    run, ticks = whole
    part = new_run(tiny_config(), corpus, tmp_path)
    seen = finish(part, stop_at=stops[0])
    for stop_at in [*stops[1:], None]:
        torch.manual_seed(stop_at or 99)
        part = resume_run(tiny_config(), corpus, tmp_path)
        seen += finish(part, stop_at=stop_at)
    assert [figures(t) for t in seen] == [figures(t) for t in ticks]
    assert same_weights(run, part)
    assert (part.progress, part.smoothed) == (run.progress, run.smoothed)
    assert log_of(tmp_path) == log_of(run.folder)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(("update", "moment", "saved"), [(11, "after", 8), (16, "saving", 12)])
def test_a_killed_run_goes_on_from_its_last_save(
    corpus: Corpus,
    whole: tuple[Run, list[Tick]],
    tmp_path: Path,
    update: int,
    moment: str,
    saved: int,
) -> None:
    """A real process, killed between saves or in the midst of one: the end is the same."""
    run, ticks = whole
    killed = subprocess.run(
        [sys.executable, "-m", "tests.tiny", str(tmp_path), str(update), moment],
        cwd=REPOSITORY,
        check=False,
    )
    assert killed.returncode == -9
    resumed = resume_run(tiny_config(), corpus, tmp_path)
    assert resumed.update == saved
    assert [figures(t) for t in finish(resumed)] == [figures(t) for t in ticks[saved:]]
    assert log_of(tmp_path) == log_of(run.folder)
    assert same_weights(run, resumed)
    for name in ("decoder.safetensors", "encoder.safetensors"):
        assert (tmp_path / name).read_bytes() == (run.folder / name).read_bytes()
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_log_lines_after_the_last_save_are_cut(corpus: Corpus, tmp_path: Path) -> None:
    """Also half a line, written while the power failed; the lines before it stay as they are."""
    finish(new_run(tiny_config(), corpus, tmp_path), stop_at=10)
    log = tmp_path / LOG_FILE
    kept = log.read_text()
    assert [line["update"] for line in log_of(tmp_path)] == [4, 8]
    log.write_text(kept + '{"update": 12, "stage": 2}\n{"update": 16, "sta')
    resume_run(tiny_config(), corpus, tmp_path)
    assert log.read_text() == kept


def test_the_checkpoint_is_loadable(whole: tuple[Run, list[Tick]]) -> None:
    """What a run keeps is a checkpoint that plays, its start phrase the phrase of z = 0."""
    run, _ = whole
    decoder = PhraseDecoder.load(run.folder)
    assert decoder.card.training["updates"] in {14, 16, 20, 24}
    assert decoder.decode([0.0] * 12)[0] == decoder.card.start_phrase()
    assert decoder.card.vocabulary == run.corpus.vocabulary.names


def test_another_config_does_not_resume(corpus: Corpus, tmp_path: Path) -> None:
    """A run goes on under the config it began with, or not at all."""
    finish(new_run(tiny_config(), corpus, tmp_path), stop_at=1)
    with pytest.raises(TrainingError, match="written by another config"):
        resume_run(tiny_config(final_beta=0.5), corpus, tmp_path)


def test_another_corpus_does_not_resume(corpus: Corpus, tmp_path: Path) -> None:
    """Weights for other tokens are refused in one sentence."""
    finish(new_run(tiny_config(), corpus, tmp_path), stop_at=1)
    melodies = [tiny_melody(seed).transposed(seed % 5) for seed in range(10)]
    other = build_corpus(melodies, bar_aligned=True, hop_steps=16)
    assert len(other.vocabulary) != len(corpus.vocabulary)
    with pytest.raises(TrainingError, match=r"state\.safetensors"):
        resume_run(tiny_config(), other, tmp_path)


@pytest.mark.parametrize("fault", ["missing", "empty", "cut", "text", "other", "a bit"])
def test_a_damaged_state_does_not_resume(corpus: Corpus, tmp_path: Path, fault: str) -> None:
    """None, half a one, another file, another program's, one with a changed bit: one sentence."""
    finish(new_run(tiny_config(), corpus, tmp_path), stop_at=1)
    file = tmp_path / STATE_FILE
    body = file.read_bytes()
    if fault == "missing":
        file.unlink()
    elif fault == "other":
        save_file({"epoch": torch.tensor(3)}, file)
    elif fault == "a bit":
        file.write_bytes(body[:-100] + bytes([body[-100] ^ 1]) + body[-99:])
    else:
        file.write_bytes({"empty": b"", "cut": body[: len(body) // 2], "text": b"hello"}[fault])
    with pytest.raises(TrainingError, match=r"state\.safetensors") as refused:
        resume_run(tiny_config(), corpus, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_state_that_would_run_code_does_not_resume(corpus: Corpus, tmp_path: Path) -> None:
    """A pickle that calls something when it is loaded is refused and never called."""
    called = tmp_path / "called"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (called,)

    torch.save({"config": Trap()}, tmp_path / STATE_FILE)
    with pytest.raises(TrainingError, match="damaged"):
        resume_run(tiny_config(), corpus, tmp_path)
    assert not called.exists()


def test_a_full_disk_leaves_the_last_save(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a save fails, the run stops with the error and the save before it stands."""
    finish(new_run(tiny_config(), corpus, tmp_path), stop_at=5)
    shutil.copy(tmp_path / STATE_FILE, tmp_path / "before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        finish(resume_run(tiny_config(), corpus, tmp_path))
    assert (tmp_path / STATE_FILE).read_bytes() == (tmp_path / "before").read_bytes()


def test_the_best_weights_are_the_ones_kept(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the final weights only a better validation loss replaces the checkpoint."""
    losses = iter([9.0, 9.0, 9.0, 5.0, 6.0, 4.0])
    kept: list[tuple[int, Progress]] = []

    def validated(*_: object, **__: object) -> dict[str, float]:
        return {"accuracy": 0.5, "loss": next(losses)}

    monkeypatch.setattr("engine.train.validate", validated)
    monkeypatch.setattr("tests.tiny.keep", lambda run, _: kept.append((run.update, run.progress)))
    finish(new_run(tiny_config(), corpus, tmp_path))
    # 12: at full length, before the final weights; 16 and 24: better than all before; 20: not.
    assert [update for update, _ in kept][-3:] == [12, 16, 24]
    assert [progress.best_loss for _, progress in kept][-2:] == [5.0, 4.0]


def test_a_run_begins_with_the_weights_it_is_told_to(
    whole: tuple[Run, list[Tick]], corpus: Corpus, tmp_path: Path
) -> None:
    """`start` names a checkpoint: its weights, a fresh optimiser, update 0; the card says so."""
    keep(whole[0], chorales_source([]))
    config = tiny_config().model_copy(update={"start": str(whole[0].folder)})
    run = new_run(config, corpus, tmp_path)
    assert same_weights(run, whole[0])
    assert run.update == 0
    assert any(str(whole[0].folder) in line for line in aids(config))


def test_a_start_that_does_not_fit_is_refused(
    whole: tuple[Run, list[Tick]], corpus: Corpus, tmp_path: Path
) -> None:
    """No such checkpoint, other sizes, other notes: one sentence that names it."""
    keep(whole[0], chorales_source([]))
    folder = whole[0].folder
    wider = tiny_config().model.model_copy(update={"units": 16})
    fits = tiny_config().model_copy(update={"start": str(folder)})
    with pytest.raises(TrainingError, match="start: checkpoint 'nowhere'"):
        new_run(fits.model_copy(update={"start": "nowhere"}), corpus, tmp_path)
    with pytest.raises(TrainingError, match=r"start: .*sizes are not those of this config"):
        new_run(fits.model_copy(update={"model": wider}), corpus, tmp_path)
    fewer = replace(corpus, vocabulary=Vocabulary(corpus.vocabulary.names[:-1]))
    with pytest.raises(TrainingError, match=r"start: .*vocabulary is not that of this corpus"):
        new_run(fits, fewer, tmp_path)
