"""One LSTM layer that carries values and tangents together, with its own backward pass.

The loss needs the gradient of a derivative. The layer computes that derivative forwards, beside
the value (forward mode), so one ordinary backward pass is enough; that pass is written out here,
because an automatic one spends most of its time in small operations. Each step is one matrix
product and one elementwise cell, and the gradient of the recurrent weights is one product over all
steps.

T steps, B value rows, K tangents for each of the first R value rows, N = B + K R rows in all, H
units. Gates in torch's order: i, f, g, o.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Cell = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
CellBack = Callable[..., tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Cells:
    """The two elementwise halves of a step, as they stand or compiled."""

    forward: Cell
    backward: CellBack


def cell(gates: Tensor, c: Tensor, dc: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One step. gates [N, 4H] before their squashing, c [B, H], dc [K, R, H].

    Returns hidden [N, H] in the type of ``gates``, and the new c and dc.
    """
    values, moved = _split(gates, c, dc)
    i, f, g, o = _squashed(values)
    new_c = f * c + i * g
    bent = _tanh(new_c)
    hidden = o * bent
    rows = dc.shape[1]
    i, f, g, o, bent, old = (x[:rows] for x in (i, f, g, o, bent, c))
    di, df, dg, do = moved.chunk(4, dim=-1)
    new_dc = f * dc + (f * (1 - f) * old) * df + (i * (1 - i) * g) * di + (i * (1 - g * g)) * dg
    tangent = (o * (1 - o) * bent) * do + (o * (1 - bent * bent)) * new_dc
    joined = torch.cat([hidden, tangent.flatten(0, 1)])
    return joined.to(gates.dtype), new_c, new_dc


