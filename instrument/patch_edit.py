"""A learned control written into a patch's text, whose comments and order stay. Pure (tomlkit)."""

from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table

from instrument.learning import Learned
from instrument.settings import voice_of

_CONTROL = ("cc", "cc14", "nrpn", "channel", "encoder")
# As the patches that come with it have it.
_ORDER = ("z", "voice", "range", "start", *_CONTROL, "takeover", "curve")


def with_control(text: str, key: str, learned: Learned) -> str:
    """``text``, a right patch, with that control on ``key``: ``knob/1``, or that of a setting.

    What else stands there stays, but a takeover, which an encoder cannot have, goes. A knob that is
    not there yet moves the dimension of its own number; a setting's bare value becomes its
    ``start``.
    """
    document = tomlkit.parse(text)
    *tables, name = _path(key)
    place: Any = document
    for table in tables:
        place = place.setdefault(table, tomlkit.table())
    entry = place.get(name)
    keys = {each: value for each, value in _as_table(entry, key).items() if each not in _CONTROL}
    keys |= {learned.kind: learned.number, "channel": learned.channel}
    if learned.encoder != "absolute":
        keys["encoder"] = learned.encoder
        keys.pop("takeover", None)
    keys = {each: keys[each] for each in _ORDER if each in keys}
    if isinstance(entry, Table) and not isinstance(entry, InlineTable):
        for each in (*_CONTROL, "takeover"):
            if each in entry and each not in keys:
                del entry[each]
        entry.update(keys)
    else:
        place[name] = _inline(keys)
    return tomlkit.dumps(document)


def _path(key: str) -> list[str]:
    voice, of_one = voice_of(key)
    name, _, number = of_one.partition("/")
    if name == "knob":
        return ["knobs", number]
    table = ["settings"] if voice == 1 else ["voices", str(voice), "settings"]
    return [*table, name, number] if number else [*table, name]


def _as_table(entry: Any, key: str) -> dict[str, Any]:  # noqa: ANN401 - tomlkit's own item
    if entry is None:
        name, _, number = key.partition("/")
        return {"z": int(number)} if name == "knob" else {}
    return dict(entry) if isinstance(entry, dict) else {"start": entry}


def _inline(keys: dict[str, Any]) -> Any:  # noqa: ANN401 - tomlkit's own item
    """On one line, with a space inside the braces, as tomlkit itself would not write it."""
    text = ", ".join(f"{key} = {tomlkit.item(value).as_string()}" for key, value in keys.items())
    return tomlkit.parse(f"it = {{ {text} }}")["it"]
