"""What the hands of ``make bench-gestures`` do: every gesture of a performer, at random.

A new gesture is one row of ``GESTURES``; that a setting is turned at all follows from the list of
settings.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gesture_ears import Listener, Sounding
from benchmarks.live_judge import Stage
from instrument.mapping import DIMENSIONS
from instrument.patch import load_patch
from instrument.settings import SETTINGS

TEMPO_BPM = 240.0
STEP_S = 15.0 / TEMPO_BPM
BAR_S = 16 * STEP_S
FIRST_CC = 20  # of knob 1, in the default patch
SNAPSHOTS = 9
LOWEST_NOTE, HIGHEST_NOTE = 57, 81  # what the shipped checkpoint sings; a hand plays beyond it, too
# The judge counts bar lines by the tempo, and notes; the pad has a gesture of its own.
NOT_TURNED = {"tempo", "mute", "pad-x", "pad-y"}
HAND = "hands"  # the controller's name
SONGS = ("1-opening", "2-paper", "3-low")
LEARN_PATIENCE_S, TURN_EVERY_S = 10.0, 0.02
SILENT_AFTER_S = 0.4  # a stop closes what was handed over to JACK, too
CAPTURE_PATIENCE_S = 6.0
CONTROL, PROGRAM, NOTE_ON, NOTE_OFF = 0xB0, 0xC0, 0x90, 0x80


@dataclass
class Hands:
    """A performer on ``stage``, whose decisions are all of ``chance``.

    ``stops``: when (``perf_counter_ns``) a stop was pressed that ended a play. ``left_sounding``:
    what was heard to sound a while after each stop. ``captures`` that were played to their end;
    ``lessons`` of ``glisser learn``, and what went wrong in one.
    """

    stage: Stage
    listener: Listener
    chance: random.Random
    playing: bool = True
    plays: int = 1
    captures: int = 0
    lessons: int = 0
    unlearned: list[str] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    left_sounding: list[int] = field(default_factory=list)
    sounding: Sounding = field(default_factory=Sounding)

    def osc(self, address: str, *values: float) -> None:
        """Send one message."""
        self.stage.osc(f"/glisser/{address}", *values)

    def midi(self, *message: int) -> None:
        """Send one message from the controller."""
        self.stage.judge.send(bytes(message))

    def listen(self) -> None:
        """Take what the judge has heard."""
        self.sounding.hear(self.stage.judge.hear())


def turn_by_osc(hands: Hands) -> None:
    hands.osc(f"knob/{hands.chance.randint(1, DIMENSIONS)}", hands.chance.random())


def turn_by_midi(hands: Hands) -> None:
    """A quick turn: a few values of one controller."""
    control = FIRST_CC + hands.chance.randrange(DIMENSIONS)
    for _ in range(hands.chance.randint(1, 6)):
        hands.midi(CONTROL, control, hands.chance.randrange(128))


def set_coordinate(hands: Hands) -> None:
    hands.osc(f"z/{hands.chance.randint(1, DIMENSIONS)}", hands.chance.uniform(-3.0, 3.0))


def set_point(hands: Hands) -> None:
    hands.osc("z", *(hands.chance.gauss(0.0, 1.0) for _ in range(DIMENSIONS)))


def turn_setting(hands: Hands) -> None:
    """Any of the list, anywhere in its range; half of the time back to where it was at first."""
    setting = hands.chance.choice([each for each in SETTINGS if each.name not in NOT_TURNED])
    key, _ = hands.chance.choice(list(setting.keys(DIMENSIONS)))
    away = setting.at_position(hands.chance.random())
    hands.osc(key, hands.chance.choice([away, setting.default]))


def save(hands: Hands) -> None:
    hands.osc("snapshot/save", hands.chance.randint(1, SNAPSHOTS))


def recall(hands: Hands) -> None:
    """By its name; at once, or over some bars."""
    bars = [float(hands.chance.choice([0, 1, 2, 4]))] if hands.chance.random() < 0.5 else []
    hands.osc("snapshot/recall", hands.chance.randint(1, SNAPSHOTS), *bars)


def change_program(hands: Hands) -> None:
    hands.midi(PROGRAM, hands.chance.randrange(SNAPSHOTS))


def move_on_pad(hands: Hands) -> None:
    for _ in range(hands.chance.randint(1, 5)):
        hands.osc("pad", hands.chance.random(), hands.chance.random())
        time.sleep(0.01)


def capture(hands: Hands) -> None:
    """Two bars of notes, or one and then the hand thinks better of it."""
    before = hands.listener.captured
    hands.osc("capture", 1.0)
    given_up = hands.chance.random() < 0.25
    left_s = (1.0 if given_up else 2.0) * BAR_S
    while left_s > 0.0:
        pitch = hands.chance.randint(LOWEST_NOTE - 5, HIGHEST_NOTE + 5)
        length_s = hands.chance.choice([1, 2, 4]) * STEP_S * hands.chance.uniform(0.9, 1.1)
        hands.midi(NOTE_ON, pitch, hands.chance.randint(1, 127))
        time.sleep(length_s * 0.9)
        hands.midi(NOTE_OFF, pitch, 64)
        time.sleep(length_s * 0.1)
        left_s -= length_s
    if given_up:
        hands.osc("capture/cancel", 1.0)
        return
    hands.captures += 1
    until_s = time.monotonic() + CAPTURE_PATIENCE_S
    while hands.listener.captured == before and time.monotonic() < until_s:
        time.sleep(0.02)


def stop(hands: Hands) -> None:
    """And listen whether it is silent."""
    hands.osc("stop")
    if hands.playing:
        hands.stops.append(time.perf_counter_ns())
    hands.playing = False
    time.sleep(SILENT_AFTER_S)
    hands.listen()
    hands.left_sounding.append(len(hands.sounding.open))


def play(hands: Hands) -> None:
    hands.osc("play")
    hands.plays += not hands.playing
    hands.playing = True


def panic(hands: Hands) -> None:
    """Once, or twice within a second: every note of every channel."""
    for _ in range(hands.chance.randint(1, 2)):
        hands.osc("panic")
        time.sleep(0.05)


def change_song(hands: Hands) -> None:
    """To the next, the one before, or one by its name; now and then two at once."""
    for _ in range(hands.chance.choice([1, 1, 2])):
        match hands.chance.randrange(3):
            case 0:
                hands.osc("song/next", 1.0)
            case 1:
                hands.osc("song/previous", 1.0)
            case _:
                hands.osc("song", float(hands.chance.randint(1, len(SONGS))))


def learn(hands: Hands) -> None:
    """Have ``glisser learn`` map a control, in a patch of its own, beside what plays.

    The control is one that no song knows, turned slowly to the left as it is asked for.
    """
    hands.lessons += 1
    control, knob = hands.chance.randint(70, 90), hands.chance.randint(1, DIMENSIONS)
    with tempfile.TemporaryDirectory() as folder:
        patch = Path(folder) / "mine.toml"
        told = [sys.executable, "-m", "instrument.cli", "learn", str(patch), "--in", HAND]
        learning = subprocess.Popen(  # noqa: S603 - our own command
            [*told, "--knob", str(knob)],
            env={**os.environ, **hands.stage.jack.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_s, value = time.monotonic() + LEARN_PATIENCE_S, 127
        while learning.poll() is None and time.monotonic() < until_s:
            hands.midi(CONTROL, control, value)
            value = (value - 1) % 128
            time.sleep(TURN_EVERY_S)
        if learning.poll() is None:
            learning.kill()
            learning.wait()
        mapped = load_patch(str(patch)).controls if patch.exists() else ()
        if (f"knob/{knob}", control) not in [(each.key, each.number) for each in mapped]:
            hands.unlearned.append(f"knob {knob}, CC {control}, status {learning.returncode}")


@dataclass(frozen=True, slots=True)
class Gesture:
    """``weight``: how often it is made, beside the others; ``standing`` while the song stands."""

    name: str
    weight: int
    standing: int
    does: Callable[[Hands], None]


GESTURES: Sequence[Gesture] = (
    Gesture("knob by OSC", 20, 10, turn_by_osc),
    Gesture("knob by MIDI", 12, 6, turn_by_midi),
    Gesture("one coordinate", 8, 4, set_coordinate),
    Gesture("all of z", 4, 2, set_point),
    Gesture("setting", 26, 10, turn_setting),
    Gesture("snapshot saved", 6, 3, save),
    Gesture("snapshot recalled", 8, 4, recall),
    Gesture("program change", 4, 2, change_program),
    Gesture("pad", 6, 3, move_on_pad),
    Gesture("capture", 3, 2, capture),
    Gesture("stop", 3, 1, stop),
    Gesture("play", 1, 20, play),
    Gesture("panic", 3, 2, panic),
    Gesture("change of song", 5, 3, change_song),
    Gesture("learn", 1, 1, learn),
)


def next_gesture(hands: Hands) -> Gesture:
    """One of ``GESTURES``, by their weights."""
    weights = [each.weight if hands.playing else each.standing for each in GESTURES]
    return hands.chance.choices(GESTURES, weights)[0]
