"""Which phrase the scheduler wants next, what was asked for, and what has come. Pure."""

from collections.abc import Callable, Iterator

from instrument.events import Decoded, Request, Swap, Wish


class Asking:
    """One request at a time, and its answer kept until the swap that it is for. One thread."""

    def __init__(self, wish_for: Callable[[int], Wish | None], ids: Iterator[int]) -> None:
        """``wish_for(tick)`` is what the controls want at the swap at ``tick``, ``None`` where
        nobody is there to want; requests take their ids from ``ids``.
        """
        self._wish_for = wish_for
        # The first phrase may come from a card that another machine wrote; what this engine makes
        # of the same z counts, so no wish is "unchanged" before the first answer.
        self._decoded: Wish | None = None
        self._ids = ids
        self._request: Request | None = None  # what the engine has not answered yet
        self._early = False  # asked so early that its answer is owed at the swap
        self._answer: tuple[Request, Decoded] | None = None  # the newest, kept for the swap

    @property
    def waits(self) -> bool:
        """Whether the engine owes an answer."""
        return self._request is not None

    def ask(self, swap_tick: int, early: bool) -> Request | None:
        """Ask for what is wanted at ``swap_tick`` unless its phrase is here already."""
        wish = self._wish_for(swap_tick)
        if wish is None:
            return None
        if self._answer is not None and wish == self._answer[0].wish:
            return None
        if wish == self._decoded:  # the knob is back where it was
            self.forget()
            return None
        self._request, self._early = Request(next(self._ids), swap_tick, wish), early
        return self._request

    def answer(self, request_id: int, tokens: tuple[int, ...], steps: tuple[int, ...]) -> bool:
        """Keep the engine's answer for its swap; whether it was the one still wanted.

        Raises ``ValueError`` for rows that are no phrase.
        """
        wanted = self._request
        if wanted is None or wanted.id != request_id:
            return False
        self._answer, self._request = (wanted, Decoded(wanted.z, tokens, steps)), None
        return True

    def swap(self, tick: int) -> Swap | None:
        """What becomes of it at the swap at ``tick``; ``None`` when nothing was asked for."""
        request, answer = self._request, self._answer
        self.forget()
        if answer is not None:
            answered, phrase = answer
            self._decoded = answered.wish
            return Swap(tick, answered, phrase)
        if request is None or not self._early:  # no knob moved, or one after the cut-off
            return None
        return Swap(tick, request, None)

    def forget(self) -> None:
        """Want nothing that was asked for."""
        self._request = self._answer = None

    def begin_anew(self) -> None:
        """What plays from now on is no answer."""
        self.forget()
        self._decoded = None
