"""Surgery on ONNX graphs that the converters share."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

__all__ = ["OPSET", "picture_input", "rename_dimensions", "serialise"]

OPSET = 13
IR_VERSION = 8


def picture_input(height: int | str, width: int | str, name: str = "images") -> Any:
    """The input that all our face models take: uint8 N × H × W × 3, BGR, as OpenCV holds a picture."""
    return helper.make_tensor_value_info(name, TensorProto.UINT8, ["N", height, width, 3])


def picture_to_planes(name: str, output: str) -> list[Any]:
    """Nodes that turn the input `name` into float32 N × 3 × H × W planes called `output`, still 0 to 255 and BGR.

    Transposing while it is still uint8 moves a quarter of the bytes.
    """
    return [
        helper.make_node("Transpose", [name], [f"{name}_planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", [f"{name}_planes"], [output], to=TensorProto.FLOAT),
    ]


def rgb_weights_to_bgr(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (out, 3, kh, kw) of a first convolution that expects RGB, for BGR planes."""
    return np.ascontiguousarray(weights[:, ::-1])


def rename_dimensions(value: Any, names: tuple[str | None, ...]) -> None:
    """Makes the named dimensions of an input or output free; `None` leaves one as it is."""
    for dimension, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
        if name is not None:
            dimension.dim_param = name


def serialise(model: Any) -> bytes:
    """The checked model as the bytes of an `.onnx` file. Raises `onnx.checker.ValidationError`."""
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
