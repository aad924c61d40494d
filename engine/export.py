"""From a training run to a checkpoint folder: weights first, the card last."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from engine.aids import Terms
from engine.card import (
    CARD_FORMAT,
    AttributeCard,
    Card,
    CheckpointError,
    ModelCard,
    find_checkpoint,
    read_card,
)
from engine.checkpoint import save_card, save_weights
from engine.config import TrainConfig
from engine.corpus import SIDES, SPLIT_SEED, SPLIT_SHARES
from engine.evaluation import decode_tokens
from engine.files import write_atomically
from engine.source import CorpusSource
from engine.train import Run


def keep(run: Run, source: CorpusSource) -> None:
    """Write the run's present weights and their card into its folder. Raises ``OSError``.

    ``source``: where ``run.corpus`` came from.
    """
    run.model.eval()
    weights = save_weights(run.folder, run.model.encoder, run.model.decoder)
    write_atomically(run.folder / "LICENCE.md", source.licence_text.encode())
    save_card(run.folder, _card(run, weights, source))


def _card(run: Run, weights: dict[str, str], source: CorpusSource) -> Card:
    config = run.config
    origin = torch.zeros(1, config.model.latent_dimensions, device=run.device)
    return Card(
        format=CARD_FORMAT,
        name=config.name,
        model=ModelCard(tokens=len(run.corpus.vocabulary), **config.model.model_dump()),
        vocabulary=run.corpus.vocabulary.names,
        attributes=attribute_cards(run.terms),
        start_tokens=tuple(int(t) for t in decode_tokens(run.model.decoder, origin)[0]),
        weights=weights,
        corpus={
            "source": source.description,
            **({"folder": source.folder} if source.folder else {}),
            "sha256": source.sha256,
            "recipe": config.corpus.model_dump(),
            "split": {"by": "tune", "shares": SPLIT_SHARES, "seed": SPLIT_SEED},
            "windows": {side: len(run.corpus.sides[side]) for side in SIDES},
        },
        training=_training(run, source),
        figures={"side": "validation", **{k: round(v, 4) for k, v in run.validation.items()}},
        data_licence=source.data_licence,
    )


def attribute_cards(terms: Terms) -> tuple[AttributeCard, ...]:
    """Each regularised dimension with its attribute's mean and deviation on the training side."""
    return tuple(
        AttributeCard(
            name=term.attribute.name,
            meaning=term.attribute.meaning,
            dimension=term.dimension,
            mu=term.mu,
            variance=term.variance,
            mean=round(term.mean, 4),
            sd=round(term.sd, 4),
        )
        for term in terms
    )


def _training(run: Run, source: CorpusSource) -> dict[str, Any]:
    corpus = f"--corpus {source.folder} " if source.folder else ""
    config = f"engine/configs/{run.config.name}.toml"
    return {
        "command": f"glisser train --config {config} {corpus}--out DIR",
        "config": run.config.model_dump(mode="json"),
        "seed": run.config.seed,
        "updates": run.update,
        "minutes": round(run.seconds / 60, 1),
        "final_weights_reached": run.progress.best_loss is not None,
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, {run.device.type}",
        "versions": {"torch": str(torch.__version__), "numpy": version("numpy")},
        "aids": aids(run.config),
    }


def aids(config: TrainConfig) -> list[str]:
    """Everything in this run that the paper does not mention, one plain line each."""
    schedule, glsr, model = config.schedule, config.glsr, config.model
    lengths = ", ".join(str(stage.steps) for stage in schedule.curriculum)
    found = [
        f"length curriculum: {lengths}, then 32 steps" if lengths else "",
        f"beta begins at {schedule.first_beta} and its ramp waits for a validation accuracy of "
        f"{schedule.gate_accuracy} or {schedule.gate_limit_updates} updates"
        if schedule.gate_accuracy
        else "",
        f"final beta {schedule.final_beta}, not 1" if schedule.final_beta != 1.0 else "",
        f"about {config.augment.splice_share:.0%} of training windows spliced from two of one key"
        if config.augment.splice_share
        else "",
        "bidirectional encoder" if model.bidirectional_encoder else "",
        f"chrono initialisation of the decoder's gates, up to {model.longest_memory} steps"
        if model.longest_memory and config.start is None
        else "",
        f"initial weights that read z times {model.z_gain}"
        if model.z_gain != 1.0 and config.start is None
        else "",
        "orthogonal initial recurrent weights" if config.start is None else "",
        f"Adam, {schedule.learning_rate} then a half cosine to {schedule.final_learning_rate}",
        f"matrix products of training in {config.precision}"
        if config.precision != "float32"
        else "",
    ]
    if config.ar_vae:
        found.append(
            f"AR-VAE in place of GLSR: note count on z{config.ar_vae.dimension}, weight "
            f"{config.ar_vae.weight:g}, delta {config.ar_vae.delta:g}"
        )
    if glsr.attributes:
        found += _glsr_aids(config)
    return [line for line in found if line] + _aids_before(config)


def _glsr_aids(config: TrainConfig) -> list[str]:
    """What is added to R, and on which rows it is taken; "" for what is not used."""
    glsr, schedule = config.glsr, config.schedule
    return [
        f"R on {glsr.rows} of {schedule.batch} rows" if glsr.rows < schedule.batch else "",
        f"{glsr.prior_share:.0%} of R's rows from the prior, "
        "the note count's coordinate uniform on [-3, 3], other regularised ones on [-2, 2]"
        if glsr.prior_share
        else "",
        f"level penalty, weight {glsr.level}, at temperatures 1 and {glsr.temperature}, on "
        f"{glsr.prior_rows} rows of the prior besides R's own; slopes across knobs likewise"
        if glsr.level
        else "",
        f"coordinates drawn to N(0, 1) over each batch, weight {glsr.aggregate}"
        if glsr.aggregate
        else "",
        "intervals of prior phrases, on and off the beat and by fifths, drawn to the corpus's, "
        f"weight {glsr.intervals}"
        if glsr.intervals
        else "",
        f"onset retreat penalty, weight {glsr.onset_retreat}" if glsr.onset_retreat else "",
        _evenness_aid(config),
        "the tangent shares the value's dropout mask",
    ]


def _aids_before(config: TrainConfig) -> list[str]:
    """The aids of the run whose weights this one began with, and of the one before that."""
    if config.start is None:
        return []
    try:
        card = read_card(find_checkpoint(config.start))
    except CheckpointError:
        return [f"began with the weights of {config.start}"]
    before = TrainConfig.model_validate(card.training["config"])
    minutes = card.training["minutes"]
    return [
        f"began with the weights of {config.start}, update {card.training['updates']}, "
        f"after {minutes} minutes of training",
        *(f"in {Path(config.start).name}: {line}" for line in aids(before)),
    ]


def _evenness_aid(config: TrainConfig) -> str:
    if not config.glsr.evenness:
        return ""
    weight = f"evenness over the beats, weight {config.glsr.evenness}"
    updates = config.schedule.polish_updates
    return f"a polish of {updates} updates with {weight}" if updates else weight
