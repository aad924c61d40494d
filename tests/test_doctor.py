"""The preflight, as far as it needs no machine."""

import json
import shutil
from pathlib import Path

from instrument import doctor


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
