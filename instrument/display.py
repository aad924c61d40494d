"""What the terminal shows while it plays, and the keys it takes.

On a terminal: bar, tempo, what each true knob was asked and what is heard, the phrase as a piano
roll, and the last lines about whatever went wrong. Elsewhere: one plain line for each bar and each
fault.
"""

import os
import select
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from engine.attributes import DIRECTION, LEAN, NOTE_COUNT, REGISTER, Attribute
from engine.phrase import HOLD_STEP, PHRASE_STEPS, STEPS_PER_BAR, notes_from_steps
from engine.wire import Message
from instrument.true_knobs import TrueKnob

FAULTS_SHOWN = 4
PANEL_WIDTH = 72  # steady, so that nothing jumps when a line grows
REFRESH_PER_SECOND = 12
REPEATED = "repeated: no answer yet"
KEYS_HELP = "space play/stop  p panic  f freeze  c capture  q quit"
SET_KEYS_HELP = "  b n songs"
PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


def pitch_name(pitch: int) -> str:
    """``60`` -> ``C4``."""
    octave, place = divmod(pitch, 12)
    return f"{PITCH_NAMES[place]}{octave - 1}"


def piano_roll(steps: Sequence[int], most_lines: int = 128) -> list[str]:
    """A phrase as lines of text, highest pitch first; one column a sixteenth, bars apart.

    ``o`` is an onset, ``=`` where the note goes on, a dot marks each beat. A HOLD at the beginning
    belongs to a note of the phrase before, so it is not drawn. A semitone a line, unless that makes
    more than ``most_lines``: then only the pitches that are played have one.
    """
    notes = notes_from_steps(steps)
    if not notes:
        return ["(silence)"]
    low, high = min(n.pitch for n in notes), max(n.pitch for n in notes)
    pitches = list(range(high, low - 1, -1))
    if len(pitches) > most_lines:
        pitches = sorted({n.pitch for n in notes}, reverse=True)
    lines = []
    for pitch in pitches:
        row = ["." if step % 4 == 0 else " " for step in range(PHRASE_STEPS)]
        for note in notes:
            if note.pitch == pitch:
                row[note.onset_step] = "o"
                for step in range(note.onset_step + 1, note.onset_step + note.duration_steps):
                    row[step] = "="
        bars = "|".join("".join(row[at : at + STEPS_PER_BAR]) for at in (0, STEPS_PER_BAR))
        lines.append(f"{pitch_name(pitch):>3} |{bars}|")
    return lines


