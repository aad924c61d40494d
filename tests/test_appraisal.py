"""A whole evaluation of a tiny checkpoint: its figures, its files, its card."""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine import appraisal
from engine.appraisal import appraise, regularised_of, take_apart, with_figures
from engine.card import Card, CheckpointError, check_checkpoint, read_card
from engine.checkpoint import save_card
from engine.chorales import Melody
from engine.measures.calibration import isotonic
from engine.model import VAE
from engine.own_corpus import Gathered
from engine.source import chorales_source
from instrument import evaluating
from instrument.cli import main
from instrument.evaluating import EvaluationError, Wanted, run_evaluation
from tests import tiny

MELODIES = [tiny.tiny_melody(seed) for seed in range(10)]


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tiny checkpoint, on a machine whose chorales are its six-bar tunes."""
    monkeypatch.setattr(appraisal, "POINTS", 4)
    monkeypatch.setattr(evaluating, "chorales", lambda _console: MELODIES)
    sha256 = read_card(tiny_checkpoint).corpus["sha256"]

    def known(found: Sequence[Melody]) -> str:
        return sha256 if list(found) == MELODIES else "other"

    monkeypatch.setattr(appraisal, "corpus_hash", known)
    copy = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, copy)
    return copy


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_an_evaluation_changes_nothing(folder: Path) -> None:
    """Without --out and --card no file is written; the same figures come every time."""
    before = bytes_of(folder)
    figures = run_evaluation(folder, Wanted())
    assert bytes_of(folder) == before
    assert run_evaluation(folder, Wanted()) == figures
    assert {"sweep [-3, 3]", "honesty z1", "reconstruction (test)"} <= figures.keys()


Asked = list[tuple[Card, tuple[str, ...]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """For each report that was asked for: its card, and the models to draw beside. It is short."""
    found: Asked = []

    def page(_model: VAE, card: Card, *rest: Any) -> str:
        found.append((card, tuple(rest[2])))
        return "the page"

    monkeypatch.setattr(evaluating, "build_report", page)
    return found


def test_figures_and_report_are_left_in_a_folder(
    folder: Path, tmp_path: Path, asked: Asked
) -> None:
    """--out DIR: metrics.json holds the figures, report.html the page; DIR is made. The report sees
    the calibration, though the card on disk has none.
    """
    out = tmp_path / "new" / "place"
    figures = run_evaluation(folder, Wanted(out=out))
    assert json.loads((out / "metrics.json").read_text()) == figures
    assert (out / "report.html").read_text() == "the page"
    assert sorted(p.name for p in out.iterdir()) == ["metrics.json", "report.html"]
    [(card, beside)] = asked
    assert len(card.attributes[0].calibration) == 61
    assert beside == ()
    assert read_card(folder).attributes[0].calibration == ()


def test_a_card_carries_its_figures_and_its_calibration(folder: Path) -> None:
    """--card: the weights stay, the card gets both, and evaluating again only repeats it."""
    before = bytes_of(folder)
    figures = run_evaluation(folder, Wanted(into_card=True))
    after = bytes_of(folder)
    assert {name for name in after if after[name] != before[name]} == {"card.json"}
    card = check_checkpoint(folder)
    curve = card.attributes[0].calibration
    assert len(curve) == 61
    assert isotonic(curve).tolist() == list(curve)
    told = card.figures["evaluation"]["honesty z1"]["mean"]
    assert told == pytest.approx(figures["honesty z1"]["mean"], abs=1e-5)
    assert card.figures["training"]["side"] == "validation"
    run_evaluation(folder, Wanted(into_card=True))
    assert bytes_of(folder) == after


def test_the_bar_reaches_its_end(folder: Path) -> None:
    """As many phrases are announced as are then decoded and encoded."""
    it = take_apart(folder, MELODIES)
    done: list[int] = []
    appraise(it, done.append)
    assert sum(done) == it.phrases


def test_other_melodies_are_refused(folder: Path) -> None:
    """A checkpoint is only measured on the corpus that it was split from."""
    with pytest.raises(CheckpointError, match=r"trained on other melodies.* install the music21"):
        take_apart(folder, [])
    card = read_card(folder)
    save_card(folder, card.model_copy(update={"corpus": card.corpus | {"folder": "tunes"}}))
    with pytest.raises(CheckpointError, match=r"other melodies.* find the folder as it was then"):
        take_apart(folder, [])
    with pytest.raises(EvaluationError, match="folder named tunes; say with --corpus where it is"):
        run_evaluation(folder, Wanted())


def test_a_corpus_of_ones_own_is_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--corpus DIR: the melodies come from there, by the card's recipe, and not the chorales."""
    source = chorales_source(MELODIES)

    def gathered(place: Path, _console: object, *, bar_aligned: bool) -> Gathered:
        assert (place, bar_aligned) == (tmp_path, True)
        return Gathered(tuple(MELODIES), source, (), ())

    expected = run_evaluation(folder, Wanted())
    monkeypatch.setattr(evaluating, "own_melodies", gathered)
    monkeypatch.setattr(evaluating, "chorales", lambda _console: pytest.fail("read the chorales"))
    assert run_evaluation(folder, Wanted(corpus=tmp_path)) == expected


