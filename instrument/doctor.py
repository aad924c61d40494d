"""Preflight: what works on this machine, and what to do about the rest. Main process only."""

import platform
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any, Literal

from engine.card import CheckpointError, check_checkpoint, find_checkpoint, read_card
from instrument.alsa_check import check_alsa
from instrument.alsa_out import LEAD_NS, AlsaUnavailableError
from instrument.alsa_out import has_package as has_alsa_package
from instrument.children import Interview
from instrument.jack_check import check_jack
from instrument.jack_out import JackUnavailableError, has_package
from instrument.patch import PatchError, load_patch
from instrument.true_knobs import TrueKnob, curves_of, true_knobs, without_calibration

Verdict = Literal["ok", "warning", "fail"]
OSC_DEFAULT = ("127.0.0.1", 9129)
DECODES = 100
LOAD_PATIENCE_S = 60.0
SLOW_DECODE_MS = 60.0  # half a sixteenth at 120 bpm: slower, and a knob is heard a bar late


@dataclass(frozen=True)
class Finding:
    """One line of the preflight: what was looked at, how it stands, and what to do if it does
    not.
    """

    what: str
    verdict: Verdict
    told: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(systems: Sequence[dict[str, Any]], checkpoint: str = "stage") -> list[Finding]:
    """Every finding; ``systems`` are the MIDI systems that answered, with their ports."""
    checks: list[Callable[[], Finding]] = [
        _python,
        lambda: _midi(systems),
        lambda: _alsa(systems),
        lambda: _jack(systems),
        _osc,
        _patch,
        lambda: _checkpoint(checkpoint),
        lambda: _knobs(checkpoint),
        lambda: _engine(checkpoint),
    ]
    return [check() for check in checks]


def _python() -> Finding:
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 12)
    told = version if fits else f"{version}; use 3.11 or 3.12"
    return Finding("Python", "ok" if fits else "fail", told)


def _midi(systems: Sequence[dict[str, Any]]) -> Finding:
    if not systems:
        return Finding("MIDI", "warning", "no MIDI system answers; play goes into the recorder")
    told = "; ".join(
        f"{s['api']}: {len(s['outputs'])} outputs, {len(s['inputs'])} inputs" for s in systems
    )
    return Finding("MIDI", "ok", told)


def _jack(systems: Sequence[dict[str, Any]]) -> Finding:
    """Whether notes fall on their very frame: sent to a port of our own, and compared."""
    if all(system["api"] != "jack" for system in systems):
        return Finding("JACK", "ok", "no server answers here; nothing to check")
    if not has_package():
        told = "notes fall on its periods; install glisser[jack], and they fall on their frames"
        return Finding("JACK", "warning", told)
    try:
        checked = check_jack()
    except JackUnavailableError as error:
        return Finding("JACK", "warning", f"{error}; play goes through RtMidi")
    if not checked.exact:
        told = f"{checked.wrong} of {checked.notes} notes not on their frames"
        return Finding("JACK", "warning", f"{told}; play goes through RtMidi")
    lead_ms = checked.lead_ns / 1e6
    told = f"{checked.notes} notes on their very frames, at {checked.rate} a second"
    return Finding("JACK", "ok", f"{told}; notes are handed over {lead_ms:.1f} ms ahead")


def _alsa(systems: Sequence[dict[str, Any]]) -> Finding:
    """Whether the kernel sends notes when they are due: to a port of our own, and compared."""
    if all(system["api"] != "alsa" for system in systems):
        return Finding("ALSA", "ok", "no sequencer answers here; nothing to check")
    if not has_alsa_package():
        told = "notes go out as the player wakes; install glisser[alsa], and the kernel times them"
        return Finding("ALSA", "warning", told)
    try:
        checked = check_alsa()
    except AlsaUnavailableError as error:
        return Finding("ALSA", "warning", f"{error}; play goes through RtMidi")
    if not checked.in_time:
        return Finding("ALSA", "warning", f"{checked.told}; play goes through RtMidi")
    return Finding(
        "ALSA", "ok", f"{checked.told}; notes are handed over {LEAD_NS / 1e6:.1f} ms ahead"
    )


def _osc() -> Finding:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(OSC_DEFAULT)
        except OSError as error:
            told = f"port {OSC_DEFAULT[1]}: {error.strerror}; choose another with --osc HOST:PORT"
            return Finding("OSC", "warning", told)
    return Finding("OSC", "ok", f"port {OSC_DEFAULT[1]} is free")


def _patch() -> Finding:
    try:
        mapping = load_patch("default")
    except PatchError as error:
        return Finding("patch", "fail", str(error))
    return Finding("patch", "ok", f"default: {len(mapping.knobs)} knobs")


def _checkpoint(name: str) -> Finding:
    try:
        card = check_checkpoint(find_checkpoint(name))
    except CheckpointError as error:
        return Finding("checkpoint", "fail", str(error))
    return Finding("checkpoint", "ok", f"{name}: {card.model.units} units, weights are whole")


def _knobs(name: str) -> Finding:
    """Which knobs of the default patch mean something, and which of these keep a promise."""
    try:
        card = read_card(find_checkpoint(name))
        mapping = load_patch("default", card.model.latent_dimensions)
    except (CheckpointError, PatchError) as error:
        return Finding("knobs", "fail", str(error))
    mapping = mapping.calibrated_by(curves_of(card))
    true = true_knobs(card, mapping)
    parts = [
        _named("true and calibrated", [knob for knob in true if knob.calibration]),
        _named("true", [knob for knob in true if not knob.calibration]),
        without_calibration(mapping) or "",
    ]
    return Finding("knobs", "ok", "; ".join(part for part in parts if part))


def _named(how: str, knobs: Sequence[TrueKnob]) -> str:
    names = ", ".join(f"{knob.knob} {knob.label}" for knob in knobs)
    return f"{how}: {names}" if names else ""


def _engine(name: str) -> Finding:
    """Decode times as the player would see them, p50 and p99 of 100."""
    try:
        folder = str(find_checkpoint(name).resolve())
    except CheckpointError as error:
        return Finding("engine", "fail", str(error))
    interview = Interview("engine.service")
    try:
        ready = interview.ask({"type": "load", "checkpoint": folder}, LOAD_PATIENCE_S)
        if ready is None or ready["type"] != "ready":
            told = ready["text"] if ready else "it died or hung while loading"
            return Finding("engine", "fail", told)
        times_ms = []
        for number in range(DECODES):
            z = [number / DECODES] + [0.0] * 11
            began = time.perf_counter()
            interview.ask({"type": "decode", "id": number, "checkpoint": folder, "z": z}, 1.0)
            times_ms.append((time.perf_counter() - began) * 1e3)
    finally:
        interview.close()
    cuts = quantiles(times_ms, n=100)
    told = (
        f"loads in {ready['seconds']:.1f} s; a decode takes {cuts[49]:.1f} ms, p99 {cuts[98]:.1f}"
    )
    if cuts[98] > SLOW_DECODE_MS:
        return Finding("engine", "warning", f"{told}: close other programs before you play")
    return Finding("engine", "ok", told)
