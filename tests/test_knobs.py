"""The knobs' sections: what is turned, what is heard on the way, what is promised."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.attributes import LEAN, NOTE_COUNT, REGISTER
from engine.evaluation import prior_points, sweep
from engine.geodesic import Regularised
from engine.knobs import (
    Turned,
    calibrate,
    cross_talk_sections,
    first_knob,
    hears,
    honesty_section,
    knob_figures,
    pitches_of,
    restraints,
    slope_sections,
    sweep_sections,
)
from engine.measures.calibration import calibration_curve, positions_to_z
from engine.measures.metrics import cross_talk
from engine.model import Decoder, ModelConfig
from engine.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("HOLD", "REST", "C4", "F#4", "Bb4", "D5"))  # 60, 66, 70, 74
PITCHES = pitches_of(VOCABULARY)
COUNT = Regularised(1, NOTE_COUNT, 2.0, 0.1, pitches=PITCHES)
HIGH = Regularised(3, REGISTER, 4.0, 0.2, pitches=PITCHES)
POINTS = 16


class Drawn(Decoder):
    """Notes in one step for each unit of z1 above -4; the note is chosen by z3; sure of it all."""

    def __init__(self) -> None:
        super().__init__(ModelConfig(tokens=6, latent_dimensions=4, units=2, embedding=2))

    def forward(self, z: Tensor, length: int) -> Tensor:
        onset = torch.arange(length) < (z[:, :1] + 4.0).floor()  # [B, T]
        note = 2 + (z[:, 2:3] > 0).long() * 3  # C4 or D5
        return 50.0 * torch.nn.functional.one_hot(torch.where(onset, note, 0), 6).float()


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(ModelConfig(tokens=6, latent_dimensions=4, units=8, embedding=4)).eval()


def test_what_a_knob_should_leave_alone() -> None:
    """Of the notes struck: highest, lowest, mean of each counted once, and the marked names."""
    tokens = np.array([[2, 0, 3, 1, 5, 0], [4, 4, 3, 0, 0, 0], [0, 0, 1, 0, 0, 0]], np.uint8)
    found = {name: of(tokens).tolist() for name, of in restraints(VOCABULARY).items()}
    assert found == {
        "highest pitch": [74.0, 70.0, 69.0],
        "lowest pitch": [60.0, 66.0, 69.0],
        "mean pitch": pytest.approx([200 / 3, 206 / 3, 69.0]),
        "accidentals": [1.0, 3.0, 0.0],
    }


def test_a_sweep_is_judged_twice_and_marked() -> None:
    """A note for each unit of z1, from 1 at -3 to 7 at 3: short names, both ranges, five marks."""
    positions = np.linspace(-3, 3, 61)
    played = np.floor(positions + 4.0 + 1e-9)[None]
    found = sweep_sections(COUNT, played, positions)
    assert list(found) == ["sweep [-3, 3]", "sweep [-2, 2]", "notes at z1"]
    assert found["sweep [-3, 3]"]["high"] == 7.0
    assert found["sweep [-2, 2]"]["low"] == 2.0
    assert found["notes at z1"] == {"-3": 1.0, "-2": 2.0, "+0": 4.0, "+2": 6.0, "+3": 7.0}
    other = sweep_sections(HIGH, played, positions)
    assert list(other) == ["sweep z3 [-3, 3]", "sweep z3 [-2, 2]", "register at z3"]


def test_a_curve_promises_what_is_delivered() -> None:
    """A decoder whose notes follow z1 alone: the curve is their staircase, the promise is met to
    half a note.
    """
    curve = calibrate(Drawn(), COUNT, POINTS)
    assert (curve[0], curve[29], curve[30], curve[-1]) == (1.0, 3.0, 4.0, 7.0)
    found = honesty_section(Drawn(), COUNT, curve, POINTS)["honesty z1"]
    assert found["span"] == 6.0
    promised = 1.0 + 6.0 * np.linspace(0, 1, 33)
    heard = np.floor(positions_to_z(curve, np.linspace(0, 1, 33)).astype(np.float32) + 4.0)
    assert found["mean"] == pytest.approx(np.abs(promised - heard).mean())


@torch.no_grad()
def test_a_curve_is_fitted_on_other_points_than_it_is_judged_on(decoder: Decoder) -> None:
    """The curve is that of prior points of seed 1; those of seed 0 would give another."""
    decoder.output.weight.mul_(40.0)  # untrained, it would play the same everywhere
    of_seed = []
    for seed in (0, 1):
        played = hears(HIGH)(sweep(decoder, dimension=3, points=POINTS, seed=seed).tokens)
        of_seed.append(calibration_curve(played))
    assert of_seed[0] != of_seed[1]
    assert calibrate(decoder, HIGH, POINTS) == of_seed[1]


def test_cross_talk_is_told_for_every_pair() -> None:
    """Two knobs: what each does to the other's attribute, as a share of what its own does."""
    lean = Regularised(2, LEAN, 1.5, 0.1, pitches=PITCHES)
    inside = np.array([True, True, True, False])
    one = {"note_count": np.array([[1.0, 2, 3, 99]]), "lean": np.array([[0.0, 1, 1, 99]])}
    two = {"note_count": np.array([[5.0, 5, 5, 99]]), "lean": np.array([[0.0, 2, 4, 99]])}
    for of in (one, two):
        of["accidentals"] = np.array([[0.0, 0, 3, 99]])
    found = cross_talk_sections(
        [Turned(COUNT, one), Turned(lean, two)], inside, {"accidentals": 1.5}
    )
    assert found["cross-talk: relative change"] == {
        "note_count -> note_count": 1.0,
        "note_count -> lean": 0.25,
        "lean -> note_count": 0.0,
        "lean -> lean": 1.0,
    }
    tied = cross_talk(np.array([[0, 1, 1]])).spearman
    assert found["cross-talk: spearman"]["note_count -> lean"] == pytest.approx(tied)
    assert found["cross-talk: constant sweeps"]["lean -> note_count"] == 1.0
    assert found["restraint: change in sd"] == {
        "note_count -> accidentals": 2.0,
        "lean -> accidentals": 2.0,
    }
    assert found["cross-talk"] == {
        "largest spearman": pytest.approx(tied),
        "largest relative change": 0.25,
    }


