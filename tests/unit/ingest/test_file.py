from __future__ import annotations

import struct
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest

from sightline.exceptions import SourceError
from sightline.ingest import file as file_module
from sightline.ingest.file import STILL_FPS, FileSource
from tests.videos import number_in, numbered, write_video


class Pace:
    """Records how long a source wants to wait, instead of waiting."""

    def __init__(self, source: FileSource, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = time.monotonic()
        self.due_s: list[float] = []
        monkeypatch.setattr(file_module, "time", SimpleNamespace(monotonic=lambda: self.now_s))
        monkeypatch.setattr(source._stopped, "wait", self._wait)

    def _wait(self, seconds: float) -> bool:
        self.now_s += seconds
        self.due_s.append(self.now_s)
        return False

    def steps_ms(self) -> list[int]:
        return [round(1000 * (after - before)) for before, after in zip(self.due_s, self.due_s[1:], strict=False)]


def test_a_file_loops_without_a_seam_at_its_own_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "video.mp4", [numbered(n) for n in range(7)], fps=20)
    source = FileSource(str(path))
    pace = Pace(source, monkeypatch)
    seen = []
    for _ in range(21):
        source.grab()
        seen.append(number_in(source.picture()))
    assert seen == list(range(7)) * 3
    assert pace.steps_ms() == [50] * 20
    assert (source.codec, source.fps) == ("h264", 20.0)
    source.close()


def test_a_picture_outlives_its_source_in_memory_of_its_own(tmp_path: Path) -> None:
    source = FileSource(str(write_video(tmp_path / "v.mp4", [numbered(n) for n in range(3)])))
    source.grab()
    image = source.picture()
    source.grab()
    source.close()
    assert image.base is None
    assert number_in(image) == 0


def test_uneven_times_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "v.mkv", [numbered(n) for n in range(4)], times_s=[0.0, 0.1, 0.4, 0.5])
    source = FileSource(str(path))
    pace = Pace(source, monkeypatch)
    for _ in range(4):
        source.grab()
    assert pace.steps_ms() == [100, 300, 100]
    source.close()


def test_a_busy_machine_does_not_make_a_file_rush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "video.mp4", [numbered(n) for n in range(5)], fps=10)
    source = FileSource(str(path))
    pace = Pace(source, monkeypatch)
    source.grab()
    pace.now_s += 60.0
    for _ in range(4):
        source.grab()
    assert pace.steps_ms() == [60_000, 100, 100, 100]
    source.close()


def test_a_single_picture_is_a_slow_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "still.png"
    cv2.imwrite(str(path), numbered(77))
    source = FileSource(str(path))
    pace = Pace(source, monkeypatch)
    for _ in range(5):
        source.grab()
        assert number_in(source.picture()) == 77
    assert source.fps == STILL_FPS
    assert pace.steps_ms()[1:] == [200] * 3
    source.close()


def test_a_file_cut_short_is_read_as_far_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "v.h264", [numbered(n) for n in range(30)], format="h264")
    path.write_bytes(path.read_bytes()[:-500])
    source = FileSource(str(path))
    Pace(source, monkeypatch)
    seen = []
    for _ in range(40):
        source.grab()
        seen.append(number_in(source.picture()))
    assert seen[:25] == list(range(25))
    assert 0 in seen[20:]
    source.close()


def test_a_video_filmed_upright_is_turned(tmp_path: Path) -> None:
    """Phones write the turn into the file: here a quarter clockwise (ISO 14496-12, `tkhd` matrix)."""
    wide = numbered(0, 320, 160)
    wide[:, :80] = (0, 0, 255)
    path = write_video(tmp_path / "phone.mp4", [wide] * 3)
    upright = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    quarter = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    content = path.read_bytes()
    place = content.index(upright, content.index(b"tkhd"))
    path.write_bytes(content[:place] + quarter + content[place + len(upright) :])
    source = FileSource(str(path))
    source.grab()
    image = source.picture()
    assert image.shape == (320, 160, 3)
    assert image[10, 80, 2] > 200 and image[10, 80, 0] < 60
    assert image[310, 80, 2] < 60
    source.close()


def test_interrupting_ends_the_wait(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mkv", [numbered(0), numbered(1)], times_s=[0.0, 9.0])
    source = FileSource(str(path))
    source.grab()
    threading.Timer(0.05, source.interrupt).start()
    with pytest.raises(SourceError, match="stopped"):
        source.grab()
    source.close()
    source.close()
