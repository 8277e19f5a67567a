"""RTSP cameras, over TCP unless the scheme is `rtsp+udp`.

TCP by default: it passes firewalls, and a lost packet delays a picture instead of smearing it over the next ones.
"""

from __future__ import annotations

from av.codec.hwaccel import HWAccel

from sightline.cameras import redact
from sightline.ingest.live import LiveSource

__all__ = ["RtspSource"]


class RtspSource(LiveSource):
    """`rtsp://`, `rtsps://` or `rtsp+udp://`, with the user name and password in the URL where the camera wants one."""

    def __init__(self, url: str, *, timeout_s: float, hardware: HWAccel | None = None) -> None:
        transport = "tcp"
        if url.lower().startswith("rtsp+udp://"):
            transport, url = "udp", "rtsp" + url[len("rtsp+udp") :]
        super().__init__(
            url,
            shown=redact(url),
            timeout_s=timeout_s,
            hardware=hardware,
            options={
                "rtsp_transport": transport,
                "allowed_media_types": "video",
                "protocol_whitelist": "rtsp,rtp,rtcp,tcp,udp,tls,srtp,crypto",
                "flags": "low_delay",
                "max_delay": "300000",  # µs that packets out of order are waited for (UDP)
                "analyzeduration": "1000000",  # µs; the default of 5 s delays the first picture
                "fpsprobesize": "0",  # frames to tell the rate by: at 15 a second they cost a second and a half
            },
        )