def test_an_unknown_attribute_is_refused(folder: Path) -> None:
    """A card of a later version names what this one knows, in one sentence."""
    card = read_card(folder)
    strange = card.attributes[0].model_copy(update={"name": "swing"})
    with pytest.raises(CheckpointError, match="attribute swing is none of note_count, register"):
        regularised_of(card.model_copy(update={"attributes": (strange,)}))


def test_figures_replace_figures(folder: Path) -> None:
    """A second evaluation replaces the first; what training said stays."""
    card = read_card(folder)
    once = with_figures(card, {"gap": {"notes": 0.123456789}})
    twice = with_figures(once, {"gap": {"notes": 2.0}})
    assert once.figures == {"training": card.figures, "evaluation": {"gap": {"notes": 0.12346}}}
    assert twice.figures == {"training": card.figures, "evaluation": {"gap": {"notes": 2.0}}}


def test_references_are_found_by_name(folder: Path, tmp_path: Path, asked: Asked) -> None:
    """A run of ``make results`` or a plain folder; one that holds none of them is refused."""
    for name in ("plain-0", "glsr-5-1"):
        shutil.copytree(folder, tmp_path / "runs" / name)
    out = tmp_path / "out"
    run_evaluation(folder, Wanted(out=out, references=tmp_path / "runs"))
    assert asked[0][1] == ("plain", "glsr-5-1")
    with pytest.raises(EvaluationError, match="holds no reference; a folder in it must be"):
        run_evaluation(folder, Wanted(out=out, references=tmp_path))


def test_the_shipped_references_stand_in_where_they_fit(
    folder: Path, tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --references the shipped ones are drawn; not beside a checkpoint of other words."""
    shipped = tmp_path / "shipped"
    shutil.copytree(folder, shipped / "plain")
    monkeypatch.setattr(evaluating, "SHIPPED_REFERENCES", shipped)
    run_evaluation(folder, Wanted(out=tmp_path / "out"))
    card = read_card(shipped / "plain")
    others = (*card.vocabulary[:-1], "B7")
    save_card(shipped / "plain", card.model_copy(update={"vocabulary": others}))
    run_evaluation(folder, Wanted(out=tmp_path / "out"))
    assert [names for _, names in asked] == [("plain",), ()]


def test_a_place_that_cannot_be_written_is_refused_at_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the folder should be is named before minutes of decoding."""
    (tmp_path / "taken").write_text("")
    monkeypatch.setattr(evaluating, "appraise", lambda *_: pytest.fail("began to decode"))
    with pytest.raises(EvaluationError, match=r"taken.* cannot be written"):
        run_evaluation(folder, Wanted(out=tmp_path / "taken"))
    (tmp_path / "out" / "metrics.json").mkdir(parents=True)
    with pytest.raises(EvaluationError, match=r"metrics\.json cannot be written: it is a folder"):
        run_evaluation(folder, Wanted(out=tmp_path / "out"))


def glisser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    """``glisser evaluate ARGS`` in this process: status, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["glisser", "evaluate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_figures_are_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json is all of them, to be read by a program; without it a line for each, under its
    section. The progress is told elsewhere.
    """
    status, out, _ = glisser(monkeypatch, capsys, str(folder), "--json")
    figures = json.loads(out)
    assert status == 0
    _, table, _ = glisser(monkeypatch, capsys, str(folder))
    lines = table.splitlines()
    assert len(lines) == sum(1 + len(values) for values in figures.values())
    assert "honesty z1" in lines
    shown = f"{figures['honesty z1']['span']:.4f}"
    assert lines[lines.index("honesty z1") + 3].split() == ["span", shown]


def test_references_without_a_report_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--references belongs to the report that --out writes; alone it is one sentence, status 2."""
    status, out, err = glisser(monkeypatch, capsys, str(folder), "--references", str(folder))
    assert (status, out) == (2, "")
    assert err == ("glisser: --references is for the report; say with --out where to write it.\n")
