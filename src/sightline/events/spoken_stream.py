"""Streams, as clients and engines of another make hear of them (`sightline.events.spoken` lists every message)."""

from __future__ import annotations

from typing import Literal

from sightline.events.spoken_value import CameraStateName, QualityName, Spoken

__all__ = [
    "ChangeStreamQuality",
    "QualityChangeSuccess",
    "StartStreamProcessing",
    "StopStreamProcessing",
    "StreamStartError",
    "StreamStartSuccess",
    "StreamStopSuccess",
]


class StreamStartSuccess(Spoken, frozen=True):
    """The stream is ready: any player of MJPEG may open `stream_url` (`null` while no engine here sends pictures of
    this camera). `status` is the camera's."""

    request_id: str | None
    camera_id: str
    quality: QualityName
    stream_url: str | None
    status: CameraStateName


class StreamStartError(Spoken, frozen=True):
    """There is no such stream, and why."""

    request_id: str | None
    camera_id: str
    error: str
    code: Literal["INVALID_MESSAGE", "FORBIDDEN", "RATE_LIMITED", "PROCESSING_ERROR"]


class StreamStopSuccess(Spoken, frozen=True):
    """The stream has ended; also where there was none."""

    request_id: str | None
    camera_id: str
    quality: QualityName | None


class QualityChangeSuccess(Spoken, frozen=True):
    """The stream has the new quality, at the old address and at this one."""

    request_id: str | None
    camera_id: str
    new_quality: QualityName
    stream_url: str | None


class StartStreamProcessing(Spoken, frozen=True):
    """To an engine of another make: somebody wants to see this camera's results. `rtsp_url` has its credentials."""

    camera_id: str
    rtsp_url: str
    quality: QualityName
    request_id: str


class StopStreamProcessing(Spoken, frozen=True):
    """To an engine of another make: nobody does any more."""

    camera_id: str
    request_id: str


class ChangeStreamQuality(Spoken, frozen=True):
    """To an engine of another make: another quality is wanted."""

    camera_id: str
    new_quality: QualityName
    request_id: str
