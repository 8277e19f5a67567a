"""Decoding of what YOLO exports give: rows of boxes whose coordinates are already in pixels of the input.

`[cx, cy, w, h, …]` everywhere but in end-to-end exports, which give `[x1, y1, x2, y2, score, class]`, suppressed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import LANDMARK_COUNT, Faces
from sightline.detections.object_rows import MAX_CANDIDATES, objects_of
from sightline.detections.objects import Objects
from sightline.detections.suppression import nms, whole
from sightline.geometry import Boxes

__all__ = ["decode_boxes", "decode_end_to_end", "decode_faces_v5", "decode_faces_v8", "decode_v5", "decode_v8"]

_MAX_FACE_IOU = 0.45


def decode_v8(columns: NDArray[np.float32], labels: tuple[str, ...], *, min_score: float) -> Objects:
    """YOLOv8, 11 and 12: `columns` (4 + C, N), a column for each candidate, for the C classes in `labels`."""
    classes = columns[4:].argmax(axis=0)
    scores = np.take_along_axis(columns[4:], classes[None], axis=0)[0]
    return objects_of(_corners(columns[:4].T), scores, classes, labels, min_score=min_score)


def decode_v5(rows: NDArray[np.float32], labels: tuple[str, ...], *, min_score: float) -> Objects:
    """YOLOv5 and 7: `rows` (N, 5 + C), where a score is object × class."""
    classes = rows[:, 5:].argmax(axis=1)
    with np.errstate(over="ignore"):
        scores = rows[:, 4] * np.take_along_axis(rows[:, 5:], classes[:, None], axis=1)[:, 0]
    return objects_of(_corners(rows[:, :4]), scores, classes, labels, min_score=min_score)


def decode_end_to_end(rows: NDArray[np.float32], labels: tuple[str, ...], *, min_score: float) -> Objects:
    """Exports with the suppression inside: `rows` (N, 6)."""
    classes = np.clip(rows[:, 5], 0, len(labels) - 1).astype(np.intp)
    boxes = np.ascontiguousarray(rows[:, :4], np.float32)
    return objects_of(boxes, rows[:, 4], classes, labels, min_score=min_score, suppress=False)


def decode_faces_v8(columns: NDArray[np.float32], *, min_score: float) -> Faces:
    """YOLOv8-face: `columns` (20, N): box, score, five landmarks `[x, y, visibility]`."""
    rows = columns.T
    points = rows[:, 5:20].reshape(-1, LANDMARK_COUNT, 3)[:, :, :2]
    return _faces(_corners(rows[:, :4]), rows[:, 4], points, min_score)


def decode_faces_v5(rows: NDArray[np.float32], *, min_score: float) -> Faces:
    """YOLOv5-face: `rows` (N, 16): box, object, five landmarks `[x, y]`, class."""
    points = rows[:, 5:15].reshape(-1, LANDMARK_COUNT, 2)
    with np.errstate(over="ignore"):
        scores = rows[:, 4] * rows[:, 15]
    return _faces(_corners(rows[:, :4]), scores, points, min_score)


def decode_boxes(columns: NDArray[np.float32], *, min_score: float) -> tuple[Boxes, NDArray[np.float32]]:
    """A detector of one class without landmarks, YOLOv8-style `columns` (5, N): boxes (M, 4) and scores (M,)."""
    found = decode_v8(columns, ("face",), min_score=min_score)
    return found.boxes, found.scores


def _corners(boxes: NDArray[np.float32]) -> Boxes:
    """`[cx, cy, w, h]` as `[x1, y1, x2, y2]`."""
    half = np.maximum(boxes[:, 2:4], 0) / 2
    with np.errstate(over="ignore"):
        return np.hstack([boxes[:, :2] - half, boxes[:, :2] + half]).astype(np.float32)


def _faces(boxes: Boxes, scores: NDArray[np.float32], points: NDArray[np.float32], min_score: float) -> Faces:
    good = np.flatnonzero((scores >= min_score) & whole(boxes, scores, points))
    if len(good) > MAX_CANDIDATES:
        good = good[np.argpartition(-scores[good], MAX_CANDIDATES)[:MAX_CANDIDATES]]
    kept = good[nms(boxes[good], scores[good], _MAX_FACE_IOU)]
    return Faces(
        np.ascontiguousarray(boxes[kept], np.float32),
        np.ascontiguousarray(scores[kept], np.float32),
        np.ascontiguousarray(points[kept], np.float32),
    )
