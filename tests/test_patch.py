"""Patch files: what a performer writes, and what is said when it is wrong."""

from pathlib import Path

import pytest

from instrument.mapping import ButtonMapping, ControlMapping, KnobMapping, Mapping, Shows
from instrument.patch import PatchError, load_patch, patch_names, read_patch
from instrument.settings import knob_key


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_the_default_patch_is_the_documented_one() -> None:
    """Knob n is CC 19+n on any channel and moves z_n over -3..3; out on channel 1, velocity 96.

    The first four keep a promise where the checkpoint knows one.
    """
    mapping = load_patch("default")
    assert [(k.knob, k.dimension, k.low, k.high) for k in mapping.knobs] == [
        (n, n, -3.0, 3.0) for n in range(1, 13)
    ]
    assert [k.curve for k in mapping.knobs] == ["calibrated"] * 4 + ["linear"] * 8
    assert mapping.controls == tuple(
        ControlMapping(19 + n, None, knob_key(n)) for n in range(1, 13)
    )
    assert (mapping.channel, mapping.refresh) == (1, "bar")


def test_the_default_patch_is_what_an_unpatched_mapping_means() -> None:
    """Code that builds a Mapping without a file plays as the shipped patch does."""
    assert load_patch("default") == Mapping()


def test_the_shipped_patches_have_names() -> None:
    """The default patch is found by its name."""
    assert "default" in patch_names()


def test_an_empty_patch_is_a_patch_without_knobs(tmp_path: Path) -> None:
    """Everything has a default but the knobs: what is not written is not mapped."""
    mapping = load_patch(write(tmp_path, ""))
    assert (mapping.knobs, mapping.controls, mapping.channel) == ((), (), 1)


def test_a_knob_takes_the_patchs_range_unless_it_has_its_own(tmp_path: Path) -> None:
    """A range written once serves every knob that does not say otherwise."""
    text = "[latent]\nrange = [-2, 2]\n[knobs]\n1 = { z = 3 }\n2 = { z = 1, range = [0, 1] }\n"
    mapping = load_patch(write(tmp_path, text))
    assert mapping.knobs == (KnobMapping(1, 3, -2.0, 2.0), KnobMapping(2, 1, 0.0, 1.0))


def test_a_knob_may_ask_for_the_checkpoints_calibration(tmp_path: Path) -> None:
    """Linear unless it says otherwise; the curve itself comes from the checkpoint, later."""
    text = "[knobs]\n1 = { z = 1, curve = 'calibrated', range = [-2, 3] }\n2 = { z = 2 }\n"
    mapping = load_patch(write(tmp_path, text))
    assert mapping.knobs == (
        KnobMapping(1, 1, -2.0, 3.0, "calibrated"),
        KnobMapping(2, 2, -3.0, 3.0, "linear"),
    )


def test_a_controller_can_be_bound_to_one_channel(tmp_path: Path) -> None:
    """With a channel, the knob listens on that channel only."""
    mapping = load_patch(write(tmp_path, "[knobs]\n1 = { z = 1, cc = 7, channel = 3 }"))
    assert mapping.controls == (ControlMapping(7, 3, "knob/1"),)


def test_what_turns_a_knob_and_how_it_takes_over(tmp_path: Path) -> None:
    """A patch's takeover is that of every knob that has none of its own, but not of encoders."""
    text = """takeover = "pick-up"
[buttons]
freeze = { note = 36, channel = 10 }
play = { cc = 41 }
[knobs]
1 = { z = 1, cc14 = 16, takeover = "scaling" }
2 = { z = 2, nrpn = 300, channel = 2 }
3 = { z = 3, cc = 7, encoder = "binary-offset" }
4 = { z = 4 }
"""
    mapping = load_patch(write(tmp_path, text))
    assert mapping.controls == (
        ControlMapping(16, None, "knob/1", "cc14", "absolute", "scaling"),
        ControlMapping(300, 2, "knob/2", "nrpn", "absolute", "pick-up"),
        ControlMapping(7, None, "knob/3", "cc", "binary-offset", "none"),
    )
    assert mapping.buttons == (
        ButtonMapping(36, 10, "freeze"),
        ButtonMapping(41, None, "play", "cc"),
    )


def test_a_patch_asks_for_feedback(tmp_path: Path) -> None:
    """Nothing is told to a controller that nobody said can show it."""
    assert load_patch(write(tmp_path, "")).shows == Shows(on=False, channel=1, lights=True)
    text = "[feedback]\non = true\nchannel = 5\nlights = false\n"
    assert load_patch(write(tmp_path, text)).shows == Shows(on=True, channel=5, lights=False)
    asking = {name for name in patch_names() if load_patch(name).shows.on}
    assert asking == {"midi-fighter-twister"}


