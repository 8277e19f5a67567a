from __future__ import annotations

import pytest

from sightline.engine.performance import Performance


def test_load_is_the_busy_share_of_all_workers_since_the_last_look() -> None:
    performance = Performance(workers=2, now_s=100.0)
    for _ in range(10):
        performance.worked(0.1)
    assert performance.load(101.0) == pytest.approx(0.5)
    assert performance.load(102.0) == 0.0
    assert performance.load(102.0) == 0.0
    performance.worked(99.0)
    assert performance.load(103.0) == 1.0


def test_medians_by_stage() -> None:
    performance = Performance(workers=1, now_s=0.0)
    for spent in (1.0, 2.0, 30.0):
        performance.frame({"detect": spent, "total": spent + 1})
    performance.frame({"total": 2.5})
    assert performance.medians_ms() == {"detect": 2.0, "total": 2.75}
    assert performance.frames == 4
