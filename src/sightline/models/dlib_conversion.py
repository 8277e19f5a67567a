"""dlib's `dlib_face_recognition_resnet_model_v1.dat` as an ONNX graph.

The network is a ResNet with 29 convolutions. Affine layers, the mean colour and the division by 256 are
folded into the convolutions' weights, which changes results by less than 1e-5 of a distance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sightline.exceptions import ModelError
from sightline.models import dlib_format
from sightline.models.dlib_format import (
    Affine,
    AveragePool,
    Convolution,
    FullyConnected,
    Layer,
    MaxPool,
    Plain,
)
from sightline.models.graphs import picture_input, picture_to_planes, serialise, swap_red_and_blue

__all__ = ["CHIP_SIDE_PX", "DIMENSIONS", "OUTPUT", "convert"]

CHIP_SIDE_PX = 150
DIMENSIONS = 128
OUTPUT = "embeddings"

_MODEL = "dlib-face-resnet29"
_OPSET = 13
_IR_VERSION = 8
_INPUT_DIVISOR = 256.0


def convert(source: bytes) -> bytes:
    """The `.onnx`: input uint8 N × 150 × 150 × 3 BGR, output float32 N × 128. Raises `ModelError`."""
    network = dlib_format.read(source)
    graph = _Graph()
    layers = list(network.layers)
    if len(layers) < 2 or not isinstance(layers[0], Convolution):
        raise ModelError("not the dlib face network: it does not begin with a convolution", model=_MODEL)
    layers[0] = _fold_input(layers[0], network.mean_rgb)
    graph.add_layers(layers)
    return serialise(graph.model())


def _fold_input(first: Convolution, mean_rgb: tuple[float, float, float]) -> Convolution:
    """The first convolution, for BGR 0–255 instead of (RGB − mean) / 256; exact because it has no padding."""
    if first.padding != 0:
        raise ModelError("not the dlib face network: its first convolution is padded", model=_MODEL)
    scaled = first.weights / np.float32(_INPUT_DIVISOR)
    shift = np.einsum("oihw,i->o", scaled.astype(np.float64), np.array(mean_rgb))
    return Convolution(swap_red_and_blue(scaled), (first.bias - shift).astype(np.float32), first.stride, 0)


class _Graph:
    """The graph as far as it is built: the newest value, its shape, and the input of the current residual
    block.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = picture_to_planes("planes")
        self._weights: list[Any] = []
        self._value, self._channels, self._side = "planes", 3, CHIP_SIDE_PX
        self._block: tuple[str, int, int] | None = None
        self._shortcut: tuple[str, int, int] | None = None

    def add_layers(self, layers: list[Layer]) -> None:
        for index, layer in enumerate(layers):
            match layer:
                case Convolution():
                    following = layers[index + 1] if index + 1 < len(layers) else None
                    if not isinstance(following, Affine):
                        raise ModelError("not the dlib face network: a convolution without affine", model=_MODEL)
                    self._convolve(layer, following)
                case Affine():
                    continue  # folded into the convolution before it
                case MaxPool():
                    self._max_pool(layer.window)
                case AveragePool(window=2):
                    self._shrink_shortcut()
                case AveragePool():
                    self._value = self._node("Flatten", self._node("GlobalAveragePool", self._value))
                case FullyConnected():
                    self._value = self._node("MatMul", self._value, self._constant(layer.weights))
                case Plain(kind="relu"):
                    self._value = self._node("Relu", self._value)
                case Plain():
                    self._add_shortcut()

    def model(self) -> Any:
        self._nodes[-1].output[0] = OUTPUT
        output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", DIMENSIONS])
        graph = helper.make_graph(
            self._nodes, _MODEL, [picture_input(CHIP_SIDE_PX, CHIP_SIDE_PX)], [output], self._weights
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="sightline",
        )

    def _constant(self, value: NDArray[Any]) -> str:
        name = f"weights_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _convolve(self, layer: Convolution, affine: Affine) -> None:
        if self._block is None and self._channels != 3:
            self._block = (self._value, self._channels, self._side)
        weights = layer.weights * affine.factor[:, None, None, None]
        bias = layer.bias * affine.factor + affine.summand
        self._value = self._node(
            "Conv",
            self._value,
            self._constant(weights),
            self._constant(bias),
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
        )
        self._channels = weights.shape[0]
        self._side = (self._side + 2 * layer.padding - weights.shape[2]) // layer.stride + 1

    def _max_pool(self, window: int) -> None:
        self._value = self._node("MaxPool", self._value, kernel_shape=[window] * 2, strides=[2, 2])
        self._side = (self._side - window) // 2 + 1

    def _shrink_shortcut(self) -> None:
        """The block halves its sides: so must the copy of its input that is added at its end."""
        if self._block is None:
            raise ModelError("not the dlib face network: pooling outside a residual block", model=_MODEL)
        value, channels, side = self._block
        pooled = self._node("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2])
        self._shortcut = (pooled, channels, (side - 2) // 2 + 1)

    def _add_shortcut(self) -> None:
        """dlib adds tensors of different size as if the smaller one ended in zeros."""
        source = self._shortcut or self._block
        if source is None:
            raise ModelError("not the dlib face network: addition outside a residual block", model=_MODEL)
        value, channels, side = source
        if self._side < side:
            self._value = self._pad(self._value, sides=side - self._side)
            self._side = side
        if channels < self._channels:
            value = self._pad(value, channels=self._channels - channels)
        self._value = self._node("Add", self._value, value)
        self._block = self._shortcut = None

    def _pad(self, value: str, *, channels: int = 0, sides: int = 0) -> str:
        amounts = np.array([0, 0, 0, 0, 0, channels, sides, sides], np.int64)
        return self._node("Pad", value, self._constant(amounts))
