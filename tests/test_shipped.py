"""The checkpoint in the repository is what its card and the README say."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from engine.card import check_checkpoint, find_checkpoint
from engine.checkpoint import load_decoder
from engine.decoding import PhraseDecoder
from engine.evaluation import sweep
from engine.measures.metrics import note_counts, sweep_figures
from engine.phrase import HOLD_STEP, REST_STEP, notes_from_steps, steps_from_notes

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def stage() -> PhraseDecoder:
    return PhraseDecoder.load("stage")


def test_the_card_says_what_was_learnt_from_what_and_how() -> None:
    """Two layers of at least 256 units, 12 dimensions, four calibrated knobs, aids declared."""
    card = check_checkpoint(find_checkpoint("stage"))
    assert card.model.units >= 256
    assert card.model.latent_dimensions == 12
    knobs = ["note_count", "register", "direction", "lean"]
    assert [a.name for a in card.attributes] == knobs
    assert [a.dimension for a in card.attributes] == [1, 2, 3, 4]
    assert all(a.calibration for a in card.attributes)
    assert card.training["config"]["schedule"]["final_beta"] >= 0.2
    assert card.training["final_weights_reached"] is True
    assert len(card.training["aids"]) >= 5
    assert card.corpus["split"]["by"] == "tune"
    assert "music21" in card.data_licence


@pytest.mark.parametrize("reference", ["plain", "glsr-5-1"])
def test_the_references_speak_the_words_of_the_shipped(reference: str) -> None:
    """So that the report can draw them beside stage and paper-256; names say what they are."""
    card = check_checkpoint(find_checkpoint(f"reference/{reference}"))
    assert card.name == reference
    for shipped in ("stage", "paper-256"):
        assert check_checkpoint(find_checkpoint(shipped)).vocabulary == card.vocabulary
    slopes = [(a.mu, a.variance) for a in card.attributes]
    assert slopes == ([] if reference == "plain" else [(5.0, 1.0)])


def test_the_phrase_of_the_origin_is_the_one_on_the_card(stage: PhraseDecoder) -> None:
    """What plays before torch has loaded is what the engine then says."""
    assert stage.decode(np.zeros(12))[0].tokens == stage.card.start_tokens


def test_more_of_knob_1_is_more_notes(stage: PhraseDecoder) -> None:
    """z1 = -2 and 2: more at the origin, and never fewer at any of 64 other points."""
    points = np.random.default_rng(2).normal(size=(65, 12))
    points[0] = 0.0
    low, high = points.copy(), points.copy()
    low[:, 0], high[:, 0] = -2.0, 2.0
    few = [len(phrase.notes) for phrase in stage.decode(low)]
    many = [len(phrase.notes) for phrase in stage.decode(high)]
    assert few[0] < many[0]
    assert all(less <= more for less, more in zip(few, many, strict=True))


def test_the_knob_is_true_on_the_prior() -> None:
    """The floors that a shipped knob has to keep, on [-3, 3], by docs/evaluation.md."""
    _, decoder = load_decoder(find_checkpoint("stage"))
    swept = sweep(decoder)
    turned = sweep_figures(note_counts(swept.tokens), swept.positions)
    assert turned.monotone_pairs >= 0.99
    assert turned.efficiency >= 0.95
    assert turned.linearity >= 0.95
    assert turned.argmax_slope >= 0.85 * 1.6  # mu
    assert turned.high - turned.low >= 9.0


def test_the_figures_in_the_readme_are_those_of_the_evaluation() -> None:
    """Every figure of the README's table stands in metrics.json, as rounded there."""
    metrics = json.loads((find_checkpoint("stage") / "metrics.json").read_text())
    table = (ROOT / "README.md").read_text().split("## How true is the knob?")[1]
    rows = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `([^`]+)` \| ([-+0-9.]+) \|", table, re.MULTILINE)
    assert len(rows) >= 8
    for section, key, shown in rows:
        decimals = len(shown.partition(".")[2])
        assert round(metrics[section][key], decimals) == float(shown), (section, key)
    floors = metrics["reconstruction (test)"]
    assert floors["accuracy"] >= 0.87
    assert floors["note_f1"] >= 0.65


def test_phrases_of_the_prior_are_playable(stage: PhraseDecoder) -> None:
    """256 random points: pitches of a soprano, no overlap, no endless silence."""
    z = np.random.default_rng(0).normal(size=(256, 12))
    phrases = stage.decode(z)
    for phrase in phrases:
        assert notes_from_steps(steps_from_notes(phrase.notes)) == phrase.notes
        assert all(57 <= note.pitch <= 81 for note in phrase.notes)
        values = set(stage.vocabulary.steps(phrase.tokens))
        assert values - {HOLD_STEP, REST_STEP} == {note.pitch for note in phrase.notes}
    sounding = [phrase for phrase in phrases if phrase.notes]
    assert len(sounding) >= 250


def test_a_phrase_encoded_and_decoded_is_much_like_itself(stage: PhraseDecoder) -> None:
    """decode, encode, decode: most tokens survive the round trip."""
    phrases = stage.decode(np.random.default_rng(1).normal(size=(64, 12)))
    again = stage.decode(stage.encode(phrases))
    same = [
        a == b
        for one, two in zip(phrases, again, strict=True)
        for a, b in zip(one.tokens, two.tokens, strict=True)
    ]
    assert sum(same) / len(same) >= 0.9
