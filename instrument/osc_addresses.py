"""Every OSC address, and what a message to it asks for. Pure."""

from collections.abc import Callable

from instrument.actions import (
    Action,
    Capture,
    ChangeSong,
    Get,
    Ping,
    Set,
    Snapshot,
    Subscribe,
    Transport,
    Unsubscribe,
    set_coordinate,
)
from instrument.mapping import Mapping
from instrument.osc_parse import Act, Addresses, Endpoint, RefusedError
from instrument.parameters import Parameter, parameters
from instrument.settings import voice_key

DEFAULT_FEEDBACK_PORT = 9130
GETTABLE = ("tempo", "z", "phrase", "bar", "playing", "song", "snapshots", "stats")
MAX_MORPH_BARS = 64.0


def addresses(mapping: Mapping) -> Addresses:
    """Every address that exists under this patch; literal, so that finding one is one look-up."""
    table = {
        parameter.address.encode(): Endpoint(_setter(parameter), newest_wins=True)
        for parameter in parameters(mapping)
    }
    for voice, its in enumerate(mapping.each_voice, start=1):
        all_of_it = f"/glisser/{voice_key(voice, 'z')}".encode()
        table[all_of_it] = Endpoint(_all_coordinates(its.dimensions, voice), newest_wins=True)
    for command in (Transport("play"), Transport("stop"), Transport("panic")):
        table[f"/glisser/{command.do}".encode()] = Endpoint(_button(command), newest_wins=False)
    table[b"/glisser/pad"] = Endpoint(_pad, newest_wins=True)
    for address, does in (("", True), ("/cancel", False)):
        capture = _button(Capture(does))
        table[f"/glisser/capture{address}".encode()] = Endpoint(capture, newest_wins=False)
    table[b"/glisser/song"] = Endpoint(_nameless, newest_wins=False, named=_song)
    table[b"/glisser/song/next"] = Endpoint(_button(ChangeSong("next")), newest_wins=False)
    table[b"/glisser/song/previous"] = Endpoint(_button(ChangeSong("previous")), newest_wins=False)
    for do, named in (("save", _save), ("recall", _recall)):
        address_bytes = f"/glisser/snapshot/{do}".encode()
        table[address_bytes] = Endpoint(_nameless, newest_wins=False, named=named)
    table[b"/glisser/ping"] = Endpoint(_bare(Ping()), newest_wins=False)
    for what in GETTABLE:
        table[f"/glisser/get/{what}".encode()] = Endpoint(_bare(Get(what)), newest_wins=False)
    table[b"/glisser/subscribe"] = Endpoint(_with_port(Subscribe), newest_wins=False)
    table[b"/glisser/unsubscribe"] = Endpoint(_with_port(Unsubscribe), newest_wins=False)
    return table


def _setter(parameter: Parameter) -> Act:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 1)
        action = parameter.action(numbers[0])
        if action is None:
            raise RefusedError(
                "out of range",
                f"{numbers[0]:g} is not {parameter.low:g}..{parameter.high:g} {parameter.unit}",
            )
        return [action]

    return act


def _all_coordinates(dimensions: int, voice: int) -> Act:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, dimensions)
        return [set_coordinate(dimension, z, voice) for dimension, z in enumerate(numbers, start=1)]

    return act


def _pad(numbers: tuple[float, ...]) -> list[Action]:
    _want(numbers, 2)
    return [
        Set(key, min(1.0, max(0.0, place)))
        for key, place in zip(("pad-x", "pad-y"), numbers, strict=True)
    ]


def _nameless(_numbers: tuple[float, ...]) -> list[Action]:
    raise RefusedError("wrong arguments", "wants a name first")


def _save(name: str, numbers: tuple[float, ...]) -> list[Action]:
    _want(numbers, 0)
    return [Snapshot("save", name)]


def _recall(name: str, numbers: tuple[float, ...]) -> list[Action]:
    _want(numbers, 0, 1)
    if numbers and not 0.0 <= numbers[0] <= MAX_MORPH_BARS:
        raise RefusedError("out of range", f"{numbers[0]:g} is not 0..{MAX_MORPH_BARS:g} bars")
    return [Snapshot("recall", name, *numbers)]


def _song(name: str, numbers: tuple[float, ...]) -> list[Action]:
    _want(numbers, 0)
    return [ChangeSong("named", name)]


def _button(command: Transport | Capture | ChangeSong) -> Act:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 0, 1)
        released = numbers == (0.0,)  # a surface's button sends 1 when pressed and 0 when let go
        return [] if released else [command]

    return act


def _bare(action: Action) -> Act:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 0)
        return [action]

    return act


def _with_port(
    action: Callable[[int], Subscribe | Unsubscribe],
) -> Act:
    def act(numbers: tuple[float, ...]) -> list[Action]:
        _want(numbers, 0, 1)
        port = numbers[0] if numbers else float(DEFAULT_FEEDBACK_PORT)
        if not port.is_integer() or not 1 <= port <= 65_535:
            raise RefusedError("out of range", f"{port:g} is not a UDP port, 1..65535")
        return [action(int(port))]

    return act


def _want(numbers: tuple[float, ...], *counts: int) -> None:
    if len(numbers) not in counts:
        wanted = " or ".join(str(count) for count in counts)
        raise RefusedError("wrong arguments", f"wants {wanted} numbers, not {len(numbers)}")
