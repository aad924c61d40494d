"""A port and its nudge, as typed."""

import pytest

from instrument.arguments import InputError, clock_ports_of, ports_of
from instrument.nudge import NudgedPort, NudgeError, nudged_port


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("juno", NudgedPort("juno", 0.0)),
        ("juno@+3.5", NudgedPort("juno", 3.5)),
        ("juno@-50", NudgedPort("juno", -50.0)),
        ("jack@home@2", NudgedPort("jack@home", 2.0)),
    ],
)
def test_a_nudge_stands_behind_the_name_of_its_port(text: str, port: NudgedPort) -> None:
    """Plus is later, minus earlier, in ms; the last @ counts."""
    assert nudged_port(text) == port
    assert port.nudge_ns == round(port.nudge_ms * 1_000_000)


@pytest.mark.parametrize("text", ["juno@51", "juno@-50.1", "juno@3,5", "juno@nan", "juno@"])
def test_a_bad_nudge_is_one_sentence(text: str) -> None:
    """It names the port and what is allowed."""
    with pytest.raises(NudgeError, match=r"-50 to \+50, such as juno@\+3.5"):
        nudged_port(text)
    with pytest.raises(InputError, match=f"--out: port '{text}'"):
        ports_of([text], "--out")


def test_a_port_for_notes_and_clock_has_one_nudge() -> None:
    """That of --out; a second one at --clock-out is refused."""
    assert clock_ports_of(["juno"], ["juno@3"]) == ("juno",)
    assert clock_ports_of(["drums@-2"], ["juno@3"]) == ("drums@-2",)
    with pytest.raises(InputError, match="has its nudge at --out"):
        clock_ports_of(["juno@2"], ["juno@3"])
