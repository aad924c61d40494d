"""The preflight, as far as it needs no machine."""

import json
import shutil
from pathlib import Path

import pytest

from instrument import alsa_check, doctor
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

    monkeypatch.setattr(doctor, "has_package", lambda: True)
    for check in (lambda: checked(0), lambda: checked(2), unavailable):
        monkeypatch.setattr(doctor, "check_jack", check)
        told.append(doctor._jack(JACK))
    monkeypatch.setattr(doctor, "has_package", lambda: False)
    told += [doctor._jack(JACK), doctor._jack([])]
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

    monkeypatch.setattr(doctor, "has_alsa_package", lambda: True)
    for check in (lambda: checked(160_000), lambda: checked(4_000_000), unavailable):
        monkeypatch.setattr(doctor, "check_alsa", check)
        told.append(doctor._alsa(ALSA))
    monkeypatch.setattr(doctor, "has_alsa_package", lambda: False)
    told += [doctor._alsa(ALSA), doctor._alsa(JACK)]
    assert [finding.verdict for finding in told] == ["ok", "warning", "warning", "warning", "ok"]
    assert [finding.told for finding in told] == [
        "the kernel sent 24 notes within 0.16 ms; notes are handed over 5.0 ms ahead",
        "the kernel sent 24 notes within 4.00 ms; play goes through RtMidi",
        "No such file or directory; play goes through RtMidi",
        "notes go out as the player wakes; install glisser[alsa], and the kernel times them",
        "no sequencer answers here; nothing to check",
    ]
