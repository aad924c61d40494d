"""A port and its nudge, as typed."""

import pytest

from instrument.arguments import InputError, clock_ports_of, ports_of
from instrument.nudge import (
    NudgedPort,
    NudgeError,
    input_by_alias,
    nudged_port,
    output_by_alias,
)
from instrument.opening import PlayOptions


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


RIG = {"synth": "Minilogue", "Drums": "TR-8S@-2"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("synth", "Minilogue"),
        ("SYNTH", "Minilogue"),
        ("synth@3", "Minilogue@+3"),
        ("drums", "TR-8S@-2"),
        ("drums@+4.5", "TR-8S@+4.5"),
        ("synthesizer", "synthesizer"),
        ("juno@1", "juno@1"),
    ],
)
def test_a_name_of_the_rig_stands_for_a_port(typed: str, meant: str) -> None:
    """The whole name, in any case; a nudge that was typed wins over the patch's."""
    assert output_by_alias(typed, RIG) == meant


def test_an_input_may_be_named_as_well_and_has_no_nudge() -> None:
    """One name may stand for both directions of one device."""
    assert input_by_alias("DRUMS", RIG) == "TR-8S"
    assert input_by_alias("jack@home", RIG) == "jack@home"


def test_the_names_hold_for_every_port_of_a_performance() -> None:
    """For notes, for clock, for controllers."""
    asked = PlayOptions(out=("synth", "drums@1"), clock_out=("drums",), inputs=("drums", "um-one"))
    meant = asked.with_aliases(RIG)
    assert meant.out == ("Minilogue", "TR-8S@+1")
    assert meant.clock_out == ("TR-8S@-2",)
    assert meant.inputs == ("TR-8S", "um-one")
    assert meant.played_to == ("Minilogue", "TR-8S")
