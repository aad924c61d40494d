"""The five models side by side: the same but for one term, trained once, never mixed up."""

from pathlib import Path

import pytest
import torch

from benchmarks import results
from benchmarks.results import MODELS, config_of, is_trained, train_one, train_start
from benchmarks.results_jobs import Job, ResultsError
from engine.checkpoint import load_decoder
from engine.config import GlsrSection, TrainConfig
from engine.train import Run, new_run, train
from tests.tiny import tiny_config, tiny_corpus, tiny_melody


def test_the_five_models_differ_in_one_term_only() -> None:
    """Same data, architecture, budget, stopping rule and final beta: only name and term differ."""
    shared = [
        config_of(model, 0).model_dump(mode="json", exclude={"name", "glsr", "ar_vae"})
        for model in MODELS
    ]
    assert all(other == shared[0] for other in shared)
    terms = [config_of(model, 0).model_dump_json(include={"glsr", "ar_vae"}) for model in MODELS]
    assert len(set(terms)) == len(MODELS)
    assert [config_of(model, 0).name for model in MODELS] == list(MODELS)


def test_no_run_ends_early() -> None:
    """Each model gets the same number of final updates, whatever its validation loss does."""
    schedule = config_of("plain", 0).schedule
    validations = schedule.final_updates / schedule.validate_every
    assert schedule.patience_validations > validations
    assert (schedule.ramp_updates + schedule.final_updates) % schedule.validate_every == 0


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny melodies and a tiny model in place of the real ones."""

    def config(model: str, seed: int) -> TrainConfig:
        config = tiny_config().model_copy(update={"name": model, "seed": seed})
        plain = {"glsr": GlsrSection(rows=8)} if model == "plain" else {}
        return config.model_copy(update=plain)

    melodies = [tiny_melody(seed) for seed in range(10)]
    monkeypatch.setattr(results, "config_of", config)
    monkeypatch.setattr(results, "read_corpus", lambda: (melodies, tiny_corpus()))


def config_of_plain() -> TrainConfig:
    return tiny_config().model_copy(update={"name": "plain", "glsr": GlsrSection(rows=8)})


@pytest.mark.usefixtures("tiny")
def test_a_run_is_trained_once_and_is_known_again(tmp_path: Path) -> None:
    """The checkpoint appears when the last update is done; another config's is never taken."""
    job = Job("train", "plain", 1)
    folder, config = job.folder(tmp_path), config_of_plain()
    mine = config.model_copy(update={"seed": 1})
    assert not is_trained(folder, mine)
    assert train_start(Job("start", "plain", 1), tmp_path)
    assert train_one(job, tmp_path)
    assert is_trained(folder, mine)
    with pytest.raises(ResultsError, match="holds a run of another config"):
        is_trained(folder, config)


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_run_is_not_taken_for_a_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped half-way, a run has no checkpoint; the same job goes on and ends as one unbroken."""
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    job = Job("train", "plain", 0)
    mine = config_of_plain()

    def stop_half_way(run: Run, **hooks: object) -> bool:
        return train(run, **(hooks | {"stop": lambda: run.update == 10}))  # type: ignore[arg-type]

    for out in (stopped, whole):
        assert train_start(Job("start", "plain", 0), out)
    monkeypatch.setattr(results, "train", stop_half_way)
    assert not train_one(job, stopped)
    assert not is_trained(job.folder(stopped), mine)
    monkeypatch.setattr(results, "train", train)
    assert train_one(job, stopped)
    assert train_one(job, whole)
    for file in ("decoder.safetensors", "encoder.safetensors"):
        assert (job.folder(stopped) / file).read_bytes() == (job.folder(whole) / file).read_bytes()


@pytest.mark.usefixtures("tiny")
def test_the_shared_start_changes_nothing(tmp_path: Path) -> None:
    """A run that goes on from its seed's shared part ends to the bit as one trained by itself."""
    start, job = Job("start", "plain", 0), Job("train", "glsr-2-01", 0)
    assert train_start(start, tmp_path)
    assert train_one(job, tmp_path)
    alone = new_run(results.config_of(job.model, 0), tiny_corpus(), tmp_path / "alone")
    assert train(alone, on_update=lambda _: None, on_better=lambda _: None, stop=lambda: False)
    _, decoder = load_decoder(job.folder(tmp_path))
    for name, weight in alone.model.decoder.state_dict().items():
        assert torch.equal(weight, decoder.state_dict()[name]), name


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--jobs", "many"]])
def test_bad_input_ends_with_status_2(arguments: list[str]) -> None:
    """A number of jobs that makes no sense is refused before anything starts."""
    with pytest.raises(SystemExit) as end:
        results.main(arguments)
    assert end.value.code == 2
