"""Preflight: what works here, and what to do about the rest. Main process only."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from engine.card import DECODER_FILE, CheckpointError, check_checkpoint, find_checkpoint, read_card
from instrument import doctor_machine, doctor_midi
from instrument.children import Interview
from instrument.finding import Finding
from instrument.patch import PatchError, load_patch
from instrument.round_trips import FIRST_ROUND_TRIP_NS, SPARE_NS
from instrument.true_knobs import TrueKnob, curves_of, true_knobs, without_calibration

OSC_DEFAULT = ("127.0.0.1", 9129)
DECODES = 100
LOAD_PATIENCE_S = 60.0
# What the player gives a decode before it has measured one; then it knows better.
FIRST_MARGIN_MS = (FIRST_ROUND_TRIP_NS + SPARE_NS) / 1e6


def examine(systems: Sequence[dict[str, Any]], checkpoint: str = "stage") -> Iterator[Finding]:
    """Every finding as it is found, within some twenty seconds.

    ``systems`` are the MIDI systems that answered, with their ports.
    """
    checks: list[Callable[[], Finding]] = [
        doctor_machine.python,
        lambda: doctor_midi.ports(systems),
        lambda: doctor_midi.alsa(systems),
        lambda: doctor_midi.jack(systems),
        lambda: doctor_midi.loop_back(systems),
        _osc,
        _patch,
        lambda: _checkpoint(checkpoint),
        lambda: _knobs(checkpoint),
        lambda: _engine(checkpoint),
        doctor_machine.clock_source,
        doctor_machine.priority,
        doctor_machine.timing,
        lambda: doctor_machine.disk(Path.cwd()),
    ]
    for check in checks:
        yield check()


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
    told = f"{name}: {card.model.units} units, its weights are whole"
    return Finding("checkpoint", "ok", f"{told}; decoder {card.weights[DECODER_FILE][:12]}")


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
    began_s = time.monotonic()
    interview = Interview("engine.service")
    try:
        ready = interview.ask({"type": "load", "checkpoint": folder}, LOAD_PATIENCE_S)
        if ready is None or ready["type"] != "ready":
            told = ready["text"] if ready else "it died or hung while loading"
            return Finding("engine", "fail", told)
        loaded_s = time.monotonic() - began_s
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
        f"loads in {loaded_s:.1f} s; a decode takes {cuts[49]:.1f} ms, p99 {cuts[98]:.1f}, "
        f"of the {FIRST_MARGIN_MS:.0f} that a first one is given"
    )
    if cuts[98] > FIRST_MARGIN_MS:
        return Finding("engine", "warning", f"{told}: close other programs before you play")
    return Finding("engine", "ok", told)
