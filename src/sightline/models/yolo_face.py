"""Face detectors that were exported from YOLO, with and without landmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.detections import yolo
from sightline.detections.faces import Faces
from sightline.frames import Image
from sightline.geometry import Boxes
from sightline.models.family import Family
from sightline.models.network_input import letterbox_for
from sightline.models.runtime import Session

__all__ = ["LandmarkFinder", "YoloBoxes", "YoloFace"]

_CLOSER_MARGIN = 0.7
_CLOSER_SIDE_PX = 96
_CLOSER_MIN_IOU = 0.3

_DECODE: dict[Family, Callable[..., Faces]] = {
    Family.YOLO_FACE_V5: yolo.decode_faces_v5,
    Family.YOLO_FACE_V8: yolo.decode_faces_v8,
}


class LandmarkFinder(Protocol):
    """A detector with landmarks, to look closer with."""

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """As of `CenterFace`."""


class YoloFace:
    """YOLOv5-face and YOLOv8-face exports, which give five landmarks. Safe to call from several threads."""

    def __init__(self, session: Session, family: Family, *, min_score: float) -> None:
        self._session = session
        self._decode = _DECODE[family]
        self.min_score = min_score
        self.name = session.name
        self.device = session.device

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """The faces of a picture, best first, in its pixels; arguments as of `CenterFace.detect`."""
        box = letterbox_for(self._session, image.shape[1], image.shape[0], scale)
        output = self._session.run(box.apply(image)[None])[0][0]
        least = self.min_score if min_score is None else min_score
        return self._decode(output, min_score=least).scaled(1 / box.scale)


class YoloBoxes:
    """A YOLO export of the one class `face`, without landmarks: another detector, looking closer at each box, gives
    them. A face that it does not see there is left out: without landmarks nobody can be recognised.
    """

    def __init__(self, session: Session, landmarks: LandmarkFinder, *, min_score: float) -> None:
        self._session = session
        self._landmarks = landmarks
        self.min_score = min_score
        self.name = session.name
        self.device = session.device

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """The faces of a picture, best first, in its pixels; arguments as of `CenterFace.detect`."""
        box = letterbox_for(self._session, image.shape[1], image.shape[0], scale)
        output = self._session.run(box.apply(image)[None])[0][0]
        least = self.min_score if min_score is None else min_score
        boxes, scores = yolo.decode_boxes(output, min_score=least)
        boxes = (boxes / np.float32(box.scale)).astype(np.float32)
        found = [
            (index, marks) for index in range(len(boxes)) if (marks := self._look(image, boxes[index])) is not None
        ]
        if not found:
            return Faces.none()
        kept = [index for index, _ in found]
        return Faces(boxes[kept], scores[kept], np.stack([marks for _, marks in found]))

    def _look(self, image: Image, box: Boxes) -> NDArray[np.float32] | None:
        """The landmarks (5, 2) px of the face at `box` (4,)."""
        height, width = image.shape[:2]
        rows, columns = geometry.pixel_window(geometry.square(box[None], _CLOSER_MARGIN)[0], width, height)
        crop = image[rows, columns]
        scale = min(1.0, _CLOSER_SIDE_PX / max(crop.shape[:2]))
        seen = self._landmarks.detect(crop, scale=scale).moved(columns.start, rows.start)
        overlap = geometry.iou(box[None], seen.boxes)[0]
        if not len(overlap) or overlap.max() < _CLOSER_MIN_IOU:
            return None
        return np.asarray(seen.landmarks[int(overlap.argmax())], np.float32)
