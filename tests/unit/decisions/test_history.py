"""What is counted by the hour."""

from __future__ import annotations

from sightline.decisions.history import HOUR_MS, HourBook, HourRow, Metric
from sightline.events.fact import (
    Attack,
    CrowdChanged,
    Fact,
    Identified,
    LineCrossed,
    ObjectSeen,
    SourceState,
    Unknown,
    What,
)
from sightline.events.observation import CrowdSeen, Observation
from sightline.events.scene import Direction

HOUR = 500_000 * HOUR_MS
BOX = (0.0, 0.0, 1.0, 1.0)


def observation(at_ms: int, people: int, *, ms: float = 10.0, zones: dict[str, int] | None = None) -> Observation:
    crowd = CrowdSeen(
        face_count=people, body_count=people // 2, crowd_level="low", density_score=0.1, zones=zones or {}
    )
    return Observation(
        camera_id="c1", frame_id=1, timestamp=at_ms, width=1, height=1, faces=[], crowd=crowd, processing_ms=ms
    )


def fact(what: What) -> Fact:
    return Fact(key="k", camera_id="c1", timestamp=HOUR + 5, width=1, height=1, what=what)


def seen(zone: str | None) -> ObjectSeen:
    return ObjectSeen(
        track_id="t", label="person", confidence=0.5, first_seen=1, bbox=BOX, model_id="m", looks=[], zone=zone
    )


def row(metric: Metric, detail: str, count: int, total: float, most: float, hour_ms: int = HOUR) -> HourRow:
    return HourRow("c1", hour_ms, metric, detail, count, total, most)


def test_frames_are_counted_in_their_hour() -> None:
    book = HourBook()
    book.observed(observation(HOUR + 1, 3, ms=10, zones={"hall": 2}))
    book.observed(observation(HOUR + HOUR_MS - 1, 1, ms=30, zones={"hall": 0}))
    book.observed(observation(HOUR + HOUR_MS, 1, ms=5))
    assert book.take() == [
        row(Metric.PROCESSING_MS, "", 2, 40.0, 30.0),
        row(Metric.CROWD, "low", 2, 2, 1),
        row(Metric.PEOPLE, "", 2, 4, 3),
        row(Metric.PEOPLE, "hall", 2, 2, 2),
        row(Metric.PROCESSING_MS, "", 1, 5.0, 5.0, HOUR + HOUR_MS),
        row(Metric.CROWD, "low", 1, 1, 1, HOUR + HOUR_MS),
        row(Metric.PEOPLE, "", 1, 1, 1, HOUR + HOUR_MS),
    ]
    assert book.take() == []


def test_facts_are_counted_by_what_they_say() -> None:
    book = HourBook()
    crossed = LineCrossed(track_id="t", label="person", line="door", direction=Direction.OUT, first_seen=1, bbox=BOX)
    crowd = CrowdSeen(face_count=1, body_count=1, crowd_level="low", density_score=0.1)
    whats: list[What] = [
        seen(None), seen("hall"), seen(None), crossed,
        Identified(track_id="t", person_id="p", reference_id="r", similarity=0.9, margin=0.1, first_seen=1, bbox=BOX,
                   model_id="m", samples=[]),
        Unknown(track_id="t", subject_id="s", nearest_similarity=None, first_seen=1, bbox=BOX, model_id="m",
                samples=[]),
        Attack(track_id="t", score=0.1, scores=[], first_seen=1, bbox=BOX, model_id="m"),
        CrowdChanged(crowded=True, people=11, most=11, threshold=10, since=1, crowd=crowd),
        SourceState(state="online", reason=""),
    ]  # fmt: skip
    for what in whats:
        book.accepted(fact(what))
    assert {(one.metric, one.detail): one.count for one in book.take()} == {
        (Metric.DETECTIONS, "person"): 2,
        (Metric.DETECTIONS, "known"): 1,
        (Metric.DETECTIONS, "unknown"): 1,
        (Metric.DETECTIONS, "attack"): 1,
        (Metric.CROSSINGS, "door:out"): 1,
    }


def test_what_could_not_be_written_is_counted_again_with_what_came_since() -> None:
    book = HourBook()
    book.observed(observation(HOUR, 3, ms=10))
    taken = book.take()
    book.observed(observation(HOUR, 5, ms=20))
    book.put_back(taken)
    assert row(Metric.PEOPLE, "", 2, 8, 5) in book.take()
