"""The region of a frame that detection looks at."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.detections.regions import WHOLE_SHARE, region_of_interest


def part(*box: float) -> np.ndarray:
    return np.array([box], np.float32)


def test_a_small_part_with_its_margin_is_rounded_up_to_steps() -> None:
    region = region_of_interest(part(300, 200, 340, 240), 1280, 720, margin_px=40, step_px=64)
    assert region is not None
    left, top, right, bottom = region
    assert (right - left, bottom - top) == (128, 128)
    assert left <= 260
    assert right >= 380
    assert top <= 160
    assert bottom >= 280


def test_much_of_the_frame_is_all_of_it() -> None:
    assert region_of_interest(part(0, 0, 1200, 700), 1280, 720, margin_px=40, step_px=64) is None


def test_distant_parts_are_covered_together() -> None:
    region = region_of_interest(
        np.array([[10, 300, 50, 340], [600, 300, 640, 340]], np.float32), 1280, 720, margin_px=0, step_px=64
    )
    assert region is not None
    assert region[0] <= 10
    assert region[2] >= 640


coordinates = st.tuples(st.floats(-50, 1300), st.floats(-50, 750), st.floats(1, 400), st.floats(1, 400))


@given(
    st.lists(coordinates, min_size=1, max_size=4),
    st.sampled_from([(1280, 720), (640, 360), (97, 50)]),
    st.sampled_from([32, 64]),
)
def test_a_region_lies_inside_and_covers_the_visible_parts(
    parts: list[tuple[float, float, float, float]], size: tuple[int, int], step: int
) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in parts], np.float32)
    region = region_of_interest(boxes, *size, margin_px=20, step_px=step)
    if region is None:
        return
    width, height = size
    assert 0 <= region[0] < region[2] <= width
    assert 0 <= region[1] < region[3] <= height
    assert (region == np.floor(region)).all()
    sides = region[2:] - region[:2]
    assert float(sides.prod()) <= WHOLE_SHARE * width * height
    assert all(side % step == 0 or side == limit for side, limit in zip(sides, size, strict=True))
    visible = np.clip(boxes, 0, (width, height, width, height))
    assert (region[:2] <= visible[:, :2].min(axis=0)).all()
    assert (region[2:] >= visible[:, 2:].max(axis=0)).all()
