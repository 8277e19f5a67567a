"""Writing networks as dlib would: the opposite of `sightline.models.dlib_format`."""

from __future__ import annotations

import math

import numpy as np

from sightline.models.dlib_format import (
    Affine,
    AveragePool,
    Convolution,
    FullyConnected,
    Layer,
    MaxPool,
    Network,
    Plain,
)


def integer(value: int) -> bytes:
    magnitude = abs(value).to_bytes(8, "little").rstrip(b"\0") or b"\0"
    return bytes([len(magnitude) | (0x80 if value < 0 else 0)]) + magnitude


def number(value: float) -> bytes:
    mantissa, exponent = math.frexp(value)
    return integer(int(mantissa * 2**24)) + integer(exponent - 24)


def string(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def tensor(values: np.ndarray) -> bytes:
    shape = (*values.shape, *[1] * (4 - values.ndim))
    return b"".join(map(integer, (2, *shape))) + values.astype("<f4").tobytes()


def layer(content: Layer) -> bytes:
    match content:
        case Convolution(weights=weights, bias=bias, stride=stride, padding=padding):
            numbers = np.concatenate([weights.ravel(), bias])
            described = (len(bias), *weights.shape[2:], stride, stride, padding, padding)
            shapes = (0, *weights.shape, *[0] * 5)
            return b"".join(
                [string("con_4"), tensor(numbers), *map(integer, described), *map(integer, shapes), *[number(1.0)] * 4]
            )
        case Affine(factor=factor, summand=summand):
            return string("affine_") + tensor(np.concatenate([factor, summand])) + integer(0) * 11
        case MaxPool(window=window):
            return string("max_pool_2") + integer(window) + integer(2) * 5
        case AveragePool(window=window):
            return string("avg_pool_2") + integer(window) + integer(2) * 5
        case FullyConnected(weights=weights):
            return string("fc_2") + integer(1) * 2 + tensor(weights) + integer(0) * 11 + number(1.0) * 4
        case Plain(kind=kind):
            return string(f"{kind}_")


def network(content: Network) -> bytes:
    head = [integer(1), string("loss_metric_2"), number(0.04), number(0.6), integer(3), integer(7)]
    head += [b"\x01\x15" + string("input_rgb_image_sized")[2:]]
    head += [*map(number, content.mean_rgb), integer(150), integer(150)]
    nothing = tensor(np.zeros((0, 0, 0, 0), np.float32))
    body = []
    for index, one in enumerate(content.layers):
        body += [layer(one), b"\x00\x00\x00", nothing * 3]
        if index == 0:
            body.append(integer(1))
    return b"".join(head + body)


def small(dimensions: int = 128) -> Network:
    """A small network with everything that the large one has: a plain residual block and a shrinking one."""
    rng = np.random.default_rng(11)

    def convolution(out: int, into: int, side: int, stride: int, padding: int) -> tuple[Convolution, Affine]:
        weights = rng.normal(0, 1 / (side * math.sqrt(into)), (out, into, side, side)).astype(np.float32)
        bias, factor, summand = rng.normal(0, 0.3, (3, out)).astype(np.float32)
        return Convolution(weights, bias, stride, padding), Affine(factor + 1, summand)

    relu, add = Plain("relu"), Plain("add_prev")
    layers: list[Layer] = [*convolution(4, 3, 7, 2, 0), relu, MaxPool(3)]
    layers += [*convolution(4, 4, 3, 1, 1), relu, *convolution(4, 4, 3, 1, 1), add, relu]
    layers += [*convolution(6, 4, 3, 2, 0), relu, *convolution(6, 6, 3, 1, 1), AveragePool(2), add, relu]
    layers += [AveragePool(0), FullyConnected(rng.normal(0, 1, (6, dimensions)).astype(np.float32))]
    return Network((122.5, 117.0, 104.25), tuple(layers))


def compute(content: Network, image: np.ndarray) -> np.ndarray:
    """The network's answer to one picture, side × side × 3 BGR, in plain numpy."""
    x = (image[:, :, ::-1].astype(np.float64) - content.mean_rgb).transpose(2, 0, 1) / 256
    block, shortcut = x, None
    begins_block = False
    for one in content.layers:
        match one:
            case Convolution(weights=weights, bias=bias, stride=stride, padding=padding):
                if begins_block:
                    block, begins_block = x, False
                padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
                windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(1, 2))
                x = np.einsum("ihwkl,oikl->ohw", windows[:, ::stride, ::stride], weights) + bias[:, None, None]
            case Affine(factor=factor, summand=summand):
                x = x * factor[:, None, None] + summand[:, None, None]
            case MaxPool(window=window):
                x = np.lib.stride_tricks.sliding_window_view(x, (window, window), axis=(1, 2))[:, ::2, ::2].max((3, 4))
                begins_block = True
            case AveragePool(window=2):
                shortcut = np.lib.stride_tricks.sliding_window_view(block, (2, 2), axis=(1, 2))[:, ::2, ::2].mean(
                    (3, 4)
                )
            case AveragePool():
                x = x.mean((1, 2))
            case FullyConnected(weights=weights):
                x = x @ weights
            case Plain(kind="relu"):
                x = np.maximum(x, 0)
            case Plain():
                other = block if shortcut is None else shortcut
                size = tuple(max(a, b) for a, b in zip(x.shape, other.shape, strict=True))
                x = sum(np.pad(one, [(0, b - a) for a, b in zip(one.shape, size, strict=True)]) for one in (x, other))
                shortcut, begins_block = None, True
    return x
