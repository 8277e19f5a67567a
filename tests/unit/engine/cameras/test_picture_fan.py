from __future__ import annotations

import numpy as np

from sightline.engine.cameras.picture_fan import PictureFan
from sightline.frames import Frame

FRAME = Frame("hall", 1, 1, np.zeros((2, 2, 3), np.uint8))


def test_each_taker_has_its_own_rate() -> None:
    fan = PictureFan()
    taken: dict[str, list[float]] = {"slow": [], "fast": []}

    def slow(frame: Frame, now_s: float) -> None:
        taken["slow"].append(now_s)

    def fast(frame: Frame, now_s: float) -> None:
        taken["fast"].append(now_s)

    assert not fan.due(0.0)
    fan.add(slow, fps=1.0)
    fan.add(fast, fps=4.0)
    for quarter in range(8):
        for take in fan.due(quarter / 4):
            take(FRAME, quarter / 4)
    assert taken == {"slow": [0.0, 1.0], "fast": [quarter / 4 for quarter in range(8)]}
    fan.remove(slow)
    fan.remove(slow)
    assert len(fan.due(9.0)) == 1
