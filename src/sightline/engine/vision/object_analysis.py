"""The objects of one camera: persons, vehicles, packages, phones and what else the model knows, on their tracks.

    frame, motion → detect (a few times a second, where anything stirred) → track by label → vote → zones, lines → facts

Where nothing stirred since the last look, everything is where it was. All of the picture is looked at all the same
every `rescan_ms`, and for as long as a track is new and its vote open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from sightline.decisions.zones import LineCrossing, foot_point, zones_at
from sightline.detections.objects import Objects
from sightline.engine.rates import Cadence, UsualGap
from sightline.engine.vision.analysis import ObjectDetector, box_tuple, probe_crop
from sightline.engine.vision.telling import FactDraft
from sightline.events.fact import LineCrossed, ObjectLook, ObjectSeen
from sightline.events.observation import TrackedObject
from sightline.events.scene import Direction, Line, Scene
from sightline.frames import Frame
from sightline.tracks.tracker import Tracker
from sightline.tracks.tracklet import LifeCycle, Tracklet
from sightline.tracks.vote import Look, TemporalVote, VoteRules

__all__ = ["TOLD_LABELS", "ObjectAnalysis", "ObjectRules"]

TOLD_LABELS = frozenset({"person", "vehicle", "package", "phone"})
"""Objects of which facts are told; others are only shown."""

_USUAL_VOTE = VoteRules(needed=2, window=3, min_score=0.45)
_PHONE_VOTE = VoteRules(needed=4, window=6, min_score=0.5)
"""A small detector sees phones that are none in 4 % of webcam frames and 20 % of those with a microphone; four hits of
six, were they independent, are then a matter of 0.004 % and 2 %."""


@dataclass(frozen=True, slots=True)
class ObjectRules:
    """Objects are looked for `fps` times a second at most, where the scene does not say otherwise, and every
    `rescan_ms` where nothing stirs. `votes` are by label; others need two hits of three looks.
    """

    fps: float = 2.0
    rescan_ms: int = 10_000
    life_cycle: LifeCycle = LifeCycle(tentative_ms=1_600, lost_ms=3_000)
    votes: Mapping[str, VoteRules] = field(default_factory=lambda: {"phone": _PHONE_VOTE})


@dataclass(slots=True, eq=False)
class _Followed:
    """What is remembered of one track beside its path; `told` are the zones (and the picture as a whole, `None`) of
    which a fact told.
    """

    vote: TemporalVote
    window: int
    score: float = 0.0
    told: set[str | None] = field(default_factory=set)
    lines: dict[Line, LineCrossing] = field(default_factory=dict)
    crossed: list[tuple[Line, Direction]] = field(default_factory=list)
    crossings: int = 0

    @property
    def open(self) -> bool:
        """Whether further looks may still confirm it."""
        return not self.vote.passed and len(self.vote.looks) < self.window


class ObjectAnalysis:
    """The objects of one camera; used by one thread at a time."""

    def __init__(self, camera_id: str, detector: ObjectDetector, rules: ObjectRules | None = None) -> None:
        self._camera_id = camera_id
        self._detector = detector
        self._rules = rules or ObjectRules()
        self._trackers: dict[str, Tracker] = {}
        self._followed: dict[str, _Followed] = {}
        self._shown: list[tuple[Tracklet, str, float]] = []
        self._objects = Objects.none()
        self._pace: tuple[float, Cadence] | None = None
        self._looked_at_ms: int | None = None
        self._at_ms = 0
        self._gap = UsualGap()
        self._stirred = True

    def process(
        self, frame: Frame, scene: Scene, *, stirred: bool, leaving: Frame | None = None
    ) -> tuple[list[TrackedObject], list[FactDraft]]:
        """What is there now, confirmed tracks only, and what is to be told of it. `stirred`: something moved since the
        frame before; `leaving`: the frame as facts may show it, where that is another.
        """
        self._stirred |= stirred
        if frame.captured_at_ms < self._at_ms:
            self._pace = None  # the clock was set back: the old times say nothing
        self._at_ms = frame.captured_at_ms
        facts: list[FactDraft] = []
        if self._is_due(frame, scene):
            self._look(frame)
            facts = self._news(leaving or frame, scene)
        return [
            TrackedObject(
                label=label,
                bbox=box_tuple(tracklet.box),
                confidence=round(score, 3),
                track_id=tracklet.track_id,
            )
            for tracklet, label, score in self._shown
        ], facts

    def end(self) -> None:
        """Ends every track: another scene, or the camera was away."""
        for tracker in self._trackers.values():
            tracker.end_all()
        self._trackers.clear()
        self._followed.clear()
        self._shown = []
        self._objects = Objects.none()
        self._looked_at_ms = None
        self._stirred = True

    def _is_due(self, frame: Frame, scene: Scene) -> bool:
        fps = self._rules.fps if scene.objects_fps is None else scene.objects_fps
        if fps <= 0:
            if self._followed:
                self.end()
            return False
        if self._pace is None or self._pace[0] != fps:
            self._pace = (fps, Cadence(fps))
        return self._pace[1].due(frame.captured_at_ms / 1000)

    def _look(self, frame: Frame) -> None:
        """Brings the tracks up to date: by detection where something may have changed, else as they were."""
        at_ms = frame.captured_at_ms
        age_ms = None if self._looked_at_ms is None else at_ms - self._looked_at_ms
        young = age_ms is not None and 0 <= age_ms < self._rules.rescan_ms
        fresh = self._stirred or not young or any(followed.open for followed in self._followed.values())
        if fresh:
            self._objects = self._detector.detect(frame.image)
            self._looked_at_ms, self._stirred = at_ms, False
        self._shown = []
        life_cycle = self._rules.life_cycle.stretched(self._gap.seen(at_ms))
        for label in sorted({*self._objects.labels, *self._trackers}):
            self._track(frame, label, fresh, life_cycle)

    def _track(self, frame: Frame, label: str, fresh: bool, life_cycle: LifeCycle) -> None:
        tracker = self._trackers.get(label)
        if tracker is None:
            prefix = f"{self._camera_id}-{frame.captured_at_ms:x}-{label}"
            tracker = self._trackers[label] = Tracker(prefix)
        tracker.pace(life_cycle)
        index = [number for number, found in enumerate(self._objects.labels) if found == label]
        update = tracker.update(self._objects.boxes[index], frame.captured_at_ms)
        for ended in update.ended:
            self._followed.pop(ended.track_id, None)
        scores = [float(self._objects.scores[number]) for number in index]
        found = {tracklet.track_id: score for tracklet, score in zip(update.tracklets, scores, strict=True)}
        for tracklet in tracker.alive:
            followed = self._of(tracklet, label)
            score = found.get(tracklet.track_id)
            if fresh:
                followed.vote.look(Look(frame.frame_id, frame.captured_at_ms, score or 0.0))
            if score is not None:
                followed.score = score
                if followed.vote.passed:
                    self._shown.append((tracklet, label, score))

    def _of(self, tracklet: Tracklet, label: str) -> _Followed:
        followed = self._followed.get(tracklet.track_id)
        if followed is None:
            rules = self._rules.votes.get(label, _USUAL_VOTE)
            followed = self._followed[tracklet.track_id] = _Followed(TemporalVote(rules), rules.window)
        return followed

    # ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _news(self, frame: Frame, scene: Scene) -> list[FactDraft]:
        facts: list[FactDraft] = []
        for label, tracker in self._trackers.items():
            if label not in TOLD_LABELS:
                continue
            for tracklet in tracker.alive:
                if tracklet.last_seen_ms == frame.captured_at_ms:
                    facts.extend(self._news_of(frame, scene, tracklet, label))
        return facts

    def _news_of(self, frame: Frame, scene: Scene, tracklet: Tracklet, label: str) -> Iterable[FactDraft]:
        followed = self._followed[tracklet.track_id]
        foot = foot_point(tracklet.box.tolist(), frame.width, frame.height)
        followed.lines = {line: followed.lines.get(line) or LineCrossing(line) for line in scene.lines}
        for line, crossing in followed.lines.items():
            direction = crossing.moved(foot)
            if direction is not None:
                followed.crossed.append((line, direction))
        if not followed.vote.passed:
            return
        for zone in (None, *zones_at(scene.zones, foot)):
            if zone not in followed.told:
                followed.told.add(zone)
                seen = self._seen(followed, tracklet, label, zone)
                yield self._draft(frame, scene, tracklet, label, f"seen:{zone or ''}", seen)
        for line, direction in followed.crossed:
            followed.crossings += 1
            yield self._draft(
                frame,
                scene,
                tracklet,
                label,
                f"crossed:{followed.crossings}",
                LineCrossed(
                    track_id=tracklet.track_id,
                    label=label,
                    line=line.name,
                    direction=direction,
                    first_seen=tracklet.first_seen_ms,
                    bbox=box_tuple(tracklet.box),
                ),
            )
        followed.crossed.clear()

    def _seen(self, followed: _Followed, tracklet: Tracklet, label: str, zone: str | None) -> ObjectSeen:
        return ObjectSeen(
            track_id=tracklet.track_id,
            label=label,
            confidence=round(followed.score, 3),
            first_seen=tracklet.first_seen_ms,
            bbox=box_tuple(tracklet.box),
            model_id=self._detector.name,
            looks=[
                ObjectLook(frame_id=look.frame_id, timestamp=look.at_ms, confidence=round(look.score, 3))
                for look in followed.vote.looks
            ],
            zone=zone,
        )

    def _draft(
        self, frame: Frame, scene: Scene, tracklet: Tracklet, label: str, word: str, what: ObjectSeen | LineCrossed
    ) -> FactDraft:
        pictured = label in scene.pictured
        return FactDraft(
            key=f"{tracklet.track_id}:{word}",
            camera_id=self._camera_id,
            timestamp=frame.captured_at_ms,
            frame_id=frame.frame_id,
            width=frame.width,
            height=frame.height,
            what=what,
            inference_ms=0.0,
            snapshot=frame.image if pictured else None,
            probe=probe_crop(frame.image, np.asarray(tracklet.box, np.float32)) if pictured else None,
        )
