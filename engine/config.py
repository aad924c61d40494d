"""What a training run is told: one TOML file, checked before anything starts.

Every key has a meaning and a range; an unknown key is an error, never ignored.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.attributes import ATTRIBUTES

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]


class ConfigError(Exception):
    """The config cannot be used; the message is one sentence naming file, key and what is
    allowed.
    """


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusSection(_Section):
    """``bar_aligned``: windows start on 4/4 bar lines; else every ``hop_steps``-th window."""

    bar_aligned: bool
    hop_steps: Count = 1


class AugmentSection(_Section):
    """``splice_share``: the share of training windows spliced with another of the same key."""

    splice_share: Share = 0.0


class ModelSection(_Section):
    units: Annotated[int, Field(ge=8, le=2048)]
    latent_dimensions: Annotated[int, Field(ge=1, le=64)] = 12
    embedding: Count = 64
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.2
    bidirectional_encoder: bool = True
    z_gain: Positive = 3.0
    longest_memory: Annotated[int, Field(ge=0)] = 32


class AttributeSection(_Section):
    """One regularised dimension: r_k = N(mu, variance), both in the attribute's own unit."""

    name: str
    dimension: Count
    mu: Positive
    variance: Positive

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ATTRIBUTES:
            raise ValueError(f"{value!r} is none of {', '.join(sorted(ATTRIBUTES))}")
        return value


class GlsrSection(_Section):
    """``rows``: how many rows of each batch carry the tangent. The rest are aids, 0 for ``paper``.

    ``prior_share``: the share of those rows drawn from N(0, I) with the regularised coordinates
    uniform on [-3, 3], because a performer's sweep leaves the posterior. ``onset_retreat``: weight
    of the penalty on onsets that give way while a knob rises. ``evenness``: weight, in the
    schedule's last phase (or, without one, with R), of the penalty on notes that crowd into some of
    the beats. ``level``: weight of the penalty on attributes away from mean + mu z, and on slopes
    across knobs; judged on ``prior_rows`` rows of the prior besides R's own, and at
    ``temperature`` too, because argmax is what is heard. ``aggregate``: weight of the penalty on
    coordinates that are not spread over the batch as the prior is, so that data lives where the
    knobs go. ``intervals``: weight of the penalty on phrases of the prior that move by other
    intervals than the corpus's melodies, or mix keys.
    """

    attributes: tuple[AttributeSection, ...] = ()
    weight: Weight = 1.0
    rows: Count = 32
    prior_share: Share = 0.0
    onset_retreat: Weight = 0.0
    evenness: Weight = 0.0
    level: Weight = 0.0
    prior_rows: Annotated[int, Field(ge=0)] = 0
    temperature: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    aggregate: Weight = 0.0
    intervals: Weight = 0.0


class ArVaeSection(_Section):
    """Attribute regularisation of the note count (:mod:`engine.ar_vae`), to compare GLSR with.

    ``weight``: of the loss in nats per window, on the same ramp as R. ``delta``: how steeply two
    phrases are told apart.
    """

    dimension: Count = 1
    weight: Weight
    delta: Positive = 10.0


class LengthSection(_Section):
    """One stage of the length curriculum: left at ``accuracy`` on the training side or at the
    limit.
    """

    steps: Annotated[int, Field(ge=2, le=32)]
    accuracy: Share
    limit_updates: Count


class ScheduleSection(_Section):
    """Everything counts updates, never seconds."""

    batch: Count = 128
    learning_rate: Positive = 1.5e-3
    final_learning_rate: Positive = 1e-4
    adam_betas: tuple[Share, Share] = (0.9, 0.99)
    clip_norm: Positive = 5.0
    curriculum: tuple[LengthSection, ...] = ()
    short_batch_every: Annotated[int, Field(ge=0)] = 5  # 0: never
    first_beta: Weight = 0.02
    final_beta: Weight = 1.0
    gate_accuracy: Share = 0.88  # validation accuracy at 32 steps that opens the ramps; 0: at once
    gate_limit_updates: Count = 6000
    ramp_updates: Count = 4000
    final_updates: Count = 4000
    polish_updates: Annotated[int, Field(ge=0)] = 0  # a last phase, for glsr.evenness
    polish_learning_rate: Positive = 1e-3
    patience_validations: Count = 8
    validate_every: Count = 250
    validation_windows: Count = 1024
    save_every: Count = 250


class TrainConfig(_Section):
    """A whole run.

    ``precision``: what the matrix products of training use (never decoding). ``compiled``: compile
    the cells of the dual pass (needs a C++ compiler). ``start``: a checkpoint whose weights the run
    begins with.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    seed: Annotated[int, Field(ge=0)] = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    compiled: bool = False
    start: str | None = None
    corpus: CorpusSection
    augment: AugmentSection = AugmentSection()
    model: ModelSection
    glsr: GlsrSection = GlsrSection()
    ar_vae: ArVaeSection | None = None
    schedule: ScheduleSection = ScheduleSection()

    @model_validator(mode="after")
    def _dimensions_exist(self) -> "TrainConfig":
        dimensions = [a.dimension for a in self.glsr.attributes]
        if len(set(dimensions)) != len(dimensions):
            raise ValueError("glsr.attributes: each dimension may carry one attribute")
        if dimensions and max(dimensions) > self.model.latent_dimensions:
            raise ValueError(
                f"glsr.attributes: dimension must be 1..{self.model.latent_dimensions}"
            )
        if self.ar_vae and self.glsr.attributes:
            raise ValueError("ar_vae and glsr.attributes exclude each other")
        if self.ar_vae and self.ar_vae.dimension > self.model.latent_dimensions:
            raise ValueError(f"ar_vae: dimension must be 1..{self.model.latent_dimensions}")
        if self.glsr.rows > self.schedule.batch:
            raise ValueError("glsr.rows must not exceed schedule.batch")
        return self


def load_config(file: Path) -> TrainConfig:
    """The run that ``file`` describes. Raises :class:`ConfigError`."""
    try:
        return TrainConfig.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigError(f"{file}: {key}: {first['msg']}") from error
