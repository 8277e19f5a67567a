from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sightline.identities.clustering import Groups

Vector = NDArray[np.float32]
REACH = 1.0
numbers = st.floats(-3, 3, allow_nan=False, width=32)
vectors = arrays(np.float32, 3, elements=numbers)
walks = st.lists(vectors, max_size=30)
FACES = [np.array(face, np.float32) * 10 for face in itertools.product((0, 1), repeat=3)]
"""Eight faces, each ten times as far from the others as a group reaches."""


def group(sightings: list[Vector], groups: Groups | None = None) -> list[str]:
    groups = groups or Groups(3, max_distance=REACH)
    return groups.place(sightings, (f"g{number}" for number in itertools.count(len(groups))))


@given(walks, walks)
def test_what_comes_later_changes_no_earlier_decision(earlier: list[Vector], later: list[Vector]) -> None:
    assert group(earlier + later)[: len(earlier)] == group(earlier)


@given(walks, walks.filter(bool))
def test_a_group_that_was_corrected_by_hand_keeps_its_members(seen: list[Vector], later: list[Vector]) -> None:
    """Members that a person moved stay where they were put: later sightings only ever add to a group."""
    groups = Groups(3, max_distance=REACH)
    by_hand = np.array([9, 9, 9], np.float32)
    groups.add("named", by_hand)
    group(seen, groups)
    sizes = {group_id: groups.size(group_id) for group_id in ("named", *{f"g{n}" for n in range(len(seen) + 1)})}
    group(later, groups)
    assert all(groups.size(group_id) >= size for group_id, size in sizes.items())


@given(st.lists(st.sampled_from(range(8)), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_faces_that_are_far_apart_are_grouped_alike_in_any_order(order: list[int], random: object) -> None:
    def partition(faces: list[int]) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        noisy = [FACES[face] + np.float32(0.05) * (index % 3) for index, face in enumerate(faces)]
        for face, group_id in zip(faces, group(noisy), strict=True):
            found.setdefault(face, set()).add(group_id)
        return found

    shuffled = list(order)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for faces in (order, shuffled):
        found = partition(faces)
        assert all(len(ids) == 1 for ids in found.values()), "a face has one number"
        assert len(set.union(*found.values())) == len(found), "a number is one face"


@given(walks.filter(bool), st.data())
def test_taking_a_member_out_leaves_what_was_before(seen: list[Vector], data: st.DataObject) -> None:
    groups = Groups(3, max_distance=REACH)
    group(seen, groups)
    probes = data.draw(st.lists(vectors, min_size=1, max_size=5))
    before = [groups.nearest(probe) for probe in probes]
    stray = data.draw(vectors)
    group_id = groups.nearest(seen[0]) or "new"
    groups.add(group_id, stray)
    groups.remove(group_id, stray)
    after = [groups.nearest(probe) for probe in probes]
    borderline = [
        probe for probe, one, two in zip(probes, before, after, strict=True) if one != two
    ]
    assert not borderline or len(groups) > 0 and all(_is_borderline(groups, probe) for probe in borderline)


def _is_borderline(groups: Groups, probe: Vector) -> bool:
    """Whether a hair's breadth decides about this probe."""
    nudged = {groups.nearest(probe * np.float32(1 + step)) for step in (-1e-5, 0, 1e-5)}
    return len(nudged) > 1


def test_a_sighting_joins_the_nearest_group_within_reach() -> None:
    groups = Groups(2, max_distance=1.0)
    groups.add("left", np.array([0, 0], np.float32))
    groups.add("right", np.array([1.5, 0], np.float32))
    assert groups.nearest(np.array([0.7, 0], np.float32)) == "left"
    assert groups.nearest(np.array([0.8, 0], np.float32)) == "right"
    assert groups.nearest(np.array([1.0, 0], np.float32) + np.float32([2, 0])) is None
    assert groups.nearest(np.array([0, 1.0], np.float32)) == "left", "at exactly the distance it joins"


def test_a_chain_of_faces_does_not_become_one_group() -> None:
    chain = [np.array([step * 0.6, 0, 0], np.float32) for step in range(20)]
    assert len(set(group(chain))) > 4


def test_a_group_without_members_is_gone() -> None:
    groups = Groups(3, max_distance=REACH)
    for number, face in enumerate(FACES):
        groups.add(f"g{number}", face)
    groups.remove("g2", FACES[2])
    assert "g2" not in groups and len(groups) == 7 and groups.size("g2") == 0
    assert groups.nearest(FACES[2]) is None
    assert [groups.nearest(face) for face in FACES[:2] + FACES[3:]] == [f"g{n}" for n in (0, 1, 3, 4, 5, 6, 7)]
    with pytest.raises(KeyError):
        groups.remove("g2", FACES[2])


def test_many_groups_are_kept() -> None:
    groups = Groups(1, max_distance=0.1)
    faces = [np.array([number], np.float32) for number in range(300)]
    assert len(set(groups.place(faces, map(str, itertools.count())))) == 300
    assert groups.nearest(np.array([250.05], np.float32)) == "250"