def cell_backward(
    gates: Tensor,
    c: Tensor,
    dc: Tensor,
    new_c: Tensor,
    new_dc: Tensor,
    from_above: Tensor,
    from_later: Tensor,
    c_bar: Tensor,
    dc_bar: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The adjoint of :func:`cell`: gradients of its three outputs -> of its three inputs.

    ``from_above`` and ``from_later`` [N, H] are the two gradients that reach hidden.
    """
    batch = len(c)
    values, moved = _split(gates, c, dc)
    i, f, g, o = _squashed(values)
    bent = _tanh(new_c)
    h_bar = from_above.to(c.dtype) + from_later.to(c.dtype)
    o_bar = bent * h_bar[:batch]
    new_c_bar = c_bar + o * (1 - bent * bent) * h_bar[:batch]
    tangent_bar = h_bar[batch:].reshape(dc.shape)
    rows = dc.shape[1]
    i, f, g, o, bent, old = (x[:rows] for x in (i, f, g, o, bent, c))
    di, df, dg, do = moved.chunk(4, dim=-1)
    # The tangent's own way back, as if the values were constants.
    full_dc_bar = dc_bar + (o * (1 - bent * bent)) * tangent_bar
    moved_bar = torch.cat(
        [
            (i * (1 - i) * g) * full_dc_bar,
            (f * (1 - f) * old) * full_dc_bar,
            (i * (1 - g * g)) * full_dc_bar,
            (o * (1 - o) * bent) * tangent_bar,
        ],
        dim=-1,
    )
    # What the values gain because they bend the tangent too; summed over its K directions.
    along_o, along_c = (do * tangent_bar).sum(0), (new_dc * tangent_bar).sum(0)
    along_i, along_f = (di * full_dc_bar).sum(0), (df * full_dc_bar).sum(0)
    along_g, kept = (dg * full_dc_bar).sum(0), (dc * full_dc_bar).sum(0)
    flat = 1 - bent * bent
    o_bar = _add_rows(o_bar, along_o * (1 - 2 * o) * bent + along_c * flat)
    bends = along_o * o * (1 - o) - 2 * along_c * o * bent
    new_c_bar = _add_rows(new_c_bar, flat * bends)
    extra = (
        along_i * (1 - 2 * i) * g + along_g * (1 - g * g),
        kept + along_f * (1 - 2 * f) * old,
        along_i * i * (1 - i) - 2 * along_g * i * g,
    )
    values_bar = _gates_bar(values, c, new_c_bar, o_bar, extra)
    c_out = _add_rows(torch.sigmoid(values.chunk(4, dim=-1)[1]) * new_c_bar, along_f * f * (1 - f))
    both = torch.cat([values_bar, moved_bar.flatten(0, 1)])
    return both.to(gates.dtype), c_out, f * full_dc_bar


def _gates_bar(
    values: Tensor, c: Tensor, new_c_bar: Tensor, o_bar: Tensor, extra: tuple[Tensor, ...]
) -> Tensor:
    """The gradient of the value gates [B, 4H]; ``extra`` [R, H]: more for i, f, g of R rows."""
    i, f, g, o = _squashed(values)
    plain = (g * new_c_bar, c * new_c_bar, i * new_c_bar)
    i_bar, f_bar, g_bar = (_add_rows(x, more) for x, more in zip(plain, extra, strict=True))
    bars = (i * (1 - i) * i_bar, f * (1 - f) * f_bar, (1 - g * g) * g_bar, o * (1 - o) * o_bar)
    return torch.cat(bars, dim=-1)


def _split(gates: Tensor, c: Tensor, dc: Tensor) -> tuple[Tensor, Tensor]:
    """Value gates [B, 4H] and tangent gates [K, R, 4H], in the type of the cell state."""
    wide = gates.to(c.dtype)
    batch = len(c)
    return wide[:batch], wide[batch:].reshape(*dc.shape[:2], wide.shape[-1])


def _squashed(values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    i, f, g, o = values.chunk(4, dim=-1)
    return torch.sigmoid(i), torch.sigmoid(f), _tanh(g), torch.sigmoid(o)


def _tanh(x: Tensor) -> Tensor:
    """Tanh by way of the sigmoid: compiled, it takes half the time."""
    return 2.0 * torch.sigmoid(2.0 * x) - 1.0


def _add_rows(x: Tensor, first: Tensor) -> Tensor:
    """``x`` [B, H] with ``first`` [R, H] added to its first R rows."""
    rows = len(first)
    return x + first if rows == len(x) else torch.cat([x[:rows] + first, x[rows:]])


PLAIN = Cells(cell, cell_backward)


def compiled_cells() -> Cells:
    """The same cells, each compiled to one kernel at its first call (needs a C++ compiler)."""
    return Cells(torch.compile(cell, dynamic=False), torch.compile(cell_backward, dynamic=False))


def recur(
    entering: Tensor,
    recurrent: Tensor,
    *,
    batch: int,
    ways: int = 0,
    cells: Cells = PLAIN,
) -> Tensor:
    """All steps of a layer. Differentiable once, in both tensors.

    ``entering`` [T, N, 4H]: what the gates receive from below, biases included (on the value rows:
    a bias has no tangent). ``recurrent`` [4H, H]: the weights on the layer's own state. ``batch`` B
    and ``ways`` K say how the N = B + K R rows divide. -> hidden [T, N, H].
    """
    out: Tensor = _Recurrence.apply(  # type: ignore[no-untyped-call]  # torch leaves it untyped
        entering, recurrent.to(entering.dtype), batch, ways, cells
    )
    return out


class _Recurrence(torch.autograd.Function):
    """See :func:`recur`. Keeps the gates and cell states of every step for the way back."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401  # torch's context takes any attribute
        entering: Tensor,
        recurrent: Tensor,
        batch: int,
        ways: int,
        cells: Cells,
    ) -> Tensor:
        steps, rows, _ = entering.shape
        units = recurrent.shape[-1]
        state = torch.promote_types(entering.dtype, torch.float32)
        tangent_rows = (rows - batch) // ways if ways else 0
        h = entering.new_zeros(rows, units)
        c = entering.new_zeros(batch, units, dtype=state)
        dc = entering.new_zeros(ways, tangent_rows, units, dtype=state)
        gates, hidden, memory = [], [h], [(c, dc)]
        for step in range(steps):
            gates.append(torch.addmm(entering[step], h, recurrent.T))
            h, c, dc = cells.forward(gates[-1], c, dc)
            hidden.append(h)
            memory.append((c, dc))
        ctx.gates, ctx.hidden, ctx.memory, ctx.cells = gates, hidden, memory, cells
        ctx.save_for_backward(recurrent)
        return torch.stack(hidden[1:])

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        (recurrent,) = ctx.saved_tensors
        c_bar, dc_bar = (torch.zeros_like(x) for x in ctx.memory[-1])
        later = torch.zeros_like(ctx.hidden[0])
        entering_bar = above.new_empty(len(ctx.gates), *ctx.gates[0].shape)
        for step in reversed(range(len(ctx.gates))):
            states = (*ctx.memory[step], *ctx.memory[step + 1])
            bar, c_bar, dc_bar = ctx.cells.backward(
                ctx.gates[step], *states, above[step], later, c_bar, dc_bar
            )
            entering_bar[step] = bar
            later = bar @ recurrent
        # One product over all steps for the recurrent weights.
        before = torch.cat(ctx.hidden[:-1])
        recurrent_bar = entering_bar.flatten(0, 1).T @ before
        return entering_bar, recurrent_bar, None, None, None
