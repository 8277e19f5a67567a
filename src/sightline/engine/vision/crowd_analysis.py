"""The crowd of one camera: how many people there are, in all and by zone, and when they become too many."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.decisions.crowd import CrowdFigures, analyse_crowd, body_of
from sightline.decisions.crowd_alarm import CrowdAlarm
from sightline.decisions.zones import contains, foot_point
from sightline.engine.rates import UsualGap
from sightline.engine.vision.telling import FactDraft
from sightline.events.fact import CrowdChanged
from sightline.events.observation import CrowdSeen
from sightline.events.scene import CrowdWatch, Point, Scene
from sightline.frames import Frame

__all__ = ["CrowdAnalysis"]

Box = tuple[float, float, float, float]

_GAP_MS = 5_000
"""Frames farther apart than this, and than is usual, say nothing about the time between them."""


class CrowdAnalysis:
    """Counts people; used by one thread at a time."""

    def __init__(self, camera_id: str) -> None:
        self._camera_id = camera_id
        self._alarms: dict[CrowdWatch, CrowdAlarm] = {}
        self._at_ms = 0
        self._gap = UsualGap()

    def process(
        self, frame: Frame, faces: Sequence[Box], bodies: Sequence[Box], scene: Scene
    ) -> tuple[CrowdSeen, list[FactDraft]]:
        """The crowd of a frame with faces and bodies at these boxes, and what is to be told of it."""
        figures = analyse_crowd(faces, bodies, frame.width, frame.height)
        seen = CrowdSeen(
            face_count=figures.face_count,
            body_count=figures.body_count,
            crowd_level=figures.crowd_level.value,
            density_score=figures.density_score,
            zones=_by_zone(frame, faces, bodies, scene),
        )
        return seen, self._news(frame, figures, seen, scene)

    def _news(self, frame: Frame, figures: CrowdFigures, seen: CrowdSeen, scene: Scene) -> list[FactDraft]:
        at_ms = frame.captured_at_ms
        if not 0 <= at_ms - self._at_ms <= max(_GAP_MS, 2 * self._gap.seen(at_ms)):
            for alarm in self._alarms.values():
                alarm.interrupted()
        self._at_ms = at_ms
        self._alarms = {watch: self._alarms.get(watch) or CrowdAlarm(watch) for watch in scene.crowds}
        facts = []
        for watch, alarm in self._alarms.items():
            people = figures.people if watch.zone is None else seen.zones.get(watch.zone, 0)
            if alarm.counted(people, at_ms):
                facts.append(self._draft(frame, alarm, people, seen))
        return facts

    def _draft(self, frame: Frame, alarm: CrowdAlarm, people: int, seen: CrowdSeen) -> FactDraft:
        watch, crowded = alarm.watch, bool(alarm.crowded)
        word = "crowd" if crowded else "calm"
        return FactDraft(
            key=f"{self._camera_id}-{frame.captured_at_ms:x}:{word}:{watch.threshold}:{watch.zone or ''}",
            camera_id=self._camera_id,
            timestamp=frame.captured_at_ms,
            frame_id=frame.frame_id,
            width=frame.width,
            height=frame.height,
            what=CrowdChanged(
                crowded=crowded,
                people=people,
                most=alarm.most,
                threshold=watch.threshold,
                since=alarm.since_ms,
                crowd=seen,
                zone=watch.zone,
            ),
            inference_ms=0.0,
            snapshot=frame.image if crowded else None,
            probe=None,
        )


def _by_zone(frame: Frame, faces: Sequence[Box], bodies: Sequence[Box], scene: Scene) -> dict[str, int]:
    """The people in each zone: the larger of the numbers of bodies and of faces, as in the whole picture."""
    if not scene.zones:
        return {}
    standing = [foot_point(box, frame.width, frame.height) for box in bodies]
    looking = [foot_point(body_of(box), frame.width, frame.height) for box in faces]

    def count(points: Sequence[Point], polygon: Sequence[Point]) -> int:
        return sum(contains(polygon, point) for point in points)

    return {zone.name: max(count(standing, zone.polygon), count(looking, zone.polygon)) for zone in scene.zones}
