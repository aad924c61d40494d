"""A checkpoint that strikes a note at every step, whatever z: what the timing bench plays.

It is a real one with two numbers changed, so that a decode costs what it costs: HOLD and REST can
no longer be the most likely token.
"""

from pathlib import Path

import numpy as np
import torch

from engine.card import find_checkpoint
from engine.checkpoint import load_decoder, load_encoder, save_card, save_weights
from engine.decoding import PhraseDecoder
from engine.vocabulary import HOLD_ID, REST_ID

NEVER = -1e4

PATCH = """\
refresh = "step"

[out]
channel = 1

[latent]
range = [-3.0, 3.0]

[knobs]
1 = { z = 1, range = [-3.0, 3.0], cc = 20 }
2 = { z = 2, range = [-3.0, 3.0], cc = 21 }
"""


def write_checkpoint(name: str, folder: Path) -> None:
    """The checkpoint ``name``, made to strike at every step, as a new one in ``folder``."""
    source = find_checkpoint(name)
    card, decoder = load_decoder(source)
    encoder = load_encoder(source)
    with torch.no_grad():
        decoder.output.bias[[HOLD_ID, REST_ID]] = NEVER
    folder.mkdir(parents=True)
    (folder / "LICENCE.md").write_bytes((source / "LICENCE.md").read_bytes())
    weights = save_weights(folder, encoder, decoder)
    save_card(folder, card.model_copy(update={"weights": weights, "name": "onsets"}))
    start = PhraseDecoder.load(str(folder)).tokens(np.zeros(card.model.latent_dimensions))[0]
    tokens = tuple(int(token) for token in start)
    told = {"weights": weights, "name": "onsets", "start_tokens": tokens}
    save_card(folder, card.model_copy(update=told))


def write_patch(file: Path) -> Path:
    """A patch that decodes at every sixteenth at which knob 1 or 2 has moved; ``file`` itself."""
    file.write_text(PATCH)
    return file
