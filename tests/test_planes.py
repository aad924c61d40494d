"""What the report's pictures are made of: which points are decoded, and what is read off them."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.card import AttributeCard
from engine.model import VAE, Decoder, ModelConfig
from engine.report import planes
from engine.vocabulary import Vocabulary

WORDS = Vocabulary(("HOLD", "REST", "C4", "F#4", "Bb4", "D5"))
C, SHARP, FLAT, HIGH = 2, 3, 4, 5
STEPS = 32


class Stairs(torch.nn.Module):
    """A decoder known by heart: round(z1) + 2 notes, 30 nats above every other token.

    The first is C4, those after it are F#4 where z2 > 1, Bb4 where z2 < -1 and D5 between.
    """

    config = ModelConfig(tokens=len(WORDS), latent_dimensions=3)

    def __init__(self) -> None:
        super().__init__()
        self.anything = torch.nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor, length: int) -> Tensor:
        rows = torch.stack([self.row(point, length) for point in z.tolist()])
        return 30.0 * torch.nn.functional.one_hot(rows, len(WORDS)).float()

    def row(self, point: list[float], length: int) -> Tensor:
        count = max(0, round(point[0]) + 2)
        other = SHARP if point[1] > 1 else FLAT if point[1] < -1 else HIGH
        notes = ([C] + [other] * count)[:count]
        return torch.tensor(notes + [0] * (length - count))


@pytest.fixture
def stairs() -> Decoder:
    return Stairs()  # type: ignore[return-value]  # stands in for a Decoder


@pytest.fixture
def plane(stairs: Decoder) -> planes.Plane:
    return planes.read_plane(stairs, WORDS)


def at(z: float) -> int:
    """The place of ``z`` on an axis."""
    return int(np.abs(planes.axis() - z).argmin())


@pytest.mark.parametrize(("z1", "notes"), [(-3.0, 0), (-1.0, 1), (0.0, 2), (3.0, 5)])
def test_a_column_is_z1_and_a_row_is_z2(plane: planes.Plane, z1: float, notes: int) -> None:
    """The map's columns follow z1, its rows do not; heard and expected agree for a sure decoder."""
    assert (plane.notes[:, at(z1)] == notes).all()
    np.testing.assert_allclose(plane.expected[:, at(z1)], notes, atol=1e-6)
    assert plane.positions[[0, -1]] == pytest.approx([-3.0, 3.0])


def test_pitches_are_those_struck(plane: planes.Plane) -> None:
    """Highest and lowest note of each phrase as MIDI numbers; a silent one has neither."""
    right = at(2.0)
    highest = [plane.highest[at(z2), right] for z2 in (-2.0, 0.0, 2.0)]
    assert highest == [70.0, 74.0, 66.0]
    assert (plane.lowest[:, right] == 60.0).all()
    assert np.isnan(plane.highest[:, 0]).all()
    assert np.isnan(plane.lowest[:, 0]).all()


def test_signs_are_those_of_the_names(plane: planes.Plane) -> None:
    """Natural, sharp or flat by name; HOLD and REST have none; a phrase may have both."""
    signs = [plane.signs[at(z2), at(2.0)] for z2 in (-2.0, 0.0, 2.0)]
    assert signs == [planes.FLATS, planes.NATURAL, planes.SHARPS]
    assert (plane.signs[:, 0] == planes.NATURAL).all()
    rows = np.array([[0, 1, C, HIGH], [C, SHARP, FLAT, 0]], np.uint8)
    assert planes._signs(rows, WORDS).tolist() == [planes.NATURAL, planes.BOTH]


def test_one_dimension_is_no_plane() -> None:
    """A model with one latent dimension is refused in words."""
    with pytest.raises(ValueError, match="two latent dimensions"):
        planes.read_plane(Decoder(ModelConfig(6, latent_dimensions=1, units=4)), WORDS)


def test_a_line_passes_through_its_point(stairs: Decoder) -> None:
    """From -3 to 3 in whole steps, and the point itself; the other coordinates stay."""
    line = planes.read_line(stairs, np.array([0.6, 2.0, 0.0]))
    assert line.positions == (-3.0, -2.0, -1.0, 0.0, 0.6, 1.0, 2.0, 3.0)
    assert line.start == 0.6
    assert [int((row > 1).sum()) for row in line.tokens] == [0, 0, 1, 2, 3, 3, 4, 5]
    assert SHARP in line.tokens[-1]


