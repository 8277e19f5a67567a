"""From the text a person types to an open source."""

from __future__ import annotations

from pathlib import Path

from av.codec.hwaccel import HWAccel

from sightline.cameras import redact
from sightline.exceptions import SourceError
from sightline.ingest.demo import DemoSource
from sightline.ingest.device import DeviceSource
from sightline.ingest.file import FileSource
from sightline.ingest.mjpeg import MjpegSource
from sightline.ingest.rtsp import RtspSource
from sightline.ingest.source import Source

__all__ = ["KNOWN_KINDS", "open_source"]

KNOWN_KINDS = (
    "rtsp://, rtsps:// or rtsp+udp:// (cameras), http:// or https:// (MJPEG), "
    "/dev/videoN or device:N (webcam), file:PATH or a path (video), demo: (drawn), whip: (a device publishes)"
)


def open_source(
    spec: str, *, timeout_s: float = 5.0, demo_pictures: Path | None = None, hardware: HWAccel | None = None
) -> Source:
    """Opens what `spec` names; blocks, so call it in the thread that will read.

    `timeout_s` bounds each wait for the network; `demo_pictures` is the folder that holds the demo camera's pictures;
    `hardware` decodes the video of RTSP cameras.
    Raises `SourceError`, permanent when no retry can help (a kind of source that does not exist).
    """
    spec = spec.strip()
    scheme = spec.partition(":")[0].lower() if ":" in spec else ""
    if scheme in ("rtsp", "rtsps", "rtsp+udp"):
        return RtspSource(spec, timeout_s=timeout_s, hardware=hardware)
    if scheme in ("http", "https"):
        return MjpegSource(spec, timeout_s=timeout_s)
    if scheme == "device" or spec.startswith("/dev/video"):
        return DeviceSource(spec, timeout_s=timeout_s)
    if scheme == "demo":
        return DemoSource.from_spec(spec, demo_pictures)
    if scheme == "file":
        return FileSource(spec.partition(":")[2].removeprefix("//"))
    if scheme and "/" not in scheme and not Path(spec).exists():
        raise SourceError(f"{redact(spec)!r} is no source that exists. Known: {KNOWN_KINDS}", permanent=True)
    if not spec:
        raise SourceError(f"the source is empty. Known: {KNOWN_KINDS}", permanent=True)
    return FileSource(spec)
