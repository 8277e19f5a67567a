"""Streams as clients of the native protocol ask for them: started, changed, stopped, each answered by its id.

To look at a new source takes seconds, so that requests are done beside the connection, one after the other.
"""

from __future__ import annotations

import asyncio

import structlog

from sightline.accounts import Right, User, require
from sightline.cameras import CameraState
from sightline.deliveries.rendition import Quality
from sightline.deliveries.session import Stream
from sightline.events.wire import StreamQualityChange, StreamRequest, StreamStartRequest, StreamStopRequest
from sightline.events.wire import encode_message as encode
from sightline.exceptions import Conflict, Forbidden, NotFound, SightlineError, SourceError
from sightline.gateway.delivery.outbox import Outbox
from sightline.gateway.dialects.refusals import refuse
from sightline.gateway.engines.camera_sources import camera_from
from sightline.gateway.gateway import Gateway

__all__ = ["StreamRequests"]

MAX_WAITING = 32

log = structlog.get_logger(__name__)


class StreamRequests:
    """Those of one client; `base_url` is where it reaches this server."""

    def __init__(self, gateway: Gateway, outbox: Outbox, user: User, client_id: str, base_url: str) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._user = user
        self._client_id = client_id
        self._base_url = base_url
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, effect: Stream) -> None:
        """Does it as soon as those before it are done."""
        request = effect.request
        if len(self._tasks) >= MAX_WAITING:
            self._refused(request, "RATE_LIMITED", "too many streams are asked for at once", effect.id)
            return
        task = asyncio.create_task(self._perform(request, effect.id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """The client is gone."""
        for task in self._tasks:
            task.cancel()
        self._gateway.streams.client_left(self._client_id)

    async def _perform(self, request: StreamRequest, id: str | None) -> None:
        async with self._one_at_a_time:
            try:
                require(self._user, Right.SEE_CAMERAS)
                match request:
                    case StreamStartRequest():
                        await self._start(request, id)
                    case StreamStopRequest():
                        self._stop(request, id)
                    case StreamQualityChange():
                        self._change(request, id)
            except Forbidden as problem:
                self._refused(request, "FORBIDDEN", str(problem), id)
            except (NotFound, Conflict) as problem:
                self._refused(request, "INVALID_MESSAGE", str(problem), id)
            except SightlineError as problem:
                if not isinstance(problem, SourceError):
                    log.warning("stream_not_served", camera=request.camera_id, problem=str(problem))
                self._refused(request, "PROCESSING_ERROR", str(problem), id)

    async def _start(self, request: StreamStartRequest, id: str | None) -> None:
        gateway = self._gateway
        given = await camera_from(gateway, self._user, request.camera_id, request.rtsp_url)
        camera_id = given.camera.id
        status = gateway.camera_status(camera_id, enabled=given.camera.enabled)
        foreign = gateway.foreign_engines.connected
        if status.state is CameraState.DISABLED:
            raise SourceError(f"the camera is {status.reason}")
        if status.state is CameraState.OFFLINE and not given.changed and not foreign:
            raise SourceError(f"the camera is offline: {status.reason}")
        quality = Quality(request.quality)
        stream = gateway.streams.start(self._client_id, self._user.id, camera_id, quality)
        shown = given.changed or gateway.engines.shows(camera_id)
        answer = {
            "request_id": request.request_id or id,
            "camera_id": camera_id,
            "quality": quality.value,
            "stream_url": self._base_url + stream.path if shown else None,
            "status": CameraState.CONNECTING.value if given.changed else status.state.value,
        }
        self._outbox.put_control(encode("stream_start_success", answer, id=id))

    def _stop(self, request: StreamStopRequest, id: str | None) -> None:
        quality = Quality(request.quality) if request.quality is not None else None
        self._gateway.streams.stop(self._client_id, request.camera_id, quality)
        answer = {
            "request_id": request.request_id or id,
            "camera_id": request.camera_id,
            "quality": request.quality,
        }
        self._outbox.put_control(encode("stream_stop_success", answer, id=id))

    def _change(self, request: StreamQualityChange, id: str | None) -> None:
        stream = self._gateway.streams.change(self._client_id, request.camera_id, Quality(request.new_quality))
        answer = {
            "request_id": request.request_id or id,
            "camera_id": request.camera_id,
            "new_quality": request.new_quality,
            "stream_url": self._base_url + stream.path if self._gateway.engines.shows(request.camera_id) else None,
        }
        self._outbox.put_control(encode("quality_change_success", answer, id=id))

    def _refused(self, request: StreamRequest, code: str, message: str, id: str | None) -> None:
        if not isinstance(request, StreamStartRequest):
            refuse(self._outbox, code, message, "data.camera_id", id or request.request_id)
            return
        answer = {
            "request_id": request.request_id or id,
            "camera_id": request.camera_id,
            "error": message,
            "code": code,
        }
        self._outbox.put_control(encode("stream_start_error", answer, id=id))
