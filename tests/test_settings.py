"""The one list of settings, and what is made of it without another line of code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.controls import ControlState
from instrument.mapping import Mapping
from instrument.opening import PlayOptions
from instrument.osc_addresses import addresses
from instrument.parameters import parameters, values
from instrument.patch import check_text
from instrument.session import Session, read_session, session_bytes
from instrument.settings import SETTINGS, Setting, setting_of

KEYS = [key for setting in SETTINGS for key, _ in setting.keys(12)]


def test_no_two_settings_have_one_name() -> None:
    """Neither with each other nor with a knob or a coordinate."""
    keys = [parameter.key for parameter in parameters(Mapping())]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_says_all_that_a_person_and_a_surface_need(setting: Setting) -> None:
    """A range around its default, a sentence; what has choices has a name for each value."""
    assert setting.low <= setting.default <= setting.high
    assert setting.description.endswith(".")
    assert not setting.choices or len(setting.choices) == setting.high - setting.low + 1


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_heard_shown_patched_and_resumed(
    key: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One row in the list gives it an OSC address, feedback, a line in a patch, a controller."""
    setting = setting_of(key)
    assert setting is not None
    assert f"/glisser/{key}".encode() in addresses(Mapping())
    name, _, number = key.partition("/")
    toml = f"{name}.{number}" if number else name
    text = f"[settings]\n{toml} = {{ start = {setting.high!r}, cc = 7 }}"
    mapping = check_text("mine.toml", text).mapping
    assert mapping.settings == {key: setting.high}
    assert [control.key for control in mapping.controls] == [key]
    state = ControlState.standing(mapping.settings)
    assert values(state, mapping)[f"/glisser/{key}"] == setting.high
    file = tmp_path_factory.mktemp("state") / "session.json"
    file.write_bytes(session_bytes(Session(PlayOptions(), state)))
    assert read_session(file).controls == state


@given(st.sampled_from(SETTINGS), st.floats(0.0, 1.0))
def test_a_control_shows_a_setting_where_it_set_it(setting: Setting, position: float) -> None:
    """To the nearest value that there is, and never outside the range."""
    value = setting.at_position(position)
    assert setting.low <= value <= setting.high
    assert setting.at_position(setting.position_of(value)) == pytest.approx(value)
    assert not setting.whole or value == round(value)


@pytest.mark.parametrize("key", ["lfo", "lfo/0", "lfo/01", "lfo/x", "gate/1", "knob/1", ""])
def test_what_is_no_key_of_a_setting_is_none(key: str) -> None:
    """Half of a key, or another one's."""
    assert setting_of(key) is None