def test_a_stop_gives_way_to_the_point_beside_it(stairs: Decoder) -> None:
    """Two strips that hardly differ are one."""
    line = planes.read_line(stairs, np.array([-0.04, 0.0, 0.0]))
    assert line.positions == (-3.0, -2.0, -1.0, -0.04, 1.0, 2.0, 3.0)
    line = planes.read_line(stairs, np.zeros(3))
    assert line.positions == planes.STOPS


def test_the_melody_is_chosen_by_rule() -> None:
    """The middle one of the windows with the median note count."""
    counts = [1, 9, 3, 3, 2, 3, 7]
    windows = np.array([[C] * n + [0] * (STEPS - n) for n in counts], np.uint8)
    windows[[2, 3, 5], 0] = [C, SHARP, FLAT]  # those with three notes, told apart
    assert planes.melody_to_vary(windows)[0] == SHARP


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    config = ModelConfig(tokens=len(WORDS), latent_dimensions=3, units=8, embedding=5)
    return VAE(config).eval()


def test_a_cloud_is_drawn_from_the_posteriors(model: VAE, stairs: Decoder) -> None:
    """One seeded draw for each window, and what is decoded there; the same every time."""
    model.decoder = stairs
    windows = np.random.default_rng(0).integers(0, len(WORDS), (40, STEPS)).astype(np.uint8)
    torch.manual_seed(5)
    found = planes.read_cloud(model, windows)
    assert found.z.shape == (40, 3)
    assert found.notes.tolist() == [max(0, round(z1) + 2) for z1 in found.z[:, 0]]
    posterior = model.encoder(torch.from_numpy(windows.astype(np.int64)))
    noise = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    due = posterior.mean + torch.exp(0.5 * posterior.log_variance) * noise
    np.testing.assert_allclose(found.z, due.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(
        planes.encoded(model, windows[7]), posterior.mean[7].detach().numpy(), atol=1e-5
    )


def test_a_cloud_takes_windows_from_end_to_end(model: VAE, monkeypatch: pytest.MonkeyPatch) -> None:
    """More windows than dots: every so many, first and last among them."""
    windows = np.random.default_rng(0).integers(0, len(WORDS), (9, STEPS)).astype(np.uint8)
    monkeypatch.setattr(planes, "CLOUD_WINDOWS", 3)
    few = planes.read_cloud(model, windows)
    chosen = planes.read_cloud(model, windows[[0, 4, 8]])
    np.testing.assert_allclose(few.z, chosen.z, atol=1e-6)


def knob_card(*calibration: float) -> AttributeCard:
    return AttributeCard(
        name="note_count", meaning="", dimension=1, mu=1.0, variance=1.0, mean=2.0, sd=1.0,
        calibration=calibration,
    )  # fmt: skip


class Wide(Stairs):
    """As many notes as round(z1) + round(4 z3) + 8, where that is not below 0."""

    def row(self, point: list[float], length: int) -> Tensor:
        return super().row([round(point[0]) + round(4 * point[2]) + 6, *point[1:]], length)


def test_a_knob_s_band_is_what_points_deliver() -> None:
    """Percentiles over prior points at each position, against counting them one by one."""
    wide: Decoder = Wide()  # type: ignore[assignment]
    knob = planes.read_knob(wide, knob_card(), WORDS, points=25)
    z3 = torch.randn(25, 3, generator=torch.Generator().manual_seed(0))[:, 2].numpy()
    for z1 in (-3.0, 0.0, 2.0):
        played = np.maximum(0, round(z1) + np.round(4 * z3) + 8)
        place = at(z1)
        assert knob.low[place] == pytest.approx(np.percentile(played, 10), rel=1e-6)
        assert knob.middle[place] == pytest.approx(np.median(played), rel=1e-6)
        assert knob.high[place] == pytest.approx(np.percentile(played, 90), rel=1e-6)
        assert knob.promised[place] == pytest.approx(played.mean())
    assert not knob.calibrated


def test_the_card_s_curve_is_the_promise(stairs: Decoder) -> None:
    """Where the card has a calibration curve, that is what the picture calls promised."""
    curve = tuple(float(v) for v in np.linspace(0.0, 6.0, 61))
    knob = planes.read_knob(stairs, knob_card(*curve), WORDS, points=2)
    assert knob.calibrated
    assert knob.promised.tolist() == list(curve)
