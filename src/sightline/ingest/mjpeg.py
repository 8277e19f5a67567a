"""Cameras and servers that speak HTTP: MJPEG (`multipart/x-mixed-replace`), or any video over HTTP."""

from __future__ import annotations

from sightline.cameras import redact
from sightline.ingest.live import LiveSource

__all__ = ["MjpegSource"]


class MjpegSource(LiveSource):
    """`http://` or `https://`, user name and password, where needed, in the URL (basic, digest)."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        super().__init__(
            url,
            shown=redact(url),
            timeout_s=timeout_s,
            options={
                "protocol_whitelist": "http,https,httpproxy,tcp,tls,crypto",
                "fflags": "nobuffer",
                "flags": "low_delay",
                "analyzeduration": "500000",  # µs
                "probesize": "1000000",  # bytes; two large JPEGs
                "multiple_requests": "0",
            },
        )
