"""Still pictures: what a gateway asks about one, done with whatever models this engine has.

Boxes alone are found in the picture shrunk to a side that the asker names; templates need a closer look at full size
(`Analyser.analyse_image`), and cost accordingly.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.detections.objects import Objects
from sightline.engine.vision.analysis import Analyser, LivenessScorer, ObjectDetector, box_tuple, point_tuples
from sightline.engine.vision.stage_times import StageTimes
from sightline.events.still import AnalysedFace, FoundObject, StillTask
from sightline.frames import Image
from sightline.identities.gallery import Gallery

__all__ = ["NO_LIVENESS_MODEL", "NO_OBJECT_MODEL", "Look", "Seen", "Stills", "shrunk"]

NO_OBJECT_MODEL = "no model for persons and things is loaded; `sightline models list` shows which there are"
NO_LIVENESS_MODEL = "no model against presentation attacks is loaded; `sightline models list` shows which there are"


@dataclass(frozen=True, slots=True)
class Look:
    """What is wanted of a picture whose own size is `width` × `height` px; see `Analyse`."""

    tasks: Collection[StillTask]
    width: int
    height: int
    confidence_threshold: float | None = None
    max_side: int | None = None
    prepared: bool = False
    verify: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, in pixels of the picture's own size. `missing`: what could not be done, and why; `model_id`:
    whose the templates are, where it is not the analyser's own; `verified` and `curve`: see `Analysis`; `stage_ms`: how
    long it took to `detect` and `embed` faces, to judge their `liveness`, and to find `objects`.
    """

    faces: list[AnalysedFace] = field(default_factory=list)
    objects: list[FoundObject] = field(default_factory=list)
    missing: dict[StillTask, str] = field(default_factory=dict)
    model_id: str = ""
    verified: float | None = None
    stage_ms: dict[str, float] = field(default_factory=dict)
    curve: tuple[float, float] | None = None


class Stills:
    """Looks at still pictures. Safe to call from several threads if the models are."""

    def __init__(
        self, analyser: Analyser, *, objects: ObjectDetector | None = None, liveness: LivenessScorer | None = None
    ) -> None:
        self._analyser = analyser
        self._objects = objects
        self._liveness = liveness

    @property
    def model_id(self) -> str:
        """The embedder's."""
        return self._analyser.model_id

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        """What `wanted` says of H×W×3 uint8 BGR `image`, which may have been decoded at a fraction of its own size."""
        times = StageTimes()
        seen = self._faces(image, wanted, gallery, times)
        if "liveness" in wanted.tasks:
            with times.stage("liveness"):
                self._judge(image, wanted, seen)
        if "objects" in wanted.tasks:
            with times.stage("objects"):
                self._find_objects(image, wanted, seen)
        seen.stage_ms.update(times.wall_ms)
        return seen

    def _faces(self, image: Image, wanted: Look, gallery: Gallery | None, times: StageTimes) -> Seen:
        seen = Seen()
        if "templates" in wanted.tasks or "identify" in wanted.tasks:
            least = wanted.confidence_threshold or 0.0
            known = gallery if "identify" in wanted.tasks else None
            faces = self._analyser.analyse_image(image, known, times=times)
            similarity = self._analyser.embedder.similarity
            seen = replace(seen, curve=(similarity.threshold, similarity.steepness))
            seen.faces.extend(face for face in faces if face.confidence >= least)
        elif "faces" in wanted.tasks:
            small, scale = shrunk(image, wanted.max_side)
            with times.stage("detect"):
                found = self._analyser.detector.detect(small, scale=1.0, min_score=wanted.confidence_threshold)
            seen.faces.extend(_boxes_alone(found.scaled(wanted.width / small.shape[1])))
        if wanted.verify is None or gallery is None or not seen.faces:
            return seen
        return replace(seen, verified=self._likeness(seen.faces[0], wanted.verify, gallery))

    def _likeness(self, face: AnalysedFace, person_id: str, gallery: Gallery) -> float | None:
        distance = gallery.distance_to(person_id, np.frombuffer(face.vector, "<f4"))
        return None if distance is None else self._analyser.embedder.similarity(distance)

    def _judge(self, image: Image, wanted: Look, seen: Seen) -> None:
        if self._liveness is None:
            seen.missing["liveness"] = NO_LIVENESS_MODEL
            return
        if not seen.faces:
            return
        scale = np.float32(image.shape[1] / wanted.width)
        boxes = np.array([face.bbox for face in seen.faces], np.float32) * scale
        scores = self._liveness.score(image, boxes)
        seen.faces[:] = [
            msgspec.structs.replace(face, live=round(float(score), 4))
            for face, score in zip(seen.faces, scores, strict=True)
        ]

    def _find_objects(self, image: Image, wanted: Look, seen: Seen) -> None:
        if self._objects is None:
            seen.missing["objects"] = NO_OBJECT_MODEL
            return
        small, _ = shrunk(image, wanted.max_side)
        found = self._objects.detect(small, min_score=wanted.confidence_threshold)
        boxes = found.boxes * np.float32(wanted.width / small.shape[1])
        seen.objects.extend(_found(found, boxes))


def shrunk(image: Image, max_side: int | None) -> tuple[Image, float]:
    """The picture with its longest side at most `max_side` px, and the factor by which it was resized."""
    scale = 1.0 if max_side is None else min(1.0, max_side / max(image.shape[:2]))
    if scale == 1.0:
        return image, 1.0
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _boxes_alone(faces: Faces) -> list[AnalysedFace]:
    return [
        AnalysedFace(
            bbox=box_tuple(box),
            confidence=round(float(score), 4),
            landmarks=point_tuples(landmarks),
            quality=0.0,
            reasons=[],
            vector=b"",
            probe=b"",
        )
        for box, score, landmarks in zip(faces.boxes, faces.scores, faces.landmarks, strict=True)
    ]


def _found(objects: Objects, boxes: NDArray[np.float32]) -> list[FoundObject]:
    return [
        FoundObject(label=label, bbox=box_tuple(box), confidence=round(float(score), 4))
        for label, box, score in zip(objects.labels, boxes, objects.scores, strict=True)
    ]
