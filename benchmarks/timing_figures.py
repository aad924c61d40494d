"""What a run's arrivals say about its time. Pure: frames in, figures out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np

from benchmarks.stretches import MS_PER_FRAME, RATE, clear_of, drift_ms, stretches

BPM = 400.0
STEP_FRAMES = 1_800  # a sixteenth at 400 bpm

LOADS = {
    "idle": "idle",
    "decode": "decode at every sixteenth",
    "osc": "5,000 OSC messages a second",
    "all": "all of them and a busy second core",
}
SYSTEMS = {
    "glisser-jack": "Glisser, JACK frames",
    "glisser-rtmidi": "Glisser, RtMidi",
    "bare": "bare loop",
    "isobar": "isobar",
    "mido": "mido",
}
GLISSER = ("glisser-jack", "glisser-rtmidi")
OTHERS = ("isobar", "mido")

P99_ABOVE_BARE_MS = 1.0
P999_ABOVE_BARE_MS = 3.0
MAX_DRIFT_MS = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """One run. Errors in ms, without sign, against the even grid that lies nearest to the onsets.

    ``void_s``: the time that says nothing, for JACK itself was late. ``drift_ms``: how far ten
    minutes of this run's own tempo lie from ten minutes of the grid's. ``asked``, ``late``:
    phrases, and those that missed their step; ``None`` without a decoder.
    """

    onsets: int
    missing: int
    void_s: float
    p50: float
    p99: float
    p999: float
    max: float
    drift_ms: float
    asked: int | None = None
    late: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def timing(frames: Sequence[int], expected: int, stops: Sequence[int] = ()) -> Timing:
    """The figures of onsets that arrived at ``frames``, of which ``expected`` were to come.

    An onset belongs to the place of the grid that it is nearest to. ``stops``: the frames near
    which JACK was late. Raises ``ValueError`` when no stretch between them says anything.
    """
    found = stretches(frames, STEP_FRAMES, stops)
    if not found:
        raise ValueError(f"{len(frames)} of {expected} onsets arrived: nothing can be said of them")
    errors = np.concatenate([np.abs(s.offsets - np.median(s.offsets)) for s in found])
    p50, p99, p999 = np.percentile(errors * MS_PER_FRAME, [50, 99, 99.9])
    due = frames[0] + np.arange(expected) * float(STEP_FRAMES)
    clear = clear_of(due, stops)
    return Timing(
        onsets=len(errors),
        missing=sum(stretch.holes(STEP_FRAMES) for stretch in found),
        void_s=round(float(np.sum(~clear)) * STEP_FRAMES / RATE, 2),
        p50=round(float(p50), 4),
        p99=round(float(p99), 4),
        p999=round(float(p999), 4),
        max=round(float(errors.max()) * MS_PER_FRAME, 4),
        drift_ms=round(drift_ms(found), 4),
    )


@dataclass(frozen=True, slots=True)
class Floor:
    """One thing that was asked for, and whether it was reached; ``None``: not measured."""

    asked: str
    found: str
    met: bool | None


Cells = Mapping[str, Sequence[Mapping[str, Any]]]  # "system/load" -> its rounds


def of_rounds(cells: Cells, system: str, load: str, key: str) -> float | None:
    """The median over the rounds of a cell; ``None`` when there is none."""
    values = [r[key] for r in cells.get(f"{system}/{load}", ()) if r.get(key) is not None]
    return median(values) if values else None


def floors(cells: Cells) -> list[Floor]:
    """Every floor, for either output of Glisser, judged by the medians of rounds."""
    found = []
    for system in GLISSER:
        for load in LOADS:
            found += [
                _above_bare(cells, system, load, "p99", P99_ABOVE_BARE_MS),
                _above_bare(cells, system, load, "p999", P999_ABOVE_BARE_MS),
                *(_better(cells, system, load, key, o) for o in OTHERS for key in ("p99", "p999")),
            ]
        drifts = [of_rounds(cells, system, load, "drift_ms") for load in LOADS]
        known = [abs(drift) for drift in drifts if drift is not None]
        found.append(_drift(system, max(known, default=None)))
        late = of_rounds(cells, system, "decode", "late")
        asked = of_rounds(cells, system, "decode", "asked")
        told = "not measured" if late is None else f"{late:.0f} of {asked:.0f} late"
        met = None if late is None else late == 0
        found.append(Floor(f"{SYSTEMS[system]}: no phrase late, nothing else to do", told, met))
    return found


_NAMES = {"p99": "p99", "p999": "p99.9"}


def _above_bare(cells: Cells, system: str, load: str, key: str, most_ms: float) -> Floor:
    asked = f"{SYSTEMS[system]}, {LOADS[load]}: {_NAMES[key]} <= bare loop + {most_ms:g} ms"
    own, bare = of_rounds(cells, system, load, key), of_rounds(cells, "bare", load, key)
    if own is None or bare is None:
        return Floor(asked, "not measured", None)
    return Floor(asked, f"{own:.3f} and {bare:.3f} ms", own <= bare + most_ms)


def _better(cells: Cells, system: str, load: str, key: str, other: str) -> Floor:
    asked = f"{SYSTEMS[system]}, {LOADS[load]}: {_NAMES[key]} below {SYSTEMS[other]}'s"
    own, theirs = of_rounds(cells, system, load, key), of_rounds(cells, other, load, key)
    if own is None or theirs is None:
        return Floor(asked, "not measured", None)
    return Floor(asked, f"{own:.3f} and {theirs:.3f} ms", own < theirs)


def _drift(system: str, worst_ms: float | None) -> Floor:
    asked = f"{SYSTEMS[system]}: drift < {MAX_DRIFT_MS:g} ms in ten minutes, under every load"
    if worst_ms is None:
        return Floor(asked, "not measured", None)
    return Floor(asked, f"{worst_ms:.3f} ms at most", worst_ms < MAX_DRIFT_MS)
