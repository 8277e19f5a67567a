"""Reading dlib's serialisation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.exceptions import ModelError
from sightline.models import dlib_format
from tests.unit.models import dlib_files

NETWORK = dlib_files.small()
DATA = dlib_files.network(NETWORK)


def test_what_was_written_is_read() -> None:
    found = dlib_format.read(DATA)
    assert found.mean_rgb == pytest.approx(NETWORK.mean_rgb)
    assert [type(layer) for layer in found.layers] == [type(layer) for layer in NETWORK.layers]
    first, written = found.layers[0], NETWORK.layers[0]
    assert isinstance(first, dlib_format.Convolution)
    assert isinstance(written, dlib_format.Convolution)
    assert np.array_equal(first.weights, written.weights)
    assert np.array_equal(first.bias, written.bias)
    assert (first.stride, first.padding) == (2, 0)
    last = found.layers[-1]
    assert isinstance(last, dlib_format.FullyConnected)
    assert last.weights.shape == (6, 128)


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_integers_of_any_sign_and_size(value: int) -> None:
    reader = dlib_format._Reader(dlib_files.integer(value))
    assert reader.integer() == value
    assert reader.at_end


def test_another_network_is_refused() -> None:
    with pytest.raises(ModelError, match="not a dlib metric-learning network"):
        dlib_format.read(dlib_files.integer(1) + dlib_files.string("loss_binary_hinge_"))
    with pytest.raises(ModelError, match="unexpected layer"):
        dlib_format.read(DATA.replace(dlib_files.string("affine_"), dlib_files.string("bn_con_"), 1))


@given(st.integers(0, len(DATA) - 1))
@example(DATA.index(dlib_files.string("fc_2")))
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(ModelError):
        dlib_format.read(DATA[:length])


@given(st.binary(max_size=300))
def test_only_model_errors_escape_from_any_bytes(data: bytes) -> None:
    with pytest.raises(ModelError):
        dlib_format.read(data)


@given(st.integers(0, 2_000), st.integers(0, 255))
def test_only_model_errors_escape_from_a_damaged_file(position: int, value: int) -> None:
    damaged = bytearray(DATA)
    damaged[position % len(DATA)] = value
    try:
        dlib_format.read(bytes(damaged))
    except ModelError as error:
        assert error.model == "dlib-face-resnet29"
