"""Where a line about something wrong goes: the terminal and every subscriber."""

from collections.abc import Callable

from instrument.display import Display


class Fault:
    """Told from any thread; ``others`` hear it as well, once there are any."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self.others: Callable[[str], None] | None = None

    def __call__(self, line: str) -> None:
        """Tell everybody."""
        self._display.fault(line)
        if self.others is not None:
            self.others(line)
