"""The LSTM layer that carries tangents: right against the library's, right in its gradient."""

import pytest
import torch
from torch import Tensor, nn

from engine.recurrence import PLAIN, Cells, compiled_cells, recur

UNITS = 3


def inputs(rows: int, steps: int = 4) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    entering = torch.randn(steps, rows, 4 * UNITS, dtype=torch.float64, requires_grad=True)
    recurrent = torch.randn(4 * UNITS, UNITS, dtype=torch.float64, requires_grad=True)
    return entering, recurrent


def test_without_tangents_it_is_the_librarys_lstm() -> None:
    """The same hidden states step by step."""
    torch.manual_seed(0)
    lstm = nn.LSTM(2, UNITS).double()
    w = dict(lstm.named_parameters())
    x = torch.randn(5, 4, 2, dtype=torch.float64)
    entering = x @ w["weight_ih_l0"].T + w["bias_ih_l0"] + w["bias_hh_l0"]
    torch.testing.assert_close(recur(entering, w["weight_hh_l0"], batch=4), lstm(x)[0])


@pytest.mark.parametrize(
    ("batch", "ways", "tangent_rows"), [(3, 0, 0), (3, 2, 2), (2, 1, 2), (1, 3, 1)]
)
def test_the_backward_pass_is_the_gradient(batch: int, ways: int, tangent_rows: int) -> None:
    """Of values and tangents, in both inputs, against finite differences in float64."""

    def layer(entering: Tensor, recurrent: Tensor) -> Tensor:
        return recur(entering, recurrent, batch=batch, ways=ways)

    assert torch.autograd.gradcheck(layer, inputs(batch + ways * tangent_rows))


def test_a_tangent_is_the_derivative_of_its_value() -> None:
    """When the gates move along a direction, the hidden states move as the tangent rows say."""
    entering, recurrent = (x.detach() for x in inputs(2))
    moved = torch.randn(4, 2, 4 * UNITS, dtype=torch.float64)
    together = recur(torch.cat([entering, moved], dim=1), recurrent, batch=2, ways=1)
    by_hand = torch.func.jvp(lambda e: _unrolled(e, recurrent), (entering,), (moved,))[1]
    torch.testing.assert_close(together[:, 2:], by_hand)


def _unrolled(entering: Tensor, recurrent: Tensor) -> Tensor:
    """The textbook cell, step by step."""
    h = entering.new_zeros(entering.shape[1], UNITS)
    c, hidden = h, []
    for gates in entering:
        i, f, g, o = (gates + h @ recurrent.T).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hidden.append(h)
    return torch.stack(hidden)


@pytest.fixture(scope="module")
def compiled() -> Cells:
    cells = compiled_cells()
    try:
        cells.forward(torch.zeros(1, 8), torch.zeros(1, 2), torch.zeros(0, 0, 2))
    except Exception as error:  # torch raises many kinds where there is no compiler
        pytest.skip(f"no C++ compiler that torch can use here: {type(error).__name__}")
    return cells


def test_compiled_cells_compute_the_same(compiled: Cells) -> None:
    """Compiling changes the time it takes, not what comes out, nor its gradient."""
    torch.manual_seed(0)
    entering = torch.randn(3, 4 + 2 * 2, 4 * 8)
    recurrent = torch.randn(4 * 8, 8) / 3
    outcomes = []
    for cells in (PLAIN, compiled):
        leaves = [entering.clone().requires_grad_(), recurrent.clone().requires_grad_()]
        hidden = recur(leaves[0], leaves[1], batch=4, ways=2, cells=cells)
        outcomes.append([hidden, *torch.autograd.grad(hidden.square().sum(), leaves)])
    for plain, fast in zip(*outcomes, strict=True):
        torch.testing.assert_close(plain, fast, rtol=1e-4, atol=1e-5)
