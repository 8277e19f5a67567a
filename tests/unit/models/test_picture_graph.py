"""Files made to take pictures as OpenCV holds them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sightline.exceptions import ModelError
from sightline.models.picture_graph import Pixels, read_graph, signature, taking_pictures
from sightline.models.runtime import Session

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(1, 2, 4, 3)


def echo(kind: int = TensorProto.FLOAT, shape: tuple[int | str, ...] = (1, 3, 2, 4), further: bool = False) -> bytes:
    """A file that answers with what it is given."""
    inputs = [helper.make_tensor_value_info("x", kind, list(shape))]
    if further:
        inputs.append(helper.make_tensor_value_info("y", kind, list(shape)))
    weights = [numpy_helper.from_array(np.ones(1, np.float32), "old-style")]
    inputs.append(helper.make_tensor_value_info("old-style", TensorProto.FLOAT, [1]))
    nodes = [helper.make_node("Cast", ["x"], ["out"], to=TensorProto.FLOAT)]
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, list(shape))
    graph = helper.make_graph(nodes, "echo", inputs, [output], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def given(content: bytes, pixels: Pixels, **how: bool) -> Session:
    return Session("echo", taking_pictures("echo", read_graph("echo", content), pixels, **how))


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
@pytest.mark.parametrize(
    "pixels", [Pixels(), Pixels(rgb=True), Pixels(factor=1 / 255), Pixels(rgb=True, mean=127.5, factor=1 / 127.5)]
)
def test_the_network_gets_what_it_wants(kind: int, pixels: Pixels) -> None:
    (planes,) = given(echo(kind), pixels).run(PICTURE)
    wanted = PICTURE[..., ::-1] if pixels.rgb else PICTURE
    expected = (wanted.transpose(0, 3, 1, 2).astype(np.float32) - pixels.mean) * pixels.factor
    assert np.allclose(planes, expected, atol=2e-3)


def test_sides_and_batches_that_are_free_stay_free() -> None:
    session = given(echo(shape=("N", 3, "h", "w")), Pixels())
    assert session.input_shape == (None, None, None, 3)
    assert session.run(np.zeros((3, 5, 7, 3), np.uint8))[0].shape == (3, 3, 5, 7)


def test_sides_can_be_set_free() -> None:
    session = given(echo(), Pixels(), any_size=True)
    assert session.run(np.zeros((1, 6, 8, 3), np.uint8))[0].shape == (1, 3, 6, 8)


def test_weights_that_are_listed_as_inputs_are_no_pictures() -> None:
    assert signature("echo", read_graph("echo", echo())).input == (1, 3, 2, 4)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (echo(further=True), "takes 2 inputs, not one picture"),
        (echo(shape=(1, 5, 2, 4)), "takes 1 × 5 × 2 × 4, not pictures of three colours"),
        (echo(shape=(1, 3)), "not pictures of three colours"),
    ],
)
def test_what_takes_no_picture_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        read_graph("echo", content)


def test_numbers_that_no_picture_is_made_of_are_refused() -> None:
    with pytest.raises(ModelError, match="no picture is made of"):
        taking_pictures("echo", read_graph("echo", echo(TensorProto.INT64)), Pixels())
