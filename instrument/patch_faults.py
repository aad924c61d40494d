"""What is wrong with a patch file, in one sentence: file, line, key, what is allowed. Pure."""

import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import ValidationError

from instrument.mapping import Encoder, Shape, TakeoverKind
from instrument.patch_file import KeyPath, PatchFile
from instrument.patch_tables import (
    HIGHEST_CC,
    HIGHEST_NRPN,
    HIGHEST_PAIR,
    SettingTable,
    button_actions,
    tables_of,
)
from instrument.settings import MAX_VOICES


def _one_of(choice: Any) -> str:  # noqa: ANN401 - a Literal has no type of its own
    *names, last = (f'"{name}"' for name in get_args(choice))
    return f"{', '.join(names)} or {last}"


# Completes the sentence "<key> must be ...", whatever is wrong with the key's value.
_MUST_BE = {
    "checkpoint": "the name of a checkpoint, or the path of its folder",
    "refresh": '"bar", "phrase" or "step"',
    "out": "a table, [out]",
    "channel": "a MIDI channel, 1 to 16",
    "latent": "a table, [latent]",
    "range": "two finite numbers, the lower one first, such as [-3.0, 3.0]",
    "receive": "a table, [receive]",
    "clock": "true or false",
    "transport": "true or false",
    "program": "true or false",
    "ports": "a table, [ports]",
    "knobs": "a table, [knobs]",
    "curve": _one_of(Shape),
    "voices": "a table, [voices.2]",
    "voice": f"a voice, 1 to {MAX_VOICES}",
    "settings": "a table, [settings]",
    "pad": "a table, [pad]",
    "capture": "a table, [capture]",
    "feedback": "a table, [feedback]",
    "on": "true or false",
    "lights": "true or false",
    "corners": "the names of four snapshots",
    "z": "a latent dimension, a whole number from 1",
    "cc": f"a MIDI controller, 0 to {HIGHEST_CC}",
    "cc14": f"a MIDI controller that has a second one 32 above, 0 to {HIGHEST_PAIR}",
    "nrpn": f"the number of a non-registered parameter, 0 to {HIGHEST_NRPN}",
    "note": "a MIDI note, 0 to 127",
    "encoder": _one_of(Encoder),
    "takeover": _one_of(TakeoverKind),
    "buttons": "a table, [buttons]",
}


def fault_of(error: ValidationError) -> tuple[KeyPath, str]:
    """The path of the first faulty key, and the rest of the sentence about it."""
    fault = error.errors(include_url=False)[0]
    named = [part for part in fault["loc"] if isinstance(part, str)]
    where = tuple(part for name in named for part in name.split("/"))
    table = _table_of(where)
    if where[-1] == "[key]":
        return where[:-1], _NO_SUCH[table]
    if table == "settings" and where[-1] != table and _is_start(where):
        wanted = "a number, the name of a choice, or a table such as { start = 80, cc = 30 }"
        return where[: where.index("start")] if "start" in where else where, (
            f"must be {wanted}, not {fault['input']!r}"
        )
    if table == "voices" and len(where) == 2:
        return where, f"must be a table such as {{ channel = 2 }}, not {fault['input']!r}"
    if table == "buttons" and len(where) == 2:
        return where, f"must be a table such as {{ note = 36 }}, not {fault['input']!r}"
    if where[0] == "ports" and len(where) > 1:
        wanted = 'a part of a port\'s name, such as "Minilogue" or "Minilogue@+3.5"'
        return where, f"must be {wanted}, not {fault['input']!r}"
    if fault["type"] == "extra_forbidden":
        return where, f"is no key of a patch; allowed here: {', '.join(_keys_beside(where))}"
    if fault["type"] == "missing":
        return where, f"is missing; it must be {_MUST_BE[where[-1]]}"
    wanted = _MUST_BE.get(where[-1], "a table such as { z = 1, range = [-3.0, 3.0], cc = 20 }")
    return where, f"must be {wanted}, not {fault['input']!r}"


def _table_of(where: KeyPath) -> str:
    """Which table it is: a voice has settings of its own."""
    own = where[0] == "voices" and "settings" in where[2:3]
    return "settings" if own else where[0]


def _is_start(where: KeyPath) -> bool:
    """Whether the value of a setting is at fault, and not what turns it."""
    return "start" in where or where[-1] not in SettingTable.model_fields


_NO_SUCH = {
    "settings": "is no setting; `glisser params` lists them",
    "voices": f"is no voice; those beside the first are numbered 2 to {MAX_VOICES}",
    "knobs": "is no knob; knobs are numbered 1 to 99",
    "buttons": f"is nothing that a button does; allowed here: {', '.join(button_actions())}",
    "ports": "is no name of a port; it begins with a letter, and letters, digits, _ and - follow",
}


def _keys_beside(where: KeyPath) -> Iterable[str]:
    table = tables_of()[_table_of(where)] if len(where) > 1 else PatchFile
    return table.model_fields


def sentence(shown: str, text: str, where: KeyPath, fault: str) -> str:
    line = _line_of(text, where)
    at = f", line {line}" if line else ""
    return f"{shown}{at}: {'.'.join(where)} {fault}."


_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w.\"' -]+?)\s*=")


def _line_of(text: str, where: KeyPath) -> int | None:
    """The line, from 1, where the table or key ``where`` is written, or the nearest above it.

    tomllib keeps no line numbers; a patch is plain enough to be found by eye.
    """
    table: KeyPath = ()
    nearest, matched = None, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            path = table = _parts(header[1])
        elif key := _KEY.match(line):
            path = table + _parts(key[1])
        else:
            continue
        if path == where[: len(path)] and len(path) > matched:
            nearest, matched = number, len(path)
    return nearest


def _parts(dotted: str) -> KeyPath:
    return tuple(part.strip(" \"'") for part in dotted.split("."))
