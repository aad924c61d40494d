"""The preflight's look at MIDI: ports, and whether what is sent arrives in time. Main process."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from instrument.alsa_check import check_alsa
from instrument.alsa_out import LEAD_NS, AlsaUnavailableError
from instrument.alsa_out import has_package as has_alsa_package
from instrument.children import Interview
from instrument.finding import Finding
from instrument.jack_check import check_jack
from instrument.jack_out import JackUnavailableError, has_package

Systems: TypeAlias = Sequence[dict[str, Any]]  # api, outputs, inputs

LOOP_PATIENCE_S = 5.0
SLOW_MS = 10.0  # from one port to another of the same machine


def ports(systems: Systems) -> Finding:
    """Which MIDI systems answer, and how many ports each has."""
    if not systems:
        return Finding("MIDI", "warning", "no MIDI system answers; play goes into the recorder")
    told = "; ".join(
        f"{s['api']}: {len(s['outputs'])} outputs, {len(s['inputs'])} inputs" for s in systems
    )
    return Finding("MIDI", "ok", told)


def jack(systems: Systems) -> Finding:
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


def alsa(systems: Systems) -> Finding:
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


def loop_back(systems: Systems) -> Finding:
    """Whether notes arrive that are sent the ordinary way, on the system that play would take."""
    if not systems:
        return Finding("loop-back", "ok", "no MIDI system answers; nothing to check")
    api = systems[0]["api"]
    if api == "winmm":
        todo = "connect an output to an input with loopMIDI and listen"
        return Finding("loop-back", "warning", f"Windows has no ports of our own to try; {todo}")
    interview = Interview("instrument.loop_check", api)
    message = interview.listen(LOOP_PATIENCE_S)
    interview.close()
    if message is None:
        todo = "start its server again" if api == "jack" else "log out and in again"
        return Finding("loop-back", "fail", f"{api} hangs; {todo}")
    if message["type"] == "refused":
        return Finding("loop-back", "fail", f"{api}: {message['text']}")
    return looped(api, message["sent"], [ns / 1e6 for ns in message["late_ns"]])


def looped(api: str, sent: int, late_ms: Sequence[float]) -> Finding:
    """What became of notes sent from one port of ours to another."""
    if not late_ms:
        return Finding("loop-back", "fail", f"{api}: of {sent} notes none arrived")
    told = f"{api}: {len(late_ms)} of {sent} notes arrived, within {max(late_ms):.1f} ms"
    if len(late_ms) < sent:
        return Finding("loop-back", "fail", f"{told}; notes get lost, start the MIDI system again")
    if max(late_ms) > SLOW_MS:
        return Finding("loop-back", "warning", f"{told}; close other programs before you play")
    return Finding("loop-back", "ok", told)
