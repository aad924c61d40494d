"""All that follows from a song: one object, put in another's place as a whole. Main only."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from engine.card import Card
from instrument.controls import ControlState, Written
from instrument.events import Decoded
from instrument.mapping import Mapping
from instrument.osc_addresses import addresses
from instrument.osc_parse import Addresses
from instrument.repertoire import Part, Sung
from instrument.settings import setting_of, voice_of, z_key
from instrument.snapshots import Kept
from instrument.true_knobs import TrueKnob, true_knobs


@dataclass(frozen=True)
class Source:
    """Where a voice's phrases come from: what messages call it, where it lies, what it is."""

    checkpoint: str
    folder: Path
    card: Card

    @property
    def first(self) -> Decoded:
        """The phrase of z = 0, which needs no engine."""
        tokens = self.card.start_tokens
        origin = (0.0,) * self.card.model.latent_dimensions
        return Decoded(origin, tokens, self.card.spelled().steps(tokens))


@dataclass(frozen=True)
class Song:
    """A patch with its checkpoint.

    ``number`` counts from 1 within the set. ``mapping`` is calibrated by ``card``, the card of the
    checkpoint in ``folder``, which messages call ``checkpoint``. ``begins_at``: the snapshot that
    it begins with, if any. ``ports`` as of a patch. ``others``: of the voices
    from 2 on.
    """

    number: int
    name: str
    mapping: Mapping
    ports: dict[str, str]
    checkpoint: str
    folder: Path
    card: Card
    begins_at: Kept | None = None
    others: tuple[Source, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Of each voice."""
        return (Source(self.checkpoint, self.folder, self.card), *self.others)

    @property
    def tempo_bpm(self) -> float | None:
        """The tempo that it begins at; ``None``: that of the song before."""
        return self.mapping.settings.get("tempo")

    @cached_property
    def addresses(self) -> Addresses:
        """The OSC addresses that exist while it plays."""
        return addresses(self.mapping)

    @cached_property
    def true_knobs(self) -> tuple[TrueKnob, ...]:
        """What the knobs of voice 1 promise."""
        return true_knobs(self.card, self.mapping)

    @cached_property
    def first(self) -> Decoded:
        """The phrase of z = 0, which needs no engine."""
        return self.sources[0].first

    def start(self, tempo_bpm: float) -> ControlState:
        """Where the controls stand when it begins; the tempo was ``tempo_bpm`` before."""
        tempo = tempo_bpm if self.tempo_bpm is None else self.tempo_bpm
        settings = {**self.mapping.settings, "tempo": tempo}
        kept = self.begins_at
        if kept is None:
            return ControlState.standing(settings)
        for key, value in kept.settings.items():
            exists = voice_of(key)[0] <= len(kept.spots)
            if exists and (setting := setting_of(key)) is not None and setting.kept:
                settings[key] = min(setting.high, max(setting.low, value))
        values: dict[str, Written] = {key: (value, 0) for key, value in settings.items()}
        values |= {
            z_key(number, voice): (z, 1)
            for voice, spot in enumerate(kept.spots, start=1)
            for number, z in enumerate(spot.z, start=1)
        }
        bases = {voice: spot.base for voice, spot in enumerate(kept.others, start=2)}
        return ControlState(values, kept.base, None, 1, bases=bases)

    def start_after(self, before: ControlState) -> ControlState:
        """Where they stand when it follows ``before``, another song's; never frozen."""
        fresh = self.start(before.tempo_bpm)
        values = {**fresh.values, "freeze": (0.0, 0)}
        change = before.change + 1
        return replace(fresh, values=values, serial=before.serial + 1, change=change)

    def part(self, controls: ControlState, first: Decoded | None = None) -> Part:
        """What the player has to know; ``first`` in place of the phrase of z = 0."""
        return Part(
            self.mapping,
            controls,
            self.checkpoint,
            first or self.first,
            self.number,
            self.name,
            tuple(Sung(source.checkpoint, source.first) for source in self.others),
        )
