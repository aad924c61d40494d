"""A run's state as one file: tensors and JSON. Nothing in it can run code, and damage is noticed.

It is a safetensors file. What is no tensor stands as JSON in its metadata, beside the SHA-256 of
the tensors, which safetensors itself does not have.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

_MODEL, _MOMENTS = "model", "optimiser"
_TOLD = "told"  # one key alone: safetensors writes several in an order of chance


class RunStateError(Exception):
    """The file is damaged or no state at all."""


@dataclass(frozen=True)
class RunState:
    """``told``: all that JSON can say. ``model``, ``optimiser``: their ``state_dict()``."""

    told: dict[str, Any]
    model: dict[str, torch.Tensor]
    optimiser: dict[str, Any]


def state_bytes(state: RunState) -> bytes:
    """The file."""
    tensors = {f"{_MODEL}.{name}": value for name, value in state.model.items()}
    for index, moments in state.optimiser["state"].items():
        tensors |= {f"{_MOMENTS}.{index}.{name}": value for name, value in moments.items()}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    groups = state.optimiser["param_groups"]
    told = {"state": state.told, "groups": groups, "sha256": _sha256(tensors)}
    return save(tensors, {_TOLD: json.dumps(told)})


def read_state(file: Path, device: torch.device) -> RunState:
    """What :func:`state_bytes` wrote, its tensors on ``device``.

    Raises ``OSError`` where there is no such file, and :class:`RunStateError`.
    """
    with file.open("rb"):  # for an OSError that says why
        pass
    try:
        with safe_open(file, framework="pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - it has no __iter__
            told = json.loads(stored.metadata()[_TOLD])
        if told["sha256"] != _sha256(tensors):
            raise RunStateError("its tensors are not those that were saved")
        model, moments = dict[str, torch.Tensor](), dict[int, dict[str, torch.Tensor]]()
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == _MODEL:
                model[rest] = value.to(device)
            else:
                index, _, moment = rest.partition(".")
                moments.setdefault(int(index), {})[moment] = value.to(device)
        return RunState(told["state"], model, {"state": moments, "param_groups": told["groups"]})
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunStateError(str(error)) from error


def _sha256(tensors: dict[str, torch.Tensor]) -> str:
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(tensors[name].numpy().tobytes())
    return found.hexdigest()
