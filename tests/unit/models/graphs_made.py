"""ONNX files of the shapes that the families have, whose answer is known: they compute from the picture's mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["answering", "embedder"]

_FLOAT = TensorProto.FLOAT


def answering(
    answers: Mapping[str, np.ndarray],
    *,
    side: int | None = 640,
    metadata: Mapping[str, str] | None = None,
    declared: Mapping[str, Sequence[int | str]] | None = None,
) -> bytes:
    """A file that takes 1 × 3 × `side` × `side` planes, or any with `None`, and answers the same whatever it is shown;
    `declared` are shapes to declare in place of the true ones.
    """
    sides = ["height", "width"] if side is None else [side, side]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
    ]
    weights = [numpy_helper.from_array(np.array(0, np.float32), "nothing")]
    outputs = []
    for name, answer in answers.items():
        weights.append(numpy_helper.from_array(answer.astype(np.float32), f"{name}_answer"))
        nodes.append(helper.make_node("Add", [f"{name}_answer", "zero"], [name]))
        shape = (declared or {}).get(name, answer.shape)
        outputs.append(helper.make_tensor_value_info(name, _FLOAT, list(shape)))
    return _file(nodes, [1, 3, *sides], outputs, weights, metadata or {})


def embedder(size: int = 4 * 32, *, normalising: bool, batch: int | str = "N", side: int = 112) -> bytes:
    """An embedder of `side` px chips: of each plane, its mean and further numbers that depend on it. With
    `normalising` it begins as SFace's file does, by subtracting and multiplying.
    """
    rng = np.random.default_rng(5)
    nodes, source = [], "picture"
    weights = [numpy_helper.from_array(rng.normal(size=(3, size)).astype(np.float32), "mix")]
    if normalising:
        weights += [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in (("m", 0), ("f", 1))]
        nodes += [helper.make_node("Sub", ["picture", "m"], ["a"]), helper.make_node("Mul", ["a", "f"], ["b"])]
        source = "b"
    nodes += [
        helper.make_node("ReduceMean", [source], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "mix"], ["template"]),
    ]
    output = helper.make_tensor_value_info("template", _FLOAT, [batch, size])
    return _file(nodes, [batch, 3, side, side], [output], weights, {})


def _file(nodes: list, shape: list, outputs: list, weights: list, metadata: Mapping[str, str]) -> bytes:
    picture = helper.make_tensor_value_info("picture", _FLOAT, shape)
    graph = helper.make_graph(nodes, "made", [picture], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
