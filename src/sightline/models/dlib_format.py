"""Reading a network that dlib serialised, without dlib.

The format (dlib's `serialize.h` and `dnn/`): an integer is a byte, whose low half is the number of bytes that
follow and whose top bit is the sign, then a little-endian magnitude; a float is two integers, mantissa and
exponent of 2; a string is its length and its bytes; a tensor is a version, four dimensions and little-endian
float32. Layers come in the order in which they are computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sightline.exceptions import ModelError

__all__ = [
    "Affine",
    "AveragePool",
    "Convolution",
    "FullyConnected",
    "Layer",
    "MaxPool",
    "Network",
    "Plain",
    "read",
]

_MODEL = "dlib-face-resnet29"
_MAX_INTEGER_BYTES = 8
_TENSOR_VERSION = 2
_NESTED_LAYER_VERSION = b"\x01\x15"
_INPUT_SIDE_PX = 150


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """Weights (out, in, kh, kw), bias (out,), stride and zero padding in cells."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    stride: int
    padding: int


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A factor and a summand for each channel: batch normalisation after training."""

    factor: NDArray[np.float32]
    summand: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MaxPool:
    """Maximum over `window` × `window` cells, stride 2."""

    window: int


@dataclass(frozen=True, slots=True)
class AveragePool:
    """Mean over `window` × `window` cells, stride 2; over everything when `window` is 0."""

    window: int


@dataclass(frozen=True, slots=True, eq=False)
class FullyConnected:
    """Weights (in, out); this network has no bias here."""

    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Plain:
    """A layer without numbers: `relu`, or `add_prev`, which adds the input of the residual block."""

    kind: Literal["relu", "add_prev"]


Layer = Convolution | Affine | MaxPool | AveragePool | FullyConnected | Plain


@dataclass(frozen=True, slots=True)
class Network:
    """The mean colour (R, G, B; 0 to 255) that is subtracted from the input, and the layers in order."""

    mean_rgb: tuple[float, float, float]
    layers: tuple[Layer, ...]


def read(data: bytes) -> Network:
    """The face recognition network in `data`. Raises `ModelError` for anything else."""
    reader = _Reader(data)
    if reader.integer() != 1 or reader.string() != "loss_metric_2":
        raise reader.error("not a dlib metric-learning network")
    reader.floats(2)
    while reader.peek(2) != _NESTED_LAYER_VERSION:
        reader.integer()
    if reader.string() != "input_rgb_image_sized":
        raise reader.error("unexpected input layer")
    red, green, blue = reader.floats(3)
    if reader.integers(2) != [_INPUT_SIDE_PX, _INPUT_SIDE_PX]:
        raise reader.error("unexpected input size")
    layers: list[Layer] = []
    while not reader.at_end:
        layers.append(_layer(reader))
        reader.take(3)  # flags, then three tensors that only training needs
        for _ in range(3):
            reader.tensor()
        if len(layers) == 1:
            reader.integer()
    if not layers or not isinstance(layers[-1], FullyConnected):
        raise reader.error("it ends between two layers")
    return Network((red, green, blue), tuple(layers))


def _layer(reader: _Reader) -> Layer:
    kind = reader.string()
    if kind == "con_4":
        return _convolution(reader)
    if kind == "affine_":
        factor, summand = reader.tensor().reshape(2, -1)
        reader.integers(11)
        return Affine(factor, summand)
    if kind == "max_pool_2":
        return MaxPool(reader.integers(6)[0])
    if kind == "avg_pool_2":
        return AveragePool(reader.integers(6)[0])
    if kind == "fc_2":
        reader.integers(2)
        weights = reader.tensor()[:, :, 0, 0]
        reader.integers(11)
        reader.floats(4)
        return FullyConnected(weights)
    if kind == "relu_":
        return Plain("relu")
    if kind == "add_prev_":
        return Plain("add_prev")
    raise reader.error(f"unexpected layer {kind!r}")


def _convolution(reader: _Reader) -> Convolution:
    numbers = reader.tensor().ravel()
    filters, _, _, stride, _, padding, _ = reader.integers(7)
    shape = reader.integers(10)[1:5]
    reader.floats(4)
    size = math.prod(shape)
    if len(numbers) != size + filters:
        raise reader.error("a convolution with the wrong number of weights")
    return Convolution(numbers[:size].reshape(shape), numbers[size:], stride, padding)


class _Reader:
    """A position in the bytes of a dlib file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._data)

    def error(self, what: str) -> ModelError:
        return ModelError(f"not the dlib face network: {what} before byte {self._position}", model=_MODEL)

    def peek(self, count: int) -> bytes:
        return self._data[self._position : self._position + count]

    def take(self, count: int) -> bytes:
        taken = self._data[self._position : self._position + count]
        if count < 0 or len(taken) < count:
            raise self.error("it ends too soon")
        self._position += count
        return taken

    def integer(self) -> int:
        head = self.take(1)[0]
        size = head & 0x0F
        if not 1 <= size <= _MAX_INTEGER_BYTES:
            raise self.error("a malformed integer")
        magnitude = int.from_bytes(self.take(size), "little")
        return -magnitude if head & 0x80 else magnitude

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def floats(self, count: int) -> list[float]:
        return [self._float() for _ in range(count)]

    def _float(self) -> float:
        mantissa, exponent = self.integers(2)
        try:
            return math.ldexp(float(mantissa), exponent)
        except OverflowError as error:
            raise self.error("a malformed float") from error

    def string(self) -> str:
        try:
            return self.take(self.integer()).decode("ascii")
        except UnicodeDecodeError as error:
            raise self.error("a malformed string") from error

    def tensor(self) -> NDArray[np.float32]:
        version, *shape = self.integers(5)
        if version != _TENSOR_VERSION or min(shape) < 0:
            raise self.error("a malformed tensor")
        return np.frombuffer(self.take(4 * math.prod(shape)), "<f4").reshape(shape)
