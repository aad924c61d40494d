"""PhraseDecoder: z in, phrases out, and back."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from engine.decoding import FittingWarning, PhraseDecoder
from engine.phrase import Note, Phrase


@pytest.fixture(scope="module")
def decoder(tiny_checkpoint: Path) -> PhraseDecoder:
    return PhraseDecoder.load(tiny_checkpoint)


def points(count: int, dimensions: int = 12) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((count, dimensions)) * 4


def test_d_comes_from_the_card(decoder: PhraseDecoder) -> None:
    """The decoder knows its number of dimensions and its vocabulary from the card."""
    assert decoder.dimensions == decoder.card.model.latent_dimensions == 12
    assert len(decoder.vocabulary) == decoder.card.model.tokens


def test_one_point_or_a_batch(decoder: PhraseDecoder) -> None:
    """[d] gives one row, [batch, d] one each; lists do as well as arrays."""
    z = points(3)
    assert decoder.tokens(z).shape == (3, 32)
    assert decoder.tokens(z[0]).shape == (1, 32)
    assert np.issubdtype(decoder.tokens(z).dtype, np.integer)
    assert np.array_equal(decoder.tokens(z.tolist()), decoder.tokens(z))
    assert decoder.tokens(np.zeros((0, 12))).shape == (0, 32)


def test_phrases_are_their_tokens(decoder: PhraseDecoder) -> None:
    """A decoded phrase holds its 32 ids and the notes that those ids spell."""
    rows = decoder.tokens(points(3))
    for row, phrase in zip(rows.tolist(), decoder.decode(points(3)), strict=True):
        assert phrase == decoder.vocabulary.phrase(row)
        assert phrase.tokens == tuple(row)
        assert all(isinstance(note, Note) for note in phrase.notes)


def test_z_zero_is_the_cards_start_phrase(decoder: PhraseDecoder) -> None:
    """The music that starts before torch has loaded is what torch then decodes."""
    assert decoder.decode(np.zeros(12))[0] == decoder.card.start_phrase()


@pytest.mark.parametrize(
    "z",
    [
        [0.0] * 11,
        [0.0] * 13,
        [[0.0] * 11],
        [[[0.0] * 12]],
        [],
        0.0,
        [float("nan")] + [0.0] * 11,
        [float("inf")] + [0.0] * 11,
        [1e300] + [0.0] * 11,
        [10**400] + [0] * 11,
    ],
)
def test_a_bad_point_is_refused(decoder: PhraseDecoder, z: object) -> None:
    """11 numbers, 13, another shape, NaN, infinity, and what float32 can't hold: ValueError."""
    with pytest.raises(ValueError, match=r"z must be"):
        decoder.tokens(z)  # type: ignore[arg-type]


def test_a_row_alone_and_in_any_batch(decoder: PhraseDecoder) -> None:
    """The stage decodes one row at a time, a sweep decodes many: the phrases are the same."""
    z = points(200)
    together = decoder.tokens(z)
    alone = np.concatenate([decoder.tokens(row) for row in z])
    assert np.array_equal(together, alone)
    assert np.array_equal(decoder.tokens(z[::-1])[::-1], alone)


def test_a_near_tie_is_decided_alike_alone_and_in_a_batch(
    decoder: PhraseDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two tokens are closer than a batch's rounding, the row is decided as if alone."""
    plain = decoder._decoder.forward

    def rounding(z: object, length: int) -> object:
        logits = plain(z, length)  # type: ignore[arg-type]
        best = logits[0, 0].argmax()
        logits[0, 0, (best + 1) % logits.shape[-1]] = logits[0, 0, best]
        logits[0, 0, best] += 1e-5 if len(logits) == 1 else -1e-5
        return logits

    monkeypatch.setattr(decoder._decoder, "forward", rounding)
    z = points(4)
    assert np.array_equal(decoder.tokens(z)[0], decoder.tokens(z[0])[0])


def test_samples_are_seeded(decoder: PhraseDecoder) -> None:
    """The same seed draws the same phrase, another seed another; ids stay in the vocabulary."""
    z = points(4)
    first = decoder.sample(z, temperature=1.0, seed=3)
    assert first.shape == (4, 32)
    assert np.array_equal(first, decoder.sample(z, temperature=1.0, seed=3))
    assert not np.array_equal(first, decoder.sample(z, temperature=1.0, seed=4))
    assert first.min() >= 0
    assert first.max() < len(decoder.vocabulary)


@pytest.mark.parametrize("temperature", [1e-3, 1e-300])
def test_a_cold_sample_is_the_argmax(decoder: PhraseDecoder, temperature: float) -> None:
    """Towards temperature 0 chance disappears, however small the number."""
    z = points(1)
    assert np.array_equal(
        decoder.sample(z, temperature=temperature, seed=0)[0], decoder.tokens(z)[0]
    )


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_is_above_zero(decoder: PhraseDecoder, temperature: float) -> None:
    """Zero, negative and NaN temperatures are refused."""
    with pytest.raises(ValueError, match="temperature must be above 0"):
        decoder.sample(points(1), temperature=temperature, seed=0)


def test_phrases_encode_to_their_posterior_means(decoder: PhraseDecoder) -> None:
    """Encoding gives [batch, d]; a phrase encodes alike alone and in a batch; none gives none."""
    phrases = decoder.decode(points(3))
    z = decoder.encode(phrases)
    assert z.shape == (3, 12)
    assert np.isfinite(z).all()
    assert np.array_equal(decoder.encode(phrases[1:2])[0], z[1])
    assert decoder.encode([]).shape == (0, 12)
    assert decoder.tokens(z).shape == (3, 32)


@pytest.mark.parametrize("tokens", [(0,) * 31, (0,) * 33, (-1,) * 32, (999,) * 32])
def test_tokens_of_nothing_are_refused(decoder: PhraseDecoder, tokens: tuple[int, ...]) -> None:
    """Too short, too long, or ids that the vocabulary lacks, and no notes: ValueError."""
    with pytest.raises(ValueError, match="32 token ids of this vocabulary"):
        decoder.encode([Phrase(tokens, (), False)])


def test_a_phrase_by_its_notes_encodes_as_by_its_tokens(decoder: PhraseDecoder) -> None:
    """A phrase made by hand, with no tokens, is the phrase that a vocabulary spells."""
    spelled = decoder.vocabulary.phrase([decoder.vocabulary.ids["E4"], *[0] * 31])
    by_hand = Phrase((), (Note(64, 0, 32),), False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(decoder.encode([by_hand]), decoder.encode([spelled]))


def test_encoding_says_what_it_had_to_change(decoder: PhraseDecoder) -> None:
    """Pitches far below and an onset off the grid: the nearest phrase is encoded, with warnings."""
    low = Phrase((), (Note(28, 0, 16), Note(31, 16.4, 15.6)), False)  # type: ignore[arg-type]
    near = Phrase((), (Note(64, 0, 16), Note(67, 16, 16)), False)
    with pytest.warns(FittingWarning) as told:
        z = decoder.encode([near, low])
    said = " ".join(str(warning.message) for warning in told)
    assert "phrase 1: 1 note moved to the nearest sixteenth" in said
    assert "phrase 1: the melody moved up 3 octaves" in said
    assert np.array_equal(z[0], z[1])
