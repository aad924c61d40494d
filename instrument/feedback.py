"""What listeners are told over OSC: state when they subscribe, then every change.

Pure: messages, actions and times in, ``(datagram, address)`` pairs out; ``OscInput.send`` sends
them without ever waiting, and a listener that is gone only loses them.
"""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, TypeAlias

from pythonosc.osc_message_builder import OscMessageBuilder

from engine.phrase import PHRASE_STEPS, REST_STEP
from instrument.actions import Action, Get, Ping, Subscribe, Unsubscribe
from instrument.controls import ControlState
from instrument.latent import steady_z
from instrument.mapping import Mapping
from instrument.parameters import values
from instrument.settings import voice_key

SUBSCRIBED_FOR_S = 60.0
MAX_SUBSCRIBERS = 16
MAX_TEXT_CHARACTERS = 500
MAX_NAMES_CHARACTERS = 8_000  # of all snapshots in one datagram

Address: TypeAlias = tuple[str, int]
Outgoing: TypeAlias = list[tuple[bytes, Address]]


def encode(address: str, *arguments: float | str) -> bytes:
    """One OSC message: an int travels as int32, a float as float32, text as a string."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        if isinstance(argument, str):
            builder.add_arg(argument.replace("\0", " ")[:MAX_TEXT_CHARACTERS], "s")
        else:
            builder.add_arg(argument, "i" if isinstance(argument, int) else "f")
    datagram: bytes = builder.build().dgram
    return datagram


class Feedback:
    """Who listens, and what each is to be told. Any thread may call it.

    ``mapping()`` is the present patch, ``steps`` the phrase before the first bar, ``song`` the
    number and the name of the first song. ``stats`` gives the main process's own counters, told by
    ``/glisser/get/stats`` as name, number, name, number; ``snapshots`` the names of what there is
    to recall. All times are monotonic seconds.
    """

    def __init__(
        self,
        mapping: Callable[[], Mapping],
        steps: Sequence[int] = (REST_STEP,) * PHRASE_STEPS,
        stats: Callable[[], dict[str, float]] = dict,
        song: tuple[int, str] = (1, ""),
        snapshots: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._mapping = mapping
        self._stats, self._snapshots = stats, snapshots
        self._steps = tuple(steps)
        self._bar = 0
        self._song = song
        self._playing = False
        self._bar_told = 0  # a bar is told once, however often its phrase changes
        self._player: dict[str, int] = {"notes": 0, "misses": 0}
        self._expires_s: dict[Address, float] = {}
        self._told: dict[str, float] = {}
        self._phrases: dict[int, tuple[int, ...]] = {}  # of the voices from 2 on
        self._lock = Lock()  # OSC's thread subscribes and asks while the player's thread reports

    def on_actions(
        self, actions: Sequence[Action], sender: Address, state: ControlState, now_s: float
    ) -> Outgoing:
        """The answers to whatever among ``actions`` asks or subscribes; the rest is passed over."""
        told: Outgoing = []
        with self._lock:
            for action in actions:
                match action:
                    case Ping():
                        told += self._reply(sender, encode("/glisser/pong"), now_s)
                    case Get(what):
                        told += self._reply(sender, self._answer(what, state), now_s)
                    case Subscribe(port):
                        if not self._listening(now_s):
                            self._told = values(state, self._mapping())
                        self._subscribe((sender[0], port), now_s)
                        told += [(datagram, (sender[0], port)) for datagram in self._all(state)]
                    case Unsubscribe(port):
                        self._expires_s.pop((sender[0], port), None)
        return told

    def on_player(self, message: dict[str, Any], now_s: float) -> Outgoing:
        """What a message from the player process has to say to the listeners."""
        with self._lock:
            match message["type"]:
                case "bar" if "voice" in message:
                    voice = message["voice"]
                    self._phrases[voice] = tuple(message["steps"])
                    datagrams = [self._phrase_of(voice)]
                case "bar":
                    datagrams = self._new_bar(message)
                case "note":
                    note = message["channel"], message["pitch"], message["velocity"]
                    datagrams = [encode("/glisser/note", *note)]
                case "song" if "voice" not in message:
                    self._song = message["song"], message["name"]
                    datagrams = [encode("/glisser/song", *self._song)]
                case "state":
                    datagrams = self._new_state(playing=message["playing"])
                case "error":
                    datagrams = [encode("/glisser/error", message["text"])]
                case _:
                    datagrams = []
            return self._to_all(datagrams, now_s)

    def on_controls(self, state: ControlState, now_s: float) -> Outgoing:
        """Every parameter whose value is not what the listeners were told last."""
        with self._lock:
            if not self._listening(now_s):
                return []
            present = values(state, self._mapping())
            changed = [
                encode(address, value)
                for address, value in present.items()
                if self._told.get(address) != value
            ]
            self._told = present
            return self._to_all(changed, now_s)

    def on_said(self, text: str, now_s: float) -> Outgoing:
        """One line about what the instrument has done."""
        with self._lock:
            return self._to_all([encode("/glisser/status", text)], now_s)

    def on_snapshots(self, now_s: float) -> Outgoing:
        """There are others to recall than there were."""
        with self._lock:
            return self._to_all([encode("/glisser/snapshots", *self._names())], now_s)

    def on_error(self, text: str, now_s: float) -> Outgoing:
        """One line about whatever went wrong."""
        with self._lock:
            return self._to_all([encode("/glisser/error", text)], now_s)

    def _new_bar(self, message: dict[str, Any]) -> list[bytes]:
        self._bar, self._steps = message["bar"], tuple(message["steps"])
        self._player = {"notes": message["notes"], "misses": message["misses"]}
        phrase = encode("/glisser/phrase", *self._steps)
        if self._bar == self._bar_told:
            return [phrase]
        self._bar_told = self._bar
        return [encode("/glisser/bar", self._bar), phrase]

    def _new_state(self, *, playing: bool) -> list[bytes]:
        self._bar_told = self._bar_told if playing else 0
        changed, self._playing = playing != self._playing, playing
        return [self._playing_now()] if changed else []

    def _playing_now(self) -> bytes:
        return encode("/glisser/playing", int(self._playing))

    def _names(self) -> list[str]:
        """Those of the snapshots, as many as one datagram takes."""
        taken, left = list[str](), MAX_NAMES_CHARACTERS
        for name in self._snapshots():
            left -= len(name) + 8
            if left < 0:
                break
            taken.append(name)
        return taken

    def _phrase_of(self, voice: int) -> bytes:
        return encode(f"/glisser/{voice_key(voice, 'phrase')}", *self._phrases[voice])

    def _answer(self, what: str, state: ControlState) -> bytes:
        arguments: Iterable[float | str]
        match what:
            case "tempo":
                arguments = [state.tempo_bpm]
            case "z":
                arguments = steady_z(state, self._mapping())
            case "phrase":
                arguments = self._steps
            case "bar":
                arguments = [self._bar]
            case "song":
                arguments = self._song
            case "playing":
                arguments = [int(self._playing)]
            case "snapshots":
                arguments = self._names()
            case _:
                counters: dict[str, float] = {"bar": self._bar, **self._player, **self._stats()}
                arguments = [part for counter in counters.items() for part in counter]
        return encode(f"/glisser/get/{what}", *arguments)

    def _all(self, state: ControlState) -> list[bytes]:
        parameters = values(state, self._mapping()).items()
        last = len(self._mapping().each_voice)
        return [
            self._playing_now(),
            encode("/glisser/bar", self._bar),
            encode("/glisser/phrase", *self._steps),
            *(self._phrase_of(voice) for voice in sorted(self._phrases) if voice <= last),
            encode("/glisser/song", *self._song),
            encode("/glisser/snapshots", *self._names()),
            *(encode(address, value) for address, value in parameters),
        ]

    def _subscribe(self, listener: Address, now_s: float) -> None:
        if listener not in self._listening(now_s) and len(self._expires_s) == MAX_SUBSCRIBERS:
            del self._expires_s[min(self._expires_s, key=self._expires_s.__getitem__)]
        self._expires_s[listener] = now_s + SUBSCRIBED_FOR_S

    def _listening(self, now_s: float) -> list[Address]:
        self._expires_s = {
            listener: expires_s
            for listener, expires_s in self._expires_s.items()
            if expires_s > now_s
        }
        return list(self._expires_s)

    def _reply(self, sender: Address, datagram: bytes, now_s: float) -> Outgoing:
        # To its subscribed ports as well: Max's udpsend cannot receive on the port it sends from.
        same_host = [other for other in self._listening(now_s) if other[0] == sender[0]]
        return [(datagram, address) for address in dict.fromkeys([sender, *same_host])]

    def _to_all(self, datagrams: Sequence[bytes], now_s: float) -> Outgoing:
        listeners = self._listening(now_s)
        return [(datagram, listener) for datagram in datagrams for listener in listeners]
