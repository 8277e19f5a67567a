"""Cameras and servers that speak HTTP: MJPEG (`multipart/x-mixed-replace`), or any video over HTTP."""

from __future__ import annotations

from sightline.cameras import redact
from sightline.ingest.live import LiveSource

__all__ = ["MjpegSource"]

_FORMATS = "mpjpeg,mjpeg,jpeg_pipe,png_pipe,mov,mp4,matroska,webm,mpegts,flv,asf,h264,hevc"


class MjpegSource(LiveSource):
    """`http://` or `https://`, user name and password, where needed, in the URL (basic, digest)."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        super().__init__(
            url,
            shown=redact(url),
            timeout_s=timeout_s,
            options={
                "protocol_whitelist": "http,https,httpproxy,tcp,tls,crypto",
                "flags": "low_delay",
                "analyzeduration": "500000",  # µs
                "fpsprobesize": "0",  # frames to tell the rate by; the first picture waits for them
                "probesize": "1000000",  # bytes; two large JPEGs
                # Only the address that somebody was allowed to give is spoken to: no redirects, no playlists.
                "max_redirects": "0",
                "format_whitelist": _FORMATS,
            },
        )
