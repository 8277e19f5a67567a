"""What a camera shows, as clients hear of it (`sightline.events.spoken` lists every message)."""

from __future__ import annotations

from typing import Literal

from sightline.events.spoken_value import CameraStateName, Spoken

__all__ = [
    "AiDetectionResult",
    "BulkStatusUpdate",
    "CameraStatusSpoken",
    "CrowdAnalysis",
    "DetectedFace",
    "DetectedObject",
    "FaceDetectionResult",
]


class DetectedFace(Spoken, frozen=True):
    """A face in a frame: `bbox` and `landmarks` in pixels of a frame of the message's width and height. `live` is how
    much it looks bona fide, 0 to 1, `body` the track of the person whose face it is; `null` where nobody can say."""

    bbox: tuple[float, float, float, float]
    confidence: float
    landmarks: list[tuple[float, float]]
    track_id: str
    identity: str
    is_known: bool
    person_id: str | None
    name: str | None
    similarity: float | None
    quality: float | None
    reasons: list[str]
    live: float | None
    body: str | None


class FaceDetectionResult(Spoken, frozen=True):
    """What a camera shows now. Not promised: the newest replaces one that was not sent."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    faces: list[DetectedFace]
    source: str


class DetectedObject(Spoken, frozen=True):
    """A person or thing in a frame: `person`, `vehicle`, `package`, `phone`, or whatever else the model knows."""

    label: str
    confidence: float
    bbox: tuple[float, float, float, float]
    track_id: str | None


class CrowdAnalysis(Spoken, frozen=True):
    """How many people there are: `crowd_level` is that of the larger count, `density_score` the share of the picture
    that people cover, 0 to 1 (`null` where an engine of another make did not say); `zones` counts the people in each
    zone."""

    face_count: int
    body_count: int
    crowd_level: Literal["empty", "low", "medium", "high", "very_high"]
    density_score: float | None
    zones: dict[str, int] = {}


class AiDetectionResult(Spoken, frozen=True):
    """The persons and things that a camera shows now, confirmed ones only, and the crowd. Not promised: the newest
    replaces one that was not sent. Where an engine of another make did not say the frame's size, `width` and `height`
    are 0, and `crowd_analysis` is `null` where it said nothing of it."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    detections: list[DetectedObject]
    crowd_analysis: CrowdAnalysis | None
    source: str


class CameraStatusSpoken(Spoken, frozen=True):
    """A camera's state, why, and since when."""

    camera_id: str
    status: CameraStateName
    reason: str
    timestamp: int


class BulkStatusUpdate(Spoken, frozen=True):
    """The state of every camera, once after identifying."""

    cameras: list[CameraStatusSpoken]
