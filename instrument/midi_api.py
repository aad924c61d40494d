"""Which MIDI system this machine has, and which of its ports a person means.

Shared by ``midi_in`` (main process) and ``midi_out`` (player process): stdlib and rtmidi only.
"""

import ctypes
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache

import rtmidi

CLIENT_NAME = "Glisser"
FEEDBACK_PORT = "feedback"  # of ours, to what shows where knobs stand
CLOCK_CLIENT_NAME = f"{CLIENT_NAME}-clock"  # of ports for the clock alone, beside a virtual one

# In the order in which "auto" tries them: a machine's own system first, then JACK.
_APIS: dict[str, int] = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "coremidi": rtmidi.API_MACOSX_CORE,
    "winmm": rtmidi.API_WINDOWS_MM,
    "jack": rtmidi.API_UNIX_JACK,
}
API_NAMES = ("auto", *_APIS, "none")

# ALSA ends a name with "client:port" numbers, which change with every plugging in.
_CLIENT_NUMBERS = re.compile(r"\s+\d+:\d+$")
# JACK and RtMidi make a second client of the name "Glisser-01" or "Glisser-1".
_OUR_OUTPUT = re.compile(
    rf"^{CLIENT_NAME}(-clock)?(-\d+)?:.*\b(out(-\d+)?|{FEEDBACK_PORT})$", re.IGNORECASE
)
_OUR_INPUT = re.compile(rf"^{CLIENT_NAME}(-\d+)?:.*\bin$", re.IGNORECASE)


class MidiError(Exception):
    """No such MIDI system or port; the message is one sentence for the performer."""


def available_api(name: str) -> int | None:
    """The rtmidi constant of the MIDI system called ``name``, tried and found to work.

    ``auto`` is the first that works, or ``None`` when the machine has none at all; ``none`` is
    ``None``. Raises :class:`MidiError` when a system asked for by name does not work here.
    """
    if name == "none":
        return None
    if name == "auto":
        return next((api for api in _APIS.values() if _works(api)), None)
    if name not in _APIS:
        raise MidiError(f"--midi-api {name}: choose one of {', '.join(API_NAMES)}.")
    api = _APIS[name]
    if api not in rtmidi.get_compiled_api():
        built = [known for known, value in _APIS.items() if value in rtmidi.get_compiled_api()]
        raise MidiError(
            f"--midi-api {name}: not on this system, which knows {', '.join(built) or 'none'}."
        )
    if not _works(api):
        hint = "is its server running?" if name == "jack" else "is it installed and running?"
        raise MidiError(f"--midi-api {name}: it does not answer; {hint}")
    return api


def api_name(api: int | None) -> str:
    """The name of an rtmidi constant as the command line spells it; ``none`` for ``None``."""
    return next((name for name, value in _APIS.items() if value == api), "none")


def _works(api: int) -> bool:
    # Only opening a client tells: ALSA and JACK are compiled in even where nothing answers.
    if api not in rtmidi.get_compiled_api():
        return False
    with hushed():
        try:
            rtmidi.MidiOut(api, name=f"{CLIENT_NAME}-probe").delete()
        except rtmidi.RtMidiError:
            return False
    return True


def plain_name(port_name: str) -> str:
    """A port's name without ALSA's changing client numbers."""
    return _CLIENT_NUMBERS.sub("", port_name)


def is_our_output(port_name: str) -> bool:
    """Whether this is an output of Glisser itself, to which it must never listen."""
    return _OUR_OUTPUT.match(plain_name(port_name)) is not None


def not_our_inputs(port_names: Sequence[str]) -> list[str]:
    """All but Glisser's own inputs: it never plays to itself."""
    return [name for name in port_names if not _OUR_INPUT.match(plain_name(name))]


def match_port(names: Sequence[str], wanted: str) -> str:
    """The one of ``names`` that ``wanted`` means: the whole name, or else a part of it.

    Case and ALSA's client numbers do not count. Of several ports of one very name the first is
    meant. Raises :class:`MidiError`, one sentence, when none or several match.
    """
    part = plain_name(wanted).casefold()
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(plain_name(name), name)
    exact = [name for plain, name in found.items() if plain.casefold() == part]
    matches = exact or [name for plain, name in found.items() if part in plain.casefold()]
    if part and len(matches) == 1:
        return matches[0]
    listed = ", ".join(repr(plain_name(name)) for name in (matches or names))
    if part and matches:
        raise MidiError(f"MIDI port {wanted!r} could be any of {listed}; say more of it.")
    there = f"there are {listed}" if listed else "there is none at all"
    raise MidiError(f"no MIDI port matches {wanted!r}; {there}.")


@contextmanager
def hushed() -> Iterator[None]:
    """Keep what libjack and libasound write to stderr off the terminal while a client opens.

    Their words are for programmers; ours is one sentence. The process's stderr is closed to all
    threads meanwhile, some milliseconds. Also tells libjack not to start a server of its own, and
    to keep quiet ever after: it talks again when its server dies.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    _quieten_jack()
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # started without a stderr: nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@cache
def _quieten_jack() -> None:
    # libjack calls its error function from its real-time threads, so none of Python may run there:
    # strlen takes a text and does nothing with it. The symbols are those of the very libjack that
    # rtmidi was linked with; Windows and builds without JACK have none.
    with suppress(OSError, AttributeError, TypeError):
        rtmidi_library = ctypes.CDLL(rtmidi._rtmidi.__file__)
        nothing = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
        rtmidi_library.jack_set_error_function(nothing)
        rtmidi_library.jack_set_info_function(nothing)
