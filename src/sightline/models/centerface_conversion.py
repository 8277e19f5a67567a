"""The published `centerface.onnx` made to take pictures of any size.

The published graph declares a fixed 10 × 3 × 32 × 32 RGB float input and lists its weights as inputs, which
stops constant folding. Only declarations, the order of the first convolution's input channels and the input's
type change: every number it computes stays the same.
"""

from __future__ import annotations

from typing import Any

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper

from sightline.exceptions import ModelError
from sightline.models.graphs import (
    picture_input,
    picture_to_planes,
    rename_dimensions,
    serialise,
    swap_red_and_blue,
)

__all__ = ["OUTPUTS", "convert"]

OUTPUTS = ("heat", "log_sizes", "offsets", "landmarks")
"""Names of the four outputs, N × 1, 2, 2, 10 × H/4 × W/4; their meaning is in
`sightline.detections.centerface`.
"""

_PUBLISHED_OUTPUTS = ("537", "538", "539", "540")


def convert(source: bytes) -> bytes:
    """The `.onnx`: input uint8 N × H × W × 3 BGR, H and W multiples of 32 px. Raises `ModelError`."""
    try:
        model = onnx.load_model_from_string(source)
    except DecodeError as error:
        raise ModelError(f"not an ONNX file: {error}", model="centerface") from error
    graph = model.graph
    if tuple(output.name for output in graph.output) != _PUBLISHED_OUTPUTS:
        raise ModelError("not CenterFace as published: its outputs are others", model="centerface")
    weights = {weight.name: weight for weight in graph.initializer}
    published_input = next(value.name for value in graph.input if value.name not in weights)
    _declare(graph)
    first = next(node for node in graph.node if published_input in node.input)
    kernel = weights[first.input[1]]
    kernel.CopyFrom(numpy_helper.from_array(swap_red_and_blue(numpy_helper.to_array(kernel)), kernel.name))
    nodes = [*picture_to_planes(published_input), *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return serialise(model)


def _declare(graph: Any) -> None:
    """Replaces the declarations of input and outputs, and gives the outputs their names."""
    del graph.input[:], graph.value_info[:]
    graph.input.append(picture_input("H", "W"))
    names = dict(zip(_PUBLISHED_OUTPUTS, OUTPUTS, strict=True))
    for output in graph.output:
        rename_dimensions(output, ("N", None, "h", "w"))
        output.name = names[output.name]
    for node in graph.node:
        for index, name in enumerate(node.output):
            node.output[index] = names.get(name, name)
