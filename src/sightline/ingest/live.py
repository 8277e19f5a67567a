"""Sources that come at their own pace: RTSP, HTTP-MJPEG and webcams, all read by libav."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from av.codec.hwaccel import HWAccel

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.container import VideoContainer
from sightline.packets import EncodedPacket

__all__ = ["LiveSource"]


class LiveSource:
    """A container that delivers in real time: every frame is handed over as soon as it is decoded."""

    def __init__(
        self,
        url: str,
        *,
        shown: str,
        timeout_s: float,
        format: str | None = None,
        options: Mapping[str, str] | None = None,
        hardware: HWAccel | None = None,
    ) -> None:
        self._container = VideoContainer(
            url, shown=shown, timeout_s=timeout_s, format=format, options=options, hardware=hardware
        )

    @property
    def codec(self) -> str:
        return self._container.codec

    @property
    def fps(self) -> float:
        return self._container.fps

    def grab(self) -> None:
        if not self._container.advance():
            raise SourceError("the stream ended")

    def picture(self) -> Image:
        return self._container.picture()

    @property
    def picture_ticks(self) -> int | None:
        return self._container.picture_ticks

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        return self._container.packets(at_ms)

    def interrupt(self) -> None:
        self._container.interrupt()

    def close(self) -> None:
        self._container.close()