def test_a_dead_knob_has_no_share() -> None:
    """Where a knob's own sweep moves nothing, nothing is a share of it: the entry is left out."""
    dead = {"note_count": np.array([[5.0, 5.0]])}
    found = cross_talk_sections([Turned(COUNT, dead)], np.array([True, True]), {})
    assert found["cross-talk: relative change"] == {}
    assert found["cross-talk: spearman"] == {"note_count -> note_count": 0.0}


def test_the_gap_is_what_argmax_plays_beyond_what_is_expected() -> None:
    """A decoder that is sure plays what it expects; one that wavers below a half plays less."""

    class Wavering(Drawn):
        def forward(self, z: Tensor, length: int) -> Tensor:
            chances = torch.tensor([0.6, 0.0, 0.4, 0.0, 0.0, 0.0])  # HOLD, or C4 at two in five
            return torch.log(chances + 1e-30).expand(len(z), length, 6)

    z = prior_points(8, 4, seed=0)
    sure = slope_sections(Drawn().eval(), z, (COUNT, HIGH))["gap"]
    assert sure == pytest.approx(
        {"argmax minus expected notes": 0.0, "argmax minus expected register": 0.0}, abs=1e-4
    )
    wavering = slope_sections(Wavering().eval(), z, (COUNT,))["gap"]
    assert wavering == pytest.approx({"argmax minus expected notes": -0.4 * 32}, abs=1e-4)


def test_every_figure_of_two_knobs(decoder: Decoder) -> None:
    """All sections are there, all figures are finite numbers, both knobs have a curve, and each
    phrase was counted.
    """
    done: list[int] = []
    training_side = np.random.default_rng(0).integers(0, 6, (50, 32)).astype(np.uint8)
    found = knob_figures(
        decoder, (COUNT, HIGH), VOCABULARY, training_side, points=POINTS, watch=done.append
    )
    assert set(found.curves) == {1, 3}
    assert set(found.figures) == {
        *("sweep [-3, 3]", "sweep [-2, 2]", "notes at z1", "exact slope z1", "honesty z1"),
        *("sweep z3 [-3, 3]", "sweep z3 [-2, 2]", "register at z3", "exact slope z3"),
        *("honesty z3", "evenness", "gap", "cross-talk", "cross-talk: spearman"),
        *("cross-talk: constant sweeps", "cross-talk: relative change", "restraint: spearman"),
        *("restraint: constant sweeps", "restraint: change in sd"),
    }
    assert all(np.isfinite(v) for values in found.figures.values() for v in values.values())
    assert len(found.figures["restraint: spearman"]) == 8
    assert sum(done) == 2 * POINTS * (61 + 61 + 33)


def test_a_model_without_knobs_is_judged_by_z1(decoder: Decoder) -> None:
    """Nothing was asked of z1, so no mu is told; all else is measured as on any knob."""
    training_side = np.zeros((2, 32), np.uint8)
    found = knob_figures(decoder, (), VOCABULARY, training_side, points=POINTS)
    assert set(found.figures["exact slope z1"]) == {"mean", "sd"}
    assert "honesty z1" in found.figures
    assert "cross-talk" not in found.figures
    assert first_knob(VOCABULARY).attribute is NOTE_COUNT


def test_what_is_heard_is_what_is_written() -> None:
    """Attributes are read from tokens as from the steps that they stand for."""
    tokens = np.array([[2, 0, 3, 1] * 8, [1, 5, 0, 0] * 8], np.uint8)
    expected = [REGISTER.exact(VOCABULARY.steps(row)) for row in tokens.tolist()]
    assert hears(HIGH)(tokens).tolist() == pytest.approx(expected)
