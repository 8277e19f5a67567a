from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sightline.search.template_index import Entry, TemplateIndex, Window

Vector = NDArray[np.float32]
halves = arrays(np.float16, 4, elements=st.floats(-2, 2, allow_nan=False, width=16)).map(lambda a: a.astype(np.float32))
entries = st.lists(
    st.builds(
        Entry, key=st.integers(0, 50), camera=st.integers(0, 3), first_seen_ms=st.integers(0, 20),
        last_seen_ms=st.integers(20, 40), vector=halves,
    ),
    max_size=30, unique_by=lambda entry: entry.key,
)  # fmt: skip
windows = st.builds(
    Window, cameras=st.none() | st.frozensets(st.integers(0, 3)), from_ms=st.none() | st.integers(0, 50),
    to_ms=st.none() | st.integers(0, 50),
)  # fmt: skip


def index_of(some: list[Entry]) -> TemplateIndex:
    index = TemplateIndex(4)
    index.add(some)
    return index


def is_in(entry: Entry, window: Window) -> bool:
    return (
        (window.cameras is None or entry.camera in window.cameras)
        and (window.from_ms is None or entry.last_seen_ms >= window.from_ms)
        and (window.to_ms is None or entry.first_seen_ms <= window.to_ms)
    )


@settings(max_examples=200)
@given(entries, st.sets(st.integers(0, 50)), st.lists(halves, min_size=1, max_size=3), st.integers(1, 12), windows)
def test_the_nearest_are_found_exactly(
    some: list[Entry], gone: set[int], probes: list[Vector], count: int, window: Window
) -> None:
    index = index_of(some)
    index.remove(gone)
    left = [entry for entry in some if entry.key not in gone]
    assert len(index) == len(left)
    keys, distances = index.search(np.stack(probes), count, window)
    wanted = {entry.key: entry for entry in left if is_in(entry, window)}
    for probe, found, apart in zip(probes, keys, distances, strict=True):
        real = sorted(float(np.linalg.norm(entry.vector - probe)) for entry in wanted.values())[:count]
        named = [int(key) for key in found if key >= 0]
        assert np.allclose(apart[: len(named)], real, atol=1e-3), "no nearer one was left out"
        assert len(named) == len(real) and len(set(named)) == len(named)
        for key, distance in zip(named, apart, strict=False):
            assert np.isclose(np.linalg.norm(wanted[key].vector - probe), distance, atol=1e-3)
        assert np.isinf(apart[len(named) :]).all()


def test_a_template_can_be_had_back_as_it_is_kept() -> None:
    index = index_of([Entry(key, 0, 0, 0, np.float32([key, 0, 0, 0.1])) for key in range(3000)])
    index.remove(range(0, 3000, 2))
    assert len(index) == 1500 and 2999 in index and 2998 not in index
    assert np.allclose(index.vector(2001), [2001, 0, 0, 0.1], atol=1e-3)
    with pytest.raises(KeyError):
        index.vector(2000)
    keys, distances = index.search(np.float32([[1234, 0, 0, 0.1]]), 2)
    assert set(keys[0].tolist()) == {1233, 1235} and np.allclose(distances, 1)


def test_what_is_no_template_is_refused() -> None:
    index = index_of([Entry(1, 0, 0, 0, np.zeros(4, np.float32))])
    for wrong in (
        Entry(2, 0, 0, 0, np.zeros(3, np.float32)),
        Entry(2, 0, 0, 0, np.float32([0, 0, 0, np.nan])),
        Entry(1, 0, 0, 0, np.zeros(4, np.float32)),
    ):
        with pytest.raises(ValueError):
            index.add([wrong])
    assert len(index) == 1


def test_nothing_is_found_where_nothing_is() -> None:
    keys, distances = TemplateIndex(4).search(np.zeros((2, 4), np.float32), 5)
    assert keys.shape == distances.shape == (2, 0)
