"""One camera's analysis: frames in, observations and facts out.

    frame → motion ─┬→ faces   (`face_analysis.py`)   ─┬→ crowd (`crowd_analysis.py`) → observation, facts
                    └→ objects (`object_analysis.py`) ─┘

Compute follows need: each path looks where something moved, and at everything now and then. Another scene, or another
size of the picture, ends every track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from sightline.detections.motion import Change, Motion, MotionGate
from sightline.engine.vision.analysis import Analyser, LivenessScorer, ObjectDetector
from sightline.engine.vision.crowd_analysis import CrowdAnalysis
from sightline.engine.vision.face_analysis import FaceAnalysis, FaceRules
from sightline.engine.vision.face_cover import fit_to_leave, shown
from sightline.engine.vision.object_analysis import ObjectAnalysis, ObjectRules
from sightline.engine.vision.sighting import SightingDraft
from sightline.engine.vision.stage_times import StageTimes
from sightline.engine.vision.telling import FactDraft, StrangerMemory
from sightline.events.observation import Observation, TrackedFace, TrackedObject
from sightline.events.scene import Scene
from sightline.frames import Frame
from sightline.identities.gallery import Gallery
from sightline.identities.strangers import Strangers
from sightline.privacy import FaceBlur

__all__ = ["CameraAnalysis", "CameraAnalysisSettings", "FactDraft", "Result", "StrangerMemory"]

_FACE_IN_BODY = 0.5
"""Share of a face inside a person's box from which it may be theirs."""


@dataclass(frozen=True, slots=True)
class CameraAnalysisSettings(FaceRules):
    """The rules for faces, and those for objects."""

    objects: ObjectRules = field(default_factory=ObjectRules)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What came of one frame. `sightings` are of the faces' tracks that ended with it.

    `stage_ms` (wall) and `stage_cpu_ms` (this thread) are milliseconds by stage: `motion`, `detect`, `track`, `detail`,
    `align`, `embed`, `liveness`, `objects`, `crowd`, `decide`, `blur`, `total`; stages that were not entered are
    absent.
    `leaving` is the frame with its `blur` done, `None` where nothing is to be blurred.
    """

    observation: Observation
    facts: tuple[FactDraft, ...]
    stage_ms: dict[str, float]
    stage_cpu_ms: dict[str, float]
    sightings: tuple[SightingDraft, ...] = ()
    leaving: Frame | None = None


class CameraAnalysis:
    """The analysis of one camera; used by one thread at a time."""

    def __init__(
        self,
        camera_id: str,
        analyser: Analyser | None,
        settings: CameraAnalysisSettings | None = None,
        *,
        strangers: StrangerMemory | None = None,
        objects: ObjectDetector | None = None,
        liveness: LivenessScorer | None = None,
    ) -> None:
        """Without an analyser no faces are looked for, without `objects` no persons and things."""
        self.camera_id = camera_id
        settings = settings or CameraAnalysisSettings()
        if strangers is None:
            strangers = Strangers(max_distance=settings.consensus.vote_distance)
        self._gate = MotionGate()
        self._faces = FaceAnalysis(camera_id, analyser, settings, strangers, liveness) if analyser else None
        self._objects = ObjectAnalysis(camera_id, objects, settings.objects) if objects is not None else None
        self._crowd = CrowdAnalysis(camera_id)
        self._size = (0, 0)

    def process(self, frame: Frame, gallery: Gallery | None, scene: Scene | None = None) -> Result:
        """Takes the next frame of the scene, whose masks are applied already. While the gallery is unchanged, pass the
        same object.
        """
        scene = scene or Scene()
        times = StageTimes()
        with times.stage("motion"):
            motion = self._look(frame)
        faces: list[TrackedFace] = []
        facts: list[FactDraft] = []
        if self._faces is not None:
            faces, facts = self._faces.process(frame, motion, gallery, scene, times)
        leaving = frame
        if frame.blur is not FaceBlur.OFF:
            with times.stage("blur"):
                leaving = shown(frame, self._faces.covered if self._faces is not None else None)
                facts = [fit_to_leave(fact, leaving) for fact in facts]
        objects: list[TrackedObject] = []
        if self._objects is not None:
            with times.stage("objects"):
                stirred = motion.region is not None
                objects, found = self._objects.process(frame, scene, stirred=stirred, leaving=leaving)
                facts += found
        with times.stage("crowd"):
            bodies = [one.bbox for one in objects if one.label == "person"]
            crowd, changed = self._crowd.process(leaving, [face.bbox for face in faces], bodies, scene)
            facts += changed
        times.finish()
        observation = Observation(
            camera_id=self.camera_id,
            frame_id=frame.frame_id,
            timestamp=frame.captured_at_ms,
            width=frame.width,
            height=frame.height,
            faces=_with_bodies(faces, objects),
            objects=objects,
            crowd=crowd,
            processing_ms=round(times.wall_ms["total"], 3),
        )
        blurred = leaving if leaving is not frame else None
        return Result(observation, tuple(facts), times.wall_ms, times.cpu_ms, self._left(), blurred)

    def leave(self) -> tuple[SightingDraft, ...]:
        """Ends every track, and hands over what they leave: the camera is read no more."""
        self.end()
        return self._left()

    def end(self) -> None:
        """Ends every track: the camera is read no more, or was away."""
        if self._faces is not None:
            self._faces.end()
        if self._objects is not None:
            self._objects.end()

    def _left(self) -> tuple[SightingDraft, ...]:
        return self._faces.left() if self._faces is not None else ()

    def _look(self, frame: Frame) -> Motion:
        """Motion; another scene or another size of the picture ends every track."""
        motion = self._gate.look(frame.image)
        size = (frame.width, frame.height)
        if motion.change is Change.CUT or size != self._size:
            self.end()
            self._size = size
        return motion


def _with_bodies(faces: list[TrackedFace], objects: Sequence[TrackedObject]) -> list[TrackedFace]:
    """The faces, each with the track of the person whose face it can be: the smallest box around it."""
    people = [one for one in objects if one.label == "person"]
    return [msgspec.structs.replace(face, body=_body_of(face, people)) for face in faces] if people else faces


def _body_of(face: TrackedFace, people: Sequence[TrackedObject]) -> str | None:
    left, top, right, bottom = face.bbox
    enough = _FACE_IN_BODY * (right - left) * (bottom - top)
    around = []
    for one in people:
        across = min(right, one.bbox[2]) - max(left, one.bbox[0])
        down = min(bottom, one.bbox[3]) - max(top, one.bbox[1])
        if across > 0 and down > 0 and across * down >= enough:
            around.append(((one.bbox[2] - one.bbox[0]) * (one.bbox[3] - one.bbox[1]), one.track_id))
    return min(around)[1] if around else None
