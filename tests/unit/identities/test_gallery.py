"""Exact search in the gallery, against a slow and plain one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.identities.gallery import Gallery, Reference
from sightline.identities.negatives import Negative, Negatives


def reference(name: str, person: str, *vector: float) -> Reference:
    return Reference(name, person, np.array(vector, np.float32))


def probes(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_an_empty_gallery_knows_nobody() -> None:
    assert Gallery.empty(2).search(probes((0, 0))) is None
    assert "anna" not in Gallery.empty(2)


def test_the_runner_up_is_the_next_person_not_the_next_reference() -> None:
    gallery = Gallery.of(
        [reference("a1", "anna", 0, 0), reference("a2", "anna", 0, 1), reference("b1", "ben", 0, 5)], 2
    )
    found = gallery.search(probes((0, 0.25), (0, 4)))
    assert found is not None
    assert found.person_ids == ("anna", "ben")
    assert found.reference_ids == ("a1", "b1")
    assert found.distances.tolist() == pytest.approx([0.25, 1.0])
    assert found.runner_up.tolist() == pytest.approx([4.75, 3.0])


def test_a_single_person_has_no_runner_up() -> None:
    found = Gallery.of([reference("a1", "anna", 0, 0)], 2).search(probes((3, 4)))
    assert found is not None
    assert found.distances.tolist() == [5.0]
    assert math.isinf(found.runner_up[0])


def test_updates_leave_the_old_gallery_as_it_was() -> None:
    old = Gallery.of([reference("a1", "anna", 0, 0), reference("b1", "ben", 9, 9)], 2)
    new = old.updated([reference("a1", "anna", 1, 1), reference("c1", "cleo", 2, 2)], removed={"b1", "unheard-of"})
    assert (len(old), len(new)) == (2, 2)
    assert "ben" in old
    assert "ben" not in new
    found = new.search(probes((1, 1)))
    assert found is not None
    assert found.distances[0] == 0


def test_a_reference_both_removed_and_added_stays() -> None:
    gallery = Gallery.of([reference("a1", "anna", 0, 0)], 2).updated([reference("a1", "anna", 5, 5)], {"a1"})
    assert gallery.reference_ids == ("a1",)
    assert gallery.vectors.tolist() == [[5, 5]]


def test_the_last_of_equal_ids_counts() -> None:
    gallery = Gallery.of([reference("a1", "anna", 0, 0), reference("a1", "ben", 1, 1)], 2)
    assert gallery.person_ids == ("ben",)


def test_templates_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="2 numbers"):
        Gallery.empty(2).updated([reference("a1", "anna", 0, 0, 0)])


@pytest.mark.parametrize(
    ("vectors", "names", "people"),
    [
        (np.zeros((2, 2), np.float32), ("a",), ("anna",)),
        (np.zeros((2, 2), np.float32), ("a", "a"), ("anna", "ben")),
        (np.full((1, 2), np.nan, np.float32), ("a",), ("anna",)),
        (np.zeros(2, np.float32), ("a", "b"), ("anna", "ben")),
    ],
)
def test_what_disagrees_is_refused(vectors: np.ndarray, names: tuple[str, ...], people: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="gallery"):
        Gallery(vectors, names, people)


def test_vectors_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Gallery.of([reference("a1", "anna", 0, 0)], 2).vectors[0] = 1


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_it_finds_what_a_plain_search_finds(references: int, people: int, searched: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    owners = [f"p{rng.integers(people)}" for _ in range(references)]
    vectors = rng.normal(size=(references, 8)).astype(np.float32)
    gallery = Gallery(vectors.copy(), tuple(f"r{index}" for index in range(references)), tuple(owners))
    queries = rng.normal(size=(searched, 8)).astype(np.float32)
    found = gallery.search(queries)
    assert found is not None
    for index, query in enumerate(queries):
        distances = np.linalg.norm(vectors - query, axis=1)
        best = int(distances.argmin())
        others = [distance for distance, owner in zip(distances, owners, strict=True) if owner != owners[best]]
        assert found.reference_ids[index] == f"r{best}"
        assert found.person_ids[index] == owners[best]
        assert found.distances[index] == pytest.approx(distances[best], abs=1e-3)
        assert found.runner_up[index] == pytest.approx(min(others, default=math.inf), abs=1e-3)


def test_the_distance_to_one_person_is_to_their_nearest_reference() -> None:
    gallery = Gallery.of(
        [reference("a1", "anna", 0, 0), reference("a2", "anna", 0, 1), reference("b1", "ben", 0, 5)], 2
    )
    probe = np.array((0, 4), np.float32)
    assert gallery.distance_to("anna", probe) == pytest.approx(3.0)
    assert gallery.distance_to("ben", probe) == pytest.approx(1.0)
    assert gallery.distance_to("eve", probe) is None
    refused = gallery.with_negatives(Negatives({"n": Negative("n", "ben", probe)}))
    assert refused.distance_to("ben", probe) == math.inf
