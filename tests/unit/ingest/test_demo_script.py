from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.ingest.demo_hall import WIDTH
from sightline.ingest.demo_script import SCENE_S, Lane, figures_at
from sightline.ingest.demo_walkers import FACE_WIDTH_M, Walker


def inside(t_s: float, seed: int = 0) -> set[str]:
    """Who is in the picture, with the whole face."""
    return {f.walker for f in figures_at(t_s, seed) if 0.2 * f.px_per_m < f.x < WIDTH - 0.2 * f.px_per_m}


def test_both_are_there_within_the_first_seconds() -> None:
    assert inside(1.5) == {Walker.COLLINS}
    assert all(inside(t_s) == {Walker.COLLINS, Walker.HOPPER} for t_s in (4.2, 5.0, 6.0, 7.0, 8.0))


def test_there_are_scenes_with_one_with_both_and_with_nobody() -> None:
    casts = [frozenset(inside(scene * SCENE_S + 5.5)) for scene in range(10)]
    collins, hopper = frozenset({Walker.COLLINS}), frozenset({Walker.HOPPER})
    assert set(casts) == {frozenset(), collins, hopper, collins | hopper}


@given(scene=st.integers(0, 500), seed=st.integers(0, 2**32))
def test_every_scene_ends_with_an_empty_hall(scene: int, seed: int) -> None:
    """Five seconds unseen make the next appearance a new one."""
    assert not figures_at(scene * SCENE_S + SCENE_S - 5.0, seed)
    assert not figures_at(scene * SCENE_S + SCENE_S - 0.01, seed)


@given(t_s=st.floats(0, 1e5), seed=st.integers(0, 2**32))
def test_faces_are_between_40_and_140_pixels_and_the_farthest_comes_first(t_s: float, seed: int) -> None:
    figures = figures_at(t_s, seed)
    assert all(40 <= figure.px_per_m * FACE_WIDTH_M <= 140 for figure in figures)
    assert [f.lane.depth for f in figures] == sorted(f.lane.depth for f in figures)
    assert len({f.lane for f in figures}) == len(figures)
    assert figures == figures_at(t_s, seed)


def test_lanes_do_not_overlap() -> None:
    edges = [edge for lane in Lane for edge in lane.value]
    assert edges == sorted(edges)
