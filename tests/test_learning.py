"""``glisser learn``: what a few turns to the left say of a control, and how the patch has it."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import rtmidi

from instrument.learn_command import described, lesson
from instrument.learning import ENOUGH, Learned, Lesson
from instrument.mapping import Encoder
from instrument.midi_in import Arrival
from instrument.patch import check_text, load_patch, patch_text
from instrument.patch_edit import with_control


def control(number: int, value: int, channel: int = 1) -> bytes:
    return bytes([0xAF + channel, number, value])


def taught(messages: Sequence[bytes]) -> Learned | None:
    """What a lesson of these ends with."""
    room = Lesson()
    for message in messages:
        if (learned := room.hear(message)) is not None:
            return learned
    return None


def test_a_knob_with_two_ends_sends_lower_and_lower_values() -> None:
    """Also one that leaves some out, and one that trembles."""
    assert taught([control(20, value, 3) for value in range(64, 40, -1)]) == Learned("cc", 20, 3)
    trembling = [90, 88, 88, 85, 86, 83, 80]
    assert taught([control(20, value) for value in trembling]) == Learned("cc", 20, 1)


@pytest.mark.parametrize(
    ("value", "encoder"),
    [(127, "twos-complement"), (63, "binary-offset"), (65, "signed-bit"), (1, "signed-bit-2")],
)
def test_an_encoder_says_one_thing_and_which_one_says_how(value: int, encoder: Encoder) -> None:
    """One detent to the left after another; now and then two at once."""
    quick = {127: 126, 63: 62, 65: 66, 1: 2}[value]
    turns = [value, value, quick, value, value, value]
    assert taught([control(7, turn) for turn in turns]) == Learned("cc", 7, 1, encoder)


def test_a_knob_at_its_left_end_is_not_taken_for_an_encoder() -> None:
    """It repeats 0, which says nothing; the hand turns it to the right and back."""
    assert taught([control(7, 0)] * 20) is None
    assert taught([control(7, 0)] * 20 + [control(7, value) for value in (9, 8, 6, 5, 3)])


def test_pairs_and_parameters_are_known_by_their_companions() -> None:
    """Coarse and fine half; 99 and 98 before data entry. A registered parameter says nothing."""
    pair = [control(16 + 32 * (n % 2), 90 - n) for n in range(2 * ENOUGH)]
    assert taught(pair) == Learned("cc14", 16, 1)
    nrpn = [control(99, 2, 5), control(98, 44, 5), *(control(6, 90 - n, 5) for n in range(ENOUGH))]
    assert taught(nrpn) == Learned("nrpn", 300, 5)
    assert taught([control(number, 0) for number in (101, 100)] * ENOUGH) is None


def test_what_is_no_controller_says_nothing() -> None:
    """Notes, clock, half a message, a touch in passing."""
    passing = [control(1, value) for value in range(ENOUGH - 1)]
    assert taught([b"\xf8", b"\x90\x24\x40", b"\xb0\x14", *passing] + [b"\xf8"] * 50) is None


def test_the_control_before_is_passed_over_while_the_hand_still_holds_it() -> None:
    """Each port has a lesson of its own."""
    first = Learned("cc", 20, 1)
    turns = [("A", control(20, value)) for value in range(90, 60, -1)]
    turns += [(port, control(21, 90 - n)) for n in range(ENOUGH) for port in ("A", "B")]
    arrivals = iter([Arrival(port, 0, 0.0, message) for port, message in turns])
    assert lesson(arrivals, {first}) == Learned("cc", 21, 1)


def test_a_learned_control_is_told_in_words() -> None:
    """As the screen says it."""
    assert described(Learned("cc", 7, 3, "signed-bit")) == (
        "CC 7 on channel 3, an encoder (signed-bit)"
    )
    assert described(Learned("cc14", 16, 1)) == "14-bit CC 16 on channel 1"


def test_a_patch_keeps_its_comments_and_all_else() -> None:
    """One line of the default patch changes, and the rest of that line stays."""
    _, text = patch_text("default")
    changed = with_control(text, "knob/2", Learned("cc14", 16, 3))
    before, after = text.splitlines(), changed.splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        (
            '2 = { z = 2, range = [-3.0, 3.0], cc = 21, curve = "calibrated" }',
            '2 = { z = 2, range = [-3.0, 3.0], cc14 = 16, channel = 3, curve = "calibrated" }',
        )
    ]


def test_a_comment_beside_a_knob_stays_and_a_takeover_goes_from_an_encoder() -> None:
    """On one line or on many."""
    encoder = Learned("cc", 7, 1, "binary-offset")
    inline = with_control(
        '[knobs]\n1 = { z = 4, cc = 3, takeover = "pick-up" } # mine\n', "knob/1", encoder
    )
    assert inline == (
        '[knobs]\n1 = { z = 4, cc = 7, channel = 1, encoder = "binary-offset" } # mine\n'
    )
    table = with_control(
        "[knobs.1]\nz = 4 # mine\nnrpn = 3\ntakeover = 'scaling'\n", "knob/1", encoder
    )
    assert "z = 4 # mine" in table
    (learned,) = check_text("it", table).mapping.controls
    assert (learned.number, learned.encoder, learned.takeover) == (7, "binary-offset", "none")


@pytest.mark.parametrize("text", ["", "[knobs]\n", "[knobs]\n2 = { z = 2 }\n"])
def test_a_knob_that_is_not_there_yet_moves_the_dimension_of_its_number(text: str) -> None:
    """An empty file will do."""
    mapping = check_text("it", with_control(text, "knob/5", Learned("nrpn", 300, 1))).mapping
    assert mapping.knobs[-1].dimension == 5
    assert mapping.controls[-1].number == 300


@pytest.mark.parametrize(
    ("text", "key", "written"),
    [
        ("", "gate", "gate = { cc = 7, channel = 2 }"),
        (
            "[settings]\ngate = 80 # mine\n",
            "gate",
            "gate = { start = 80, cc = 7, channel = 2 } # mine",
        ),
        ("[settings]\nlfo.2 = 0.5\n", "lfo/2", "lfo.2 = { start = 0.5, cc = 7, channel = 2 }"),
        (
            "[settings]\ngate = { start = 9, nrpn = 3 }\n",
            "gate",
            "gate = { start = 9, cc = 7, channel = 2 }",
        ),
        ("", "drift/12", "12 = { cc = 7, channel = 2 }"),
    ],
)
def test_a_setting_is_learned_and_its_start_stays(text: str, key: str, written: str) -> None:
    """A bare value becomes a table; a comment stays where it was."""
    changed = with_control(text, key, Learned("cc", 7, 2))
    assert written.replace("C", "cc = 7, channel = 2") in changed
    (control,) = check_text("it", changed).mapping.controls
    assert (control.key, control.number, control.channel) == (key, 7, 2)


@pytest.mark.real(needs=["jackd", "jack_wait"])
@pytest.mark.usefixtures("jack_server")
def test_a_controller_is_learned_on_a_real_port(tmp_path: Path) -> None:
    """From no file to a right one; Ctrl-C ends it, and what was learned stays."""
    patch = tmp_path / "mine.toml"
    controller = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Controller")
    controller.open_virtual_port("knobs")
    command = [sys.executable, "-m", "instrument.cli", "learn", str(patch), "--midi-api", "jack"]
    learning = subprocess.Popen(
        [*command, "--in", "Controller", "--knob", "1", "--knob", "2", "--knob", "3"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert learning.stdout is not None
    try:
        assert "listening to Controller:knobs" in learning.stdout.readline()
        for knob, value in ((1, 63), (2, 127)):
            assert learning.stdout.readline() == (
                f"knob {knob}: turn its control slowly to the left\n"
            )
            while (
                not patch.exists()
                or len(load_patch(str(patch)).controls) < 1
                or (load_patch(str(patch)).controls[knob - 1].number != 70 + knob)
            ):
                controller.send_message([0xB0, 70 + knob, value])
                time.sleep(0.02)
            assert f"CC {70 + knob} on channel 1" in learning.stdout.readline()
        learning.stdout.readline()
        learning.send_signal(signal.SIGINT)
        assert learning.wait(10) == 0
    finally:
        learning.kill()
        controller.delete()
    encoders = [control.encoder for control in load_patch(str(patch)).controls[:3]]
    assert encoders == ["binary-offset", "twos-complement", "absolute"]
