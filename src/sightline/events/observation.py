"""What a frame shows, as an engine tells it: disposable, the newest replaces the older."""

from __future__ import annotations

from typing import Literal

from sightline.events.link_message import Box, LinkMessage, LinkValue
from sightline.events.scene import Point

__all__ = ["CrowdSeen", "Observation", "TrackedFace", "TrackedObject"]


class TrackedFace(LinkValue, frozen=True):
    """A face of one frame, on its track. `identity`: `pending` until the track has enough good samples.

    `live` is how much the track looks bona fide so far, 0 to 1; `None` while nobody has judged it. `body` is the track
    of the person whose face it is, where a body was found around it.
    """

    bbox: Box
    confidence: float
    landmarks: list[Point]
    track_id: str
    identity: Literal["pending", "known", "unknown"]
    quality: float
    reasons: list[str] = []
    person_id: str | None = None
    similarity: float | None = None
    live: float | None = None
    body: str | None = None


class TrackedObject(LinkValue, frozen=True):
    """A person or thing of one frame, on its track."""

    label: str
    bbox: Box
    confidence: float
    track_id: str


class CrowdSeen(LinkValue, frozen=True):
    """The crowd of one frame; see `sightline.decisions.crowd`. `zones` counts the people in each zone."""

    face_count: int
    body_count: int
    crowd_level: str
    density_score: float
    zones: dict[str, int] = {}


class Observation(LinkMessage, tag="observation", frozen=True):
    """What one analysed frame shows. Disposable. `processing_ms` is how long the analysis took."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    faces: list[TrackedFace]
    objects: list[TrackedObject] = []
    crowd: CrowdSeen | None = None
    processing_ms: float = 0.0
