"""The player as the rest of the main process sees it: told, heard, and never absent long.

A player that dies, or falls silent for half a second, is ended; the next one is told what may still
sound and where the song is, and goes on there. Main process only.
"""

import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from engine.wire import Message
from instrument.children import QUIT_PATIENCE_S, Child
from instrument.mirror import Mirror, Rejoin
from instrument.player_messages import Setup

START_PATIENCE_S = 20.0
MAX_SILENCE_S = 0.5  # it says that it is alive ten times a second
AWAKE_S = 0.2  # main itself stood still if it did not look for this long
RETRY_S = 0.5  # between two players that do not find their ports
MAX_WAITING = 64
AGAIN_S = 1.0  # a player that lives shorter than this is not started again at once


class PlayerError(Exception):
    """No player can be had; the message is its own sentence."""


class PlayerLink:
    """One player after another. What it tells comes out of :meth:`get`, in order."""

    def __init__(
        self,
        setup: Callable[[], Setup],
        mirror: Mirror,
        request: Callable[[Message], None],
        fault: Callable[[str], None],
    ) -> None:
        """``setup()`` is what a player is told first, with the controls of that moment.

        ``request`` gets what the engine is to decode, on a reader thread; ``fault`` lines for a
        person.
        """
        self.starts = 0
        self.opened: Message = {}  # the player's own word about its ports
        self._setup, self._mirror, self._request, self._fault = setup, mirror, request, fault
        self._told: SimpleQueue[Message] = SimpleQueue()
        self._lock = Lock()  # guards what follows; held for moments only
        self._child: Child | None = None
        self._number = self._gone = 0  # of the player that plays; of the last that ended
        self._began_s = 0.0
        # Transport meant for the player to come; of a flood the newest.
        self._waiting: deque[Message] = deque(maxlen=MAX_WAITING)
        self._closing = Event()
        self._heard_s = self._looked_s = time.monotonic()

    def start(self) -> None:
        """Start the first player. Raises :class:`PlayerError` when its ports do not open."""
        refused = self._try_one(None)
        if refused is not None:
            raise PlayerError(refused)

    def get(self, timeout_s: float) -> Message | None:
        """What the player tells next; ``None`` when it says nothing that long. Ends a mute one."""
        self._watch()
        try:
            return self._told.get(timeout=timeout_s)
        except Empty:
            return None

    def send(self, message: Message) -> None:
        """Tell the player; what cannot wait for another one is lost with it. Any thread."""
        with self._lock:
            if self._child is not None:
                self._child.send(message)
                if message["type"] == "phrase":
                    self._mirror.answered(message)
                elif message["type"] == "song":
                    self._mirror.changing(message)
            elif message["type"] == "transport":
                self._waiting.append(message)

    def replace(self) -> None:
        """Let another player take over, which opens the ports anew; a rest of about half a second.

        Any thread.
        """
        self.send({"type": "make way"})

    def put(self, message: Message) -> None:
        """Let :meth:`get` give this, too, in its place among what the player tells. Any thread."""
        self._told.put(message)

    def close(self) -> None:
        """Let it close its notes and ports, and end; no other is started."""
        self._closing.set()
        with self._lock:
            child = self._child
        if child is not None:
            child.end({"type": "quit"}, QUIT_PATIENCE_S)

    def _try_one(self, rejoin: Rejoin | None) -> str | None:
        """Start a player and let it go on at ``rejoin``; ``None``, or why it would not."""
        first: SimpleQueue[Message] = SimpleQueue()
        self.starts += 1
        number = self.starts
        died = {"type": "refused", "text": "the player died before it opened its ports"}

        def hear(message: Message) -> None:
            if message["type"] in {"opened", "refused"}:
                first.put(message)
            else:
                self._hear(number, message)

        def ended() -> None:
            first.put(died)
            self._ended(number)

        child = Child("instrument.player", hear, ended)
        child.send(self._setup().to_message())
        try:
            answer = first.get(timeout=START_PATIENCE_S)
        except Empty:
            answer = {"type": "refused", "text": "the player did not start"}
        if answer["type"] == "opened":
            if self._take_on(child, number, answer, rejoin):
                return None
            answer = died
        child.end({"type": "quit"}, QUIT_PATIENCE_S)
        return str(answer["text"])

    def _take_on(self, child: Child, number: int, opened: Message, rejoin: Rejoin | None) -> bool:
        with self._lock:
            if number == self._gone:
                return False
            self._child, self._number, self.opened = child, number, opened
            self._began_s = self._heard_s = time.monotonic()
            waiting = list(self._waiting)
            self._waiting.clear()
            if rejoin is not None:
                child.send(rejoin.to_message())
                # What moved since it was told its setup, be it the song.
                child.send(self._setup().part.to_message())
            for message in waiting:
                child.send(message)
        return True

    def _hear(self, number: int, message: Message) -> None:
        """Reader thread of a player."""
        with self._lock:
            if number != self._number:  # not taken on yet, or settled already
                return
            self._heard_s = time.monotonic()
            self._mirror.hear(message)
        if message["type"] == "request":
            self._request(message)
        elif message["type"] != "alive":
            self._told.put(message)

    def _ended(self, number: int) -> None:
        """Reader thread of a player, after its last word."""
        with self._lock:
            self._gone = number
            if number != self._number:
                return
            self._child, self._number = None, 0
            lines, rejoin = self._mirror.lost()
            lived_s = time.monotonic() - self._began_s
        for line in lines:
            self._told.put(line)
        if self._closing.is_set():
            return
        self._fault("the player was lost; another takes its place")
        pause_s = RETRY_S if lived_s < AGAIN_S else 0.0
        replacing = Thread(
            target=self._replace, args=(rejoin, pause_s), name="player-restart", daemon=True
        )
        replacing.start()

    def _replace(self, rejoin: Rejoin, pause_s: float) -> None:
        began_s, told = time.monotonic(), ""
        while not self._closing.wait(pause_s):
            refused = self._try_one(rejoin)
            if refused is None:
                seconds = time.monotonic() - began_s
                self._told.put({"type": "rejoined", "seconds": seconds})
                return
            if refused != told:
                told = refused
                self._fault(refused)
            pause_s = RETRY_S

    def _watch(self) -> None:
        now_s = time.monotonic()
        asleep, self._looked_s = now_s - self._looked_s > AWAKE_S, now_s
        with self._lock:
            if asleep:  # main itself stood still: the player's words may lie unread
                self._heard_s = now_s
            mute = self._child is not None and now_s - self._heard_s > MAX_SILENCE_S
            child = self._child if mute else None
        if child is not None:
            child.kill()