@pytest.mark.parametrize(
    ("text", "line", "key", "allowed"),
    [
        (
            'refersh = "bar"',
            1,
            "refersh",
            "allowed here: checkpoint, refresh, takeover, out, latent, receive, ports, settings, "
            "pad, capture, feedback, buttons, voices, knobs",
        ),
        ('refresh = "never"', 1, "refresh", '"bar", "phrase" or "step"'),
        ("[out]\nchanel = 3", 2, "out.chanel", "allowed here: channel"),
        ("[out]\n\nchannel = 17", 3, "out.channel", "1 to 16"),
        ("[settings]\nvelocity = true", 2, "settings.velocity", "a number"),
        ("[settings]\nvelocity = 128", 2, "settings.velocity", "a whole number, 1 to 127"),
        ("[settings]\nvelocity = 1.5", 2, "settings.velocity", "a whole number, 1 to 127"),
        ("[settings]\ngate = []", 2, "settings.gate", "a number, the name of a choice, or a table"),
        ("[settings]\ngate = inf", 2, "settings.gate", "5 to 100 % of a note"),
        ("[settings]\ngate = { cc = 120 }", 2, "settings.gate.cc", "0 to 119"),
        ('[settings]\nscale = "odd"', 2, "settings.scale", '"off", "major", "minor"'),
        ("[settings]\nvolume = 3", 2, "settings.volume", "`glisser params` lists them"),
        ("[settings]\nVolume = 3", 2, "settings.Volume", "`glisser params` lists them"),
        ("[settings]\nlfo.13 = 1.0", 2, "settings.lfo.13", "`glisser params` lists them"),
        ("[settings]\nlfo.1 = 4.0", 2, "settings.lfo.1", "0 to 3"),
        ("[settings]\nlfo = 1.0", 2, "settings.lfo", "`glisser params` lists them"),
        ('[pad]\ncorners = ["1", "2", "3"]', 2, "pad.corners", "the names of four snapshots"),
        ('[pad]\ncorners = ["1", "2", "3", "../4"]', 2, "pad.corners", "the names of four"),
        ("[capture]\nchannel = 0", 2, "capture.channel", "1 to 16"),
        ("[feedback]\non = 1", 2, "feedback.on", "true or false"),
        ("[feedback]\nchannel = 17", 2, "feedback.channel", "1 to 16"),
        ("[feedback]\nlights = 'all'", 2, "feedback.lights", "true or false"),
        ("[feedback]\nbuttons = true", 2, "feedback.buttons", "allowed here: on, channel, lights"),
        ("feedback = true", 1, "feedback", "a table, [feedback]"),
        ("[buttons]\nsnapshot-0 = { note = 1 }", 2, "buttons.snapshot-0", "snapshot-1"),
        ("[latent]\nrange = [3, -3]", 2, "latent.range", "the lower one first"),
        ("[latent]\nrange = [1, 1]", 2, "latent.range", "the lower one first"),
        ("[latent]\nrange = [nan, 1]", 2, "latent.range", "finite"),
        ("[knobs]\n1 = { z = 1 }\n2 = { z = 1 }", 3, "knobs.2.z", "one knob each is allowed"),
        ("[knobs]\n1 = { z = 13 }", 2, "knobs.1.z", "allowed is 1 to 12"),
        ("[knobs]\n1 = { z = 0 }", 2, "knobs.1.z", "from 1"),
        ("[knobs]\n1 = { z = '1' }", 2, "knobs.1.z", "a whole number"),
        ("[settings]\nswing = 80", 2, "settings.swing", "50 to 75 % of an eighth"),
        ("[receive]\nclock = 1", 2, "receive.clock", "true or false"),
        ("[receive]\nnotes = true", 2, "receive.notes", "clock, transport, program"),
        ("[knobs]\n1 = { cc = 20 }", 2, "knobs.1.z", "is missing"),
        ("[knobs]\n1 = { z = 1, cc = 123 }", 2, "knobs.1.cc", "0 to 119"),
        ("[knobs.4]\nz = 1\nrange = [5]", 3, "knobs.4.range", "two finite numbers"),
        ("[knobs]\nx = { z = 1 }", 2, "knobs.x", "1 to 99"),
        ("[knobs]\n1 = 3", 2, "knobs.1", "a table"),
        ("knobs = 3", 1, "knobs", "a table"),
        ("ports = 'um-one'", 1, "ports", "a table"),
        ("[ports]\nsynth = ''", 2, "ports.synth", "a part of a port's name"),
        ("[ports]\nsynth = 3", 2, "ports.synth", "a part of a port's name"),
        ("[ports]\nsynth = 'um-one@99'", 2, "ports.synth", "a part of a port's name"),
        ("[ports]\n1st = 'um-one'", 2, "ports.1st", "begins with a letter"),
        (
            "[knobs]\n1 = { z = 1, bend = 2 }",
            2,
            "knobs.1.bend",
            "encoder, takeover, z, range, curve",
        ),
        ("[knobs]\n1 = { z = 1, cc14 = 32 }", 2, "knobs.1.cc14", "a second one 32 above, 0 to 31"),
        ("[knobs]\n1 = { z = 1, nrpn = 16383 }", 2, "knobs.1.nrpn", "0 to 16382"),
        ("[knobs]\n1 = { z = 1, cc = 1, nrpn = 1 }", 2, "knobs.1", "one of them is allowed"),
        ("[knobs]\n1 = { z = 1, cc = 1, encoder = 'up' }", 2, "knobs.1.encoder", "binary-offset"),
        (
            "[knobs]\n1 = { z = 1, cc14 = 1, encoder = 'signed-bit' }",
            2,
            "knobs.1.encoder",
            "allowed for a cc only",
        ),
        (
            "[knobs]\n1 = { z = 1, cc = 1, encoder = 'signed-bit', takeover = 'pick-up' }",
            2,
            "knobs.1.takeover",
            'only "none" is allowed',
        ),
        ("takeover = 'soft'", 1, "takeover", '"none", "pick-up" or "scaling"'),
        ("[buttons]\njump = { note = 1 }", 2, "buttons.jump", "play-stop, panic, freeze"),
        ("[buttons]\nplay = 36", 2, "buttons.play", "such as { note = 36 }"),
        ("[buttons]\nplay = { note = 128 }", 2, "buttons.play.note", "0 to 127"),
        ("[buttons]\nplay = { channel = 1 }", 2, "buttons.play", "neither a note nor a cc"),
        ("[knobs]\n1 = { z = 1, curve = 'log' }", 2, "knobs.1.curve", '"calibrated" or "expo'),
        (
            "[latent]\nrange = [-4, 3]\n[knobs]\n1 = { z = 1, curve = 'calibrated' }",
            4,
            "knobs.1.curve",
            "known from -3 to 3 only; the range is -4 to 3",
        ),
    ],
)
def test_a_wrong_patch_is_told_in_one_sentence(
    tmp_path: Path, text: str, line: int, key: str, allowed: str
) -> None:
    """The sentence names the file, the line, the key and what is allowed."""
    path = write(tmp_path, text)
    with pytest.raises(PatchError) as caught:
        load_patch(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}, line {line}: {key} ")
    assert allowed in sentence
    assert "\n" not in sentence


