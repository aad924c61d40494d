"""The player switches Python's collector off: whatever it lays aside must be free at once."""

import gc
from dataclasses import replace

import pytest

from instrument.player_messages import Setup
from tests.parts import DUET, SETUP, answer, knob, transport
from tests.test_player import BAR_NS, Stage
from tests.test_song_change import song

BARS, BARS_A_SONG = 40, 4


def live_through(stage: Stage, from_bar: int) -> None:
    """So many bars of turned knobs and answers; now and then a song, a panic, a rest."""
    for bar in range(from_bar, from_bar + BARS):
        change = bar // BARS_A_SONG + 1
        if bar % BARS_A_SONG == 0:
            stage.tell({**song(change).to_message(), "others": []})
        if bar % 10 == 5:
            stage.tell(transport("panic"), transport("stop"), transport("play"))
        for move in range(5):
            stage.tell({**knob(move / 5), "change": change})
        requests = stage.told("request")
        stage.said.clear()
        stage.tell(*(answer(request, 60 + bar % 12) for request in requests))
        stage.run((bar + 1) * BAR_NS)


@pytest.mark.parametrize("setup", [SETUP, DUET], ids=["alone", "duet"])
def test_a_long_evening_leaves_nothing_to_collect(setup: Setup) -> None:
    """Knobs, phrases, songs and panics: no object waits for a collector that never comes."""
    stage = Stage(replace(setup))
    live_through(stage, 0)  # what is made once is made
    gc.collect()
    gc.disable()
    try:
        live_through(stage, BARS)
        assert gc.collect() == 0
    finally:
        gc.enable()
