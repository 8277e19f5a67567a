"""The published CenterFace file made to take pictures of any size."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sightline.exceptions import ModelError
from sightline.models import centerface_conversion
from sightline.models.runtime import Session

PLANES = {"537": 1, "538": 2, "539": 2, "540": 10}
FACTORS = {
    name: np.random.default_rng(index).normal(size=(planes, 3, 4, 4)).astype(np.float32)
    for index, (name, planes) in enumerate(PLANES.items())
}


def published(outputs: tuple[str, ...] = tuple(PLANES)) -> bytes:
    """A small graph with the published one's faults: a fixed input, weights among the inputs, outputs as numbers."""
    stem = np.random.default_rng(9).normal(size=(3, 3, 1, 1)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["input.1", "stem"], ["x"])]
    nodes += [helper.make_node("Conv", ["x", f"w{name}"], [name], strides=[4, 4]) for name in outputs]
    weights = {"stem": stem, **{f"w{name}": FACTORS[name] for name in outputs if name in FACTORS}}
    inputs = [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [10, 3, 32, 32])]
    inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in weights.items()]
    graph = helper.make_graph(
        nodes,
        "published",
        inputs,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [10, PLANES.get(name, 1), 8, 8]) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96)])
def test_it_takes_bgr_pictures_of_any_size_and_computes_the_same(height: int, width: int) -> None:
    session = Session("converted", centerface_conversion.convert(published()))
    pictures = np.random.default_rng(1).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    outputs = session.run(pictures)
    assert [output.shape for output in outputs] == [(2, planes, height // 4, width // 4) for planes in PLANES.values()]
    rgb = pictures[..., ::-1].transpose(0, 3, 1, 2).astype(np.float64)
    stem = np.random.default_rng(9).normal(size=(3, 3, 1, 1)).astype(np.float32)[:, :, 0, 0]
    x = np.einsum("oi,nihw->nohw", stem, rgb)
    cells = x.reshape(2, 3, height // 4, 4, width // 4, 4)
    for output, weights in zip(outputs, FACTORS.values(), strict=True):
        expected = np.einsum("nihkwl,oikl->nohw", cells, weights)
        assert np.allclose(output, expected, rtol=1e-4, atol=1e-2)


def test_weights_are_no_longer_inputs_and_outputs_have_names() -> None:
    graph = onnx.load_model_from_string(centerface_conversion.convert(published())).graph
    assert [value.name for value in graph.input] == ["images"]
    assert tuple(value.name for value in graph.output) == centerface_conversion.OUTPUTS


@pytest.mark.parametrize("source", [b"", b"no model at all", published()[:100]])
def test_other_bytes_are_refused(source: bytes) -> None:
    with pytest.raises(ModelError):
        centerface_conversion.convert(source)


def test_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match="outputs"):
        centerface_conversion.convert(published(("537", "538", "539")))
