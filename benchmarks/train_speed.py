"""How fast training steps are, with GLSR and without. ``make bench-train``.

    .venv/bin/python -m benchmarks.train_speed [--rounds N] [--steps N] [--threads N] [--no-compile]

One whole step (loss, gradients, Adam) of the same 2x256 model on the same 128 windows of 32 steps:

* a plain VAE, no GLSR at all;
* the exact tangent (``engine.recurrence``) on all rows, and on a quarter of them;
* the same loss by double backward (``torch.autograd.grad`` with ``create_graph``), on as many rows,
  in the faster of two versions: the library's LSTM where it can be differentiated twice, and an
  LSTM unrolled by hand.

Losses and gradients of all versions are compared first, in float64. Then the versions take turns,
so that a machine that slows down slows all of them. Ratios are of neighbours in one round.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.compiler import has_compiler
from engine.aids import Terms, Weights
from engine.attributes import NOTE_COUNT
from engine.config import GlsrSection
from engine.geodesic import Regularised, log_density
from engine.model import LAYERS, VAE, ModelConfig
from engine.objective import batch_loss
from engine.recurrence import compiled_cells
from engine.vocabulary import HOLD_ID, REST_ID

TOKENS, BATCH, STEPS = 52, 128, 32
BETA = 0.2
MU, VARIANCE = 2.0, 0.1
QUARTER = BATCH // 4
WARM_STEPS = 2
TOLERANCE = 1e-9  # relative, float64
FLOOR_DOUBLE_BACKWARD = 1.5  # the tangent is at least so many times faster
CEILING_PLAIN = 1.8  # a quarter with tangents costs at most so many plain steps

Decode = Callable[[VAE, Tensor], Tensor]
StepLoss = Callable[[VAE, Tensor, Terms], Tensor]


@dataclass(frozen=True)
class Version:
    """One way to the loss of a batch; ``rows`` of it carry the slope."""

    name: str
    rows: int
    loss: StepLoss


def ours(rows: int) -> StepLoss:
    """The engine's own loss: the exact tangent on ``rows`` rows, a plain VAE for 0."""
    section = GlsrSection(rows=max(1, rows))
    weights = Weights(beta=BETA, glsr=1.0 if rows else 0.0)
    return lambda model, tokens, terms: batch_loss(model, tokens, section, terms, weights).total


def by_double_backward(rows: int, decode: Decode) -> StepLoss:
    """The same loss, the slope from a backward pass that is differentiated again."""

    def loss(model: VAE, tokens: Tensor, terms: Terms) -> Tensor:
        posterior = model.encoder(tokens)
        z = posterior.sample()
        own = z[:rows]
        logits = decode(model, own)
        quiet = torch.softmax(logits, dim=-1)[..., HOLD_ID : REST_ID + 1].sum(-1)
        expected = (1.0 - quiet).sum()  # the rows are independent: one gradient for all of them
        (gradient,) = torch.autograd.grad(expected, own, create_graph=True)
        slope = gradient[:, terms[0].dimension - 1]
        if rows < len(z):
            logits = torch.cat([logits, model.decoder(z[rows:], tokens.shape[1])])
        nll = functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
        bound = nll.sum(1).mean() + BETA * posterior.kl().sum(1).mean()
        total: Tensor = bound - log_density(slope, terms[0].mu, terms[0].variance).mean()
        return total

    return loss


def library(model: VAE, z: Tensor) -> Tensor:
    """The library's LSTM without its fused kernels, which cannot be differentiated twice."""
    with _no_fused_kernels():
        logits: Tensor = model.decoder(z, STEPS)
    return logits


