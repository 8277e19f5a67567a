from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from sightline.engine.video.footage_shelf import DAY_MS, FootageSettings, FootageShelf
from sightline.events.footage import FootageSpan

Usage = namedtuple("Usage", "total used free")


def shelf(folder: Path, **changed: float) -> FootageShelf:
    return FootageShelf(FootageSettings(folder, **{"keep_free_bytes": 0, **changed}))  # type: ignore[arg-type]


def piece(folder: Path, camera: str, starts_at: int, *, duration_ms: int = 30_000, size: int = 100) -> Path:
    path = folder / camera / f"{starts_at}-{duration_ms}.mp4"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.mp4"))


def test_pieces_of_one_camera_that_overlap_a_time(tmp_path: Path) -> None:
    for starts_at in (90_000, 0, 30_000, 60_000):
        piece(tmp_path, "hall", starts_at)
    piece(tmp_path, "yard", 30_000)
    (tmp_path / "hall" / "120000.growing.mp4").write_bytes(b"now")
    (tmp_path / "hall" / "notes.txt").write_bytes(b"not ours")
    found, more = shelf(tmp_path).pieces("hall", 30_000, 60_001, 10)
    assert [one.starts_at for one in found] == [30_000, 60_000]
    assert (found[0].duration_ms, found[0].size_bytes, found[0].format, more) == (30_000, 100, "mp4", False)
    assert [len(some) for some in shelf(tmp_path).pieces("hall", 0, 10**9, 3)[:1]] == [3]
    assert shelf(tmp_path).pieces("hall", 0, 10**9, 3)[1]
    assert shelf(tmp_path).piece("hall", 30_000) == tmp_path / "hall" / "30000-30000.mp4"


@pytest.mark.parametrize("camera", ["..", "../hall", "", "a/b", ".hidden", "none"])
def test_a_name_that_is_no_camera_leads_nowhere(tmp_path: Path, camera: str) -> None:
    piece(tmp_path, "hall", 0)
    inner = shelf(tmp_path / "hall")
    assert inner.pieces(camera, 0, 10**9, 10) == ([], False)
    assert shelf(tmp_path).piece(camera, 0) is None


def test_the_oldest_of_all_cameras_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for camera, starts_at in (("hall", 1_000), ("yard", 2_000), ("hall", 3_000), ("yard", 4_000)):
        piece(tmp_path, camera, starts_at)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(500, 400, 100))
    assert shelf(tmp_path, disk_share=0.5).tidy(5_000) == 2
    assert left(tmp_path) == ["hall/3000-30000.mp4", "yard/4000-30000.mp4"]


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    piece(tmp_path, "hall", 0)
    piece(tmp_path, "hall", DAY_MS)
    assert shelf(tmp_path, days=2).tidy(2 * DAY_MS + 1) == 1
    assert left(tmp_path) == [f"hall/{DAY_MS}-30000.mp4"]


def test_room_for_others_comes_before_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for starts_at in (1_000, 2_000, 3_000):
        piece(tmp_path, "hall", starts_at)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**6, 10**6 - 150, 150))
    bounded = shelf(tmp_path, keep_free_bytes=300)
    assert bounded.refusal() == "only 0 MB are free on the disk of the recordings"
    assert bounded.tidy(5_000) == 2
    assert left(tmp_path) == ["hall/3000-30000.mp4"]


def test_what_a_crash_left(tmp_path: Path) -> None:
    (tmp_path / "hall").mkdir()
    for name in ("1.growing.mp4", "2.draft.mp4", "3-4.mp4"):
        (tmp_path / "hall" / name).write_bytes(b"x")
    assert [path.name for path in shelf(tmp_path).left_behind()] == ["1.growing.mp4"]
    assert left(tmp_path) == ["hall/1.growing.mp4", "hall/3-4.mp4"]
    assert shelf(tmp_path / "nowhere").left_behind() == []


def test_what_there_is_within_some_times(tmp_path: Path) -> None:
    for starts_at in (0, 30_000, 60_000, 200_000, 300_000):
        piece(tmp_path, "hall", starts_at)
    times = [(40_000, 61_000), (299_000, 300_001)]
    found = shelf(tmp_path).spans({"hall": times, "yard": times, "..": times})
    assert found == {
        "hall": [
            FootageSpan(starts_at=30_000, ends_at=90_000, pieces=2, size_bytes=200),
            FootageSpan(starts_at=300_000, ends_at=330_000, pieces=1, size_bytes=100),
        ]
    }


def test_pieces_of_some_times_are_deleted(tmp_path: Path) -> None:
    for starts_at in (0, 30_000, 60_000):
        piece(tmp_path, "hall", starts_at)
    piece(tmp_path, "yard", 30_000)
    growing = tmp_path / "hall" / "90000.growing.mp4"
    unfinished = tmp_path / "hall" / "20000.growing.mp4"  # the disk refused to finish it
    for path in (growing, unfinished):
        path.write_bytes(b"now")
    bounded = shelf(tmp_path)
    assert bounded.delete("hall", [(59_999, 60_000), (95_000, 96_000)], [growing]) == 2
    assert left(tmp_path / "hall") == ["0-30000.mp4", "60000-30000.mp4", "90000.growing.mp4"]
    assert left(tmp_path / "yard") == ["30000-30000.mp4"]
    assert bounded.delete("..", [(0, 10**9)], []) == 0
