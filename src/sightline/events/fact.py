"""What happened before a camera and is never lost: it stays in the engine's spool until a gateway has accepted it."""

from __future__ import annotations

from typing import Any, Literal

from sightline.events.alert import AlertType, Severity
from sightline.events.link_message import Box, LinkMessage, LinkValue
from sightline.events.observation import CrowdSeen
from sightline.events.scene import Direction

__all__ = [
    "Accepted",
    "Attack",
    "ClipRef",
    "CrowdChanged",
    "Fact",
    "Identified",
    "Kept",
    "LineCrossed",
    "ObjectLook",
    "ObjectSeen",
    "PresentationWord",
    "Reported",
    "Sighting",
    "SourceState",
    "TrackSample",
    "Unknown",
    "What",
]

PresentationWord = Literal["", "undecided", "bona_fide", "attack"]


class TrackSample(LinkValue, frozen=True):
    """One sample of a track as the trace of a decision shows it. `reasons` are failed quality gates."""

    frame_id: int
    timestamp: int
    quality: float
    reasons: list[str] = []
    person_id: str | None = None
    similarity: float | None = None


class Identified(LinkValue, tag="identified", tag_field="kind", frozen=True):
    """A track was identified as `person_id`: similarity and margin (to the next person) both passed.

    `vector` is the track's template at that moment; an engine that does not say it leaves it empty. `presentation` is
    what is known of its liveness then, empty where nobody looked; `live` the score so far, 0 to 1. `again`: it was
    told before, while its liveness was undecided.
    """

    track_id: str
    person_id: str
    reference_id: str
    similarity: float
    margin: float
    first_seen: int
    bbox: Box
    model_id: str
    samples: list[TrackSample]
    vector: bytes = b""
    presentation: PresentationWord = ""
    live: float | None = None
    again: bool = False


class Unknown(LinkValue, tag="unknown", tag_field="kind", frozen=True):
    """A track has enough good samples and is nobody of the gallery.

    `subject_id` is the engine's own, short-lived name for this stranger, the same when they come back within minutes.
    `vector` is the track's template at that moment; an engine that does not say it leaves it empty. `presentation` is
    what is known of its liveness then, empty where nobody looked; `live` the score so far, 0 to 1.
    """

    track_id: str
    subject_id: str
    nearest_similarity: float | None
    first_seen: int
    bbox: Box
    model_id: str
    samples: list[TrackSample]
    vector: bytes = b""
    presentation: PresentationWord = ""
    live: float | None = None


class SourceState(LinkValue, tag="source_state", tag_field="kind", frozen=True):
    """A camera went offline for good measure or came back; `offline_ms` is how long it was away so far."""

    state: Literal["online", "offline"]
    reason: str
    offline_ms: int = 0


class Reported(LinkValue, tag="reported", tag_field="kind", frozen=True):
    """An engine of another make says that people have to be told: `said_type` is its own word for the type, `person`
    whatever it says of somebody, `person_id` one of our people."""

    engine_id: str
    alert_type: AlertType
    said_type: str
    severity: Severity
    message: str = ""
    person_id: str | None = None
    person: dict[str, Any] | None = None
    similarity: float | None = None


class ObjectLook(LinkValue, frozen=True):
    """One look at the track of an object: how sure the detector was, 0 where it found nothing there."""

    frame_id: int
    timestamp: int
    confidence: float


class ObjectSeen(LinkValue, tag="object_seen", tag_field="kind", frozen=True):
    """A track was confirmed to be of this `label`; told once for the whole picture (no `zone`), and once for each zone
    that it is in, or enters later. `looks` are those that it was confirmed by.
    """

    track_id: str
    label: str
    confidence: float
    first_seen: int
    bbox: Box
    model_id: str
    looks: list[ObjectLook]
    zone: str | None = None


class LineCrossed(LinkValue, tag="line_crossed", tag_field="kind", frozen=True):
    """A confirmed track of this `label` crossed a line."""

    track_id: str
    label: str
    line: str
    direction: Direction
    first_seen: int
    bbox: Box


class CrowdChanged(LinkValue, tag="crowd_changed", tag_field="kind", frozen=True):
    """There is a crowd in the picture or a zone, or there is none any more; `since` is when the count came over, or
    below, the `threshold`. The first word after a start is told whichever it is. `most` is the highest count since.
    """

    crowded: bool
    people: int
    most: int
    threshold: int
    since: int
    crowd: CrowdSeen
    zone: str | None = None


class Attack(LinkValue, tag="attack", tag_field="kind", frozen=True):
    """The face of a track is not bona fide: a print, a screen. `score` is how much it looks bona fide, 0 to 1, `scores`
    those of its samples, latest last.
    """

    track_id: str
    score: float
    scores: list[float]
    first_seen: int
    bbox: Box
    model_id: str


What = Identified | Unknown | SourceState | Reported | ObjectSeen | LineCrossed | CrowdChanged | Attack


class ClipRef(LinkValue, frozen=True):
    """The clip that holds a fact's frame, which is put later, by `blob_id`: its first picture was captured at
    `starts_at` (ms since the epoch), the fact's frame lies `offset_ms` behind the beginning of the file. Facts close to
    one another share a clip.
    """

    blob_id: str
    starts_at: int
    offset_ms: int


class Fact(LinkMessage, tag="fact", frozen=True):
    """Something that happened, never lost: it stays in the engine's spool until `Accepted` carries its `key`.

    `timestamp` is the capture time of the deciding frame; `blobs` maps a picture's role (`snapshot`, `probe`) to the
    blob id under which it was put; `inference_ms` is the model time of the deciding frame; `clip` is being recorded.
    """

    key: str
    camera_id: str
    timestamp: int
    width: int
    height: int
    what: What
    frame_id: int = 0
    inference_ms: float = 0.0
    blobs: dict[str, str] = {}
    clip: ClipRef | None = None


class Sighting(LinkMessage, tag="sighting", frozen=True):
    """What a face's track leaves at its end, never lost: it stays in the spool until `Accepted` carries its `key`.

    `identity` is the consensus when the track ended, `person_id` the person it named, `similarity` that to the nearest
    person, `quality` and `width_px` those of the best sample, `sample` its JPEG with some margin, `samples` how many
    were good. `vector` is the quality-weighted mean template. A distance between two templates of `model_id` reads as a
    similarity by a falling logistic curve that is 0.5 at `threshold` and as steep as `steepness`.
    """

    key: str
    track_id: str
    camera_id: str
    first_seen: int
    last_seen: int
    identity: Literal["pending", "known", "unknown"]
    quality: float
    width_px: float
    samples: int
    model_id: str
    threshold: float
    steepness: float
    vector: bytes
    sample: bytes
    person_id: str | None = None
    similarity: float | None = None
    live: float | None = None


Kept = Fact | Sighting
"""What an engine keeps on its disk until a gateway has accepted it."""


class Accepted(LinkMessage, tag="accepted", frozen=True):
    """The fact with this key is on the gateway's disk. `clip` says whether an alert was raised that wants the fact's
    clip; an older gateway does not say.
    """

    key: str
    clip: bool | None = None