def unrolled(model: VAE, z: Tensor) -> Tensor:
    """The decoder written out step by step, each layer's input weights in one product."""
    decoder, weights = model.decoder, dict(model.decoder.lstm.named_parameters())
    first = decoder.first_input(z)[:, None]
    silence = z.new_zeros(len(z), STEPS - 1, first.shape[-1])
    below = torch.cat([first, silence], dim=1)
    for layer in range(LAYERS):
        bias = weights[f"bias_ih_l{layer}"] + weights[f"bias_hh_l{layer}"]
        entering = functional.linear(below, weights[f"weight_ih_l{layer}"], bias)
        h = c = entering.new_zeros(len(z), decoder.config.units)
        states = []
        for step in entering.unbind(1):
            gates = step + functional.linear(h, weights[f"weight_hh_l{layer}"])
            i, f, g, o = gates.chunk(4, dim=-1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        below = torch.stack(states, dim=1)
        if layer == 0:
            below = functional.dropout(below, decoder.config.dropout, decoder.training)
    logits: Tensor = decoder.output(below)
    return logits.float() if logits.dtype == torch.bfloat16 else logits


@contextmanager
def _no_fused_kernels() -> Iterator[None]:
    with torch.backends.mkldnn.flags(enabled=False), torch.backends.cudnn.flags(enabled=False):
        yield


VERSIONS = (
    Version("plain VAE", 0, ours(0)),
    Version("tangent, 100 %", BATCH, ours(BATCH)),
    Version("tangent, 25 %", QUARTER, ours(QUARTER)),
    Version("double backward, 100 %, library", BATCH, by_double_backward(BATCH, library)),
    Version("double backward, 100 %, unrolled", BATCH, by_double_backward(BATCH, unrolled)),
    Version("double backward, 25 %, library", QUARTER, by_double_backward(QUARTER, library)),
    Version("double backward, 25 %, unrolled", QUARTER, by_double_backward(QUARTER, unrolled)),
)


@dataclass(frozen=True)
class Bench:
    """One device and one precision: the model, its optimiser, and the windows of every step."""

    model: VAE
    optimiser: torch.optim.Adam
    tokens: Tensor
    terms: Terms
    half: bool

    def step(self, version: Version) -> None:
        """One update, as training does it."""
        with torch.autocast(self.tokens.device.type, torch.bfloat16, enabled=self.half):
            loss = version.loss(self.model, self.tokens, self.terms)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves backward untyped
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()

    def milliseconds(self, version: Version, steps: int) -> float:
        """Time per step, mean over ``steps`` of them."""
        _finish(self.tokens.device)
        began = time.perf_counter()
        for _ in range(steps):
            self.step(version)
        _finish(self.tokens.device)
        return 1000.0 * (time.perf_counter() - began) / steps


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def new_bench(device: torch.device, *, half: bool, compiled: bool) -> Bench:
    """The model of seed 0 on ``device``, and 128 made-up windows."""
    torch.manual_seed(0)
    model = VAE(ModelConfig(tokens=TOKENS)).to(device).train()
    if compiled:
        model.decoder.cells = compiled_cells()
    tokens = torch.randint(0, TOKENS, (BATCH, STEPS)).to(device)
    return Bench(model, torch.optim.Adam(model.parameters()), tokens, note_count_on_z1(), half)


def note_count_on_z1() -> Terms:
    """N(2, 0.1) on the number of notes along z1, as in the paper."""
    return (Regularised(1, NOTE_COUNT, MU, VARIANCE, pitches=(60.0,) * TOKENS),)


def disagreement(*, batch: int = 16, rows: int = 4) -> float:
    """The largest relative difference between the three ways to one loss: of the loss, and of any
    weight's gradient.

    Float64 on the CPU, the same weights, windows and noise, dropout off.
    """
    torch.manual_seed(0)
    model = VAE(ModelConfig(tokens=TOKENS, units=32, embedding=16, dropout=0.0)).double().train()
    tokens = torch.randint(0, TOKENS, (batch, STEPS))
    found = []
    for way in (ours(rows), by_double_backward(rows, library), by_double_backward(rows, unrolled)):
        torch.manual_seed(1)
        model.zero_grad(set_to_none=True)  # so that each way's gradients are tensors of their own
        loss = way(model, tokens, note_count_on_z1())
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        found.append([loss.detach(), *gradients])
    return max(
        float((other - mine).norm() / mine.norm())
        for others in found[1:]
        for mine, other in zip(found[0], others, strict=True)
    )


def measure(bench: Bench, rounds: int, steps: int) -> dict[str, list[float]]:
    """Milliseconds per step of every version, one value a round; the versions take turns."""
    for version in VERSIONS:
        bench.milliseconds(version, WARM_STEPS)
    found: dict[str, list[float]] = {version.name: [] for version in VERSIONS}
    for turn in range(rounds):
        place = turn % len(VERSIONS)
        for version in VERSIONS[place:] + VERSIONS[:place]:
            found[version.name].append(bench.milliseconds(version, steps))
    return found


def report(found: dict[str, list[float]]) -> list[str]:
    """A table in Markdown: time per step, windows a second, and how both floors are met."""
    plain = found[VERSIONS[0].name]
    lines = ["| step | ms | windows/s | times a plain step |", "|---|---|---|---|"]
    for name, times in found.items():
        speed = 1000.0 * BATCH / median(times)
        cost = _spread([t / p for t, p in zip(times, plain, strict=True)])
        lines.append(f"| {name} | {_spread(times, 0)} | {speed:.0f} | {cost} |")
    lines.append("")
    for share in ("100 %", "25 %"):
        ways = [name for name in found if name.startswith(f"double backward, {share}")]
        fastest = min(ways, key=lambda name: median(found[name]))
        tangent = found[f"tangent, {share}"]
        gain = [d / t for d, t in zip(found[fastest], tangent, strict=True)]
        met = _verdict(median(gain) >= FLOOR_DOUBLE_BACKWARD)
        lines.append(
            f"The tangent on {share} is {_spread(gain)} times faster than {fastest} "
            f"(floor {FLOOR_DOUBLE_BACKWARD}: {met})."
        )
    quarter = [t / p for t, p in zip(found["tangent, 25 %"], plain, strict=True)]
    met = _verdict(median(quarter) <= CEILING_PLAIN)
    lines.append(
        f"On 25 % it costs {_spread(quarter)} plain steps (at most {CEILING_PLAIN}: {met})."
    )
    return lines


def _spread(values: Sequence[float], digits: int = 2) -> str:
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _verdict(met: bool) -> str:
    return "met" if met else "NOT met"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables of every device here. 1 if the versions do not agree."""
    parser = argparse.ArgumentParser(prog="make bench-train", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each version has a turn")
    parser.add_argument("--steps", type=int, default=3, help="updates in a turn")
    parser.add_argument("--threads", type=int, help="cores to use; torch's own choice if not given")
    parser.add_argument("--no-compile", action="store_true", help="take the cells as they stand")
    asked = parser.parse_args(arguments)
    if asked.threads:
        torch.set_num_threads(asked.threads)
    torch.set_flush_denormal(True)
    worst = disagreement()
    print(f"Losses and gradients agree to {worst:.1e} (float64).")
    if not worst < TOLERANCE:
        print(f"They must agree to {TOLERANCE}: nothing is timed.", file=sys.stderr)
        return 1
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    compiled = not asked.no_compile and has_compiler()
    for device in devices:
        for half in (False, True):
            bench = new_bench(torch.device(device), half=half, compiled=compiled)
            threads = f", {torch.get_num_threads()} threads" if device == "cpu" else ""
            cells = "compiled cells" if compiled else "cells as they stand"
            print(f"\n## {device}{threads}, {'bfloat16' if half else 'float32'}, {cells}\n")
            print("\n".join(report(measure(bench, asked.rounds, asked.steps))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
