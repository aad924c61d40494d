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
    if not dc.numel():
        return hidden.to(gates.dtype), new_c, dc
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
    hidden_bar = from_above.to(c.dtype) + from_later.to(c.dtype)
    h_bar = hidden_bar[:batch]
    o_bar = bent * h_bar
    new_c_bar = c_bar + o * (1 - bent * bent) * h_bar
    f_more = i_more = g_more = old_more = None
    if dc.numel():
        rows = dc.shape[1]
        ti, tf, tg, to, tb, old = (x[:rows] for x in (i, f, g, o, bent, c))
        di, df, dg, do = moved.chunk(4, dim=-1)
        t_bar = hidden_bar[batch:].reshape(dc.shape)  # [K, R, H]
        spread_o = to * (1 - to)
        do_bar = (spread_o * tb) * t_bar
        along_o = (do * t_bar).sum(0)
        along_c = (new_dc * t_bar).sum(0)
        full_dc_bar = dc_bar + (to * (1 - tb * tb)) * t_bar
        # What the values o and c gain, because they bend the tangent too.
        o_extra = along_o * (1 - 2 * to) * tb + along_c * (1 - tb * tb)
        bent_bar = along_o * spread_o - 2 * along_c * to * tb
        c_extra = (1 - tb * tb) * bent_bar
        along_f = (df * full_dc_bar).sum(0)
        along_i = (di * full_dc_bar).sum(0)
        along_g = (dg * full_dc_bar).sum(0)
        kept = (dc * full_dc_bar).sum(0)
        f_more = kept + along_f * (1 - 2 * tf) * old
        old_more = along_f * tf * (1 - tf)
        i_more = along_i * (1 - 2 * ti) * tg + along_g * (1 - tg * tg)
        g_more = along_i * ti * (1 - ti) - 2 * along_g * ti * tg
        df_bar = (tf * (1 - tf) * old) * full_dc_bar
        di_bar = (ti * (1 - ti) * tg) * full_dc_bar
        dg_bar = (ti * (1 - tg * tg)) * full_dc_bar
        dc_out = tf * full_dc_bar
        o_bar = _add_rows(o_bar, o_extra)
        new_c_bar = _add_rows(new_c_bar, c_extra)
    f_bar = _add_rows(c * new_c_bar, f_more)
    i_bar = _add_rows(g * new_c_bar, i_more)
    g_bar = _add_rows(i * new_c_bar, g_more)
    c_out = _add_rows(f * new_c_bar, old_more)
    values_bar = torch.cat(
        [i * (1 - i) * i_bar, f * (1 - f) * f_bar, (1 - g * g) * g_bar, o * (1 - o) * o_bar],
        dim=-1,
    )
    if not dc.numel():
        return values_bar.to(gates.dtype), c_out, dc_bar
    moved_bar = torch.cat([di_bar, df_bar, dg_bar, do_bar], dim=-1).flatten(0, 1)
    return torch.cat([values_bar, moved_bar]).to(gates.dtype), c_out, dc_out


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


def _add_rows(x: Tensor, first: Tensor | None) -> Tensor:
    """``x`` [B, H] with ``first`` [R, H] added to its first R rows."""
    if first is None:
        return x
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
    backwards: bool = False,
    cells: Cells = PLAIN,
) -> Tensor:
    """All steps of a layer. Differentiable once, in both tensors.

    ``entering`` [T, N, 4H]: what the gates receive from below, biases included (on the value rows:
    a bias has no tangent). ``recurrent`` [4H, H]: the weights on the layer's own state. ``batch`` B
    and ``ways`` K say how the N = B + K R rows divide. ``backwards`` reads from the last step to
    the first. -> hidden [T, N, H], each step's at its own place.
    """
    out: Tensor = _Recurrence.apply(  # type: ignore[no-untyped-call]  # torch leaves it untyped
        entering, recurrent.to(entering.dtype), batch, ways, backwards, cells
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
        backwards: bool,
        cells: Cells,
    ) -> Tensor:
        steps, rows, _ = entering.shape
        units = recurrent.shape[-1]
        state = torch.promote_types(entering.dtype, torch.float32)
        tangent_rows = (rows - batch) // ways if ways else 0
        h = entering.new_zeros(rows, units)
        c = entering.new_zeros(batch, units, dtype=state)
        dc = entering.new_zeros(ways, tangent_rows, units, dtype=state)
        order = range(steps)[::-1] if backwards else range(steps)
        gates, hidden, memory = [], [h], [(c, dc)]
        for step in order:
            gates.append(torch.addmm(entering[step], h, recurrent.T))
            h, c, dc = cells.forward(gates[-1], c, dc)
            hidden.append(h)
            memory.append((c, dc))
        ctx.order, ctx.gates, ctx.hidden, ctx.memory = order, gates, hidden, memory
        ctx.cells = cells
        ctx.save_for_backward(recurrent)
        return torch.stack(hidden[:0:-1] if backwards else hidden[1:])

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        (recurrent,) = ctx.saved_tensors
        c_bar, dc_bar = (torch.zeros_like(x) for x in ctx.memory[-1])
        later = torch.zeros_like(ctx.hidden[0])
        entering_bar = above.new_empty(len(ctx.gates), *ctx.gates[0].shape)
        before = torch.empty_like(above)
        for turn in reversed(range(len(ctx.gates))):
            step = ctx.order[turn]
            states = (*ctx.memory[turn], *ctx.memory[turn + 1])
            bar, c_bar, dc_bar = ctx.cells.backward(
                ctx.gates[turn], *states, above[step], later, c_bar, dc_bar
            )
            entering_bar[step], before[step] = bar, ctx.hidden[turn]
            later = bar @ recurrent
        # One product over all steps for the recurrent weights.
        recurrent_bar = entering_bar.flatten(0, 1).T @ before.flatten(0, 1)
        return entering_bar, recurrent_bar, None, None, None, None
