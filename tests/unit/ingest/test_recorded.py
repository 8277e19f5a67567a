from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sightline.exceptions import SourceError
from sightline.ingest.recorded import recorded_frames
from tests.videos import write_video


def test_gives_every_frame_once_with_its_time(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_video(path, [np.full((64, 96, 3), 20 * number, np.uint8) for number in range(10)], fps=10)
    with recorded_frames(str(path)) as frames:
        seen = [(number, time_s, picture().shape) for number, time_s, picture in frames]
    assert [number for number, _, _ in seen] == list(range(10))
    assert [time_s for _, time_s, _ in seen] == pytest.approx([number / 10 for number in range(10)], abs=0.01)
    assert {shape for _, _, shape in seen} == {(64, 96, 3)}


def test_says_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    for path, reason in (
        (tmp_path / "text.mp4", "text.mp4"),
        (tmp_path / "none.mp4", "does not exist"),
        (tmp_path, "folder"),
    ):
        with pytest.raises(SourceError, match=reason), recorded_frames(str(path)):
            pass