class Display:
    """Shows what the player tells. Any thread may call it; drawing happens on a thread of its
    own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        self._live: Live | None = None
        self._knobs: tuple[TrueKnob, ...] = ()
        self._lock = Lock()  # guards the few fields below
        self._bar: Message | None = None
        self._others: dict[int, Message] = {}  # the bars of the voices from 2 on
        self._state = "stopped"
        self._frozen = False
        self._clock = ""
        self._song = ""
        self._faults: deque[str] = deque(maxlen=FAULTS_SHOWN)

    @property
    def is_terminal(self) -> bool:
        return self._console.is_terminal

    def show_knobs(self, knobs: Sequence[TrueKnob]) -> None:
        """Which knobs have something to promise; told once, before the first bar."""
        self._knobs = tuple(knobs)

    def start(self) -> None:
        """Begin to draw, if there is a terminal to draw on."""
        if self.is_terminal:
            self._live = Live(
                get_renderable=self._panel,
                console=self._console,
                refresh_per_second=REFRESH_PER_SECOND,
                transient=False,
            )
            self._live.start()

    def close(self) -> None:
        """Leave the terminal as it was. Safe to call twice."""
        if self._live is not None:
            live, self._live = self._live, None
            with suppress(OSError):
                live.stop()

    def say(self, line: str) -> None:
        """One plain line that stays: what was opened, where the take is."""
        with suppress(OSError):  # the terminal may be gone; the music is not
            self._console.print(line, markup=False, soft_wrap=True)

    def fault(self, line: str) -> None:
        """One line about what went wrong."""
        with self._lock:
            self._faults.append(line)
        if self._live is None:
            self.say(f"! {line}")

    def on_player(self, message: Message) -> None:
        """Take note of a ``bar`` or ``state`` message."""
        with self._lock:
            if "voice" in message:
                self._others |= {message["voice"]: message} if message["type"] == "bar" else {}
                return
            if message["type"] == "bar":
                self._bar = message
            elif message["type"] == "state":
                self._state = "playing" if message["playing"] else "stopped"
        if message["type"] == "bar" and self._live is None:
            self.say(bar_line(message, _within(self._knobs, message)))

    def on_freeze(self, frozen: bool) -> None:
        with self._lock:
            self._frozen = frozen

    def on_song(self, words: str, knobs: Sequence[TrueKnob]) -> None:
        """Another song is heard from now on; ``words`` say which, and are empty without a set."""
        with self._lock:
            news, self._song, self._knobs = words != self._song, words, tuple(knobs)
            self._others = {}
        if news and self._live is None:
            self.say(words)

    def on_clock(self, words: str) -> None:
        """How the following of a clock goes; where there is no terminal, said when it changes."""
        with self._lock:
            # Of "locked at 120.3 bpm" only the first word is news to a log.
            news, self._clock = words.split()[:2] != self._clock.split()[:2], words
        if news and self._live is None:
            self.say(f"clock: {words}")

    def _panel(self) -> Panel:
        with self._lock:
            bar, state, frozen, faults = self._bar, self._state, self._frozen, list(self._faults)
            clock, song, knobs = self._clock, self._song, self._knobs
            others = [f"voice {n}: {its['notes']} notes" for n, its in sorted(self._others.items())]
        width = min(PANEL_WIDTH, self._console.width)
        knobs = _within(knobs, bar) if bar else knobs
        head = bar_head(bar, knobs) if bar else "waiting for bar 1"
        late = f"   {REPEATED}" if bar and bar["late"] else ""
        # Two lines of frame, three of head, clock and keys, one in case the head wraps.
        room = self._console.height - 6 - len(knobs) - len(faults) - bool(others)
        roll = piano_roll(bar["steps"], room) if bar else []
        body = [
            Text(f"{state}{'  FROZEN' if frozen else ''}   {head}{late}", style="bold"),
            *(knob_row(knob, bar, wide=width >= PANEL_WIDTH) for knob in knobs if bar),
            *([Text("   ".join(others))] if others else []),
            Text("\n".join(roll), style="green"),
            *(Text(f"! {line}", style="yellow") for line in faults),
            Text("   ".join(filter(None, [clock, cutoff_words(bar)])), style="dim"),
            Text(KEYS_HELP + SET_KEYS_HELP if song else KEYS_HELP, style="dim"),
        ]
        title = Text(f"Glisser   {song}" if song else "Glisser")  # a name is no markup
        return Panel(Group(*body), title=title, width=width)


def _within(knobs: Sequence[TrueKnob], bar: Message) -> tuple[TrueKnob, ...]:
    """Those whose dimension its phrase has: it may still be that of the song before."""
    return tuple(knob for knob in knobs if knob.dimension <= len(bar["z"]))


def said(attribute: Attribute, amount: float) -> str:
    """An amount of an attribute as a musician would say it, to the whole note or semitone.

    ``8``, ``A4``, ``up 5``, ``bar 2 +1`` (how many notes more than the other bar).
    """
    whole = round(amount)
    match attribute.name:
        case NOTE_COUNT.name:
            return f"{whole}"
        case REGISTER.name:
            return pitch_name(whole)
        case DIRECTION.name:
            return f"{'up' if whole > 0 else 'down'} {abs(whole)}" if whole else "level"
        case LEAN.name:
            return f"bar {2 if whole > 0 else 1} +{abs(whole)}" if whole else "even"
        case _:
            return f"{amount:.1f}"


def knob_row(knob: TrueKnob, bar: Message, *, wide: bool) -> Text:
    """A true knob on a line of its own: what was asked, if it promises anything, and what is heard.

    In columns, so that the eye finds them in the dark; z only where there is room (``wide``).
    """
    row = Text(f"knob {knob.knob:<3}{knob.label:<11}")
    if wide:
        row.append(f"z{knob.dimension} {bar['z'][knob.dimension - 1]:+.2f}   ", style="dim")
    asked = knob.asked(bar["z"])
    if asked is not None:
        row.append(f"asked {said(knob.attribute, asked):<10}")
    row.append("heard ")
    row.append(said(knob.attribute, knob.heard(bar["steps"])), style="bold green")
    return row


def knob_words(knob: TrueKnob, bar: Message) -> str:
    """``knob 1 notes: asked 8, heard 8``; without a promise only what is heard."""
    asked = knob.asked(bar["z"])
    promise = "" if asked is None else f"asked {said(knob.attribute, asked)}, "
    heard = said(knob.attribute, knob.heard(bar["steps"]))
    return f"knob {knob.knob} {knob.label}: {promise}heard {heard}"


def bar_head(bar: Message, knobs: Sequence[TrueKnob] = ()) -> str:
    """``bar 3   120 bpm   7 notes   tied in``; the count is left out where a knob shows it."""
    onsets = bar["notes"]
    counted = any(knob.attribute.name == NOTE_COUNT.name for knob in knobs)
    count = "" if counted else f"   {onsets} note{'' if onsets == 1 else 's'}"
    tied = "" if bar["steps"][0] != HOLD_STEP else "   tied in"
    return f"bar {bar['bar']}   {bar['tempo_bpm']:g} bpm{count}{tied}"


def cutoff_words(bar: Message | None) -> str:
    """Until when a knob may be moved: ``knobs count until 12 ms before the next bar line``."""
    if bar is None or "cutoff_ms" not in bar:
        return ""
    place = {"step": "sixteenth", "phrase": "phrase"}.get(bar.get("refresh", ""), "bar line")
    return f"knobs count until {bar['cutoff_ms']:.0f} ms before the next {place}"


def bar_line(bar: Message, knobs: Sequence[TrueKnob] = ()) -> str:
    """The head of a bar, then each true knob; last whether the phrase was repeated.

    ``bar 3   120 bpm   z1 +0.40 z2 -1.20   knob 1 notes: asked 8, heard 8   knob 2 register: ...``
    """
    z = " ".join(f"z{knob.dimension} {bar['z'][knob.dimension - 1]:+.2f}" for knob in knobs)
    words = [knob_words(knob, bar) for knob in knobs]
    late = REPEATED if bar["late"] else ""
    return "   ".join(part for part in (bar_head(bar, knobs), z, *words, late) if part)


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Hand single key presses to ``pressed`` while the block runs; nothing without a terminal.

    The terminal's own settings are restored at the end. POSIX only; elsewhere it does nothing.
    """
    try:
        import termios
        import tty
    except ImportError:
        yield
        return
    try:
        file = sys.stdin.fileno()
        before = termios.tcgetattr(file)
    except (OSError, ValueError, termios.error):  # a pipe, /dev/null, or no stdin at all
        yield
        return
    ended = Event()

    def listen() -> None:
        while not ended.is_set():
            if select.select([file], [], [], 0.1)[0]:
                try:
                    key = os.read(file, 1).decode(errors="ignore")
                except OSError:
                    return
                if not key:
                    return
                pressed(key)

    listener = Thread(target=listen, name="keys", daemon=True)
    try:
        tty.setcbreak(file)
        listener.start()
        yield
    finally:
        ended.set()
        listener.join(timeout=0.5)
        with suppress(termios.error):
            termios.tcsetattr(file, termios.TCSADRAIN, before)
