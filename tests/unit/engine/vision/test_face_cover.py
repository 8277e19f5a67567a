"""What is covered of a camera's faces, frame by frame."""

from __future__ import annotations

import numpy as np

from sightline.engine.vision.face_cover import RESCAN_MS, FaceCover
from sightline.geometry import Boxes

NOBODY = np.empty((0, 4), np.float32)


def box(x: float, y: float = 50, side: float = 40) -> Boxes:
    return np.array([[x, y, x + side, y + side]], np.float32)


def covered(cover: FaceCover, found: Boxes, at_ms: int, *, clear: bool = False) -> list[list[float]]:
    boxes = cover.boxes(found, np.full(len(found), clear), at_ms)
    assert boxes.dtype == np.float32 and boxes.shape[1] == 4
    return [[float(value) for value in one] for one in boxes]


def test_what_is_found_is_covered_where_it_is() -> None:
    cover = FaceCover("door")
    assert covered(cover, box(100), 1_000) == [[100, 50, 140, 90]]
    assert covered(cover, np.concatenate([box(104), box(300)]), 1_200) == [[104, 50, 144, 90], [300, 50, 340, 90]]


def test_who_may_be_seen_is_not_covered_and_whoever_stands_beside_them_is() -> None:
    cover = FaceCover("door")
    found = np.concatenate([box(100), box(300)])
    assert cover.boxes(found, np.array([True, False]), 1_000).tolist() == box(300).tolist()


def test_a_face_that_is_missed_is_covered_where_it_was_and_where_it_should_be() -> None:
    cover = FaceCover("door")
    for step in range(4):
        covered(cover, box(100 + 20 * step), 1_000 + 200 * step)
    ((left, top, right, bottom),) = covered(cover, NOBODY, 1_800)
    assert left <= 160 and right >= 160 + 20 + 40, "it goes on, or stands still"
    assert (top, bottom) == (50, 90)


def test_a_face_that_is_gone_is_covered_no_longer_than_until_all_was_looked_at() -> None:
    cover = FaceCover("door")
    covered(cover, box(100), 1_000)
    assert covered(cover, NOBODY, 1_000 + RESCAN_MS) == box(100).tolist()
    assert covered(cover, NOBODY, 1_000 + 2 * RESCAN_MS) == []


def test_somebody_known_who_is_missed_is_covered_like_everybody() -> None:
    cover = FaceCover("door")
    assert covered(cover, box(100), 1_000, clear=True) == []
    assert covered(cover, NOBODY, 1_200) == box(100).tolist()


def test_in_another_scene_nobody_is_where_they_were() -> None:
    cover = FaceCover("door")
    covered(cover, box(100), 1_000)
    cover.end()
    assert covered(cover, NOBODY, 1_200) == []
