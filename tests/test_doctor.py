"""The preflight, as far as it needs no machine."""

import json
import shutil
from pathlib import Path

import pytest

from instrument import alsa_check, doctor, doctor_machine, doctor_midi
from instrument.alsa_out import AlsaUnavailableError
from instrument.jack_check import Checked
from instrument.jack_out import JackUnavailableError

ALSA = [{"api": "alsa", "outputs": [], "inputs": []}]
JACK = [{"api": "jack", "outputs": [], "inputs": []}]


def test_doctor_tells_which_knobs_are_true_and_calibrated(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """One line: what each true knob moves, whether it keeps a promise, which knobs are linear."""
    finding = doctor._knobs(str(tiny_checkpoint))
    assert (finding.what, finding.verdict) == ("knobs", "ok")
    assert finding.told.startswith("true: 1 notes; knobs 1, 2, 3 and 4 are linear")
    folder = tmp_path / "calibrated"
    shutil.copytree(tiny_checkpoint, folder)
    card = json.loads((folder / "card.json").read_text())
    card["attributes"][0]["calibration"] = [float(i) for i in range(61)]
    (folder / "card.json").write_text(json.dumps(card))
    told = doctor._knobs(str(folder)).told
    assert told.startswith("true and calibrated: 1 notes; knobs 2, 3 and 4 are linear")


def test_doctor_names_a_checkpoint_that_is_not_there() -> None:
    """A wrong name is a failed line, not a crash."""
    assert doctor._knobs("nope").verdict == "fail"


def test_doctor_tells_whether_notes_fall_on_their_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact, not exact, impossible, not installed, no server: one line each, never a failure."""
    told = []

    def checked(wrong: int) -> Checked:
        return Checked(24, wrong, 0, 48_000, 5_666_666)

    def unavailable() -> Checked:
        raise JackUnavailableError("it does not answer")

    monkeypatch.setattr(doctor_midi, "has_package", lambda: True)
    for check in (lambda: checked(0), lambda: checked(2), unavailable):
        monkeypatch.setattr(doctor_midi, "check_jack", check)
        told.append(doctor_midi.jack(JACK))
    monkeypatch.setattr(doctor_midi, "has_package", lambda: False)
    told += [doctor_midi.jack(JACK), doctor_midi.jack([])]
    assert [finding.verdict for finding in told] == ["ok", "warning", "warning", "warning", "ok"]
    assert [finding.told.partition(";")[0] for finding in told] == [
        "24 notes on their very frames, at 48000 a second",
        "2 of 24 notes not on their frames",
        "it does not answer",
        "notes fall on its periods",
        "no server answers here",
    ]


def test_doctor_tells_whether_the_kernel_times_notes_on_alsa(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In time, late, impossible, not installed, no sequencer: one line each, never a failure."""
    told = []

    def checked(worst_ns: int) -> alsa_check.Checked:
        return alsa_check.Checked(24, 0, worst_ns)

    def unavailable() -> alsa_check.Checked:
        raise AlsaUnavailableError("No such file or directory")

    monkeypatch.setattr(doctor_midi, "has_alsa_package", lambda: True)
    for check in (lambda: checked(160_000), lambda: checked(4_000_000), unavailable):
        monkeypatch.setattr(doctor_midi, "check_alsa", check)
        told.append(doctor_midi.alsa(ALSA))
    monkeypatch.setattr(doctor_midi, "has_alsa_package", lambda: False)
    told += [doctor_midi.alsa(ALSA), doctor_midi.alsa(JACK)]
    assert [finding.verdict for finding in told] == ["ok", "warning", "warning", "warning", "ok"]
    assert [finding.told for finding in told] == [
        "the kernel sent 24 notes within 0.16 ms; notes are handed over 5.0 ms ahead",
        "the kernel sent 24 notes within 4.00 ms; play goes through RtMidi",
        "No such file or directory; play goes through RtMidi",
        "notes go out as the player wakes; install glisser[alsa], and the kernel times them",
        "no sequencer answers here; nothing to check",
    ]


@pytest.mark.parametrize(
    ("late_ms", "verdict"),
    [([], "fail"), ([0.5] * 23, "fail"), ([0.5] * 24, "ok"), ([0.5] * 23 + [30.0], "warning")],
)
def test_doctor_tells_whether_what_is_sent_arrives(late_ms: list[float], verdict: str) -> None:
    """None, not all, all, all but late: what cannot be played with is a fail."""
    assert doctor_midi.looped("jack", 24, late_ms).verdict == verdict


def test_doctor_sends_through_the_real_system_or_says_why_not() -> None:
    """No system is nothing to check; Windows has no ports of ours."""
    assert doctor_midi.loop_back([]).verdict == "ok"
    assert doctor_midi.loop_back([{"api": "winmm"}]).verdict == "warning"


@pytest.mark.real(needs=["jackd", "jack_wait"])
@pytest.mark.usefixtures("jack_server")
def test_doctor_hears_its_own_notes_on_jack() -> None:
    """From one port of ours to another, in a process of its own."""
    found = doctor_midi.loop_back(JACK)
    assert found.told.startswith("jack: 24 of 24 notes arrived")


@pytest.mark.parametrize(
    ("late_ms", "verdict"),
    [
        ([0.1] * 1000, "ok"),
        ([0.1] * 980 + [2.0] * 20, "warning"),
        ([0.1] * 999 + [30.0], "warning"),
    ],
)
def test_doctor_judges_how_late_a_player_is_woken(late_ms: list[float], verdict: str) -> None:
    """By the 99th percentile and the worst."""
    found = doctor_machine.judged(late_ms, 10.0)
    assert found.verdict == verdict
    assert f"{max(late_ms):.3f} at most, over 10 s" in found.told


def test_doctor_listens_to_the_clock_in_a_process_like_the_players() -> None:
    """A tenth of a second of it, here; the figures are the machine's."""
    assert doctor_machine.timing(0.1).told.startswith("woken ")


@pytest.mark.parametrize(
    ("name", "verdict"), [("tsc", "ok"), ("kvm-clock", "ok"), ("hpet", "warning")]
)
def test_doctor_names_the_clock_that_the_computer_goes_by(
    tmp_path: Path, name: str, verdict: str
) -> None:
    """Some are slow to read, and the player reads it all the time."""
    file = tmp_path / "current_clocksource"
    file.write_text(f"{name}\n")
    found = doctor_machine.clock_source(file)
    assert (found.verdict, found.told.startswith(name)) == (verdict, True)
    assert doctor_machine.clock_source(tmp_path / "none").verdict == "ok"


@pytest.mark.parametrize(("free_mib", "verdict"), [(100, "warning"), (5_000, "ok")])
def test_doctor_looks_for_room_for_a_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, verdict: str
) -> None:
    """Where one would be written."""
    usage = shutil._ntuple_diskusage(10**12, 0, free_mib << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert doctor_machine.disk(tmp_path).verdict == verdict
