"""The knobs of a checkpoint as numbers: sweeps, slopes, honesty, cross-talk, restraint.

Definitions are in ``docs/evaluation.md``. A section is a name and its figures, name -> number. A
figure of one thing turned and another heard is named ``turned -> heard``.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.attributes import BEFORE_THE_FIRST_NOTE, NOTE_COUNT
from engine.corpus import Tokens
from engine.evaluation import (
    INNER,
    SWEEP_POINTS,
    SWEEP_SEED,
    SWEEP_VALUES,
    Watch,
    decode_along,
    exact_slopes,
    knob_unevenness,
    nobody,
    prior_points,
    sweep,
)
from engine.expectation import of_rows
from engine.geodesic import Regularised, expectations
from engine.measures import metrics
from engine.measures.calibration import (
    JUDGED_POSITIONS,
    calibration_curve,
    honesty,
    positions_to_z,
)
from engine.model import Decoder
from engine.phrase import PHRASE_STEPS
from engine.vocabulary import REST_ID, Vocabulary, parse_name

Floats = npt.NDArray[np.float64]
Figures = dict[str, dict[str, float]]
Hears = Callable[[Tokens], Floats]  # tokens [..., 32] -> what is heard in them, [...]

FIT_SEED = 1  # of the points that a curve is fitted on; it is judged on those of the sweeps
DEVIATION_WINDOWS = 16384  # of the training side, evenly chosen, or up to twice as many
MARKS = (-3.0, -2.0, 0.0, 2.0, 3.0)


def first_knob(vocabulary: Vocabulary) -> Regularised:
    """z1 and the note count, for a model that was never told so: what it is compared by."""
    return Regularised(1, NOTE_COUNT, 0.0, 1.0, pitches=pitches_of(vocabulary))


def pitches_of(vocabulary: Vocabulary) -> tuple[float, ...]:
    """The MIDI pitch of each token."""
    return tuple(float(value) for value in vocabulary.step_values)


def hears(term: Regularised) -> Hears:
    """How a knob's attribute is read from tokens."""
    steps = np.asarray(term.pitches)
    return lambda tokens: of_rows(term.attribute, steps[tokens])


def restraints(vocabulary: Vocabulary) -> dict[str, Hears]:
    """What a knob should leave alone: the paper's figure 3, and the mean pitch.

    Of the notes struck; in a phrase without any, every pitch is A4. ``accidentals``: how many notes
    are named with a sharp or a flat.
    """
    pitch = np.asarray(vocabulary.step_values, np.float64)
    # From F (-1) to B (5) on the line of fifths a name has no accidental.
    marked = np.array(
        [False, False] + [not -1 <= parse_name(n)[0] <= 5 for n in vocabulary.names[2:]]
    )

    def of_struck(tokens: Tokens, best: Callable[..., Floats], least: float) -> Floats:
        struck = tokens > REST_ID
        found = best(np.where(struck, pitch[tokens], least), axis=-1)
        return np.where(struck.any(-1), found, BEFORE_THE_FIRST_NOTE)

    def mean_pitch(tokens: Tokens) -> Floats:
        struck = (tokens > REST_ID).sum(-1)
        total = of_struck(tokens, np.sum, 0.0)
        return np.asarray(total / np.maximum(struck, 1))

    return {
        "highest pitch": lambda tokens: of_struck(tokens, np.max, -np.inf),
        "lowest pitch": lambda tokens: of_struck(tokens, np.min, np.inf),
        "mean pitch": mean_pitch,
        "accidentals": lambda tokens: np.asarray(marked[tokens].sum(-1), np.float64),
    }


def sweep_sections(knob: Regularised, played: Floats, positions: Floats) -> Figures:
    """The sweeps of one knob judged on [-3, 3] and on [-2, 2], ``played`` [N, 61], and its marks.

    The sections of z1 and the note count have the short names.
    """
    first = knob.dimension == 1 and knob.attribute.name == NOTE_COUNT.name
    label = "" if first else f" z{knob.dimension}"
    inner = np.abs(positions) <= INNER + 1e-9
    return {
        f"sweep{label} [-3, 3]": asdict(metrics.sweep_figures(played, positions)),
        f"sweep{label} [-2, 2]": asdict(metrics.sweep_figures(played[:, inner], positions[inner])),
        f"{'notes' if first else knob.attribute.name} at z{knob.dimension}": {
            f"{at:+g}": float(played[:, int(np.abs(positions - at).argmin())].mean())
            for at in MARKS
        },
    }


def slope_sections(decoder: Decoder, z: Tensor, knobs: tuple[Regularised, ...]) -> Figures:
    """Behind the argmax, at ``z`` [N, d]: exact slopes, unevenness, gap between played and
    expected.
    """
    figures: Figures = {}
    for knob, found in zip(knobs, exact_slopes(decoder, z, knobs), strict=True):
        target = {"mu": knob.mu} if knob.mu else {}
        figures[f"exact slope z{knob.dimension}"] = {
            **target,
            "mean": float(found.mean()),
            "sd": float(found.std()),
        }
    figures["evenness"] = {"unevenness": knob_unevenness(decoder, z, knobs)}
    with torch.no_grad():
        logits = decoder(z, PHRASE_STEPS)
        expected = expectations(logits, knobs).double().cpu().numpy()
    tokens = logits.argmax(-1).to(torch.uint8).cpu().numpy()
    figures["gap"] = {
        _gap_name(knob): float((hears(knob)(tokens) - means).mean())
        for knob, means in zip(knobs, expected, strict=True)
    }
    return figures


def _gap_name(knob: Regularised) -> str:
    what = "notes" if knob.attribute.name == NOTE_COUNT.name else knob.attribute.name
    return f"argmax minus expected {what}"


