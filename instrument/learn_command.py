"""``glisser learn``: turn a control, and it is in the patch.

Main process only; MIDI is heard by the listener, as on stage.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated

import typer

from engine.files import write_atomically
from instrument.arguments import InputError
from instrument.input_link import InputLink, Listening
from instrument.learning import Learned, Lesson
from instrument.midi_in import Arrival
from instrument.patch import check_text, patch_text
from instrument.patch_edit import with_control
from instrument.settings import knob_key, setting_of

LOOK_S = 0.5  # between two looks at whether the listener still lives


def learn_command(
    file: Annotated[
        Path, typer.Argument(metavar="PATCH.toml", help="Your patch; made if need be.")
    ],
    knob: Annotated[
        list[int] | None,
        typer.Option("--knob", metavar="N", help="This one alone; may be repeated."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--setting", metavar="NAME", help="A setting, such as gate or lfo/2."),
    ] = None,
    in_: Annotated[
        list[str] | None, typer.Option("--in", metavar="PORT", help="A controller's port.")
    ] = None,
    midi_api: Annotated[str, typer.Option("--midi-api", help="The MIDI system.")] = "auto",
) -> None:
    """Turn a control slowly to the left: it is mapped, and written into your patch at once."""
    if file.suffix != ".toml":
        raise InputError(
            f"{file}: a patch to write is a .toml file of your own, such as mine.toml."
        )
    shown, text = patch_text(str(file) if file.exists() else "default")
    for key in setting or ():
        if setting_of(key) is None:
            raise InputError(f"--setting {key}: is no setting; `glisser params` lists them.")
    known = [each.knob for each in check_text(shown, text).mapping.knobs]
    knobs = knob or ([] if setting else known or [1])
    heard: SimpleQueue[Sequence[Arrival]] = SimpleQueue()
    link = InputLink(Listening(midi_api, tuple(in_ or ()), False), heard.put, _ignore, typer.echo)
    # A shell that started us in the background has it ignored, and Ctrl-C is the only way out.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    link.start()
    try:
        typer.echo(f"listening to {', '.join(link.ports)}; Ctrl-C ends, what was learned stays")
        turned = arrivals(heard, link.watch)
        taken = set[Learned]()
        for key in (*map(knob_key, knobs), *(setting or ())):
            name = key.replace("/", " ")
            typer.echo(f"{name}: turn its control slowly to the left")
            learned = lesson(turned, taken)
            text = with_control(text, key, learned)
            check_text(str(file), text)
            write_atomically(file, text.encode())
            typer.echo(f"{name}: {described(learned)}; written to {file}")
            taken.add(learned)
    except KeyboardInterrupt:
        typer.echo("")
    finally:
        link.close()


def arrivals(heard: SimpleQueue[Sequence[Arrival]], watch: Callable[[], None]) -> Iterator[Arrival]:
    """What arrives, for ever; ``watch()`` is called now and then."""
    while True:
        try:
            yield from heard.get(timeout=LOOK_S)
        except Empty:
            watch()


def lesson(turned: Iterator[Arrival], taken: set[Learned]) -> Learned:
    """The control that is turned next. ``taken``: the one before, which the hand may still hold.

    Raises ``StopIteration`` at the end of ``turned``.
    """
    ports: dict[str, Lesson] = {}
    while True:
        arrival = next(turned)
        learned = ports.setdefault(arrival.port, Lesson()).hear(arrival.message)
        if learned is not None and learned not in taken:
            return learned


def described(learned: Learned) -> str:
    """A control in words."""
    kind = {"cc": "CC", "cc14": "14-bit CC", "nrpn": "NRPN"}[learned.kind]
    encoder = "" if learned.encoder == "absolute" else f", an encoder ({learned.encoder})"
    return f"{kind} {learned.number} on channel {learned.channel}{encoder}"


def _ignore(_names: Sequence[str]) -> None:
    """Ports to play to are nothing to a lesson."""
