"""Webcams at this machine, through what its platform has for them."""

from __future__ import annotations

import sys

from sightline.exceptions import SourceError
from sightline.ingest.live import LiveSource

__all__ = ["DeviceSource", "capture_of"]


class DeviceSource(LiveSource):
    """`/dev/videoN`, or `device:N` for short; on macOS `device:N` or `device:NAME`, on Windows `device:NAME`."""

    def __init__(self, spec: str, *, timeout_s: float) -> None:
        url, format, options = capture_of(spec, sys.platform)
        shown = url if url.startswith("/") else spec
        super().__init__(url, shown=shown, timeout_s=timeout_s, format=format, options=options)


def capture_of(spec: str, platform: str) -> tuple[str, str, dict[str, str]]:
    """Address, name and options of libav's input device for a webcam; `platform` as `sys.platform` has it. Raises
    `SourceError`, permanent, where the platform's webcams have names and a number is given.

    Sources: ffmpeg-devices(1), video4linux2, avfoundation, dshow.
    """
    name = spec.partition(":")[2] if spec.startswith("device:") else spec
    if platform == "darwin":
        return name, "avfoundation", {"framerate": "30"}  # its default, 29.97, is one that few cameras offer
    if platform == "win32":
        if name.isdecimal():
            raise SourceError("on Windows a webcam is named: device:Integrated Camera", permanent=True)
        return f"video={name}", "dshow", {}
    return f"/dev/video{name}" if spec.startswith("device:") else spec, "v4l2", {}
