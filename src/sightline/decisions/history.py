"""The past by the hour: what cameras saw, counted, so that a year of it fits into a table.

    detections     detail: person, vehicle, package, phone, known, unknown, attack   count: tracks
    people         detail: "" (whole picture) or a zone     count: frames, total: people in them, most: at once
    crowd          detail: empty, low, medium, high, very_high                       count: frames
    processing_ms  detail: ""                               count: frames, total, most: milliseconds
    crossings      detail: `line:in`, `line:out`            count: crossings

Counted in memory and written now and then: a gateway that dies takes the seconds since then along.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sightline.events.fact import Attack, CrowdChanged, Fact, Identified, LineCrossed, ObjectSeen, SourceState, Unknown
from sightline.events.observation import Observation

__all__ = ["HOUR_MS", "HourBook", "HourRow", "Metric"]

HOUR_MS = 3_600_000


class Metric(enum.StrEnum):
    """What is counted; see the module."""

    DETECTIONS = "detections"
    PEOPLE = "people"
    CROWD = "crowd"
    PROCESSING_MS = "processing_ms"
    CROSSINGS = "crossings"


@dataclass(frozen=True, slots=True)
class HourRow:
    """One figure of one camera in the hour that begins at `hour_ms` (UTC): how many values, their sum, the largest."""

    camera_id: str
    hour_ms: int
    metric: Metric
    detail: str
    count: int
    total: float
    most: float


class HourBook:
    """Counts until somebody takes what was counted. Not thread-safe."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int, Metric, str], HourRow] = {}

    def observed(self, observation: Observation) -> None:
        """One analysed frame."""
        camera_id, at_ms = observation.camera_id, observation.timestamp
        self._add(camera_id, at_ms, Metric.PROCESSING_MS, "", observation.processing_ms)
        crowd = observation.crowd
        if crowd is not None:
            self._add(camera_id, at_ms, Metric.CROWD, crowd.crowd_level, 1)
            self._add(camera_id, at_ms, Metric.PEOPLE, "", max(crowd.face_count, crowd.body_count))
            for zone, people in crowd.zones.items():
                self._add(camera_id, at_ms, Metric.PEOPLE, zone, people)

    def accepted(self, fact: Fact) -> None:
        """One fact, accepted for the first time."""
        match fact.what:
            case ObjectSeen(label=label, zone=None):
                self._add(fact.camera_id, fact.timestamp, Metric.DETECTIONS, label, 1)
            case Identified():
                self._add(fact.camera_id, fact.timestamp, Metric.DETECTIONS, "known", 1)
            case Unknown():
                self._add(fact.camera_id, fact.timestamp, Metric.DETECTIONS, "unknown", 1)
            case Attack():
                self._add(fact.camera_id, fact.timestamp, Metric.DETECTIONS, "attack", 1)
            case LineCrossed(line=line, direction=direction):
                self._add(fact.camera_id, fact.timestamp, Metric.CROSSINGS, f"{line}:{direction.value}", 1)
            case ObjectSeen() | CrowdChanged() | SourceState():
                pass  # in a zone: counted when first seen; crowds: counted frame by frame

    def take(self) -> list[HourRow]:
        """What was counted since the last call."""
        rows, self._rows = list(self._rows.values()), {}
        return rows

    def put_back(self, rows: list[HourRow]) -> None:
        """What was taken and could not be written."""
        for row in rows:
            self._merge(row)

    def _add(self, camera_id: str, at_ms: int, metric: Metric, detail: str, value: float) -> None:
        self._merge(HourRow(camera_id, at_ms - at_ms % HOUR_MS, metric, detail, 1, value, value))

    def _merge(self, row: HourRow) -> None:
        key = (row.camera_id, row.hour_ms, row.metric, row.detail)
        known = self._rows.get(key)
        if known is not None:
            row = HourRow(*key, known.count + row.count, known.total + row.total, max(known.most, row.most))
        self._rows[key] = row
