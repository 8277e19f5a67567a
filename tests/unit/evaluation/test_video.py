from __future__ import annotations

import numpy as np
import pytest

from sightline.evaluation.video import Recorded, thinned


@pytest.mark.parametrize(("rate", "wanted", "count"), [(30.0, 5.0, 10), (25.0, 25.0, 50), (10.0, 60.0, 20)])
def test_takes_as_many_frames_as_a_camera_would_be_analysed(rate: float, wanted: float, count: int) -> None:
    frames = [Recorded(number, number / rate, lambda: np.zeros((1, 1, 3), np.uint8)) for number in range(int(rate * 2))]
    assert len(list(thinned(frames, wanted))) == count


def test_goes_on_after_a_gap() -> None:
    times = [0.0, 0.1, 9.0, 9.1, 9.2, 9.3]
    frames = [Recorded(number, time_s, lambda: np.zeros((1, 1, 3), np.uint8)) for number, time_s in enumerate(times)]
    assert [frame.time_s for frame in thinned(frames, 5.0)] == [0.0, 9.0, 9.2]
