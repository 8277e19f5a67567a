from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.identities.error_rates import curve_of
from sightline.identities.gallery import Gallery, Reference
from sightline.identities.leave_one_out import leave_one_out


def _gallery(*references: tuple[str, list[float]]) -> Gallery:
    made = [
        Reference(f"r{number}", person, np.array(vector, np.float32))
        for number, (person, vector) in enumerate(references)
    ]
    return Gallery.of(made, 2)


def test_people_far_apart_are_all_found() -> None:
    gallery = _gallery(("ann", [0, 0]), ("ann", [0.1, 0]), ("bob", [1, 0]), ("bob", [1.1, 0]))
    left_out = leave_one_out(gallery)
    assert left_out.own == pytest.approx([0.1, 0.1, 0.1, 0.1], abs=1e-6)
    assert left_out.others == pytest.approx([1.0, 0.9, 0.9, 1.0], abs=1e-6)
    assert curve_of(left_out.comparisons()).at_fmr(0.0)[0] == 0.0
    assert [(pair.person_ids, pair.reference_ids) for pair in left_out.confusable] == [(("ann", "bob"), ("r1", "r2"))]


def test_a_rival_that_is_nearer_is_a_miss_at_any_threshold() -> None:
    gallery = _gallery(("ann", [0, 0]), ("ann", [0.5, 0]), ("bob", [0.6, 0]), ("bob", [3, 0]))
    comparisons = leave_one_out(gallery).comparisons()
    assert np.isinf(comparisons.distances[comparisons.mated]).sum() == 2


def test_a_margin_that_is_not_kept_is_a_miss() -> None:
    gallery = _gallery(("ann", [0, 0]), ("ann", [0.5, 0]), ("bob", [-0.52, 0]))
    left_out = leave_one_out(gallery)
    assert np.isfinite(left_out.comparisons().distances[0])
    assert np.isinf(left_out.comparisons(margin=0.05).distances[0])


def test_a_person_with_one_reference_has_nothing_to_be_found_by() -> None:
    left_out = leave_one_out(_gallery(("ann", [0, 0]), ("ann", [0.1, 0]), ("bob", [1, 0])))
    assert left_out.probes_with_mate == 2
    assert len(left_out.comparisons()) == 2 + 3


def test_one_person_alone_says_nothing() -> None:
    with pytest.raises(ValueError, match="different people"):
        leave_one_out(_gallery(("ann", [0, 0]), ("ann", [0.1, 0]))).comparisons()


def test_an_empty_gallery_has_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="different people"):
        leave_one_out(Gallery.empty(2)).comparisons()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1, 1, width=16), st.floats(-1, 1, width=16)), max_size=12))
def test_agrees_with_comparing_one_by_one(rows: list[tuple[str, float, float]]) -> None:
    left_out = leave_one_out(_gallery(*((person, [x, y]) for person, x, y in rows)))
    for index, (person, x, y) in enumerate(rows):
        apart = [np.hypot(x - other[1], y - other[2]) for other in rows]
        own = [apart[j] for j, other in enumerate(rows) if other[0] == person and j != index]
        others = [apart[j] for j, other in enumerate(rows) if other[0] != person]
        assert left_out.own[index] == pytest.approx(min(own, default=np.inf), abs=2e-3)
        assert left_out.others[index] == pytest.approx(min(others, default=np.inf), abs=2e-3)
