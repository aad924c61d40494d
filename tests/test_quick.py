"""The quick road of large decoders: same weights, same phrases, alone and in a batch."""

import numpy as np
import pytest
import torch

from benchmarks.decode_rivals import widened
from engine.card import find_checkpoint
from engine.checkpoint import load_decoder
from engine.decoding import PhraseDecoder
from engine.model import Decoder
from engine.phrase import PHRASE_STEPS
from engine.quick import AGREEMENT, QuickDecoder, halved

DRAWS = 40


@pytest.fixture(scope="module")
def plain() -> Decoder:
    """A 2x512 decoder that plays the shipped checkpoint's phrases."""
    return widened(load_decoder(find_checkpoint("stage"))[1])


@pytest.fixture(scope="module")
def decoder(plain: Decoder) -> PhraseDecoder:
    folder = find_checkpoint("stage")
    return PhraseDecoder(folder, load_decoder(folder)[0], plain)


def points() -> torch.Tensor:
    return torch.randn(DRAWS, 12, generator=torch.Generator().manual_seed(5))


def test_a_large_decoder_plays_what_float32_says(decoder: PhraseDecoder, plain: Decoder) -> None:
    """At least 99.9 % of tokens, decoded one by one, are the float32 argmax."""
    z = points()
    with torch.inference_mode():
        exact = plain(z, PHRASE_STEPS).argmax(-1).numpy()
    alone = np.concatenate([decoder.tokens(row) for row in z])
    assert (alone == exact).mean() >= 0.999


def test_a_large_decoder_plays_the_same_alone_and_in_a_batch(decoder: PhraseDecoder) -> None:
    """The quick road and the batch read the same rounded weights: the same z, the same phrase."""
    z = points()
    alone = np.concatenate([decoder.tokens(row) for row in z])
    assert np.array_equal(alone, decoder.tokens(z))


def test_the_quick_road_ends_where_the_plain_one_does(plain: Decoder) -> None:
    """Logits differ by rounding alone; far outside the prior, too."""
    rounded = halved(plain)
    quick = QuickDecoder.of(rounded)
    if quick is None:
        pytest.skip("this processor has no half precision products in torch")
    for z in (points()[:3], 10.0 * points()[:3]):
        with torch.inference_mode():
            exact = rounded(z, PHRASE_STEPS)
        found = torch.cat([quick.logits(row[None]) for row in z])
        assert float((exact - found).abs().max()) < AGREEMENT


def test_a_road_that_leads_elsewhere_is_not_taken(
    plain: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A processor on which the quick road is wrong, or missing, keeps the plain one."""
    rounded = halved(plain)
    monkeypatch.setattr(QuickDecoder, "logits", lambda _, z: rounded(z + 0.1, PHRASE_STEPS))
    assert QuickDecoder.of(rounded) is None


def test_small_and_outsized_weights_stay_as_they_are() -> None:
    """A 2x256 decoder is not rounded, nor one whose weights half precision cannot hold."""
    small = load_decoder(find_checkpoint("stage"))[1]
    assert halved(small) is small
    assert QuickDecoder.of(small) is None
    huge = widened(small)
    dict(huge.lstm.named_parameters())["weight_hh_l0"][0, 0] = 1e6
    assert halved(huge) is huge


def test_a_widened_decoder_is_the_same_function(plain: Decoder) -> None:
    """What the bench decodes with twice the units has the logits of the shipped checkpoint."""
    small = load_decoder(find_checkpoint("stage"))[1]
    z = points()[:10]
    with torch.inference_mode():
        assert torch.allclose(plain(z, PHRASE_STEPS), small(z, PHRASE_STEPS), atol=1e-3)
