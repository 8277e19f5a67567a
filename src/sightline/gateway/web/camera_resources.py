"""What REST takes and gives about cameras. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from sightline.cameras import Camera, CameraState, CameraStatus, has_credentials, redact
from sightline.gateway.web.resources import AnalysisRate, Body, Latitude, Longitude, Name, Source, Substream
from sightline.privacy import FaceBlur

__all__ = [
    "CameraChange",
    "CameraOut",
    "CameraTest",
    "CameraTestResult",
    "CameraToken",
    "NewCamera",
    "StatusOut",
]

Rotation = Literal[0, 90, 180, 270]
"""Degrees by which a camera's pictures are turned clockwise."""


class StatusOut(BaseModel):
    """What the engine says of a camera's source."""

    state: CameraState
    reason: str
    since: int
    width: int
    height: int
    fps: float
    analysed_fps: float


class CameraOut(BaseModel):
    """A camera; credentials in `source` and `substream` are shown as `***`; `substream` is empty where none is."""

    id: str
    name: str
    source: str
    substream: str
    has_credentials: bool
    latitude: float | None
    longitude: float | None
    analysis_fps: float
    enabled: bool
    alert_unknown: bool
    rotation: int
    blur_faces: FaceBlur
    created_at: int
    status: StatusOut

    @classmethod
    def of(cls, camera: Camera, status: CameraStatus, analysed_fps: float) -> CameraOut:
        return cls(
            id=camera.id,
            name=camera.name,
            source=redact(camera.source),
            substream=redact(camera.substream),
            has_credentials=has_credentials(camera.source) or has_credentials(camera.substream),
            latitude=camera.latitude,
            longitude=camera.longitude,
            analysis_fps=camera.analysis_fps,
            enabled=camera.enabled,
            alert_unknown=camera.alert_unknown,
            rotation=camera.rotation,
            blur_faces=camera.blur_faces,
            created_at=camera.created_at_ms,
            status=StatusOut(
                state=status.state,
                reason=status.reason,
                since=status.since_ms,
                width=status.width,
                height=status.height,
                fps=status.fps,
                analysed_fps=analysed_fps,
            ),
        )


class NewCamera(Body):
    """A camera to add. Without a rate or `alert_unknown` the settings' defaults apply. `blur_faces` says whose faces
    cannot be recognised in anything that shows its pictures.
    """

    name: Name
    source: Source
    substream: Substream = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    analysis_fps: AnalysisRate | None = None
    enabled: bool = True
    alert_unknown: bool | None = None
    rotation: Rotation = 0
    blur_faces: FaceBlur = FaceBlur.OFF


class CameraChange(Body):
    """What of a camera is changed; fields not given stay."""

    name: Name | None = None
    source: Source | None = None
    substream: Substream | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    analysis_fps: AnalysisRate | None = None
    enabled: bool | None = None
    alert_unknown: bool | None = None
    rotation: Rotation | None = None
    blur_faces: FaceBlur | None = None


class CameraTest(Body):
    """A source to try, or the stored one of a camera: with its own rotation unless another is given, and with faces
    blurred where the camera or `blur_faces` says so.
    """

    source: Source | None = None
    camera_id: str | None = None
    rotation: Rotation | None = None
    blur_faces: FaceBlur = FaceBlur.OFF


class CameraTestResult(BaseModel):
    """What the source delivers, or in plain words why it does not. `picture` is a JPEG in base64."""

    ok: bool
    message: str
    width: int
    height: int
    fps: float
    codec: str
    picture: str | None


class CameraToken(BaseModel):
    """The token of a device that publishes to this camera; it is shown this once. `publish_path` is where to."""

    camera_id: str
    token: str
    publish_path: str
