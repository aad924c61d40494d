"""What the pages know of the instrument: the newest of every OSC address. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.attributes import ATTRIBUTES
from instrument.stage_messages import Argument, OscMessage

BAR, PHRASE, PLAYING = "/glisser/bar", "/glisser/phrase", "/glisser/playing"
# What happens and is over: of no use to a page that opens later.
EVENTS = ("/glisser/note", "/glisser/status", "/glisser/error", "/glisser/pong")
# What another song leaves as it is until it begins to sound.
KEPT = (BAR, PHRASE, PLAYING, "/glisser/song", "/glisser/snapshots")
REPEATED_S = 0.5  # so long after a renewal main may be telling what it told before


class Told:
    """What main has told over OSC. Times are monotonic seconds.

    Every renewal of a subscription brings the full state once more; of that only what is new is
    passed on, so that a bar line is one.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Argument, ...]] = {}
        self._renewed_s = float("-inf")

    def renew(self, now_s: float) -> None:
        """The subscription is renewed: the full state comes again."""
        self._renewed_s = now_s

    def begin(self) -> None:
        """Another song: where its controls stand is not known yet."""
        self._newest = {
            address: self._newest[address] for address in KEPT if address in self._newest
        }

    def forget(self) -> None:
        """Nobody listens any more: nothing is known."""
        self._newest = {}

    def hear(self, address: str, arguments: tuple[Argument, ...], now_s: float) -> bool:
        """Note what a message says; whether pages are to be told."""
        if address in EVENTS:
            return address != "/glisser/pong"
        known = self._newest.get(address) == arguments
        self._newest[address] = arguments
        if address == PLAYING and arguments == (0,):
            self._newest.pop(BAR, None)  # the next one is told, though it were the same
        if address == BAR or address.endswith("/phrase"):  # they come again at every bar line
            return not known or now_s > self._renewed_s + REPEATED_S
        return not known or address.startswith("/glisser/get/")

    def present(self) -> list[OscMessage]:
        """The newest of each address, for a page that opens."""
        return list(self._newest.items())

    def z(self, dimensions: int) -> tuple[float, ...] | None:
        """Where the controls of voice 1 stand; ``None`` until all of it has been told."""
        said = [self._newest.get(f"/glisser/z/{n}") for n in range(1, dimensions + 1)]
        numbers = tuple(each[0] for each in said if each and not isinstance(each[0], str))
        return numbers if len(numbers) == dimensions and dimensions else None

    def steps(self) -> tuple[int, ...] | None:
        """The phrase of voice 1 that sounds."""
        said = self._newest.get(PHRASE)
        return None if said is None else tuple(int(step) for step in said)

    def snapshots(self) -> list[str]:
        """What there is to recall."""
        return [str(name) for name in self._newest.get("/glisser/snapshots", ())]


def heard(knobs: Iterable[Mapping[str, Any]], steps: Sequence[int]) -> dict[str, float]:
    """What the true ones of ``knobs`` (of the stage object) have in ``steps``, by address."""
    return {
        knob["address"]: ATTRIBUTES[knob["attribute"]].exact(steps)
        for knob in knobs
        if knob["true"]
    }
