"""What the tests of the player say to it. No test in here."""

from dataclasses import replace

from engine.phrase import HOLD_STEP, PHRASE_STEPS
from engine.wire import Message
from instrument.controls import ControlState
from instrument.events import Decoded
from instrument.mapping import Mapping, VoiceMapping
from instrument.player_messages import Setup
from instrument.repertoire import Sung

TOKENS = tuple(range(PHRASE_STEPS))
BEATS = (60, HOLD_STEP, HOLD_STEP, HOLD_STEP) * 8

SETUP = Setup(
    out=(),
    midi_api="none",
    tempo_bpm=120.0,
    bars=None,
    checkpoint="stage",
    first=Decoded((0.0,) * 12, TOKENS, BEATS),
    mapping=Mapping(),
    controls=ControlState(),
    playing=True,
)


# Voice 2 on channel 5, with knob 5 on its first dimension.
_KNOBS = (*SETUP.mapping.knobs[:4], replace(SETUP.mapping.knobs[0], knob=5, voice=2))
DUET = replace(
    SETUP,
    mapping=replace(SETUP.mapping, knobs=_KNOBS, voices=(VoiceMapping(5),)),
    others=(Sung("other", Decoded((0.0,) * 12, TOKENS, (40, *BEATS[1:]))),),
    voices=2,
)


def knob(position: float, **others: float) -> Message:
    """Controls with knob 1 at ``position``, and settings by name."""
    values = {"knob/1": position, **others}
    state = ControlState({key: (value, 1) for key, value in values.items()}, serial=1)
    return {"type": "controls", **state.to_message()}


def transport(what: str) -> Message:
    return {"type": "transport", "do": what}


def answer(request: Message, pitch: int) -> Message:
    """A phrase that strikes ``pitch`` on every beat."""
    steps = [pitch, HOLD_STEP, HOLD_STEP, HOLD_STEP] * 8
    return {"type": "phrase", "id": request["id"], "tokens": list(TOKENS), "steps": steps}
