"""What a performance was asked for, and what it says once its doors are open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.card import CARD_FILE
from engine.wire import Message
from instrument.nudge import input_by_alias, nudged_port, output_by_alias


@dataclass(frozen=True)
class PlayOptions:
    """What the command line asked for; names as typed, numbers checked.

    ``set_folder``: its patches are the songs, and ``patch`` is none of them. ``checkpoint`` and
    ``tempo_bpm`` are ``None`` where the patch is to say. ``stage``: a host, and the first and the
    last port to try. ``synth``: the SoundFont of a FluidSynth of ours, whose port is in ``out``.
    """

    patch: str = "default"
    set_folder: str | None = None
    checkpoint: str | None = None
    out: tuple[str, ...] = ()
    clock_out: tuple[str, ...] = ()
    clock: str = "internal"
    inputs: tuple[str, ...] = ()
    midi_api: str = "auto"
    osc_host: str = "127.0.0.1"
    osc_port: int = 9129
    tempo_bpm: float | None = None
    bars: int | None = None
    take: Path | None = None
    oscquery: tuple[str, int] | None = None
    stage: tuple[str, int, int] | None = None
    synth: str | None = None

    @property
    def played_to(self) -> tuple[str, ...]:
        """The ports that were asked for, each once and without its nudge: for notes, for clock."""
        names = (nudged_port(text).name for text in (*self.out, *self.clock_out))
        return tuple(dict.fromkeys(names))

    def from_anywhere(self) -> "PlayOptions":
        """The same, with paths that hold in whatever folder one is in."""
        is_path = any(sign in self.patch for sign in "/\\") or self.patch.endswith(".toml")
        patch = str(Path(self.patch).resolve()) if is_path else self.patch
        checkpoint, folder = self.checkpoint, self.set_folder
        if checkpoint is not None and (Path(checkpoint) / CARD_FILE).is_file():
            checkpoint = str(Path(checkpoint).resolve())
        if folder is not None:
            folder = str(Path(folder).resolve())
        return replace(self, patch=patch, set_folder=folder, checkpoint=checkpoint)

    def with_aliases(self, aliases: Mapping[str, str]) -> "PlayOptions":
        """The same, its ports called as the machine calls them."""
        out, clock_out = (
            tuple(output_by_alias(text, aliases) for text in texts)
            for texts in (self.out, self.clock_out)
        )
        inputs = tuple(input_by_alias(text, aliases) for text in self.inputs)
        return replace(self, out=out, clock_out=clock_out, inputs=inputs)


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
