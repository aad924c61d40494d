"""What the stage page is told of a song, once: its knobs, what they promise, all parameters. Pure.

Plain data that a page can use without knowing the instrument; docs/stage.md has it field by field.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.phrase import BEATS_PER_BAR
from instrument.mapping import KnobMapping
from instrument.parameters import ROOT, parameters
from instrument.settings import knob_key
from instrument.song import Song
from instrument.true_knobs import TrueKnob

PROMISES = 17  # places of a knob whose promise is told; between them it is nearly straight


def stage_of(song: Song, of: int, doors: Sequence[str], clock: str) -> dict[str, Any]:
    """The stage object of ``song``, one of ``of``.

    ``doors`` are the lines about what is open, ``clock`` is who beats time.
    """
    mapping = song.mapping
    true = {each.knob: each for each in song.true_knobs}
    return {
        "song": {"number": song.number, "name": song.name, "of": of},
        "doors": list(doors),
        "clock": clock,
        "beats_per_bar": BEATS_PER_BAR,
        "dimensions": mapping.dimensions,
        "z_ranges": [mapping.z_range(n) for n in range(1, mapping.dimensions + 1)],
        "voices": len(mapping.each_voice),
        "checkpoint": song.checkpoint,
        "knobs": [_knob(knob, true.get(knob.knob)) for knob in mapping.knobs],
        "parameters": [_parameter(asdict(each), each.address) for each in parameters(mapping)],
    }


def _knob(knob: KnobMapping, true: TrueKnob | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": ROOT + knob_key(knob.knob),
        "number": knob.knob,
        "voice": knob.voice,
        "dimension": knob.dimension,
        "label": f"z{knob.dimension}" if true is None else true.label,
        "unit": "" if true is None else true.attribute.unit,
        "true": true is not None,
        "attribute": None if true is None else true.attribute.name,
        "promise": [],
    }
    if true is not None:
        before = (0.0,) * (knob.dimension - 1)
        places = [place / (PROMISES - 1) for place in range(PROMISES)]
        told["promise"] = [
            [place, amount]
            for place in places
            if (amount := true.asked((*before, knob.position_to_z(place)))) is not None
        ]
    return told


def _parameter(fields: dict[str, Any], address: str) -> dict[str, Any]:
    del fields["key"], fields["outside"]
    return {"address": address, **fields}
