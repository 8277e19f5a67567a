"""Webcams at this machine, through Video4Linux."""

from __future__ import annotations

from sightline.ingest.live import LiveSource

__all__ = ["DeviceSource"]


class DeviceSource(LiveSource):
    """`/dev/videoN`, or `device:N` for short."""

    def __init__(self, spec: str, *, timeout_s: float) -> None:
        number = spec.partition(":")[2]
        path = f"/dev/video{number}" if spec.startswith("device:") else spec
        super().__init__(path, shown=path, timeout_s=timeout_s, format="v4l2")
