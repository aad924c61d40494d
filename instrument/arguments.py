"""What was typed on the command line -> values. Pure; bad input is an :class:`InputError`."""

import math
import random
import re
from collections.abc import Sequence

from instrument.events import Z
from instrument.nudge import NudgeError, nudged_port
from instrument.tempo import MAX_TEMPO_BPM, MIN_TEMPO_BPM

MAX_BARS = 100_000
MAX_VARIATIONS = 100
MAX_COORDINATE = 1e6  # far beyond anything that decodes to something new
_SWEEP = re.compile(r"^z(\d+)=([^:]+):([^:]+)$")


class InputError(Exception):
    """Something typed cannot be used; the message is one sentence."""


def host_and_port(where: str, option: str) -> tuple[str, int]:
    """``HOST:PORT`` apart; port 0..65535, an IPv6 host may stand in brackets."""
    host, colon, port = where.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise InputError(f"{option} {where}: write it as HOST:PORT, such as 127.0.0.1:9129.")
    return host.strip("[]"), int(port)


def host_and_ports(where: str, option: str) -> tuple[str, int, int]:
    """``HOST:PORT`` or ``HOST:PORT-PORT`` apart: the host, the first and the last port to try."""
    host, _, ports = where.rpartition(":")
    first, dash, last = ports.partition("-")
    if not dash:
        host, port = host_and_port(where, option)
        return host, port, port
    if host and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= 65535:
        return host.strip("[]"), int(first), int(last)
    raise InputError(f"{option} {where}: write it as HOST:PORT, or HOST:PORT-PORT for a choice.")


def tempo_of(bpm: float) -> float:
    """A tempo in quarters a minute, 20..400."""
    if not MIN_TEMPO_BPM <= bpm <= MAX_TEMPO_BPM:  # NaN is not within either
        raise InputError(f"--tempo {bpm:g}: choose {MIN_TEMPO_BPM:g} to {MAX_TEMPO_BPM:g} bpm.")
    return bpm


def bars_of(bars: int) -> int:
    """A number of bars, 1 to a hundred thousand (two days at 120 bpm)."""
    if not 1 <= bars <= MAX_BARS:
        raise InputError(f"--bars {bars}: choose 1 to {MAX_BARS}.")
    return bars


def ports_of(texts: Sequence[str], option: str) -> tuple[str, ...]:
    """Ports as typed, each ``NAME`` or ``NAME@MS``; what stands after an @ is checked."""
    for text in texts:
        try:
            nudged_port(text)
        except NudgeError as error:
            raise InputError(f"{option}: {error}.") from error
    return tuple(texts)


def clock_ports_of(texts: Sequence[str], outs: Sequence[str]) -> tuple[str, ...]:
    """Ports for the clock; one that gets notes too has its nudge from there and from nowhere else.

    ``outs``: those of ``--out``, as typed.
    """
    checked = ports_of(texts, "--clock-out")
    names = {nudged_port(out).name for out in outs}
    for text in checked:
        if "@" in text and nudged_port(text).name in names:
            raise InputError(f"--clock-out {text}: this port has its nudge at --out; leave it out.")
    return checked


def number_of(text: str, option: str) -> float:
    """A coordinate; ``option`` is where it was typed."""
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{option}: {text.strip()!r} is not a number.") from None
    if not math.isfinite(value) or abs(value) > MAX_COORDINATE:
        raise InputError(f"{option}: {text.strip()} is not a number within {MAX_COORDINATE:g}.")
    return value


def base_point(z: str | None, seed: int | None, dimensions: int) -> Z:
    """The point given, or the seed's point of N(0, I), or the origin."""
    if seed is not None and seed < 0:
        raise InputError(f"--seed {seed}: choose 0 or more.")
    if z is not None and seed is not None:
        raise InputError("--z and --seed both choose the point; give one of them.")
    if z is not None:
        numbers = tuple(number_of(part, "--z") for part in z.split(","))
        if len(numbers) != dimensions:
            raise InputError(f"--z has {len(numbers)} numbers; this checkpoint takes {dimensions}.")
        return numbers
    chance = random.Random(seed)
    return tuple(chance.gauss(0.0, 1.0) if seed is not None else 0.0 for _ in range(dimensions))


def sweep_of(text: str, dimensions: int) -> tuple[int, float, float]:
    """``z1=-3:3`` as dimension (from 1), low, high."""
    match = _SWEEP.match(text.replace(" ", ""))
    if match is None:
        raise InputError(f"--sweep {text}: write it as z1=-3:3.")
    dimension = int(match[1])
    if not 1 <= dimension <= dimensions:
        raise InputError(f"--sweep {text}: the coordinates are z1 to z{dimensions}.")
    return dimension, number_of(match[2], "--sweep"), number_of(match[3], "--sweep")


def sweeps_of(texts: Sequence[str], dimensions: int) -> list[tuple[int, float, float]]:
    """One or more of ``z1=-3:3``, each for a coordinate of its own."""
    if not texts:
        raise InputError("--sweep is missing; say what to vary, such as --sweep z1=-3:3.")
    sweeps = [sweep_of(text, dimensions) for text in texts]
    swept = [dimension for dimension, _, _ in sweeps]
    for dimension in swept:
        if swept.count(dimension) > 1:
            raise InputError(f"--sweep: z{dimension} is swept twice; give it once.")
    return sweeps


def variations_of(steps: int) -> int:
    """A number of variations, 2 to 100."""
    if not 2 <= steps <= MAX_VARIATIONS:
        raise InputError(f"--steps {steps}: choose 2 to {MAX_VARIATIONS}.")
    return steps
