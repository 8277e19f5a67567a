"""Pictures and video of engines, on their way to whoever looks: each is forwarded as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from starlette.websockets import WebSocket

from sightline.clock import Clock
from sightline.deliveries.fragment_wire import unpack_part
from sightline.gateway.engines.assignments import SUBSCRIBED
from sightline.gateway.engines.engine_roster import EngineRoster
from sightline.gateway.hub import Hub
from sightline.gateway.metrics import Metrics
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.viewers import Viewers

__all__ = ["EnginePictures"]

MAX_HEADER_BYTES = 4096

log = structlog.get_logger(__name__)


class EnginePictures:
    """`/ws/engine/frames`, and what comes from engines of other gateways."""

    def __init__(
        self, roster: EngineRoster, hub: Hub, viewers: Viewers, live: LiveViewers, metrics: Metrics, clock: Clock
    ) -> None:
        self._roster = roster
        self._hub = hub
        self._viewers = viewers
        self._live = live
        self._metrics = metrics
        self._clock = clock
        self.on_pictured: Callable[[str, bytes], None] = lambda camera_id, data: None
        """Told of the pictures of engines of this gateway: clients of others may look."""

    async def serve(self, socket: WebSocket, engine_id: str) -> None:
        """Pictures and video of one engine: each is forwarded as it came."""
        await socket.accept()
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes") or b""
            engine = self._roster.find(engine_id)
            if (header := _picture_header(data)) is not None:
                if engine is not None and header["camera_id"] in engine.cameras:
                    self._metrics.pictures.inc()
                    self.on_pictured(header["camera_id"], data)
                    self._picture(header, data)
            elif (video := unpack_part(data)) is not None:
                if engine is not None and video.camera_id in engine.cameras:
                    self._live.part(video.camera_id, video.quality, video.part)
            else:
                log.warning("engine_picture_refused", engine=engine_id, size=len(data))

    def elsewhere(self, data: bytes) -> None:
        """An engine of another gateway sent this."""
        header = _picture_header(data)
        if header is not None:
            self._picture(header, data)

    def _picture(self, header: dict[str, Any], data: bytes) -> None:
        camera_id, frame_id = header["camera_id"], header["frame_id"]
        quality = header.get("quality", SUBSCRIBED.value)
        if quality == SUBSCRIBED:
            self._hub.picture(camera_id, frame_id, data)
        jpeg = data[4 + int.from_bytes(data[:4], "big") :]
        self._viewers.picture(camera_id, quality, frame_id, jpeg, self._clock.monotonic_s())


def _picture_header(data: bytes) -> dict[str, Any] | None:
    size = int.from_bytes(data[:4], "big")
    if not 0 < size <= MAX_HEADER_BYTES or len(data) < 4 + size:
        return None
    try:
        header = msgspec.json.decode(data[4 : 4 + size])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if isinstance(header, dict) and isinstance(header.get("camera_id"), str) and type(header.get("frame_id")) is int:
        return header
    return None
