"""What a webcam is called on each platform."""

from __future__ import annotations

import pytest

from sightline.exceptions import SourceError
from sightline.ingest.device import capture_of


@pytest.mark.parametrize(
    ("spec", "platform", "url", "format"),
    [
        ("device:0", "linux", "/dev/video0", "v4l2"),
        ("/dev/video2", "linux", "/dev/video2", "v4l2"),
        ("device:0", "darwin", "0", "avfoundation"),
        ("device:FaceTime HD Camera", "darwin", "FaceTime HD Camera", "avfoundation"),
        ("device:Integrated Camera", "win32", "video=Integrated Camera", "dshow"),
    ],
)
def test_webcams_by_platform(spec: str, platform: str, url: str, format: str) -> None:
    assert capture_of(spec, platform)[:2] == (url, format)


def test_windows_wants_a_name() -> None:
    with pytest.raises(SourceError, match="device:Integrated Camera") as refusal:
        capture_of("device:0", "win32")
    assert refusal.value.permanent
