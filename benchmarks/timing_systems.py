"""The systems of the timing bench but for Glisser: ``python -m benchmarks.timing_systems NAME``.

Each plays the same notes to the same JACK port through RtMidi: a note at every sixteenth at 400
bpm, half as long. The bare loop is the floor: absolute deadlines, one thread, nothing else to do,
and the same priority that Glisser asks for. The other two are used as their manuals show.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import mido
import rtmidi

from benchmarks.timing_figures import BPM
from instrument.urgent import ask_for_real_time, settle_down

STEP_NS = 60_000_000_000 // round(BPM) // 4
SPIN_NS = 300_000
PITCH, VELOCITY = 60, 96
NOTE_ON, NOTE_OFF = bytes((0x90, PITCH, VELOCITY)), bytes((0x80, PITCH, 64))
BACKEND = "mido.backends.rtmidi/UNIX_JACK"
TICKS_PER_BEAT = 480


def bare(port: str, onsets: int) -> None:
    """Sleep to just before each absolute deadline, spin the rest, send."""
    output: Any = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="bare")
    output.open_port(output.get_ports().index(port))
    settle_down()
    ask_for_real_time()
    began_ns = time.perf_counter_ns() + 200_000_000
    for half in range(2 * onsets):
        due_ns = began_ns + half * STEP_NS // 2
        while (left_ns := due_ns - time.perf_counter_ns()) > 0:
            if left_ns > SPIN_NS:
                time.sleep((left_ns - SPIN_NS) / 1e9)
        output.send_message(NOTE_OFF if half % 2 else NOTE_ON)


def isobar(port: str, onsets: int) -> None:
    """Its Timeline with its own clock and its MIDI output."""
    import isobar as iso

    mido.set_backend(BACKEND)
    timeline = iso.Timeline(BPM, output_device=iso.MidiOutputDevice(port))
    notes = iso.PSequence([PITCH], onsets)
    timeline.schedule({"note": notes, "duration": 0.25, "gate": 0.5, "amplitude": VELOCITY})
    timeline.stop_when_done = True
    timeline.run()


def mido_play(port: str, onsets: int) -> None:
    """``MidiFile.play`` into an output of mido's."""
    mido.set_backend(BACKEND)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BPM))])
    half = TICKS_PER_BEAT // 8
    for number in range(onsets):
        wait = half if number else 0
        track.append(mido.Message("note_on", note=PITCH, velocity=VELOCITY, time=wait))
        track.append(mido.Message("note_off", note=PITCH, time=half))
    with tempfile.TemporaryDirectory() as folder, mido.open_output(port) as output:
        path = Path(folder) / "sixteenths.mid"
        mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(path)
        for message in mido.MidiFile(path).play():
            output.send(message)


PLAYERS = {"bare": bare, "isobar": isobar, "mido": mido_play}


def main() -> None:
    """Play, and let the last message out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("system", choices=PLAYERS)
    parser.add_argument("port")
    parser.add_argument("onsets", type=int)
    arguments = parser.parse_args()
    PLAYERS[arguments.system](arguments.port, arguments.onsets)
    time.sleep(0.3)


if __name__ == "__main__":
    main()
