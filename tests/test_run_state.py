"""A run's state on the disk: tensors and JSON, whole or refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.run_state import RunState, RunStateError, read_state, state_bytes

CPU = torch.device("cpu")


def a_state() -> RunState:
    net = torch.nn.Linear(3, 2)
    adam = torch.optim.Adam(net.parameters(), lr=0.25, betas=(0.8, 0.9))
    net(torch.ones(3)).sum().backward()
    adam.step()
    return RunState({"update": 7, "name": "mine"}, net.state_dict(), adam.state_dict())


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    """Weights, moments, the optimiser's settings, and what is no tensor; an optimiser takes it."""
    state, file = a_state(), tmp_path / "state.safetensors"
    file.write_bytes(state_bytes(state))
    found = read_state(file, CPU)
    assert found.told == state.told
    assert all(torch.equal(found.model[name], value) for name, value in state.model.items())
    net = torch.nn.Linear(3, 2)
    adam = torch.optim.Adam(net.parameters())
    adam.load_state_dict(found.optimiser)
    again = adam.state_dict()
    for index, moments in state.optimiser["state"].items():
        for name, value in moments.items():
            assert torch.equal(again["state"][index][name], value)
    assert again["param_groups"][0]["lr"] == 0.25
    assert tuple(again["param_groups"][0]["betas"]) == (0.8, 0.9)


def test_one_state_is_one_file() -> None:
    """The same bytes every time."""
    state = a_state()
    assert state_bytes(state) == state_bytes(state)


def test_damage_is_noticed(tmp_path: Path) -> None:
    """In the tensors, in the header; another program's file; none at all."""
    file = tmp_path / "state.safetensors"
    good = state_bytes(a_state())
    for bad in (good[:-1] + bytes([good[-1] ^ 1]), good[:-8], b"", b"x" * 64):
        file.write_bytes(bad)
        with pytest.raises(RunStateError):
            read_state(file, CPU)
    save_file({"model.weight": torch.ones(2)}, file)
    with pytest.raises(RunStateError):
        read_state(file, CPU)
    with pytest.raises(FileNotFoundError):
        read_state(tmp_path / "none", CPU)
