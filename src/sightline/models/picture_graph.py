"""Files as others export them, made to take pictures as OpenCV holds them.

Nearly every vision model wants float32 planes, N × 3 × H × W, of some order of colours and some range of numbers. Like
the converters, this puts what makes them from uint8 N × H × W × 3 BGR into the graph; nothing else of it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper

from sightline.exceptions import ModelError

__all__ = ["Pixels", "Signature", "read_graph", "signature", "takes_pictures", "taking_pictures"]

_PREFIX = "sightline_"
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


@dataclass(frozen=True, slots=True)
class Pixels:
    """What a network wants of a picture: (level − `mean`) × `factor` for levels 0 to 255, the colours in the order red,
    green, blue with `rgb`, else blue first.
    """

    rgb: bool = False
    mean: float = 0.0
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Signature:
    """A graph's only picture input and its outputs; `None` for a free dimension, () for an undeclared shape."""

    input: tuple[int | None, ...]
    outputs: dict[str, tuple[int | None, ...]]
    operators: tuple[str, ...]

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {_in_words(shape)}" for name, shape in self.outputs.items())
        return f"input {_in_words(self.input)}, outputs {listed}"


def read_graph(name: str, content: bytes) -> Any:
    """The file as an `onnx.ModelProto`. Raises `ModelError` that says what it is instead, where that can be told."""
    if content[:2] == b"PK" or content[:2] == b"\x80\x02":
        raise ModelError(
            f"{name} holds PyTorch weights, which Sightline does not run; export them with the program they come from: "
            f"yolo export model={name} format=onnx imgsz=640 opset=17",
            model=name,
        )
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError(f"{name} is not an ONNX file: {error}", model=name) from error
    if not model.graph.node or not model.graph.output:
        raise ModelError(f"{name} is not an ONNX file of a network", model=name)
    _input(name, model)
    return model


def signature(name: str, model: Any) -> Signature:
    """What goes in and comes out. Raises `ModelError` when it is not one picture that goes in."""
    return Signature(
        _dimensions(_input(name, model)),
        {output.name: _dimensions(output) for output in model.graph.output},
        tuple(node.op_type for node in model.graph.node[:8]),
    )


def takes_pictures(model: Any) -> bool:
    """Whether the graph takes uint8 N × H × W × 3 already."""
    first = model.graph.input[0]
    shape = _dimensions(first)
    return first.type.tensor_type.elem_type == TensorProto.UINT8 and len(shape) == 4 and shape[3] == 3


def taking_pictures(name: str, model: Any, pixels: Pixels, *, any_size: bool = False) -> bytes:
    """The file with an input uint8 N × H × W × 3 BGR, its sides free with `any_size`. `model` is changed."""
    graph = model.graph
    taken = _input(name, model)
    kind = taken.type.tensor_type.elem_type
    if kind not in _FLOATS:
        raise ModelError(f"{name} takes numbers of a kind that no picture is made of", model=name)
    batch, _, height, width = taken.type.tensor_type.shape.dim
    sides = ["H", "W"] if any_size else [_declared(height, "H"), _declared(width, "W")]
    declared = helper.make_tensor_value_info(
        f"{_PREFIX}pictures", TensorProto.UINT8, [_declared(batch, "N"), *sides, 3]
    )
    nodes = [*_planes(graph, pixels, kind, taken.name), *graph.node]
    weights = [value for value in graph.input if value.name != taken.name]
    del graph.node[:], graph.input[:]
    if any_size:
        del graph.value_info[:]
        for output in graph.output:
            output.type.tensor_type.ClearField("shape")
    graph.input.extend([declared, *weights])
    graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def _planes(graph: Any, pixels: Pixels, kind: int, output: str) -> list[Any]:
    """The nodes between the picture and `output`. Transposed before the cast: that moves a quarter of the bytes."""
    steps: list[tuple[str, Any, dict[str, Any]]] = [("Transpose", None, {"perm": [0, 3, 1, 2]})]
    if pixels.rgb:
        steps.append(("Gather", np.array([2, 1, 0], np.int64), {"axis": 1}))
    steps.append(("Cast", None, {"to": kind}))
    number = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    if pixels.mean:
        steps.append(("Sub", np.array(pixels.mean, number), {}))
    if pixels.factor != 1:
        steps.append(("Mul", np.array(pixels.factor, number), {}))
    nodes, before = [], f"{_PREFIX}pictures"
    for index, (operator, constant, attributes) in enumerate(steps):
        after = output if index == len(steps) - 1 else f"{_PREFIX}{index}"
        inputs = [before]
        if constant is not None:
            graph.initializer.append(numpy_helper.from_array(constant, f"{_PREFIX}constant_{index}"))
            inputs.append(f"{_PREFIX}constant_{index}")
        nodes.append(helper.make_node(operator, inputs, [after], **attributes))
        before = after
    return nodes


def _input(name: str, model: Any) -> Any:
    """The declaration of the one input that is no weight."""
    weights = {weight.name for weight in model.graph.initializer}
    taken = [value for value in model.graph.input if value.name not in weights]
    if len(taken) != 1:
        raise ModelError(f"{name} takes {len(taken)} inputs, not one picture", model=name)
    shape = _dimensions(taken[0])
    if len(shape) != 4 or (3 not in (shape[1], shape[3]) and shape[1] is not None):
        raise ModelError(f"{name} takes {_in_words(shape)}, not pictures of three colours", model=name)
    return taken[0]


def _dimensions(value: Any) -> tuple[int | None, ...]:
    return tuple(dimension.dim_value or None for dimension in value.type.tensor_type.shape.dim)


def _declared(dimension: Any, name: str) -> int | str:
    return int(dimension.dim_value) or dimension.dim_param or name


def _in_words(shape: tuple[int | None, ...]) -> str:
    return " × ".join("?" if size is None else str(size) for size in shape) or "of an undeclared shape"
