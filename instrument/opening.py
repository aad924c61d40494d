"""What a performance was asked for, and what it says once its doors are open. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.wire import Message


@dataclass(frozen=True)
class PlayOptions:
    """What the command line asked for; names as typed, numbers checked."""

    patch: str = "default"
    checkpoint: str = "stage"
    out: tuple[str, ...] = ()
    clock_out: tuple[str, ...] = ()
    clock: str = "internal"
    inputs: tuple[str, ...] = ()
    midi_api: str = "auto"
    osc_host: str = "127.0.0.1"
    osc_port: int = 9129
    tempo_bpm: float = 120.0
    bars: int | None = None
    take: Path | None = None


def what_is_open(
    options: PlayOptions, opened: Message, inputs: Sequence[str], osc_port: int
) -> Iterator[str]:
    """One line a door: ``opened`` is the player's own word, ``inputs`` the MIDI ports heard."""
    if opened["recorder"] and options.midi_api != "none":
        yield "no MIDI system here: playing into the recorder"
    elif opened["recorder"]:
        yield "MIDI is off: playing into the recorder"
    else:
        yield f"MIDI out: {opened['port']} ({opened['api']})"
    if opened["clock_to"]:
        yield f"clock out: {opened['clock_to']}"
    if inputs:
        yield f"MIDI in: {', '.join(inputs)}"
    local = options.osc_host in {"127.0.0.1", "localhost", "::1"}
    yield f"OSC in: {options.osc_host}:{osc_port}{'' if local else '  (open to the network)'}"