@dataclass(frozen=True)
class Turned:
    """One knob turned: ``of`` names all that was heard on its way, each [N, 61]."""

    knob: Regularised
    of: dict[str, Floats]


def turn(
    decoder: Decoder,
    knob: Regularised,
    heard: dict[str, Hears],
    points: int,
    watch: Watch = nobody,
) -> tuple[Turned, Floats]:
    """Sweep one knob from the sweeps' points, and read ``heard`` on the way; also its positions."""
    swept = sweep(decoder, dimension=knob.dimension, points=points, watch=watch)
    return Turned(knob, {name: of(swept.tokens) for name, of in heard.items()}), swept.positions


def cross_talk_sections(
    turned: Iterable[Turned], inside: npt.NDArray[np.bool_], deviations: dict[str, float]
) -> Figures:
    """What each knob does to each attribute and to what it should leave alone, judged on [-2, 2].

    ``inside`` [61]: the positions judged. ``deviations``: the training side's of each thing that
    has no knob of its own; their change is told in these. The change of an attribute is told as a
    share of what its own knob does; where that is nothing, it is left out.
    """
    all_turned = tuple(turned)
    talk = {
        (t.knob.attribute.name, name): metrics.cross_talk(played[:, inside])
        for t in all_turned
        for name, played in t.of.items()
    }
    own = [t.knob.attribute.name for t in all_turned]
    figures: Figures = {}
    for title, others in (("cross-talk", own), ("restraint", list(deviations))):
        pairs = [(knob, name) for knob in own for name in others]
        figures[f"{title}: spearman"] = {_arrow(p): talk[p].spearman for p in pairs}
        figures[f"{title}: constant sweeps"] = {_arrow(p): talk[p].constant for p in pairs}
        scale = {n: talk[n, n].change if n in own else deviations[n] for n in others}
        unit = "relative change" if title == "cross-talk" else "change in sd"
        figures[f"{title}: {unit}"] = {
            _arrow(p): talk[p].change / scale[p[1]] for p in pairs if scale[p[1]] > 0.0
        }
    return {**figures, **_largest(figures, own)} if len(own) > 1 else figures


def _arrow(pair: tuple[str, str]) -> str:
    return f"{pair[0]} -> {pair[1]}"


def _largest(figures: Figures, own: list[str]) -> Figures:
    """The largest entries off the diagonal."""
    diagonal = {_arrow((name, name)) for name in own}
    return {
        "cross-talk": {
            f"largest {unit}": max(
                (v for k, v in figures[f"cross-talk: {unit}"].items() if k not in diagonal),
                default=0.0,
            )
            for unit in ("spearman", "relative change")
        }
    }


def calibrate(
    decoder: Decoder, knob: Regularised, points: int = SWEEP_POINTS, watch: Watch = nobody
) -> tuple[float, ...]:
    """The curve of one knob, from ``points`` prior points of the fitting seed."""
    swept = sweep(decoder, dimension=knob.dimension, points=points, seed=FIT_SEED, watch=watch)
    return calibration_curve(hears(knob)(swept.tokens))


def honesty_section(
    decoder: Decoder,
    knob: Regularised,
    curve: tuple[float, ...],
    points: int = SWEEP_POINTS,
    watch: Watch = nobody,
) -> Figures:
    """How far from its promise the knob plays at the sweeps' points, which its curve never saw."""
    z = prior_points(points, decoder.config.latent_dimensions, SWEEP_SEED)
    places = positions_to_z(curve, np.linspace(0.0, 1.0, JUDGED_POSITIONS))
    tokens = decode_along(decoder, z, knob.dimension, places, watch)
    return {f"honesty z{knob.dimension}": asdict(honesty(curve, hears(knob)(tokens)))}


@dataclass(frozen=True)
class KnobFigures:
    """``figures``, and for each knob its calibration curve, by dimension."""

    figures: Figures
    curves: dict[int, tuple[float, ...]]


PHRASES_PER_POINT = 2 * SWEEP_VALUES + JUDGED_POSITIONS  # and knob


def knob_figures(
    decoder: Decoder,
    knobs: tuple[Regularised, ...],
    vocabulary: Vocabulary,
    training_side: Tokens,
    *,
    points: int = SWEEP_POINTS,
    watch: Watch = nobody,
) -> KnobFigures:
    """Every figure of the knobs; a model without any is judged by z1 and the note count.

    ``training_side`` [N, 32]: its windows tell how much a quantity varies. Each knob is swept once
    for its own attribute, the others' and what it should leave alone.
    """
    knobs = knobs or (first_knob(vocabulary),)
    alone = restraints(vocabulary)
    heard = {**{k.attribute.name: hears(k) for k in knobs}, **alone}
    figures: Figures = {}
    swept: list[Turned] = []
    for knob in knobs:
        turned, positions = turn(decoder, knob, heard, points, watch)
        swept.append(turned)
        figures |= sweep_sections(knob, turned.of[knob.attribute.name], positions)
    z = prior_points(points, decoder.config.latent_dimensions, SWEEP_SEED)
    device = next(decoder.parameters()).device
    figures |= slope_sections(decoder, z.clamp(-INNER, INNER).to(device), knobs)
    curves = {knob.dimension: calibrate(decoder, knob, points, watch) for knob in knobs}
    for knob in knobs:
        figures |= honesty_section(decoder, knob, curves[knob.dimension], points, watch)
    few = training_side[:: max(1, len(training_side) // DEVIATION_WINDOWS)]
    deviations = {name: float(of(few).std()) for name, of in alone.items()}
    inside = np.abs(positions) <= INNER + 1e-9
    return KnobFigures(figures | cross_talk_sections(swept, inside, deviations), curves)
