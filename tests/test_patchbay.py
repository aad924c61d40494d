"""Cables that are plugged in again, and those that a hand has pulled."""

from instrument.patchbay import Cable, Patchbay, Presence, role_of, roles_of

SYNTH, OTHER = "Synth:in", "Other:in"


def test_the_role_is_the_same_under_any_client_name() -> None:
    """JACK counts clients of one name."""
    assert [role_of(name) for name in ("Glisser:out", "Glisser-01:out", "Glisser-2:in")] == [
        "out",
        "out",
        "in",
    ]
    assert role_of("Glisser-clock-02:out-3") == "clock-out-3"
    assert role_of("Synth:out") is None


def test_the_roles_are_the_ports_that_the_processes_open() -> None:
    """Numbered from the second on; a clock beside virtual notes has a client of its own."""
    both = roles_of(["synth", "drums"], virtual=False, listening=False)
    assert both == {"in": [], "out": ["synth"], "out-2": ["drums"]}
    assert roles_of([], virtual=True, listening=True) == {"out": []}
    assert roles_of(["drums"], virtual=True, listening=True) == {"out": [], "clock-out": ["drums"]}


def test_a_peer_that_comes_back_is_connected_again() -> None:
    """It took its cable with it; nobody pulled it."""
    bay = Patchbay({"out": [], "in": []})
    assert bay.missing(["Glisser:out", SYNTH], {"Glisser:out": [SYNTH]}) == []
    assert bay.missing(["Glisser:out"], {"Glisser:out": []}) == []
    assert bay.missing(["Glisser:out", SYNTH], {"Glisser:out": []}) == [Cable("Glisser:out", SYNTH)]


def test_a_cable_that_was_pulled_stays_out() -> None:
    """Both ports were there before and after."""
    bay = Patchbay({"out": [], "in": []})
    bay.missing(["Glisser:out", SYNTH, OTHER], {"Glisser:out": [SYNTH, OTHER]})
    assert bay.missing(["Glisser:out", SYNTH, OTHER], {"Glisser:out": [OTHER]}) == []
    bay.missing([SYNTH, OTHER], {})
    assert bay.missing(["Glisser-01:out", SYNTH, OTHER], {"Glisser-01:out": []}) == [
        Cable("Glisser-01:out", OTHER)
    ]


def test_a_port_of_ours_that_comes_back_has_its_cables_again() -> None:
    """Another process made it, so it may be called otherwise; inputs as well as outputs."""
    bay = Patchbay({"out": [], "in": []})
    ports = ["Glisser:out", "Glisser:in", SYNTH, "Knobs:out"]
    bay.missing(ports, {"Glisser:out": [SYNTH], "Glisser:in": ["Knobs:out"]})
    bay.missing([SYNTH, "Knobs:out"], {})
    back = ["Glisser-01:out", "Glisser-02:in", SYNTH, "Knobs:out"]
    assert bay.missing(back, {"Glisser-01:out": [], "Glisser-02:in": []}) == [
        Cable("Glisser-01:out", SYNTH),
        Cable("Glisser-02:in", "Knobs:out"),
    ]


def test_both_ends_gone_and_back() -> None:
    """As when the server was started again: whichever comes first waits for the other."""
    bay = Patchbay({"out": [], "in": []})
    bay.missing(["Glisser:out", SYNTH], {"Glisser:out": [SYNTH]})
    bay.missing([], {})
    assert bay.missing(["Glisser:out"], {"Glisser:out": []}) == []
    assert bay.missing(["Glisser:out", SYNTH], {"Glisser:out": []}) == [Cable("Glisser:out", SYNTH)]


def test_a_peer_asked_for_by_name_is_known_under_another_suffix() -> None:
    """A synth that comes back as a second client; two that fit are none."""
    bay = Patchbay({"out": ["minilogue"]})
    bay.missing(["Glisser:out", "Minilogue:midi in"], {"Glisser:out": ["Minilogue:midi in"]})
    bay.missing(["Glisser:out"], {"Glisser:out": []})
    again = ["Glisser:out", "Minilogue-01:midi in"]
    assert bay.missing(again, {"Glisser:out": []}) == [Cable("Glisser:out", "Minilogue-01:midi in")]
    bay.missing(["Glisser:out"], {"Glisser:out": []})
    twins = ["Glisser:out", "Minilogue-02:midi in", "Minilogue-03:midi in"]
    assert bay.missing(twins, {"Glisser:out": []}) == []


def test_a_port_that_was_asked_for_goes_and_comes_once() -> None:
    """Told when it changes, under whatever number it has; the others do not matter."""
    presence = Presence(["minilogue", "drums"])
    assert presence.changes(["Minilogue 20:0", "Drums 24:0"]) == ([], [])
    assert presence.changes(["Drums 24:0"]) == (["minilogue"], [])
    assert presence.changes(["Drums 24:0", "Other 28:0"]) == ([], [])
    assert presence.changes(["Minilogue 32:0"]) == (["drums"], ["minilogue"])


def test_a_role_that_nobody_asked_for_is_left_alone() -> None:
    """Inputs asked for by name are several ports of one role, and look after themselves."""
    bay = Patchbay({"out": []})
    bay.missing(["Glisser:in", "Knobs:out"], {"Glisser:in": ["Knobs:out"]})
    bay.missing(["Knobs:out"], {})
    assert bay.missing(["Glisser:in", "Knobs:out"], {"Glisser:in": []}) == []


def test_what_one_patchbay_remembers_another_may_be_told() -> None:
    """When the server was gone, and the process that looked after the cables with it."""
    bay = Patchbay({"out": [], "in": []})
    bay.missing(["Glisser:out", SYNTH], {"Glisser:out": [SYNTH]})
    assert bay.peers == {"out": [SYNTH]}
    another = Patchbay({"out": [], "in": []}, bay.peers)
    assert another.missing(["Glisser:out", SYNTH], {"Glisser:out": []}) == [
        Cable("Glisser:out", SYNTH)
    ]


def test_a_port_that_goes_and_comes_between_two_looks_was_not_unplugged_by_a_hand() -> None:
    """Another player takes a fifth of a second; so may a synth that is switched off and on."""
    for anew in ("Glisser:out", SYNTH):
        bay = Patchbay({"out": []})
        bay.missing(["Glisser:out", SYNTH], {"Glisser:out": [SYNTH]})
        bay.made_anew([anew])
        cables = bay.missing(["Glisser:out", SYNTH], {"Glisser:out": []})
        assert cables == [Cable("Glisser:out", SYNTH)]
