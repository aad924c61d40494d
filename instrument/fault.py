"""Where a line about something wrong goes: the terminal and every subscriber."""

import time

from instrument.display import Display
from instrument.feedback import Feedback
from instrument.osc_in import OscInput


class Fault:
    """Told from any thread; the subscribers hear it once there are any."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self.feedback: Feedback | None = None
        self.osc: OscInput | None = None

    def __call__(self, line: str) -> None:
        """Tell everybody."""
        self._display.fault(line)
        if self.feedback is not None and self.osc is not None:
            self.osc.send(self.feedback.on_error(line, time.monotonic()))
