from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sightline.identities.consensus import Consensus, ConsensusRules, IdentityState, Sample
from sightline.identities.gallery import Gallery, Reference
from sightline.identities.negatives import Negative, Negatives

Vector = NDArray[np.float32]
vectors = arrays(np.float32, 3, elements=st.floats(-1, 1, allow_nan=False, width=16))
people = st.sampled_from(["ada", "ben", "cleo"])
galleries = st.lists(st.tuples(people, vectors), min_size=1, max_size=8).map(
    lambda rows: Gallery.of([Reference(f"r{n}", person, vector) for n, (person, vector) in enumerate(rows)], 3)
)


def named(gallery: Gallery, probe: Vector) -> tuple[str, float] | None:
    """Who a single probe is nearest to, and how near; nobody when it is refused as everybody."""
    found = gallery.search(probe[None])
    if found is None or not np.isfinite(found.distances[0]):
        return None
    return found.person_ids[0], float(found.distances[0])


def without(gallery: Gallery, person_id: str, vector: Vector) -> Gallery:
    return gallery.with_negatives(gallery.negatives.updated([Negative("n", person_id, vector)]))


@given(galleries, people, vectors)
def test_the_face_that_was_rejected_is_never_that_person_again(gallery: Gallery, person: str, face: Vector) -> None:
    answer = named(without(gallery, person, face), face)
    assert answer is None or answer[0] != person


@given(galleries, people, vectors, vectors)
def test_a_negative_gives_nobody_a_nearer_name(gallery: Gallery, person: str, face: Vector, probe: Vector) -> None:
    """It only takes away: whoever is named after it is as near or farther, and never that person anew."""
    before, after = named(gallery, probe), named(without(gallery, person, face), probe)
    assert before is not None
    if after is not None:
        assert after[1] >= before[1]
        assert after[0] != person or before[0] == person
    if before[0] != person:
        assert after == before, "who was not taken for this person is not concerned"


@given(galleries, people, vectors, vectors)
def test_undoing_it_restores_what_was(gallery: Gallery, person: str, face: Vector, probe: Vector) -> None:
    changed = without(gallery, person, face)
    undone = changed.with_negatives(changed.negatives.updated([], {"n"}))
    assert len(undone.negatives) == 0
    assert named(undone, probe) == named(gallery, probe)


@given(vectors, vectors, vectors)
def test_whoever_is_nearer_to_the_reference_keeps_the_name(reference: Vector, face: Vector, probe: Vector) -> None:
    gallery = without(Gallery.of([Reference("r", "ada", reference)], 3), "ada", face)
    nearer = np.sum((probe - reference) ** 2) < np.sum((probe - face) ** 2)
    assert (named(gallery, probe) is not None) == bool(nearer)


def test_the_runner_up_is_somebody_who_is_not_refused() -> None:
    gallery = Gallery.of(
        [Reference("a", "ada", np.float32([0, 0])), Reference("b", "ben", np.float32([1, 0])),
         Reference("c", "cleo", np.float32([2, 0]))], 2,
    )  # fmt: skip
    found = without(gallery, "ada", np.float32([0.2, 0])).search(np.float32([[0.2, 0]]))
    assert found is not None
    assert found.person_ids == ("ben",)
    assert np.allclose([found.distances[0], found.runner_up[0]], [0.8, 1.8])


def test_negatives_survive_a_change_of_the_references() -> None:
    gallery = without(Gallery.of([Reference("a", "ada", np.float32([0, 0]))], 2), "ada", np.float32([1, 0]))
    changed = gallery.updated([Reference("b", "ada", np.float32([0.1, 0]))])
    assert changed.search(np.float32([[0.9, 0]])).distances[0] == np.inf  # type: ignore[union-attr]


def test_a_track_that_was_rejected_loses_its_name_at_once() -> None:
    gallery = Gallery.of([Reference("a", "ada", np.float32([0, 0, 0]))], 3)
    consensus = Consensus(ConsensusRules())
    face = np.float32([0.3, 0, 0])
    for number in range(6):
        consensus.add(Sample(number, number, 1.0, face), gallery)
    assert consensus.identity.person_id == "ada"
    rejected = without(gallery, "ada", face)
    consensus.review(rejected)
    assert consensus.identity.person_id is None
    for number in range(12):
        consensus.add(Sample(number, number, 1.0, face), rejected)
    assert consensus.identity.state is IdentityState.UNKNOWN


def test_nobody_has_negatives_at_first() -> None:
    assert len(Negatives()) == 0
    assert not Negatives().refused("ada", np.zeros((2, 3), np.float32), np.zeros(2, np.float32)).any()
