"""Surgery on ONNX graphs that the converters share.

All our face models take pictures as OpenCV holds them, uint8 N × H × W × 3 BGR: what turns them into the
planes that a network wants is part of the graph, where it costs a tenth of doing it in numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

__all__ = [
    "INPUT",
    "picture_input",
    "picture_to_planes",
    "rename_dimensions",
    "serialise",
    "swap_red_and_blue",
]

INPUT = "images"
"""Name of the input of every converted model."""


def picture_input(height: int | str, width: int | str) -> Any:
    """The input: uint8 N × H × W × 3, BGR; a side given as a name is free."""
    return helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", height, width, 3])


def picture_to_planes(output: str) -> list[Any]:
    """Nodes that turn the input into float32 N × 3 × H × W planes called `output`, still BGR, 0 to 255.

    Transposed before the cast: that moves a quarter of the bytes.
    """
    return [
        helper.make_node("Transpose", [INPUT], [f"{INPUT}_planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", [f"{INPUT}_planes"], [output], to=TensorProto.FLOAT),
    ]


def swap_red_and_blue(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (out, 3, kh, kw) of a first convolution over RGB planes, for BGR planes; or the other way
    round.
    """
    return np.ascontiguousarray(weights[:, ::-1])


def rename_dimensions(value: Any, names: tuple[str | None, ...]) -> None:
    """Makes the named dimensions of an output free; `None` leaves one as it is."""
    for dimension, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
        if name is not None:
            dimension.dim_param = name


def serialise(model: Any) -> bytes:
    """The model as the bytes of an `.onnx` file. Raises `onnx.checker.ValidationError` for an invalid one."""
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
