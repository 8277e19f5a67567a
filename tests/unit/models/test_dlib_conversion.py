"""dlib's network as ONNX: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.exceptions import ModelError
from sightline.models import dlib_conversion
from sightline.models.dlib_format import Affine, AveragePool, Convolution, FullyConnected, Layer, Network, Plain
from sightline.models.runtime import Session
from tests.unit.models import dlib_files


def test_the_graph_computes_what_the_layers_say() -> None:
    network = dlib_files.small()
    session = Session("small", dlib_conversion.convert(dlib_files.network(network)))
    pictures = np.random.default_rng(2).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
    (embeddings,) = session.run(pictures)
    assert embeddings.shape == (3, 128)
    expected = np.stack([dlib_files.compute(network, picture) for picture in pictures])
    assert np.abs(expected).max() > 0.1
    assert np.allclose(embeddings, expected, atol=2e-5)


def test_conversion_is_deterministic() -> None:
    data = dlib_files.network(dlib_files.small())
    assert dlib_conversion.convert(data) == dlib_conversion.convert(data)


def convolution(padding: int) -> Convolution:
    return Convolution(np.zeros((4, 3, 7, 7), np.float32), np.zeros(4, np.float32), 2, padding)


AFFINE = Affine(np.ones(4, np.float32), np.zeros(4, np.float32))
LAST = FullyConnected(np.zeros((4, 128), np.float32))


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        ((), "ends between two layers"),
        ((convolution(0), AFFINE), "ends between two layers"),
        ((Plain("relu"), LAST), "does not begin with a convolution"),
        ((convolution(0), Plain("relu"), LAST), "a convolution without affine"),
        ((convolution(1), AFFINE, LAST), "its first convolution is padded"),
        ((convolution(0), AFFINE, Plain("add_prev"), LAST), "addition outside a residual block"),
        ((convolution(0), AFFINE, AveragePool(2), LAST), "pooling outside a residual block"),
    ],
)
def test_a_network_of_another_shape_is_refused(layers: tuple[Layer, ...], problem: str) -> None:
    with pytest.raises(ModelError, match=f"not the dlib face network: .*{problem}"):
        dlib_conversion.convert(dlib_files.network(Network((0.0, 0.0, 0.0), layers)))
