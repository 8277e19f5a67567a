"""Decoding of CenterFace's maps."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.detections import centerface


def maps(rows: int = 8, columns: int = 10) -> list[np.ndarray]:
    return [np.zeros((planes, rows, columns), np.float32) for planes in (1, 2, 2, 10)]


def test_one_face() -> None:
    heat, log_sizes, offsets, landmarks = maps()
    heat[0, 3, 5] = 0.9
    log_sizes[:, 3, 5] = np.log([4, 2])  # 16 px high, 8 px wide
    offsets[:, 3, 5] = (0.25, -0.5)
    landmarks[:, 3, 5] = np.linspace(0.0, 0.9, 10)
    found = centerface.decode(heat, log_sizes, offsets, landmarks, min_score=0.5)
    # Centre: ((5 − 0.5 + 0.5) × 4, (3 + 0.25 + 0.5) × 4) = (20, 15).
    assert found.boxes.tolist() == [pytest.approx([16, 7, 24, 23])]
    assert found.scores.tolist() == [pytest.approx(0.9)]
    # Pairs of the map are (y, x) as shares of height and width.
    assert found.landmarks[0, 0].tolist() == pytest.approx([16 + 0.1 * 8, 7 + 0.0 * 16])
    assert found.landmarks[0, 4].tolist() == pytest.approx([16 + 0.9 * 8, 7 + 0.8 * 16])


def test_scores_below_the_threshold_are_no_faces() -> None:
    heat, *rest = maps()
    heat[0, 1, 1] = 0.5
    assert len(centerface.decode(heat, *rest, min_score=0.5)) == 0


def test_neighbouring_cells_are_one_face_and_distant_ones_two() -> None:
    heat, log_sizes, offsets, landmarks = maps()
    log_sizes[:] = np.log(3)
    heat[0, 2, 2], heat[0, 2, 3], heat[0, 6, 8] = 0.7, 0.8, 0.6
    found = centerface.decode(heat, log_sizes, offsets, landmarks, min_score=0.5)
    assert found.scores.tolist() == pytest.approx([0.8, 0.6])


def test_a_map_full_of_heat_is_bounded() -> None:
    rng = np.random.default_rng(1)
    heat, log_sizes, offsets, landmarks = maps(96, 160)
    heat[:] = rng.uniform(0.6, 1.0, heat.shape)
    log_sizes[:] = -9.0
    found = centerface.decode(heat, log_sizes, offsets, landmarks, min_score=0.5)
    assert 0 < len(found) <= centerface.MAX_CANDIDATES
    assert found.scores[0] == heat.max()


def test_senseless_sizes_stay_finite() -> None:
    heat, log_sizes, offsets, landmarks = maps()
    heat[0, 0, 0] = 1.0
    log_sizes[:] = 1e6
    assert np.isfinite(centerface.decode(heat, log_sizes, offsets, landmarks, min_score=0.5).boxes).all()
