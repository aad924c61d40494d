"""How a phrase's notes are sounded: where, how hard, how long. Pure; stdlib only.

The decoder says which notes; what is here moves and shapes them on their way to the port. It is
told in the account of a take whenever it changes, so that a replay sounds them alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.phrase import HOLD_STEP, PHRASE_STEPS, STEPS_PER_BAR, STEPS_PER_BEAT
from instrument.settings import SCALES

OCTAVE = 12
HIGHEST_PITCH, HIGHEST_VELOCITY = 127, 127
ACCENT_RANGE = 32  # of velocity, between the strongest and the weakest place, at 100 %


@dataclass(frozen=True)
class Voicing:
    """The settings that shape notes, at one moment; each as in :mod:`instrument.settings`."""

    velocity: float = 96.0
    accent: float = 0.0
    gate: float = 100.0
    transpose: float = 0.0
    octave: float = 0.0
    scale: float = 0.0
    root: float = 0.0
    mute: float = 0.0

    def pitch(self, pitch: int) -> int:
        """Where a note is heard, 0..127: moved, then in the scale, then folded by octaves.

        Of two notes of the scale that are equally near the lower one is taken.
        """
        moved = pitch + int(self.transpose) + OCTAVE * int(self.octave)
        inside = self._classes
        near = min(
            (moved + way for way in range(-6, 7) if (moved + way) % OCTAVE in inside),
            key=lambda found: (abs(found - moved), found),
        )
        while near > HIGHEST_PITCH:
            near -= OCTAVE
        while near < 0:
            near += OCTAVE
        return near

    def velocity_at(self, step: int) -> int:
        """How hard a note is struck on ``step`` of the cycle, 1..127."""
        moved = self.velocity + self.accent / 100.0 * ACCENT_RANGE * (_weight(step) - 0.5)
        return min(HIGHEST_VELOCITY, max(1, round(moved)))

    @cached_property
    def _classes(self) -> frozenset[int]:
        scale = tuple(SCALES.values())[int(self.scale)]
        return frozenset((int(self.root) + degree) % OCTAVE for degree in scale)


PLAIN, SILENT = Voicing(), Voicing(mute=1.0)


def _weight(step: int) -> float:
    """How strong a step is in its bar of 4/4: 1 the downbeat, 0 the weakest sixteenth."""
    place = step % STEPS_PER_BAR
    for weight, every in (
        (1.0, STEPS_PER_BAR),
        (0.8, STEPS_PER_BAR // 2),
        (0.6, STEPS_PER_BEAT),
        (0.3, STEPS_PER_BEAT // 2),
    ):
        if place % every == 0:
            return weight
    return 0.0


def steps_held(steps: Sequence[int], step: int) -> int:
    """How many steps the note that begins at ``step`` of a looping phrase lasts, 1..32."""
    held = 1
    while held < PHRASE_STEPS and steps[(step + held) % PHRASE_STEPS] == HOLD_STEP:
        held += 1
    return held
