"""Every figure of one checkpoint, in order; and a card that carries them.

Definitions are in ``docs/evaluation.md``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.attributes import ATTRIBUTES
from engine.card import Card, CheckpointError
from engine.checkpoint import load_decoder, load_encoder, model_config
from engine.chorales import Melody, corpus_hash
from engine.corpus import Corpus, build_corpus
from engine.evaluation import SWEEP_POINTS, Watch, nobody
from engine.geodesic import Regularised
from engine.held_out import PASSES, RESEMBLANCE_PHRASES, held_out_figures
from engine.knobs import PHRASES_PER_POINT, Figures, knob_figures, pitches_of
from engine.model import VAE

POINTS = SWEEP_POINTS  # prior points behind each figure of a knob
DECIMALS = 5  # of a figure on a card


@dataclass(frozen=True)
class Appraised:
    """A checkpoint taken apart to be measured. ``card`` is the one on disk."""

    card: Card
    model: VAE
    corpus: Corpus

    @property
    def phrases(self) -> int:
        """How many phrases its figures decode or encode."""
        knobs = max(len(self.card.attributes), 1)
        windows = PASSES * len(self.corpus.sides["test"])
        return knobs * POINTS * PHRASES_PER_POINT + windows + RESEMBLANCE_PHRASES


def take_apart(folder: Path, melodies: Sequence[Melody]) -> Appraised:
    """The checkpoint in ``folder``, and the corpus it learnt from by the card's own recipe.

    Raises :class:`CheckpointError`, also when the melodies are not those it learnt from.
    """
    card, model = load_model(folder)
    if corpus_hash(melodies) != card.corpus["sha256"]:
        raise CheckpointError(
            f"{folder}: trained on other melodies than these ({card.corpus['source']}); "
            + (
                "find the folder as it was then"
                if card.corpus.get("folder")
                else "install the music21 version that its card's corpus came from"
            )
        )
    return Appraised(card, model, build_corpus(melodies, **card.corpus["recipe"]))


def load_model(folder: Path) -> tuple[Card, VAE]:
    """A checkpoint's card and both of its networks, in evaluation mode.

    Raises :class:`CheckpointError`.
    """
    card, decoder = load_decoder(folder)
    model = VAE(model_config(card.model))
    model.decoder = decoder
    model.encoder = load_encoder(folder)
    return card, model.eval()


def appraise(it: Appraised, watch: Watch = nobody) -> tuple[Figures, Card]:
    """Every figure, and the card with each knob's calibration curve. Writes nothing."""
    knobs = regularised_of(it.card)
    vocabulary, sides = it.corpus.vocabulary, it.corpus.sides
    turned = knob_figures(
        it.model.decoder, knobs, vocabulary, sides["train"].tokens, points=POINTS, watch=watch
    )
    dimensions = list(turned.curves)
    held_out = held_out_figures(it.model, sides["test"].tokens, dimensions, vocabulary, watch)
    attributes = tuple(
        a.model_copy(update={"calibration": turned.curves[a.dimension]}) for a in it.card.attributes
    )
    figures = {**turned.figures, **held_out}
    return figures, it.card.model_copy(update={"attributes": attributes})


def regularised_of(card: Card) -> tuple[Regularised, ...]:
    """The card's regularised dimensions. Raises :class:`CheckpointError` for an unknown
    attribute.
    """
    pitches = pitches_of(card.spelled())
    unknown = [a.name for a in card.attributes if a.name not in ATTRIBUTES]
    if unknown:
        raise CheckpointError(
            f"{card.name}: attribute {unknown[0]} is none of {', '.join(ATTRIBUTES)}"
        )
    return tuple(
        Regularised(a.dimension, ATTRIBUTES[a.name], a.mu, a.variance, a.mean, a.sd, pitches)
        for a in card.attributes
    )


def with_figures(card: Card, figures: Figures) -> Card:
    """The card with the final figures in place of older ones; those of training stay beside."""
    before: dict[str, Any] = card.figures
    training = before.get("training", before)
    rounded = {
        section: {name: round(value, DECIMALS) for name, value in values.items()}
        for section, values in figures.items()
    }
    return card.model_copy(update={"figures": {"training": training, "evaluation": rounded}})