def test_a_patch_names_the_ports_of_a_rig(tmp_path: Path) -> None:
    """For --out, --in and --clock-out; they are the rig's affair and no part of the mapping."""
    path = write(tmp_path, "[ports]\nsynth = 'Minilogue'\ndrums = 'TR-8S@-2'")
    assert read_patch(path).ports == {"synth": "Minilogue", "drums": "TR-8S@-2"}
    assert load_patch(path) == load_patch(write(tmp_path, ""))


@pytest.mark.parametrize("text", ["[out", "[knobs]\n1 = {z=1}\n1 = {z=2}", "a = " + "[" * 5_000])
def test_what_is_not_toml_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    """A slip in the syntax names the file."""
    path = write(tmp_path, text)
    with pytest.raises(PatchError) as caught:
        load_patch(path)
    assert str(caught.value).startswith(f"{path} is not TOML: ")


def test_a_patch_that_is_not_text_is_told(tmp_path: Path) -> None:
    """A binary file given as a patch is refused by name."""
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PatchError, match="not UTF-8"):
        load_patch(str(path))


def test_a_missing_patch_is_told() -> None:
    """An unknown name lists the names there are; a missing file is named."""
    with pytest.raises(PatchError, match=r"no patch is named 'nope'; there are .*default"):
        load_patch("nope")
    with pytest.raises(PatchError, match=r"no/such\.toml cannot be read: No such file"):
        load_patch("no/such.toml")


def test_a_smaller_checkpoint_allows_fewer_dimensions(tmp_path: Path) -> None:
    """The highest dimension is the checkpoint's."""
    with pytest.raises(PatchError, match="allowed is 1 to 2"):
        load_patch(write(tmp_path, "[knobs]\n1 = { z = 3 }"), dimensions=2)
