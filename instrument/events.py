"""What a performance is made of: a decoded phrase, and everything that happens at a tick. Pure."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from engine.phrase import PHRASE_STEPS, REST_STEP
from instrument.ledger import NoteEvent
from instrument.voicing import Voicing

Z: TypeAlias = tuple[float, ...]


class Wish(NamedTuple):
    """What the controls ask for: the most likely phrase of ``z``, or one drawn with ``seed`` at a
    ``temperature`` above 0; of ``checkpoint``, by name, where there is more than one.
    """

    z: Z
    temperature: float = 0.0
    seed: int = 0
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A phrase as it is played, with the z it was decoded from: 32 ``tokens``, 32 ``steps``.

    Raises ``ValueError`` for a row of another length, or a step that is no pitch, HOLD or REST.
    """

    z: Z
    tokens: tuple[int, ...]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != PHRASE_STEPS or len(self.steps) != PHRASE_STEPS:
            raise ValueError(f"a phrase has {PHRASE_STEPS} tokens and {PHRASE_STEPS} steps")
        if not all(REST_STEP <= step <= 127 for step in self.steps):
            raise ValueError("a step is a pitch up to 127, -1 for HOLD or -2 for REST")

    @property
    def onsets(self) -> int:
        """How many notes begin in the phrase."""
        return sum(step >= 0 for step in self.steps)


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody should decode ``wish``; the phrase is wanted by ``tick``. Ids only ever grow."""

    id: int
    tick: int
    wish: Wish

    @property
    def z(self) -> Z:
        return self.wish.z


@dataclass(frozen=True, slots=True)
class Swap:
    """At ``tick`` the answer to ``request`` was adopted, or was ``late`` (then ``None``)."""

    tick: int
    request: Request
    adopted: Decoded | None

    @property
    def late(self) -> bool:
        """The answer did not come in time, so the old phrase is repeated."""
        return self.adopted is None


@dataclass(frozen=True, slots=True)
class Bar:
    """At ``tick`` a bar (from 1) begins, or inside it another phrase.

    ``half`` 0 or 1 of ``phrase`` plays in this bar; ``late``: the phrase is repeated here because
    the answer was late; ``misses`` counts those since the scheduler was made.
    """

    tick: int
    bar: int
    half: int
    phrase: Decoded
    late: bool
    misses: int


@dataclass(frozen=True, slots=True)
class Swing:
    """From the eighth at ``tick`` on, its off-beat sixteenths come after ``percent`` of it."""

    tick: int
    percent: float


@dataclass(frozen=True, slots=True)
class Changed:
    """From the step at ``tick``, on a bar line, another song is played, on ``channel``.

    ``phrase``: what it begins with where the song stood still, or the voice was not there;
    ``None``: what plays goes on.
    """

    tick: int
    channel: int
    phrase: Decoded | None


@dataclass(frozen=True, slots=True)
class Begin:
    """A play begins at ``tick``, ``song_tick`` of the song, with a swing of ``percent``."""

    tick: int
    song_tick: int
    percent: float
    voicing: Voicing


@dataclass(frozen=True, slots=True)
class Voiced:
    """From the step at ``tick`` on, notes are sounded by ``voicing``."""

    tick: int
    voicing: Voicing


@dataclass(frozen=True, slots=True)
class End:
    """A play ends at ``tick``, before the step at ``step_tick``; every note is closed."""

    tick: int
    step_tick: int


@dataclass(frozen=True, slots=True)
class Silence:
    """What sounds is closed at ``tick``, before the step at ``step_tick``; the play goes on."""

    tick: int
    step_tick: int


@dataclass(frozen=True, slots=True)
class Gap:
    """From the step at ``step_tick`` on, what was due before ``until`` came too late to begin."""

    step_tick: int
    until: int


@dataclass(frozen=True, slots=True)
class Done:
    """The bars that were asked for are over."""

    tick: int


Event: TypeAlias = (
    NoteEvent | Request | Swap | Bar | Swing | Voiced | Changed | Begin | End | Silence | Gap | Done
)


class Heard(NamedTuple):
    """An event of one voice, from 1."""

    voice: int
    event: Event
