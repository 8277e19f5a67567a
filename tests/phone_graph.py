"""An object detector that was made for a test: it reports a phone where a picture is much greener than red.

There is no picture of somebody who holds a phone to test with; this stands for the model, not for its quality.
"""

from __future__ import annotations

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sightline.frames import Image

__all__ = ["phone_graph", "with_phone"]

SIDE = 320
SCORE = 0.9
GAIN = 20.0
BOX = (40.0, 40.0, 120.0, 200.0)


def phone_graph() -> bytes:
    """An end-to-end YOLO file, rows `[x1, y1, x2, y2, score, class]`, of one row."""
    weights = {
        "contrast": np.array([[-1], [1], [0]], np.float32),  # of the planes' means, red first
        "gain": np.array(GAIN, np.float32),
        "least": np.array(0, np.float32),
        "most": np.array(SCORE, np.float32),
        "place": np.array([[0, 0, 0, 0, 1, 0]], np.float32),
        "box": np.array([[[*BOX, 0, 0]]], np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "contrast"], ["greener"]),
        helper.make_node("Mul", ["greener", "gain"], ["raised"]),
        helper.make_node("Clip", ["raised", "least", "most"], ["score"]),
        helper.make_node("MatMul", ["score", "place"], ["placed"]),
        helper.make_node("Add", ["box", "placed"], ["rows"]),
    ]
    graph = helper.make_graph(
        nodes,
        "phones",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, 1, 6])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"names": "{0: 'cell phone'}"})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def with_phone(picture: Image) -> Image:
    """The picture with a green band beside it, which is the phone."""
    band_px = picture.shape[1] // 3
    return np.asarray(cv2.copyMakeBorder(picture, 0, 0, 0, band_px, cv2.BORDER_CONSTANT, value=(0, 255, 0)))
