"""``report.html``: the paper's figures for one checkpoint, for a musician without the paper.

Decodes what the pictures show (:mod:`engine.report.planes`) and puts the chapters
(:mod:`engine.report.chapters`) and the figures (:mod:`engine.report.summary`) on one page
(:mod:`engine.report.page`).
"""

from collections.abc import Callable, Mapping

import numpy as np

from engine.card import Card
from engine.corpus import Corpus, Tokens
from engine.model import VAE
from engine.report import chapters, planes
from engine.report.page import Section, page
from engine.report.summary import all_figures_section, cross_talk_section, summary_section
from engine.vocabulary import Vocabulary

PLAIN, TOO_STEEP = "plain", "glsr-5-1"  # names among the references
LEAD = (
    "What this checkpoint's knobs do, in figures and pictures. All of it was decoded from the "
    "checkpoint; melodies are those of the test side, which training never saw."
)


def build_report(
    model: VAE,
    card: Card,
    figures: Mapping[str, Mapping[str, float]],
    corpus: Corpus,
    references: Mapping[str, VAE],
    progress: Callable[[str], None],
) -> str:
    """The page for ``model``, in evaluation mode, whose card is ``card``: the same page every time.

    ``figures``: section -> key -> number, as ``glisser evaluate`` finds them; a section that is
    missing is left out. ``references``: "plain" (trained without GLSR) and "glsr-5-1" (N(5, 1)), of
    the same vocabulary; the page says which it lacks. ``progress`` is told what is being done.
    Takes a minute or two on two cores. Raises ``ValueError`` for a reference of another vocabulary
    and for a model with one latent dimension.
    """
    vocabulary = card.spelled()
    _check_words(references, card)
    windows = corpus.sides["test"].tokens
    labels = chapters.axis_labels(card)

    def plane(what: str, of: VAE) -> planes.Plane:
        progress(f"the plane of z1 and z2: {what}")
        return planes.read_plane(of.decoder, vocabulary)

    def cloud(what: str, of: VAE) -> planes.Cloud:
        progress(f"where the melodies lie: {what}")
        return planes.read_cloud(of, windows)

    own = plane(card.name, model)
    plain = plane(PLAIN, references[PLAIN]) if PLAIN in references else None
    steep = references.get(TOO_STEEP)
    sections = [
        summary_section(card, figures),
        chapters.plane_section(own, plain, labels, PLAIN),
        chapters.others_section(own, labels),
        _line(model, vocabulary, windows, progress),
        chapters.cloud_section(cloud(card.name, model), labels),
        chapters.warning_section(
            (plane(TOO_STEEP, steep), cloud(TOO_STEEP, steep)) if steep else None,
            own,
            windows,
            TOO_STEEP,
        ),
        *_knobs(model, card, progress),
        *cross_talk_section(figures),
        all_figures_section(figures),
    ]
    return page(f"{card.name}: what the knobs do", LEAD, sections)


def _check_words(references: Mapping[str, VAE], card: Card) -> None:
    for name, reference in references.items():
        if reference.config.tokens != len(card.vocabulary):
            raise ValueError(
                f"reference {name} has {reference.config.tokens} tokens, {card.name} has "
                f"{len(card.vocabulary)}; give one trained on the same corpus"
            )


def _line(
    model: VAE, vocabulary: Vocabulary, windows: Tokens, progress: Callable[[str], None]
) -> Section:
    progress("a line through one melody")
    melody = planes.melody_to_vary(windows)
    through = planes.read_line(model.decoder, planes.encoded(model, melody))
    origin = planes.read_line(model.decoder, np.zeros(model.config.latent_dimensions))
    return chapters.line_section(melody, through, origin, vocabulary)


def _knobs(model: VAE, card: Card, progress: Callable[[str], None]) -> list[Section]:
    """The chapter on the knobs; none where nothing was regularised."""
    knobs = []
    for attribute in card.attributes:
        progress(f"the knob of {chapters.plain_name(attribute)}")
        knobs.append(planes.read_knob(model.decoder, attribute, card.spelled()))
    return [chapters.knobs_section(knobs)] if knobs else []
