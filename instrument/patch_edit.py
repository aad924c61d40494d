"""A learned control written into a patch's text, whose comments and order stay. Pure (tomlkit)."""

from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table

from instrument.learning import Learned

_CONTROL = ("cc", "cc14", "nrpn", "channel", "encoder")
_ORDER = ("z", "range", *_CONTROL, "takeover", "curve")  # as the patches that come with it have it


def with_control(text: str, knob: int, learned: Learned) -> str:
    """``text``, a right patch, with that control on knob ``knob``.

    What else the knob says stays, but a takeover, which an encoder cannot have, goes. A knob that
    is not there yet moves the dimension of its own number.
    """
    document = tomlkit.parse(text)
    knobs = document.setdefault("knobs", tomlkit.table())
    entry = knobs.get(str(knob))
    keys: dict[str, Any] = {"z": knob} if entry is None else dict(entry)
    keys = {key: value for key, value in keys.items() if key not in _CONTROL}
    keys |= {learned.kind: learned.number, "channel": learned.channel}
    if learned.encoder != "absolute":
        keys["encoder"] = learned.encoder
        keys.pop("takeover", None)
    keys = {key: keys[key] for key in _ORDER if key in keys}
    if isinstance(entry, Table) and not isinstance(entry, InlineTable):
        for key in (*_CONTROL, "takeover"):
            if key in entry and key not in keys:
                del entry[key]
        entry.update(keys)
    else:
        knobs[str(knob)] = _inline(keys)
    return tomlkit.dumps(document)


def _inline(keys: dict[str, Any]) -> Any:  # noqa: ANN401 - tomlkit's own item
    """On one line, with a space inside the braces, as tomlkit itself would not write it."""
    text = ", ".join(f"{key} = {tomlkit.item(value).as_string()}" for key, value in keys.items())
    return tomlkit.parse(f"it = {{ {text} }}")["it"]
