"""The benchmark compares like with like: every kind of search finds the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench import search


def nearest(kind: str) -> NDArray[np.int64]:
    """The five nearest of 400 templates to each of 16 probes."""
    found = search._searcher(kind, 400, np.random.default_rng(1))(search._templates(np.random.default_rng(2), 16))
    match kind:
        case "numpy":
            rows = found
        case "faiss Flat":
            rows = found[1]
        case _:
            rows = found[0]
    return np.asarray(rows, np.int64)[:, :5]


@pytest.mark.parametrize("kind", search.KINDS)
def test_every_kind_finds_the_same(kind: str) -> None:
    pairs = zip(nearest(kind).tolist(), nearest("numpy").tolist(), strict=True)
    shared = [len(set(one) & set(other)) for one, other in pairs]
    assert sum(shared) >= 0.95 * 5 * len(shared), "but for ties that half precision decides otherwise"


def test_a_measurement_is_complete() -> None:
    measured = search._measure("numpy", 100)
    assert measured["templates"] == 100 and measured["search"] == "numpy"
    assert measured["single_ms"] > 0 and measured["batched_ms"] > 0
