"""What ``make bench-decode`` holds our decoder against, and the weights they share."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.model import LAYERS, Decoder
from engine.phrase import PHRASE_STEPS

Array = npt.NDArray[np.float32]
OPSET, IR = 17, 9  # of ONNX: old enough for every runtime of the last years


def widened(decoder: Decoder, seed: int = 0) -> Decoder:
    """A decoder with twice the units that computes the same function.

    Every unit stands there twice, and each weight that reads it is divided between the two in a
    proportion of its own (a quarter to three quarters, drawn with ``seed``). So its weights are as
    large as a real one's of that size, and its phrases are those of ``decoder``, near ties and all.
    """
    chance = torch.Generator().manual_seed(seed)
    units = decoder.config.units
    wide = Decoder(replace(decoder.config, units=2 * units)).eval().requires_grad_(False)

    def divided(weight: Tensor) -> Tensor:
        share = 0.25 + 0.5 * torch.rand(weight.shape, generator=chance)
        return torch.cat([weight * share, weight * (1.0 - share)], dim=1)

    def twice(weight: Tensor) -> Tensor:
        return torch.cat([torch.cat([gate, gate]) for gate in weight.chunk(4)])

    filled = {}
    for name, weight in decoder.state_dict().items():
        reads_units = name == "output.weight" or ("weight" in name and name != "lstm.weight_ih_l0")
        tall = twice(weight) if name.startswith("lstm.") else weight
        filled[name] = divided(tall) if reads_units else tall
    wide.load_state_dict(filled)
    return wide


def onnx_bytes(decoder: Decoder) -> bytes:
    """The decoder as an ONNX model: input ``x`` [T, B, d + 1], output ``logits`` [T, B, A]."""
    from onnx import TensorProto, helper, numpy_helper

    weights = {name: tensor.numpy() for name, tensor in decoder.state_dict().items()}
    constants: list[Any] = []
    nodes: list[Any] = []

    def constant(name: str, value: npt.NDArray[Any]) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    below = "x"
    for layer in range(LAYERS):
        own = {k: _onnx_gates(weights[f"lstm.{k}_l{layer}"]) for k in _KINDS}
        inputs = [
            below,
            constant(f"W{layer}", own["weight_ih"][None]),
            constant(f"R{layer}", own["weight_hh"][None]),
            constant(f"B{layer}", np.concatenate([own["bias_ih"], own["bias_hh"]])[None]),
        ]
        units = decoder.config.units
        nodes.append(helper.make_node("LSTM", inputs, [f"y{layer}"], hidden_size=units))
        axis = constant(f"axis{layer}", np.array([1], np.int64))
        nodes.append(helper.make_node("Squeeze", [f"y{layer}", axis], [f"h{layer}"]))
        below = f"h{layer}"
    nodes.append(
        helper.make_node("MatMul", [below, constant("O", weights["output.weight"].T)], ["m"])
    )
    nodes.append(helper.make_node("Add", ["m", constant("b", weights["output.bias"])], ["logits"]))
    entrance: list[str | int | None] = [PHRASE_STEPS, "B", decoder.config.latent_dimensions + 1]
    outputs: list[str | int | None] = [PHRASE_STEPS, "B", decoder.config.tokens]
    graph = helper.make_graph(
        nodes,
        "decoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, entrance)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, outputs)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR
    return bytes(model.SerializeToString())


def onnxruntime_decoder(decoder: Decoder) -> Callable[[Array], Array]:
    """Z [B, d] -> logits [B, T, A] by onnxruntime in float32, one thread, every optimisation on."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        onnx_bytes(decoder), options, providers=["CPUExecutionProvider"]
    )

    def decode(z: Array) -> Array:
        x = np.zeros((PHRASE_STEPS, *z.shape[:1], z.shape[1] + 1), np.float32)
        x[0, :, :-1], x[0, :, -1] = z, 1.0
        (logits,) = session.run(None, {"x": x})
        return np.asarray(logits, np.float32).transpose(1, 0, 2)

    return decode


_KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _onnx_gates(weight: Array) -> Array:
    """From torch's order of gates (i, f, g, o) to ONNX's (i, o, f, g)."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate([i, o, f, g])
